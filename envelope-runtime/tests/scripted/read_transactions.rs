//! Read transactions: the requests that are sent, and what is made of each answer.

mod cancelled;
mod checks;

use envelope_runtime::error::{OpenErrorKind, ServiceErrorKind};
use envelope_runtime::{
    AttributeValue, EnvelopeProjection, EnvelopeRecord, LoadError, QueryError, Usage,
};
use serde_json::{Value, json};

use crate::dynamodb::{Dynamodb, Fault, Step, answered, failed};
use crate::models::{Account, Document, Person, account, document, person};
use crate::table::Stored;
use crate::usage::counting;

/// A record as it is stored.
async fn stored<R: EnvelopeRecord>(record: &R) -> Stored {
    Dynamodb::holding(record).await.item().unwrap()
}

fn numbered(number: usize) -> Document {
    Document { id: format!("d-{number}"), version: 1, ..document() }
}

async fn documents(numbers: impl IntoIterator<Item = usize>) -> Vec<Option<Stored>> {
    let mut all = Vec::new();
    for number in numbers {
        all.push(Some(stored(&Document { version: 0, ..numbered(number) }).await));
    }
    all
}

/// The answer with these items, in the order of the keys.
fn answer(items: impl IntoIterator<Item = Option<Stored>>) -> Step {
    let responses = items.into_iter().map(|item| match item {
        Some(item) => json!({"Item": item}),
        None => json!({}),
    });
    answered("TransactGetItems", json!({"Responses": responses.collect::<Vec<_>>()}))
}

fn get(table: &str, id: &str) -> Value {
    json!({"Get": {"TableName": table, "Key": {"id": {"S": id}}}})
}

#[tokio::test]
async fn records_of_several_types_and_tables_are_read_by_one_request() {
    let dynamodb = Dynamodb::new();
    let (first, last) = (stored(&account()).await, stored(&person()).await);
    dynamodb.expect([answer([Some(first), None, Some(last)])]);

    let store = dynamodb.store().map_table::<Person>("prod-people");
    let read = store.read_transaction().get::<Account>("a-1").get::<Document>("d-1");
    let read = read.get::<Person>("p-1").context([("tenant", "7")]);
    assert_eq!(read.await.unwrap(), (Some(account()), None, Some(person())));

    let gets = [get("users", "a-1"), get("users", "d-1"), get("prod-people", "p-1")];
    assert_eq!(dynamodb.request().body, json!({"TransactItems": gets}));
}

#[tokio::test]
async fn a_tuple_has_up_to_eight_records_in_order() {
    let dynamodb = Dynamodb::new();
    let mut items = documents(1..=8).await;
    items[3] = None;
    dynamodb.expect([answer(items)]);

    let read = dynamodb.store().read_transaction().get::<Document>("d-1").get::<Document>("d-2");
    let read = read.get::<Document>("d-3").get::<Document>("d-4").get::<Document>("d-5");
    let read = read.get::<Document>("d-6").get::<Document>("d-7").get::<Document>("d-8");
    let all = read.await.unwrap();

    let there = |number| Some(numbered(number));
    let before = (there(1), there(2), there(3), None);
    assert_eq!((all.0, all.1, all.2, all.3), before);
    assert_eq!((all.4, all.5, all.6, all.7), (there(5), there(6), there(7), there(8)));
    assert_eq!(dynamodb.request().body["TransactItems"].as_array().unwrap().len(), 8);
}

#[tokio::test]
async fn records_of_one_type_come_in_the_order_of_their_keys() {
    let dynamodb = Dynamodb::new();
    let mut items = documents(0..20).await;
    items[7] = None;
    dynamodb.expect([answer(items)]);

    let keys = (0..20).map(|number| format!("d-{number}"));
    let read = dynamodb.store().read_transaction().get_all::<Document>(keys).await.unwrap();

    let expected = |number| (number != 7).then(|| numbered(number));
    assert_eq!(read, (0..20).map(expected).collect::<Vec<_>>());
    dynamodb.requests();
}

#[tokio::test]
async fn nothing_that_is_asked_for_is_no_request() {
    let store = Dynamodb::new().store();

    let () = store.read_transaction().await.unwrap();
    let none = store.read_transaction().get_all::<Document>([""; 0]).await.unwrap();
    assert_eq!(none, []);
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Account)]
struct Card {
    status: String,
    ssn: String,
}

fn card() -> Card {
    let Account { status, ssn, .. } = account();
    Card { status, ssn }
}

/// A newer program, whose envelopes list more.
#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct Newer {
    #[partition_key]
    id: String,
    status: String,
    #[authenticated]
    logins: u64,
    #[authenticated]
    role: String,
    #[authenticated]
    ward: Option<u8>,
    #[encrypted]
    ssn: String,
}

fn newer() -> Newer {
    let Account { id, status, logins, role, ward, ssn, .. } = account();
    Newer { id, status, logins, role, ward, ssn }
}

