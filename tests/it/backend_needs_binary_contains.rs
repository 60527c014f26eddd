//! An update of plaintext attributes takes one request. Needs a DynamoDB whose `contains` searches
//! a Binary, as AWS's does; elsewhere the update takes two.

mod failures;
mod lost_answers;

use envelope_runtime::Usage;

use crate::support::{User, World};

#[tokio::test]
async fn a_plaintext_update_is_one_request() {
    let world = World::new().await;
    world.store.put(&User::new("u-1")).await.unwrap();
    let usage = Usage::default();

    let update = world.store.measured(&usage).update::<User>("u-1").set(|f| f.nickname, "zz");
    update.await.unwrap();

    assert_eq!((usage.requests(), usage.kms_calls()), (1, 0));
}
