//! Records that are read from the table, by the keys of an index.

use envelope_runtime::error::ServiceErrorKind;
use envelope_runtime::{QueryError, Usage};
use futures_util::{StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::{Order, order, stored};
use crate::clocks::Passing;
use crate::dynamodb::{Dynamodb, Fault, Step, answered, error, failed, page};
use crate::request::Request;
use crate::table::Stored;
use crate::usage::counting;

fn posted(number: u64) -> Order {
    Order { number, courier: Some("post".into()), ..order() }
}

/// The entry of an order in the index of keys.
fn entry(number: u64) -> Stored {
    let (id, number) = (json!({"S": "o-1"}), json!({"N": number.to_string()}));
    let entry = json!({"id": id, "number": number, "by_courierPK": {"S": "COURIER#post"}});
    entry.as_object().cloned().unwrap()
}

fn entries(numbers: impl IntoIterator<Item = u64>) -> Step {
    page("Query", numbers.into_iter().map(entry), None)
}

async fn items(numbers: impl IntoIterator<Item = u64>) -> Vec<Stored> {
    let mut all = Vec::new();
    for number in numbers {
        all.push(stored(&posted(number)).await);
    }
    all
}

/// The records that are read, without those under some keys.
fn found(items: impl IntoIterator<Item = Stored>, unprocessed: &[u64]) -> Step {
    let items: Vec<_> = items.into_iter().map(Value::Object).collect();
    let mut answer = json!({"Responses": {"orders": items}});
    if !unprocessed.is_empty() {
        answer["UnprocessedKeys"]["orders"]["Keys"] =
            unprocessed.iter().copied().map(key).collect();
    }
    answered("BatchGetItem", answer)
}

fn key(number: u64) -> Value {
    json!({"id": {"S": "o-1"}, "number": {"N": number.to_string()}})
}

fn asked(request: &Request) -> Vec<Value> {
    request.body["RequestItems"]["orders"]["Keys"].as_array().unwrap().clone()
}

fn numbers(orders: &[Order]) -> Vec<u64> {
    orders.iter().map(|order| order.number).collect()
}

#[tokio::test]
async fn the_records_of_a_page_are_read_by_the_hundred_and_given_out_in_order() {
    let dynamodb = Dynamodb::new();
    let mut all = items(1..=230).await;
    all.reverse();
    let last = all.drain(..30).collect::<Vec<_>>();
    let second = all.drain(..100).collect::<Vec<_>>();
    dynamodb.expect([entries(1..=230), found(all, &[]), found(second, &[]), found(last, &[])]);
    let usage = Usage::default();

    let store = counting(&dynamodb).measured(&usage);
    let orders = store.query_index(Order::INDEXES.by_courier, "post").load().all().await.unwrap();

    assert_eq!(numbers(&orders), (1..=230).collect::<Vec<_>>());
    let sizes: Vec<_> =
        dynamodb.requests()[1..].iter().map(|request| asked(request).len()).collect();
    assert_eq!(sizes, [100, 100, 30]);
    assert_eq!((usage.requests(), usage.kms_calls()), (4, 230));
}

/// The next hundred are not read before the first are given out.
#[tokio::test]
async fn a_stream_holds_a_hundred_records_and_a_page_all() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let query = || store.query_index(Order::INDEXES.by_courier, "post").load();
    let mut all = items(1..=101).await;
    let last = all.pop().unwrap();

    dynamodb.expect([entries(1..=101), found(all.clone(), &[])]);
    let mut stream = query().stream();
    for number in 1..=100 {
        assert_eq!(stream.try_next().await.unwrap().unwrap().number, number);
    }
    dynamodb.requests();
    dynamodb.expect([found([last.clone()], &[])]);
    assert_eq!(stream.try_next().await.unwrap().unwrap().number, 101);
    assert!(stream.next().await.is_none());

    dynamodb.expect([entries(1..=101), found(all, &[]), found([last], &[])]);
    let page = query().page().await.unwrap();
    assert_eq!((page.items.len(), page.next.is_none()), (101, true));
    dynamodb.requests();
}