fn narrow(mut item: Stored) -> Stored {
    item.retain(|name, _| ["_envelope", "id", "role", "ssn", "status", "ward"].contains(&&**name));
    item
}

#[tokio::test]
async fn a_projection_fetches_what_it_shows_and_what_the_envelope_proves() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([answer([Some(narrow(stored(&account()).await))])]);

    let (read,) = dynamodb.store().read_transaction().get::<Card>("a-1").await.unwrap();

    assert_eq!(read, Some(card()));
    let get = dynamodb.request().body["TransactItems"][0]["Get"].clone();
    assert_eq!(get["ProjectionExpression"], "#n0, #n1, #n2, #n3, #n4, #n5");
    let names = json!({
        "#n0": "_envelope", "#n1": "id", "#n2": "role", "#n3": "ssn", "#n4": "status", "#n5": "ward",
    });
    assert_eq!(get["ExpressionAttributeNames"], names);
}

/// One of them read later would be of another moment.
#[tokio::test]
async fn all_are_read_again_if_one_authenticates_more_than_was_fetched() {
    let dynamodb = Dynamodb::new();
    let whole = stored(&newer()).await;
    let before = stored(&numbered(1)).await;
    let after = stored(&Document { title: "second".into(), ..numbered(1) }).await;
    dynamodb.expect([
        answer([Some(narrow(whole.clone())), Some(before)]),
        answer([Some(whole), Some(after)]),
    ]);
    let usage = Usage::default();

    let store = counting(&dynamodb).measured(&usage);
    let (first, second) =
        store.read_transaction().get::<Card>("a-1").get::<Document>("d-1").await.unwrap();

    assert_eq!((first, second.unwrap().title), (Some(card()), "second".to_owned()));
    let requests = dynamodb.requests();
    let is_narrow = |request: usize, get: usize| {
        requests[request].body["TransactItems"][get]["Get"]["ProjectionExpression"].is_string()
    };
    assert_eq!([is_narrow(0, 0), is_narrow(1, 0), is_narrow(1, 1)], [true, false, false]);
    assert_eq!((usage.requests(), usage.reread(), usage.kms_calls()), (2, 1, 2));
}

#[tokio::test]
async fn items_in_each_others_place_are_refused_and_named() {
    for (place, id) in [(0, "d-1"), (1, "d-2")] {
        let mut items = documents(1..=2).await;
        items[place] = documents([3]).await.remove(0);
        let forged = items[place].as_mut().unwrap();
        forged.insert("id".into(), json!({"S": id}));
        let mut swapped = documents(1..=2).await;
        swapped.swap(0, 1);
        let dynamodb = Dynamodb::new();
        dynamodb.expect([answer(items), answer(swapped)]);
        let read = || {
            let read = dynamodb.store().read_transaction();
            read.get::<Document>("d-1").get::<Document>("d-2")
        };

        for id in [id, "d-1"] {
            let error = read().await.unwrap_err();
            let QueryError::Item(item) = &error else { panic!("{error}") };
            let LoadError::Open(open) = item.error() else { panic!("{error}") };
            assert_eq!(open.kind(), OpenErrorKind::Tampered);
            assert_eq!(item.key().attribute("id"), Some(&AttributeValue::S(id.into())));
            assert!(error.is_tampered() && !error.is_retryable());
        }
        dynamodb.requests();
    }
}

/// A record whose answer is missing must not look like one that is not there.
#[tokio::test]
async fn an_answer_that_lacks_items_is_an_error() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([answer(documents(1..=1).await)]);

    let read = dynamodb.store().read_transaction().get_all::<Document>(["d-1", "d-2"]);
    let error = read.await.unwrap_err();

    let QueryError::Request(request) = &error else { panic!("{error}") };
    assert_eq!((request.kind(), error.is_retryable()), (ServiceErrorKind::Service, true));
}

#[tokio::test]
async fn a_lost_answer_is_the_sdks_to_repeat() {
    let dynamodb = Dynamodb::new();
    let lost = failed("TransactGetItems", Fault::ConnectionReset);
    let units = json!([
        {"TableName": "users", "CapacityUnits": 2.0},
        {"TableName": "people", "CapacityUnits": 4.0},
    ]);
    let answer = json!({"Responses": [{}, {"Item": {}}], "ConsumedCapacity": units});
    dynamodb.expect([lost, answered("TransactGetItems", answer)]);
    let usage = Usage::default();

    let read = dynamodb.store().measured(&usage).read_transaction().get::<Account>("a-1");
    let read = read.get::<Person>("p-1").context([("tenant", "7")]).await.unwrap();

    assert_eq!(read, (None, None));
    assert_eq!(usage.requests(), 2);
    assert!((usage.read_units() - 6.0).abs() < 1e-9, "{usage:?}");
    dynamodb.requests();
}
