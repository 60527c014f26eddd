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