/// As many are read as are to be given out, and more only for those that are gone.
#[tokio::test]
async fn no_more_records_are_read_than_are_given_out() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([
        entries(1..=9),
        found(items([1]).await, &[]),
        page("Query", [3, 4].map(entry), None),
        found(items([3]).await, &[]),
    ]);

    let query = dynamodb.store().query_index(Order::INDEXES.by_courier, "post").load();
    let page = query.take(2).page().await.unwrap();

    assert_eq!(numbers(&page.items), [1, 3]);
    let requests = dynamodb.requests();
    assert_eq!(asked(&requests[1]), [key(1), key(2)]);
    assert_eq!(asked(&requests[3]), [key(3)]);
}

#[tokio::test]
async fn unprocessed_keys_are_asked_for_again_and_are_an_error_at_the_deadline() {
    let dynamodb = Dynamodb::new();
    let query = |store: envelope_runtime::Store| {
        store.query_index(Order::INDEXES.by_courier, "post").load()
    };

    let both = items(1..=2).await;
    dynamodb.expect([entries(1..=2), found([], &[1, 2]), found([both[1].clone()], &[1])]);
    dynamodb.expect([found([both[0].clone()], &[])]);
    let orders = query(dynamodb.store()).all().await.unwrap();
    assert_eq!(numbers(&orders), [1, 2]);
    assert_eq!(asked(&dynamodb.requests()[3]), [key(1)]);

    // The stream ends there: the record was not read.
    dynamodb.expect([entries(1..=2), found([both[1].clone()], &[1])]);
    let mut stream = query(dynamodb.store().clock(Passing::by_seconds(60))).stream();
    let error = stream.next().await.unwrap().unwrap_err();
    let QueryError::Unprocessed(unprocessed) = &error else { panic!("{error}") };
    assert_eq!((unprocessed.unprocessed(), unprocessed.keys()), (1, 2));
    assert!(stream.next().await.is_none() && stream.cursor().is_none());
    dynamodb.requests();
}

#[tokio::test]
async fn a_request_that_is_refused_ends_the_stream() {
    let dynamodb = Dynamodb::new();
    let denied = error("AccessDeniedException", "").to_string().leak();
    dynamodb.expect([entries(1..=150), failed("BatchGetItem", Fault::Answer(400, denied))]);

    let query = dynamodb.store().query_index(Order::INDEXES.by_courier, "post").load();
    let mut stream = query.stream();
    let error = stream.next().await.unwrap().unwrap_err();

    let QueryError::Request(request) = &error else { panic!("{error}") };
    assert_eq!(request.kind(), ServiceErrorKind::AccessDenied);
    assert!(stream.next().await.is_none());
    dynamodb.requests();
}

/// Only who is between DynamoDB and the program can answer so.
#[tokio::test]
async fn a_forged_record_or_entry_is_refused_in_its_place() {
    let dynamodb = Dynamodb::new();
    let mut forged = stored(&posted(9)).await;
    forged.insert("number".into(), json!({"N": "2"}));
    let mut elsewhere = entry(3);
    elsewhere.insert("by_courierPK".into(), json!({"S": "COURIER#van"}));
    let mut keyless = entry(4);
    keyless.remove("number");
    let mut answer = items([1, 5]).await;
    answer.push(forged);
    dynamodb.expect([
        page("Query", [entry(1), entry(2), elsewhere, keyless, entry(5), entry(5)], None),
        found(answer, &[]),
    ]);

    let query = dynamodb.store().query_index(Order::INDEXES.by_courier, "post").load();
    let given: Vec<_> = query.stream().collect().await;

    let shown = given.iter().map(|given| match given {
        Ok(order) => order.number.to_string(),
        Err(error) if error.is_tampered() => error.attribute().unwrap_or("all").to_owned(),
        Err(error) => panic!("{error}"),
    });
    assert_eq!(shown.collect::<Vec<_>>(), ["1", "all", "by_courierPK", "number", "5", "5"]);
    assert_eq!(asked(&dynamodb.requests()[1]), [key(1), key(2), key(5)]);
}
