//! Data keys within one operation over many items, and the rate of calls for them.

use std::num::NonZeroU32;
use std::time::Instant;

use envelope_runtime::key::{KeyProvider, Reuse};
use envelope_runtime::{Clock, Store, Usage};
use futures_util::TryStreamExt;
use serde_json::{Value, json};

use crate::batch_writes::{Row, row, rows};
use crate::dynamodb::{Dynamodb, answered, done, local, page};
use crate::table::Stored;
use crate::usage::counting;

/// The first rows, as they are stored, under two data keys in turn.
async fn stored(number: u32) -> Vec<Stored> {
    let dynamodb = Dynamodb::new();
    let stores =
        [(); 2].map(|()| Store::new(dynamodb.client(), local().reuse(Reuse::records(1_000))));
    let mut all = Vec::new();
    for (row, store) in rows(number).iter().zip(stores.iter().cycle()) {
        dynamodb.expect([done("PutItem")]);
        store.put(row).await.unwrap();
        all.push(dynamodb.item().unwrap());
    }
    all
}

fn costs(usage: &Usage) -> (u64, u64, u64) {
    (usage.kms_calls(), usage.key_hits(), usage.key_misses())
}

#[tokio::test]
async fn records_under_one_data_key_cost_one_call_within_an_operation_and_each_anew_after_it() {
    let dynamodb = Dynamodb::new();
    let store = counting(&dynamodb);
    let items = stored(40).await;
    let found: Vec<_> = items.iter().cloned().map(Value::Object).collect();
    for _ in 0..2 {
        let usage = Usage::default();
        dynamodb.expect([page("Scan", items.clone(), None)]);
        let all = store.measured(&usage).scan::<Row>().stream();
        assert_eq!(all.try_collect::<Vec<_>>().await.unwrap(), rows(40));
        assert_eq!(costs(&usage), (2, 38, 0));
    }
    for _ in 0..2 {
        let usage = Usage::default();
        dynamodb.expect([answered("BatchGetItem", json!({"Responses": {"rows": found.clone()}}))]);
        let all = store.measured(&usage).batch_get::<Row>((0..40).map(f64::from)).await.unwrap();
        assert_eq!(all.into_iter().flatten().collect::<Vec<_>>(), rows(40));
        assert_eq!(costs(&usage), (2, 38, 0));
    }
    let usage = Usage::default();
    let answers: Vec<_> = found.iter().map(|item| json!({"Item": item})).collect();
    dynamodb.expect([answered("TransactGetItems", json!({"Responses": answers}))]);
    let read = store.measured(&usage).read_transaction();
    let all = read.get_all::<Row>((0..40).map(f64::from)).await.unwrap();
    assert_eq!(all.into_iter().flatten().count(), 40);
    assert_eq!(costs(&usage), (2, 38, 0));
    dynamodb.requests();
}

/// A clock that stands still, so that the wait for each call grows.
struct Still(Instant);

impl Clock for Still {
    fn monotonic(&self) -> Instant {
        self.0
    }
}

#[tokio::test]
async fn the_rate_of_a_scan_counts_calls_and_not_records() {
    let dynamodb = Dynamodb::new();
    let store = counting(&dynamodb).clock(Still(Instant::now()));

    dynamodb.expect([page("Scan", stored(40).await, None)]);
    let all = store.scan::<Row>().stream().try_collect::<Vec<_>>().await.unwrap();

    // The second call waits for the first one's turn to be over.
    assert_eq!((all.len(), dynamodb.waits()), (40, 1));
    // Nor does a record that is refused before it is asked about.
    dynamodb.requests();
}

#[tokio::test]
async fn bulk_loads_keep_to_the_rate_of_scans() {
    let dynamodb = Dynamodb::new();
    let written = || answered("BatchWriteItem", json!({"UnprocessedItems": {}}));
    let store = counting(&dynamodb).clock(Still(Instant::now()));

    dynamodb.expect([written()]);
    assert_eq!(store.bulk_put(rows(10)).await.unwrap(), 10);
    assert_eq!(dynamodb.waits(), 9);
    // Its own batches do not, nor does another rate without waits.
    dynamodb.expect([written(), written()]);
    store.batch_write().put(&row(1)).put(&row(2)).await.unwrap();
    let store = store.kms_rate(NonZeroU32::MAX);
    assert_eq!(store.bulk_put(rows(2)).await.unwrap(), 2);
    assert!(dynamodb.waits() <= 10, "{}", dynamodb.waits());
    dynamodb.requests();
}
