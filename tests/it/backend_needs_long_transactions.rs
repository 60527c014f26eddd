//! Needs a DynamoDB that takes 100 keys in a transaction, as AWS's does: moto takes 25.

use crate::support::{User, World};

#[tokio::test]
async fn a_hundred_records_are_read_as_of_one_moment() {
    let world = World::new().await;
    for id in ["u-0", "u-99"] {
        world.store.put(&User::new(id)).await.unwrap();
    }

    let ids = (0..100).map(|number| format!("u-{number}"));
    let read = world.store.read_transaction().get_all::<User>(ids).await.unwrap();

    assert_eq!(read.len(), 100);
    let found: Vec<_> = read.into_iter().flatten().map(|user| user.id).collect();
    assert_eq!(found, ["u-0", "u-99"]);
}
