//! Entries of secondary indexes, whose key attributes nothing authenticates: a record is given out
//! where its own fields put it, and nowhere else.

mod cursors;
mod scoped;

use aws_sdk_dynamodb::types::AttributeValue;
use envelope_runtime::error::OpenErrorKind;
use envelope_runtime::operation::Records;
use envelope_runtime::{EnvelopeProjection, EnvelopeRecord, LoadError, QueryError, Store, Usage};
use envelope_tests::unique_table;
use futures_util::StreamExt;

use super::{with, without};
use crate::support::{Stored, World, binary, string};

/// It is in no error.
const CANARY: &str = "canary-of-the-victim";

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "letters",
    index(by_customer(
        name = "GSI1",
        partition_key = "CUSTOMER#{customer}",
        sort_key = "AT#{at:06}"
    )),
    index(keys_of_customer(
        name = "GSI2",
        partition_key = "CUSTOMER#{customer}",
        partition_key_name = "GSI1PK",
        sort_key = "AT#{at:06}",
        sort_key_name = "GSI1SK",
        project = keys
    )),
    index(by_ward(partition = "ward", sort = "at")),
    index(by_shelf(partition = "shelf", sort = "at", unprotected_partition))
)]
struct Letter {
    #[partition_key]
    id: String,
    #[authenticated]
    customer: String,
    #[authenticated]
    ward: String,
    shelf: String,
    at: u64,
    #[encrypted]
    text: String,
}

#[derive(EnvelopeProjection, Debug)]
#[envelope(of = Letter)]
struct Text {
    text: String,
}

/// The letters of three people, and the attacker's own.
const LETTERS: [(&str, &str, u64); 5] = [
    ("v1", CANARY, 1),
    ("v2", CANARY, 2),
    ("v3", CANARY, 3),
    ("w1", "walter", 4),
    ("m1", "mallory", 5),
];

fn shelf_of(customer: &str) -> String {
    format!("shelf of {customer}")
}

async fn letters() -> (World, Store, Usage) {
    let mut world = World::new().await;
    world.table = unique_table();
    let usage = Usage::default();
    let store = world.store.clone().map_table::<Letter>(&world.table).measured(&usage);
    save_all(&store).await;
    (world, store, usage)
}

async fn save_all(store: &Store) {
    store.create_table::<Letter>().await.unwrap();
    for (id, customer, at) in LETTERS {
        let (ward, shelf) = (customer.to_owned(), shelf_of(customer));
        let letter = Letter {
            id: id.into(),
            customer: customer.into(),
            ward,
            shelf,
            at,
            text: format!("{CANARY} {id}"),
        };
        store.put(&letter).await.unwrap();
    }
}

fn of(store: &Store, customer: &str) -> Records<Letter> {
    store.query_index(Letter::INDEXES.by_customer, customer).stream()
}

fn in_ward(store: &Store, ward: &str) -> Records<Letter> {
    store.query_index(Letter::INDEXES.by_ward, ward).stream()
}

/// The ids of the records that are given out, and those of the items that are refused as tampered.
async fn ids(records: Records<Letter>) -> (Vec<String>, Vec<String>) {
    let (mut given, mut refused) = (Vec::new(), Vec::new());
    for result in records.collect::<Vec<_>>().await {
        match result {
            Ok(letter) => given.push(letter.id),
            Err(QueryError::Item(error)) => {
                let shown = format!("{error} {error:?}");
                assert!(error.is_tampered(), "{error}");
                assert!(!shown.contains(CANARY) && !shown.contains("mallory"), "{shown}");
                let id: AttributeValue = error.key().attribute("id").cloned().unwrap().into();
                refused.push(id.as_s().unwrap().clone());
            }
            Err(other) => panic!("{other}"),
        }
    }
    (given, refused)
}

fn both<const N: usize, const M: usize>(
    given: [&str; N],
    refused: [&str; M],
) -> (Vec<String>, Vec<String>) {
    (given.map(Into::into).to_vec(), refused.map(Into::into).to_vec())
}

async fn loads(store: &Store, id: &str) -> bool {
    store.get::<Letter>(id).consistent().await.unwrap().is_some()
}

#[tokio::test]
async fn t11_a_record_brought_to_another_place_of_an_index_is_not_given_out_there() {
    let (world, store, usage) = letters().await;
    let moved = with(&world.stored("v1").await, "GSI1PK", string("CUSTOMER#mallory"));
    world.write(moved).await;
    let of_mallory = || store.query_index(Letter::INDEXES.by_customer, "mallory");
    let keys = || store.query_index(Letter::INDEXES.keys_of_customer, "mallory");

    assert_eq!(ids(of(&store, "mallory")).await, both(["m1"], []));
    assert_eq!(usage.stale_items(), 1);
    assert_eq!(of_mallory().count().await.unwrap(), 1);
    assert_eq!(of_mallory().first().await.unwrap().unwrap().id, "m1");
    assert_eq!(of_mallory().project::<Text>().all().await.unwrap()[0].text, format!("{CANARY} m1"));
    // An entry of keys says nothing else. The record behind it does.
    assert_eq!(keys().count().await.unwrap(), 2);
    assert_eq!(ids(keys().load().stream()).await, both(["m1"], []));
    // Which records there are is DynamoDB's word. Each of them still loads.
    assert_eq!(ids(of(&store, CANARY)).await, both(["v2", "v3"], []));
    assert!(loads(&store, "v1").await);
}

