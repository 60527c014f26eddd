//! Unsealed items in secondary indexes.

use aws_sdk_dynamodb::types::AttributeValue;
use envelope_runtime::{EnvelopeProjection, EnvelopeRecord, Store, Usage};
use envelope_tests::unique_table;

use super::{END, OPEN, UNTIL, at, item};
use crate::support::{Stored, World, string};

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
    ))
)]
struct Letter {
    #[partition_key]
    id: String,
    #[authenticated]
    customer: String,
    at: u64,
    #[encrypted]
    text: String,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Letter)]
struct Text {
    text: String,
}

fn letter() -> Letter {
    Letter { id: "l".into(), customer: "zoe".into(), at: 7, text: "Dear Max".into() }
}

fn plain() -> Stored {
    let mut plain = item([
        ("id", "l"),
        ("customer", "zoe"),
        ("text", "Dear Max"),
        ("GSI1PK", "CUSTOMER#zoe"),
        ("GSI1SK", "AT#000007"),
    ]);
    plain.insert("at".into(), AttributeValue::N("7".into()));
    plain
}

async fn world() -> (World, Store) {
    let mut world = World::new().await;
    world.table = unique_table();
    let store = at(&world.store, OPEN).map_table::<Letter>(&world.table);
    store.create_table::<Letter>().await.unwrap();
    world.write(plain()).await;
    (world, store)
}

async fn of(store: &Store, customer: &str) -> [Vec<Letter>; 2] {
    let whole = store.query_index(Letter::INDEXES.by_customer, customer).all().await.unwrap();
    let keys =
        store.query_index(Letter::INDEXES.keys_of_customer, customer).load().all().await.unwrap();
    [whole, keys]
}

#[tokio::test]
async fn an_unsealed_item_is_found_by_an_index_and_counted() {
    let (_world, store) = world().await;
    let usage = Usage::default();
    let open = store.clone().accept_unsealed::<Letter>(UNTIL).measured(&usage);

    assert_eq!(of(&open, "zoe").await, [[letter()], [letter()]]);
    let texts =
        open.query_index(Letter::INDEXES.by_customer, "zoe").project::<Text>().all().await.unwrap();
    assert_eq!(texts, [Text { text: "Dear Max".into() }]);
    assert_eq!(usage.unsealed_records(), 3);

    for closed in [store.clone(), at(&open, END)] {
        let whole = closed.query_index(Letter::INDEXES.by_customer, "zoe").all().await;
        let keys = closed.query_index(Letter::INDEXES.keys_of_customer, "zoe").load().all().await;
        for error in [whole.unwrap_err(), keys.unwrap_err()] {
            assert!(error.is_unsealed() && error.attribute() == Some("_envelope"), "{error}");
        }
    }
}

#[tokio::test]
async fn an_update_moves_an_unsealed_item_in_its_indexes_and_seals_it() {
    let (world, store) = world().await;
    let open = store.clone().accept_unsealed::<Letter>(UNTIL);

    // A plaintext update moves it too, and leaves it unsealed.
    open.update::<Letter>("l").set(|f| f.at, 8).await.unwrap();
    let moved = world.stored("l").await;
    assert_eq!((&moved["GSI1SK"], &moved["text"]), (&string("AT#000008"), &string("Dear Max")));
    open.update::<Letter>("l").set(|f| f.customer, "max").await.unwrap();

    let expected = Letter { customer: "max".into(), at: 8, ..letter() };
    let closed = at(&open, END);
    assert_eq!(of(&closed, "max").await, [[expected.clone()], [expected]]);
    assert_eq!(of(&closed, "zoe").await, [[], []] as [[Letter; 0]; 2]);
}
