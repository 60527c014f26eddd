//! Many records: 1,000, or as many as `ENVELOPE_TEST_SCALE` says. CI runs this module once.

mod migration;

use std::env;

use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use envelope_runtime::error::QueryError;
use envelope_runtime::{EnvelopeRecord, Store, Usage};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::support::{World, binary, string};

/// A record of 2 KB, so that a page of 1 MB holds a few hundred.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "readings")]
struct Reading {
    #[partition_key]
    device: String,
    #[sort_key]
    number: u64,
    #[encrypted]
    value: String,
    payload: String,
}

fn reading(number: u64) -> Reading {
    let value = format!("value {number}");
    Reading { device: "d-1".into(), number, value, payload: "x".repeat(2000) }
}

fn scale() -> u64 {
    env::var("ENVELOPE_TEST_SCALE").map_or(1000, |scale| scale.parse().expect("a number"))
}

async fn readings() -> (World, Store, u64) {
    let keys = [("device", ScalarAttributeType::S), ("number", ScalarAttributeType::N)];
    let world = World::with_keys(&keys).await;
    let store = world.store.clone().map_table::<Reading>(&world.table);
    let scale = scale();
    let saved = stream::iter(0..scale).map(|number| {
        let store = store.clone();
        async move { store.put(&reading(number)).await }
    });
    saved.buffer_unordered(16).try_collect::<Vec<()>>().await.unwrap();
    (world, store, scale)
}

/// The whole path through real clients: pages of 1 MB, order, one call to KMS for each record.
#[tokio::test]
async fn t31_many_records_come_through_a_stream_and_through_eight_segments() {
    let (world, store, scale) = readings().await;
    let usage = Usage::default();
    let store = store.measured(&usage);

    let mut next = 0;
    let mut records = store.query::<Reading>("d-1").stream();
    while let Some(record) = records.next().await {
        assert_eq!(record.unwrap(), reading(next));
        next += 1;
    }
    drop(records);
    assert_eq!((next, usage.kms_calls()), (scale, scale));
    // DynamoDB has no pages of more than 1 MB.
    assert!(usage.requests() > scale * 2000 / 1_048_576, "{usage:?}");

    let mut found = vec![false; usize::try_from(scale).unwrap()];
    let mut segments = stream::select_all(store.scan::<Reading>().segments(8));
    while let Some(record) = segments.next().await {
        let record = record.unwrap();
        let seen = &mut found[usize::try_from(record.number).unwrap()];
        assert!(!*seen, "{}", record.number);
        *seen = true;
    }
    drop(segments);
    assert!(found.into_iter().all(|seen| seen));
    assert_eq!(usage.kms_calls(), 2 * scale);
    assert_eq!(store.query::<Reading>("d-1").count().await.unwrap(), scale);
    assert_eq!(store.scan::<Reading>().count().await.unwrap(), scale);
    assert_eq!(usage.kms_calls(), 2 * scale);

    t14_one_bad_item_among_them_is_named(&world, &store, scale).await;
}

async fn t14_one_bad_item_among_them_is_named(world: &World, store: &Store, scale: u64) {
    let bad = scale / 2;
    let key = [
        ("device".to_owned(), string("d-1")),
        ("number".to_owned(), AttributeValue::N(bad.to_string())),
    ];
    let mut item = world.stored_at(key).await;
    item.insert("value".into(), binary([7; 40]));
    world.write(item).await;

    let results: Vec<_> = store.query::<Reading>("d-1").stream().collect().await;

    for (number, result) in (0..scale).zip(results) {
        match result {
            Ok(record) => assert_eq!(record, reading(number)),
            Err(QueryError::Item(error)) => {
                assert_eq!(number, bad);
                assert!(error.is_tampered(), "{error}");
                let key = error.key().attribute("number").cloned().map(AttributeValue::from);
                assert_eq!(key, Some(AttributeValue::N(bad.to_string())));
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(matches!(store.query::<Reading>("d-1").all().await, Err(QueryError::Item(_))));
}