#[tokio::test]
async fn t11_a_record_whose_protected_field_was_changed_with_it_is_refused() {
    let (world, store, usage) = letters().await;
    let mut moved = with(&world.stored("v1").await, "GSI1PK", string("CUSTOMER#mallory"));
    moved.insert("customer".into(), string("mallory"));
    world.write(moved).await;

    // The stream goes on behind it.
    assert_eq!(ids(of(&store, "mallory")).await, both(["m1"], ["v1"]));
    assert_eq!(usage.stale_items(), 0);
    let all = store.query_index(Letter::INDEXES.by_customer, "mallory").all().await;
    assert!(all.unwrap_err().is_tampered());
    let keys = store.query_index(Letter::INDEXES.keys_of_customer, "mallory");
    assert_eq!(ids(keys.load().stream()).await, both(["m1"], ["v1"]));
    let texts = store.query_index(Letter::INDEXES.by_customer, "mallory").project::<Text>();
    let texts: Vec<_> = texts.stream().collect().await;
    assert!(texts[0].as_ref().unwrap_err().is_tampered());
    assert_eq!(texts[1].as_ref().unwrap().text, format!("{CANARY} m1"));
}

#[tokio::test]
async fn t11_a_protected_field_that_is_the_partition_is_not_changed_unseen() {
    let (world, store, _) = letters().await;
    world.write(with(&world.stored("v1").await, "ward", string("mallory"))).await;

    assert_eq!(ids(in_ward(&store, "mallory")).await, both(["m1"], ["v1"]));
    assert_eq!(ids(in_ward(&store, CANARY)).await, both(["v2", "v3"], []));
}

/// The limit that `unprotected_partition` names.
#[tokio::test]
async fn t11_an_unprotected_partition_is_a_grouping_and_no_more() {
    let (world, store, _) = letters().await;
    world.write(with(&world.stored("v1").await, "shelf", string(&shelf_of("mallory")))).await;

    let shelf = store.query_index(Letter::INDEXES.by_shelf, shelf_of("mallory"));
    assert_eq!(ids(shelf.stream()).await, both(["v1", "m1"], []));
}

#[tokio::test]
async fn t01_an_item_copied_with_its_index_attributes_is_refused_in_every_index() {
    let (world, store, _) = letters().await;
    let copy = with(&world.stored("v1").await, "id", string("copy"));
    world.write(copy.clone()).await;
    let mut to_mallory = with(&copy, "id", string("to-mallory"));
    for (name, value) in
        [("GSI1PK", "CUSTOMER#mallory"), ("customer", "mallory"), ("ward", "mallory")]
    {
        to_mallory.insert(name.into(), string(value));
    }
    world.write(to_mallory).await;

    for records in [of(&store, CANARY), in_ward(&store, CANARY)] {
        let (mut given, refused) = ids(records).await;
        given.sort();
        assert_eq!((given, refused), both(["v1", "v2", "v3"], ["copy"]));
    }
    for records in [of(&store, "mallory"), in_ward(&store, "mallory")] {
        assert_eq!(ids(records).await, both(["m1"], ["to-mallory"]));
    }
    let shelf = store.query_index(Letter::INDEXES.by_shelf, shelf_of(CANARY));
    let (_, mut refused) = ids(shelf.stream()).await;
    refused.sort();
    assert_eq!(refused, ["copy", "to-mallory"]);
}

#[tokio::test]
async fn t11_index_attributes_exchanged_between_records_hide_both_and_show_neither() {
    let (world, store, usage) = letters().await;
    for (one, other, attribute) in [("v1", "w1", "GSI1PK"), ("v2", "v3", "GSI1SK")] {
        let [mut first, mut second] = [world.stored(one).await, world.stored(other).await];
        let of_first = first.insert(attribute.into(), second[attribute].clone()).unwrap();
        second.insert(attribute.into(), of_first);
        world.write(first).await;
        world.write(second).await;
    }

    assert_eq!(ids(of(&store, CANARY)).await, both([], []));
    assert_eq!(ids(of(&store, "walter")).await, both([], []));
    assert_eq!(usage.stale_items(), 4);
    for id in ["v1", "v2", "v3", "w1"] {
        assert!(loads(&store, id).await);
    }
}

