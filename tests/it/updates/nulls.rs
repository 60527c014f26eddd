//! Updates of attributes that are stored as NULL: by this library if an absent one means a default,
//! and by other programs for `None`.

#![expect(clippy::unnecessary_wraps, reason = "defaults of optional fields")]

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use envelope_runtime::{EnvelopeRecord, Usage};

use crate::support::World;

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Counted {
    #[partition_key]
    id: String,
    #[envelope(default = five)]
    count: Option<i64>,
    #[envelope(default = one)]
    list: Option<Vec<u16>>,
    #[envelope(set)]
    tags: Option<BTreeSet<String>>,
    logins: Option<u32>,
    note: Option<String>,
    #[encrypted]
    ssn: String,
}

fn five() -> Option<i64> {
    Some(5)
}

fn one() -> Option<Vec<u16>> {
    Some(vec![1])
}

fn counted() -> Counted {
    Counted {
        id: "c-1".into(),
        count: None,
        list: None,
        tags: None,
        logins: None,
        note: None,
        ssn: "078-05-1120".into(),
    }
}

/// A world in which other programs have stored NULL for two attributes.
async fn saved() -> World {
    let world = World::new().await;
    world.store.put(&counted()).await.unwrap();
    let mut item = world.stored("c-1").await;
    assert_eq!(item["count"], AttributeValue::Null(true));
    item.insert("logins".into(), AttributeValue::Null(true));
    item.insert("tags".into(), AttributeValue::Null(true));
    world.write(item).await;
    world
}

#[tokio::test]
async fn null_counts_as_absent_where_something_is_added() {
    for seals in [false, true] {
        let world = saved().await;
        let update = world.store.update::<Counted>("c-1");
        let update =
            update.add(|f| f.count, 1).subtract(|f| f.logins, 0).add(|f| f.tags, tags(&["a"]));
        let update = if seals { update.seal(|f| f.ssn, "219-09-9999") } else { update };
        update.await.unwrap();

        let found: Counted = world.store.get("c-1").await.unwrap().unwrap();
        assert_eq!((found.count, found.logins, found.tags), (Some(1), Some(0), Some(tags(&["a"]))));
        assert_eq!(found.ssn == "219-09-9999", seals);
        let update = world.store.update::<Counted>("c-1").add(|f| f.count, 2).add(|f| f.logins, 3);
        update.await.unwrap();
        let found: Counted = world.store.get("c-1").await.unwrap().unwrap();
        assert_eq!((found.count, found.logins), (Some(3), Some(3)));
    }
}

#[tokio::test]
async fn null_counts_as_an_empty_list_and_an_empty_set() {
    for seals in [false, true] {
        let world = saved().await;
        let known = world.store.get::<Counted>("c-1").with_envelope().await.unwrap().unwrap();
        let update = world.store.update::<Counted>("c-1").append(|f| f.list, vec![7]);
        let update = update.subtract(|f| f.tags, tags(&["a"]));
        let update = if seals { update.based_on(&known).seal(|f| f.ssn, "x") } else { update };
        update.await.unwrap();

        let found: Counted = world.store.get("c-1").await.unwrap().unwrap();
        assert_eq!((found.list, found.tags), (Some(vec![7]), None));
    }
}

/// The envelope is part of the condition from the start.
#[tokio::test]
async fn null_counts_as_absent_in_a_record_that_was_loaded() {
    let world = saved().await;
    let known = world.store.get::<Counted>("c-1").with_envelope().await.unwrap().unwrap();

    world.store.update("c-1").based_on(&known).add(|f| f.count, 1).await.unwrap();

    assert_eq!(world.store.get::<Counted>("c-1").await.unwrap().unwrap().count, Some(1));
}

/// The absence of an envelope is part of the condition from the start.
#[tokio::test]
async fn null_counts_as_absent_in_a_record_without_an_envelope() {
    #[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
    #[envelope(table = "users", plaintext_only)]
    struct Plain {
        #[partition_key]
        id: String,
        #[envelope(default = five)]
        count: Option<i64>,
    }
    let world = World::new().await;
    let plain = Plain { id: "p-1".into(), count: None };
    world.store.put(&plain).await.unwrap();

    world.store.update::<Plain>("p-1").add(|f| f.count, 2).await.unwrap();

    let expected = Plain { count: Some(2), ..plain };
    assert_eq!(world.store.get("p-1").await.unwrap(), Some(expected));
}

#[tokio::test]
async fn a_condition_that_does_not_hold_is_told_from_null() {
    let world = saved().await;
    let usage = Usage::default();
    let store = world.store.measured(&usage);
    let before = world.stored("c-1").await;

    let update = store.update::<Counted>("c-1").add(|f| f.count, 1);
    let error = update.condition(|f| f.note.exists()).await.unwrap_err();

    assert!(error.is_conflict(), "{error}");
    assert_eq!(usage.requests(), 2);
    assert_eq!(world.stored("c-1").await, before);
}

/// DynamoDB removes a set with its last element, and neither field's function reads an absent set.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Tagged {
    #[partition_key]
    id: String,
    #[envelope(with = serde_dynamo::string_set)]
    tags: BTreeSet<String>,
    #[envelope(with = serde_dynamo::string_set, default)]
    others: BTreeSet<String>,
    #[encrypted]
    ssn: String,
}

async fn tagged() -> World {
    let world = World::new().await;
    let both = tags(&["a"]);
    let tagged = Tagged { id: "t-1".into(), tags: both.clone(), others: both, ssn: "x".into() };
    world.store.put(&tagged).await.unwrap();
    world
}

#[tokio::test]
async fn a_set_whose_function_does_not_read_an_absent_one_is_not_emptied() {
    let world = tagged().await;

    let update = world.store.update::<Tagged>("t-1").subtract(|f| f.tags, tags(&["a"]));
    let error = update.await.unwrap_err();

    assert!(error.to_string().contains("#[envelope(set)]"), "{error}");
    let found: Tagged = world.store.get("t-1").await.unwrap().unwrap();
    assert_eq!(found.tags, tags(&["a"]));
}

#[tokio::test]
async fn a_set_with_a_default_is_emptied_and_one_without_is_added_to() {
    let world = tagged().await;

    let update = world.store.update::<Tagged>("t-1").add(|f| f.tags, tags(&["b"]));
    update.subtract(|f| f.others, tags(&["a"])).await.unwrap();

    let found: Tagged = world.store.get("t-1").await.unwrap().unwrap();
    assert_eq!((found.tags, found.others), (tags(&["a", "b"]), tags(&[])));
}

fn tags(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
