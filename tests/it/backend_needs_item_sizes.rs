//! Needs a DynamoDB that counts an item's bytes as AWS does: moto refuses binaries of 400 KiB
//! earlier.

use envelope_runtime::error::SealErrorKind;
use envelope_runtime::{EnvelopeRecord, Item, UpdateError};

use crate::support::{User, World};

#[tokio::test]
async fn the_largest_item_that_we_send_is_one_that_dynamodb_takes() {
    let world = World::new().await;
    let sized = |length| User { ssn: "s".repeat(length), ..User::new("foobar") };
    sized(0).save(&world.store).await.unwrap();
    let item = Item::try_from(world.stored("foobar").await).unwrap();
    let largest = sized(Item::MAX_SIZE - item.size());

    largest.save(&world.store).await.unwrap();

    assert_eq!(User::load(&world.store, "foobar").await.unwrap(), Some(largest));
}

#[tokio::test]
async fn an_item_without_an_envelope_may_use_the_bytes_of_one() {
    #[derive(EnvelopeRecord, Debug, PartialEq)]
    #[envelope(table = "users", plaintext_only)]
    struct Public {
        #[partition_key]
        id: String,
        text: String,
    }
    let world = World::new().await;
    let sized = |length| Public { id: "p".into(), text: "t".repeat(length) };
    let largest = Item::MAX_SIZE - "id".len() - "p".len() - "text".len();

    sized(largest).save(&world.store).await.unwrap();
    let error = sized(largest + 1).save(&world.store).await.unwrap_err();

    assert_eq!(Public::load(&world.store, "p").await.unwrap(), Some(sized(largest)));
    assert!(error.to_string().contains("would have 409601 bytes or more"), "{error}");
}

#[tokio::test]
async fn an_update_beyond_the_limit_is_not_sent() {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();
    let large = "x".repeat(300_000);
    let update = || world.store.update::<User>("foobar");
    update().set(|f| f.nickname, large.as_str()).await.unwrap();

    let error = update().seal(|f| f.email, large.as_str()).await.unwrap_err();
    let UpdateError::Seal(seal) = &error else { panic!("{error}") };
    assert!(matches!(seal.kind(), SealErrorKind::ItemTooLarge(size) if size > 600_000), "{error}");

    // A value that shrinks in the same write makes room.
    update().seal(|f| f.email, large.as_str()).set(|f| f.nickname, "zz").await.unwrap();
    let user = User::load(&world.store, "foobar").await.unwrap().unwrap();
    assert_eq!(user.email, Some(large));
}