/// Whoever writes the table can fill the front of a partition.
#[tokio::test]
async fn t31_entries_that_are_passed_over_end_no_page() {
    let (world, store, usage) = letters().await;
    let mut planted = world.stored("m1").await;
    planted.insert("GSI1PK".into(), string(&format!("CUSTOMER#{CANARY}")));
    planted.insert("GSI1SK".into(), string("AT#000000"));
    for number in 0..30 {
        world.write(with(&planted, "id", string(&format!("planted {number}")))).await;
    }
    let query = || store.query_index(Letter::INDEXES.by_customer, CANARY).page_size(7);

    assert_eq!(query().first().await.unwrap().unwrap().id, "v1");
    assert_eq!(ids(query().stream()).await, both(["v1", "v2", "v3"], []));
    let page = query().take(2).page().await.unwrap();
    assert_eq!(
        page.items.iter().map(|letter| letter.id.as_str()).collect::<Vec<_>>(),
        ["v1", "v2"]
    );
    let rest = query().after(page.next).all().await.unwrap();
    assert_eq!(rest.iter().map(|letter| letter.id.as_str()).collect::<Vec<_>>(), ["v3"]);
    assert_eq!(usage.stale_items(), 90);
    let limited = query().read_at_most(20).first().await;
    assert!(matches!(limited, Err(QueryError::ReadLimit(_))), "{limited:?}");
}

#[tokio::test]
async fn t11_garbage_in_the_key_of_an_index_is_passed_over() {
    let (world, store, usage) = letters().await;
    let good = world.stored("v2").await;
    let null = AttributeValue::Null(true);
    let number = |text: &str| AttributeValue::N(text.into());
    let passed_over = || usage.stale_items() + usage.skipped_items();

    for (name, value) in [
        ("GSI1SK", string("AT#")),
        ("GSI1SK", string("AT#2")),
        ("GSI1SK", string("AT#000002#")),
        ("GSI1SK", string("AT#\u{10FFFF}")),
        ("customer", null.clone()),
        ("customer", binary(*b"canary-of-the-victim")),
        ("customer", number("2")),
        ("customer", string("")),
        ("customer", AttributeValue::L(vec![string(CANARY)])),
        ("at", number("-2")),
        ("at", number("2.5")),
        ("at", number("1000002")),
    ] {
        let before = passed_over();
        world.write(with(&good, name, value.clone())).await;
        assert_eq!(ids(of(&store, CANARY)).await, both(["v1", "v3"], []), "{name}: {value:?}");
        assert_eq!(passed_over(), before + 1, "{name}: {value:?}");
    }
    // An entry of keys that no record of this type can have is none.
    world.write(with(&good, "GSI1SK", string("AT#2"))).await;
    let keys = store.query_index(Letter::INDEXES.keys_of_customer, CANARY);
    assert_eq!(keys.count().await.unwrap(), 2);
    // Outside of the range, and out of the index.
    world.write(with(&good, "GSI1SK", string("ZZ"))).await;
    assert_eq!(ids(of(&store, CANARY)).await, both(["v1", "v3"], []));
    world.write(without(&good, "GSI1PK")).await;
    assert_eq!(ids(of(&store, CANARY)).await, both(["v1", "v3"], []));

    world.write(good).await;
    assert_eq!(ids(of(&store, CANARY)).await, both(["v1", "v2", "v3"], []));
}

#[tokio::test]
async fn t09_an_entry_without_its_envelope_or_with_a_planted_value_is_refused() {
    let (world, store, _) = letters().await;
    let good = world.stored("v2").await;
    let refused = async |item: Stored| {
        world.write(item).await;
        let results: Vec<_> = of(&store, CANARY).collect().await;
        let Err(QueryError::Item(error)) = &results[1] else { panic!("{results:?}") };
        assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
        let LoadError::Open(error) = error.error() else { panic!("{error}") };
        error.kind()
    };

    assert_eq!(refused(without(&good, "_envelope")).await, OpenErrorKind::NoEnvelope);
    let garbage = with(&good, "_envelope", binary([1; 90]));
    assert_eq!(refused(garbage).await, OpenErrorKind::MalformedEnvelope);
    assert_eq!(refused(with(&good, "text", string("x"))).await, OpenErrorKind::Tampered);
}

#[tokio::test]
async fn t12_an_older_state_of_a_record_is_not_given_out_under_its_newer_index_keys() {
    let (world, store, usage) = letters().await;
    let older = world.stored("v1").await;
    let letter = store.get::<Letter>("v1").await.unwrap().unwrap();
    store.put(&Letter { customer: "walter".into(), ..letter }).await.unwrap();
    let newer = world.stored("v1").await;

    world.write(with(&older, "GSI1PK", newer["GSI1PK"].clone())).await;
    assert_eq!(ids(of(&store, "walter")).await, both(["w1"], []));
    assert_eq!(usage.stale_items(), 1);

    let mut mixed = newer.clone();
    for name in ["_envelope", "text"] {
        mixed.insert(name.into(), older[name].clone());
    }
    world.write(mixed).await;
    assert_eq!(ids(of(&store, "walter")).await, both(["w1"], ["v1"]));

    world.write(newer).await;
    assert_eq!(ids(of(&store, "walter")).await, both(["v1", "w1"], []));
}
