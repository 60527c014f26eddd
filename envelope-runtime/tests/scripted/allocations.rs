//! Saving and loading allocate little beyond the SDK's own request.

use allocation_counter::measure;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue as SdkValue;
use envelope_runtime::{Item, Sealer};
use tokio::runtime::Builder;

use crate::dynamodb::{Dynamodb, done, local};
use crate::models::{Account, account};

/// The number of allocations of a second run; in a first one, each part may initialize itself.
fn allocations(dynamodb: &Dynamodb, operation: &'static str, run: impl AsyncFn()) -> u64 {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    dynamodb.expect([done(operation), done(operation)]);
    runtime.block_on(run());
    let counted = measure(|| runtime.block_on(run()));
    dynamodb.requests();
    counted.count_total
}

fn key() -> SdkValue {
    SdkValue::S("a-1".to_owned())
}

async fn put(client: &Client, item: Item) {
    client.put_item().table_name("users").set_item(Some(item.into())).send().await.unwrap();
}

#[test]
fn a_save_takes_few_allocations_more_than_its_put() {
    let (account, runtime) = (account(), Builder::new_current_thread().build().unwrap());
    let item = runtime.block_on(Sealer::new(local()).seal(&account)).unwrap();
    let dynamodb = Dynamodb::new();
    let (client, store) = (dynamodb.client(), dynamodb.store());

    let by_hand = allocations(&dynamodb, "PutItem", async || put(&client, item.clone()).await);
    let save = allocations(&dynamodb, "PutItem", async || store.put(&account).await.unwrap());

    assert!(save <= by_hand + 38, "{save} and {by_hand}");
}

#[test]
fn a_load_takes_few_allocations_more_than_its_get() {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let dynamodb = runtime.block_on(Dynamodb::holding(&account()));
    let (client, store) = (dynamodb.client(), dynamodb.store());

    let by_hand = allocations(&dynamodb, "GetItem", async || {
        client.get_item().table_name("users").key("id", key()).send().await.unwrap();
    });
    let load = allocations(&dynamodb, "GetItem", async || {
        store.get::<Account>("a-1").await.unwrap().unwrap();
    });

    assert!(load <= by_hand + 50, "{load} and {by_hand}");
}
