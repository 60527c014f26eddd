//! Batch gets: the requests that are sent, and what is made of each answer.

mod answers;
mod checks;
mod unprocessed;

use envelope_runtime::EnvelopeRecord;
use serde_json::{Value, json};

use crate::dynamodb::{Dynamodb, Step, answered};
use crate::request::Request;
use crate::table::Stored;

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "orders")]
struct Order {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: i64,
    status: String,
    #[encrypted]
    address: String,
    #[envelope(ttl)]
    expires: Option<u64>,
}

fn order(number: i64) -> Order {
    Order {
        tenant: "t-1".into(),
        number,
        status: "open".into(),
        address: format!("Street {number}"),
        expires: None,
    }
}

/// An order as it is stored.
async fn stored(number: i64) -> Stored {
    Dynamodb::holding(&order(number)).await.item().unwrap()
}

async fn orders(numbers: impl IntoIterator<Item = i64>) -> Vec<Stored> {
    let mut all = Vec::new();
    for number in numbers {
        all.push(stored(number).await);
    }
    all
}

fn key(number: i64) -> Value {
    json!({"tenant": {"S": "t-1"}, "number": {"N": number.to_string()}})
}

fn keys(numbers: impl IntoIterator<Item = i64>) -> Vec<Value> {
    numbers.into_iter().map(key).collect()
}

/// The answer with these items.
fn found(items: impl IntoIterator<Item = Stored>) -> Step {
    leaving(items, [])
}

/// The answer with these items, and without those under some keys.
fn leaving(
    items: impl IntoIterator<Item = Stored>,
    unprocessed: impl IntoIterator<Item = i64>,
) -> Step {
    let items: Vec<_> = items.into_iter().map(Value::Object).collect();
    let mut answer = json!({"Responses": {"orders": items}, "UnprocessedKeys": {}});
    let unprocessed = keys(unprocessed);
    if !unprocessed.is_empty() {
        answer["UnprocessedKeys"]["orders"] = json!({"Keys": unprocessed});
    }
    answered("BatchGetItem", answer)
}

/// The keys of a request.
fn asked(request: &Request) -> Vec<Value> {
    request.body["RequestItems"]["orders"]["Keys"].as_array().unwrap().clone()
}

#[tokio::test]
async fn records_come_in_the_order_of_their_keys_whatever_the_order_of_the_answer() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([found(orders([3, 1]).await)]);

    let batch = dynamodb.store().batch_get::<Order>([("t-1", 1), ("t-1", 2), ("t-1", 3)]);
    assert_eq!(batch.await.unwrap(), [Some(order(1)), None, Some(order(3))]);

    let request = dynamodb.request();
    let asked = json!({"orders": {"ConsistentRead": false, "Keys": keys(1..=3)}});
    assert_eq!(request.body, json!({"RequestItems": asked}));
}

#[tokio::test]
async fn a_key_that_is_given_twice_is_read_once_and_opened_twice() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([found(orders([1, 2]).await)]);

    let batch = dynamodb.store().batch_get::<Order>([1, 2, 1].map(|number| ("t-1", number)));
    let records = batch.consistent().await.unwrap();

    assert_eq!(records, [1, 2, 1].map(|number| Some(order(number))));
    let request = dynamodb.request();
    assert_eq!(asked(&request), keys(1..=2));
    assert_eq!(request.body["RequestItems"]["orders"]["ConsistentRead"], true);
}

#[tokio::test]
async fn no_request_has_more_than_a_hundred_keys() {
    let all = orders(1..=250).await;
    for (number, sizes) in [(0, vec![]), (1, vec![1]), (100, vec![100]), (101, vec![100, 1])]
        .into_iter()
        .chain([(250, vec![100, 100, 50])])
    {
        let dynamodb = Dynamodb::new();
        let mut items = all[..number].iter().cloned();
        for size in &sizes {
            let mut chunk: Vec<_> = items.by_ref().take(*size).collect();
            chunk.reverse();
            dynamodb.expect([found(chunk)]);
        }

        let last = i64::try_from(number).unwrap();
        let batch = dynamodb.store().batch_get::<Order>((1..=last).map(|number| ("t-1", number)));
        let records: Vec<_> = batch.await.unwrap().into_iter().flatten().collect();

        assert_eq!(records, (1..=last).map(order).collect::<Vec<_>>());
        let requests = dynamodb.requests();
        let asked: Vec<_> = requests.iter().map(asked).collect();
        assert_eq!(asked.iter().map(Vec::len).collect::<Vec<_>>(), sizes);
        let mut all: Vec<_> = asked.concat().iter().map(ToString::to_string).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), number);
    }
}

/// A key that is given again much later is not read again.
#[tokio::test]
async fn keys_are_told_apart_over_all_requests() {
    let dynamodb = Dynamodb::new();
    let mut items = orders(1..=101).await;
    let last = items.pop().unwrap();
    dynamodb.expect([found(items), found([last])]);

    let numbers = (1..=101).chain([1]).map(|number| ("t-1", number));
    let records = dynamodb.store().batch_get::<Order>(numbers).await.unwrap();

    assert_eq!(records.len(), 102);
    assert_eq!(records[101], Some(order(1)));
    assert_eq!(asked(&dynamodb.requests()[1]).len(), 1);
}
