//! Entries of encrypted and authenticated maps.

use std::collections::BTreeMap;

use envelope_runtime::EnvelopeRecord;
use serde_json::json;

use super::{Cart, Renamed, cart, loaded};
use crate::dynamodb::{Dynamodb, done, refused};
use crate::table::Stored;

#[tokio::test]
async fn an_encrypted_map_under_an_older_name_moves_to_the_newer_one() {
    let dynamodb = Dynamodb::holding(&cart()).await;
    dynamodb.expect([done("GetItem"), done("UpdateItem")]);

    let update = dynamodb.store().update::<Renamed>("c-1").seal_entry(|f| f.hidden, "second", "y");
    update.await.unwrap();

    let text = "SET _envelope = <bytes>, hidden = <bytes> REMOVE secrets";
    assert_eq!(dynamodb.requests()[1].update(), text);
    dynamodb.expect([done("GetItem")]);
    let renamed = dynamodb.store().get::<Renamed>("c-1").await.unwrap().unwrap();
    dynamodb.requests();
    let expected = [("first", "x"), ("second", "y")].map(|(name, text)| (name.into(), text.into()));
    assert_eq!(renamed.hidden, Some(BTreeMap::from(expected)));
}

#[tokio::test]
async fn entries_of_protected_maps_are_changed_in_what_was_read() {
    let dynamodb = Dynamodb::holding(&cart()).await;
    dynamodb.expect([done("GetItem"), done("UpdateItem")]);

    let update = dynamodb.store().update::<Cart>("c-1").seal_entry(|f| f.secrets, "second", "y");
    let update = update.remove_entry(|f| f.secrets, "first").set_entry(|f| f.limits, "week", 20);
    update.set_entry(|f| f.lines, "b", 2).await.unwrap();

    let requests = dynamodb.requests();
    let text = "SET _envelope = <bytes>, limits = M(2), secrets = <bytes>, lines.b = 2";
    assert_eq!(requests[1].update(), text);
    let condition = "_envelope = <the stored envelope> AND attribute_exists(id) AND \
                     attribute_type(lines, 'M')";
    assert_eq!(requests[1].condition(), condition);
    let expected = Cart {
        lines: BTreeMap::from([("a".into(), 1), ("b".into(), 2)]),
        limits: Some(BTreeMap::from([("day".into(), 9), ("week".into(), 20)])),
        secrets: Some(BTreeMap::from([("second".into(), "y".into())])),
        ..cart()
    };
    assert_eq!(loaded(&dynamodb).await, expected);
}

#[tokio::test]
async fn a_protected_map_that_is_absent_is_made_of_what_is_set_and_not_of_what_is_removed() {
    let dynamodb = Dynamodb::holding(&Cart { limits: None, secrets: None, ..cart() }).await;
    dynamodb.expect([done("GetItem"), done("UpdateItem")]);
    let update = dynamodb.store().update::<Cart>("c-1").remove_entry(|f| f.secrets, "a");
    update.remove_entry(|f| f.limits, "a").await.unwrap();
    assert_eq!(dynamodb.requests()[1].update(), "SET _envelope = <bytes>");
    assert_eq!(loaded(&dynamodb).await, Cart { limits: None, secrets: None, ..cart() });

    dynamodb.expect([done("GetItem"), done("UpdateItem")]);
    let update = dynamodb.store().update::<Cart>("c-1").seal_entry(|f| f.secrets, "a", "x");
    update.set_entry(|f| f.limits, "a", 1).await.unwrap();
    dynamodb.requests();
    let expected = Cart {
        limits: Some(BTreeMap::from([("a".into(), 1)])),
        secrets: Some(BTreeMap::from([("a".into(), "x".into())])),
        ..cart()
    };
    assert_eq!(loaded(&dynamodb).await, expected);
}

/// Authenticates a map that stored records do not.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Newer {
    #[partition_key]
    id: String,
    #[authenticated]
    #[envelope(since = 1)]
    lines: BTreeMap<String, u32>,
    #[encrypted]
    secrets: Option<BTreeMap<String, String>>,
}

/// The record tag does not cover the map yet, so writing it leaves the envelope unchanged.
#[tokio::test]
async fn a_map_that_is_not_covered_yet_must_stay_as_it_was_read() {
    let dynamodb = Dynamodb::holding(&cart()).await;
    let older = |item: &mut Stored| {
        item.insert("lines".into(), json!({"M": {"theirs": {"N": "1"}}}));
    };
    dynamodb.expect([
        done("GetItem"),
        refused("UpdateItem").after(older),
        done("GetItem"),
        done("UpdateItem"),
    ]);

    dynamodb.store().update::<Newer>("c-1").set_entry(|f| f.lines, "b", 2).await.unwrap();

    let condition = "_envelope = <the stored envelope> AND lines = M(1) AND attribute_exists(id)";
    assert_eq!(dynamodb.requests()[1].condition(), condition);
    dynamodb.expect([done("GetItem")]);
    let newer = dynamodb.store().get::<Newer>("c-1").await.unwrap().unwrap();
    dynamodb.requests();
    assert_eq!(newer.lines, BTreeMap::from([("b".into(), 2), ("theirs".into(), 1)]));
}

/// What was loaded with the envelope does not hold sealed values, nor plaintext maps.
#[tokio::test]
async fn an_update_of_a_known_record_reads_it_for_its_protected_maps_alone() {
    let dynamodb = Dynamodb::holding(&cart()).await;
    let store = dynamodb.store();
    dynamodb.expect([done("GetItem")]);
    let known = store.get::<Cart>("c-1").with_envelope().await.unwrap().unwrap();
    dynamodb.requests();

    dynamodb.expect([done("GetItem"), done("UpdateItem")]);
    let update = store.update("c-1").based_on(&known).seal_entry(|f| f.secrets, "second", "y");
    update.await.unwrap();
    dynamodb.requests();

    dynamodb.expect([done("GetItem")]);
    let known = store.get::<Cart>("c-1").with_envelope().await.unwrap().unwrap();
    dynamodb.requests();
    dynamodb.expect([done("UpdateItem")]);
    let update = store.update("c-1").based_on(&known).seal(|f| f.secrets, BTreeMap::new());
    update.set_entry(|f| f.lines, "b", 2).await.unwrap();
    let request = dynamodb.request();
    let condition = "_envelope = <the stored envelope> AND attribute_exists(id) AND \
                     attribute_type(lines, 'M')";
    assert_eq!(request.condition(), condition);
}
