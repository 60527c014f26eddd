//! Needs a DynamoDB that counts an item's bytes as AWS does: moto refuses binaries of 400 KiB earlier.

use envelope_runtime::{EnvelopeRecord, Item};

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
