//! Answers that are wrong, forged or lost.

use envelope_runtime::error::{OpenErrorKind, ServiceErrorKind};
use envelope_runtime::{
    AttributeValue, EnvelopeProjection, EnvelopeRecord, LoadError, QueryError, Usage,
};
use serde_json::json;

use super::{Order, found, order, orders, stored};
use crate::dynamodb::{Dynamodb, Fault, Step, answered, done, error, failed};
use crate::table::Stored;

fn with(mut item: Stored, name: &str, value: serde_json::Value) -> Stored {
    item.insert(name.into(), value);
    item
}

/// The error of a call for the orders 1 to 3.
async fn refused(items: Vec<Stored>) -> QueryError {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([found(items)]);
    let batch = dynamodb.store().batch_get::<Order>((1..=3).map(|number| ("t-1", number)));
    let error = batch.await.unwrap_err();
    dynamodb.requests();
    error
}

/// The number of the order that could not be opened.
#[track_caller]
fn tampered(error: &QueryError) -> String {
    let QueryError::Item(item) = error else { panic!("{error}") };
    assert!(error.is_tampered() && !error.is_retryable(), "{error}");
    let LoadError::Open(open) = item.error() else { panic!("{error}") };
    assert_eq!(open.kind(), OpenErrorKind::Tampered);
    assert_eq!(item.key().attribute("tenant"), Some(&AttributeValue::S("t-1".into())));
    let Some(AttributeValue::N(number)) = item.key().attribute("number") else { panic!("{error}") };
    number.as_str().to_owned()
}

/// The answer is in the opposite order, so the first error is by the order asked.
#[tokio::test]
async fn the_first_item_that_cannot_be_opened_fails_the_call_and_is_named() {
    let mut items = orders([3, 2, 1]).await;
    for item in &mut items[..2] {
        item.insert("address".into(), json!({"B": "AAAA"}));
    }
    let error = refused(items).await;
    assert_eq!((&*tampered(&error), error.attribute()), ("2", Some("address")));
}

/// Whoever answers gives the item of one key out as that of another.
#[tokio::test]
async fn an_item_of_another_key_is_refused() {
    let other = with(stored(9).await, "number", json!({"N": "2"}));
    let items = vec![stored(1).await, other, stored(3).await];
    assert_eq!(tampered(&refused(items).await), "2");

    let (one, two) = (stored(1).await, stored(2).await);
    let swapped =
        vec![with(two, "number", json!({"N": "1"})), with(one, "number", json!({"N": "2"}))];
    assert_eq!(tampered(&refused(swapped).await), "1");
}

#[tokio::test]
async fn items_that_nobody_asked_for_are_ignored() {
    let foreign = stored(9).await;
    let elsewhere = with(stored(1).await, "tenant", json!({"S": "t-2"}));
    let text = with(stored(1).await, "number", json!({"S": "1"}));
    let invalid = with(stored(1).await, "number", json!({"N": "x"}));
    let mut keyless = stored(1).await;
    keyless.remove("number");
    let second = with(stored(2).await, "status", json!({"S": "second"}));
    let items =
        [foreign, elsewhere, text, invalid, keyless, stored(2).await, second, Stored::new()];
    let dynamodb = Dynamodb::new();
    dynamodb.expect([found(items)]);

    let batch = dynamodb.store().batch_get::<Order>([("t-1", 1), ("t-1", 2)]);

    assert_eq!(batch.await.unwrap(), [None, Some(order(2))]);
    dynamodb.requests();
}

#[tokio::test]
async fn a_number_in_a_key_is_known_by_its_value() {
    let dynamodb = Dynamodb::new();
    let item = with(stored(20).await, "number", json!({"N": "2.0E1"}));
    dynamodb.expect([found([item])]);

    let batch = dynamodb.store().batch_get::<Order>([("t-1", 20)]);

    assert_eq!(batch.await.unwrap(), [Some(order(20))]);
}

fn throttled() -> Step {
    let throttled = error("ProvisionedThroughputExceededException", "");
    failed("BatchGetItem", Fault::Answer(400, throttled.to_string().leak()))
}

#[tokio::test]
async fn a_lost_answer_or_a_throttle_is_the_sdks_to_repeat() {
    let dynamodb = Dynamodb::new();
    let lost = failed("BatchGetItem", Fault::ConnectionReset);
    dynamodb.expect([lost, throttled(), found([stored(1).await])]);
    let usage = Usage::default();

    let store = dynamodb.store().measured(&usage);
    let records = store.batch_get::<Order>([("t-1", 1)]).await.unwrap();

    assert_eq!(records, [Some(order(1))]);
    assert_eq!(usage.requests(), 3);
    dynamodb.requests();
}

/// DynamoDB says so if it can read none of the keys.
#[tokio::test]
async fn a_request_that_is_throttled_is_made_again_until_the_deadline() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect((0..5).map(|_| throttled()).chain([found([stored(1).await])]));

    let records = dynamodb.store().batch_get::<Order>([("t-1", 1)]).await.unwrap();

    assert_eq!(records, [Some(order(1))]);
    dynamodb.requests();
}

#[tokio::test]
async fn a_request_that_is_not_answered_fails_the_call() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([throttled(), throttled(), throttled()]);
    let denied = error("AccessDeniedException", "").to_string().leak();
    dynamodb.expect([failed("BatchGetItem", Fault::Answer(400, denied))]);
    let store = dynamodb.store();
    let call = || store.batch_get::<Order>([("t-1", 1)]).deadline(std::time::Duration::ZERO);

    for (kind, retryable) in
        [(ServiceErrorKind::Throttled, true), (ServiceErrorKind::AccessDenied, false)]
    {
        let error = call().await.unwrap_err();
        let QueryError::Request(request) = &error else { panic!("{error}") };
        assert_eq!((request.kind(), error.is_retryable()), (kind, retryable));
        assert_eq!(request.table_name(), "orders");
    }
    dynamodb.requests();
}

/// An older program's projection of the same orders.
#[derive(EnvelopeRecord)]
#[envelope(table = "orders")]
struct Older {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: i64,
    #[encrypted]
    address: String,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Older)]
struct Address {
    address: String,
}

/// A newer program, which authenticates more.
#[derive(EnvelopeRecord)]
#[envelope(table = "orders")]
struct Newer {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: i64,
    #[authenticated]
    status: String,
    #[encrypted]
    address: String,
}

#[tokio::test]
async fn an_item_that_authenticates_more_than_was_fetched_is_read_again_and_whole() {
    let newer = Newer {
        tenant: "t-1".into(),
        number: 1,
        status: "open".into(),
        address: "Street 1".into(),
    };
    let dynamodb = Dynamodb::holding(&newer).await;
    let mut narrow = dynamodb.item().unwrap();
    narrow.remove("status");
    dynamodb.expect([found([narrow]), done("GetItem")]);
    let usage = Usage::default();

    let store = dynamodb.store().measured(&usage);
    let read = store.batch_get::<Address>([("t-1", 1)]).await.unwrap();

    assert_eq!(read, [Some(Address { address: "Street 1".into() })]);
    let again = &dynamodb.requests()[1];
    assert_eq!(again.body["ConsistentRead"], true);
    assert_eq!((usage.requests(), usage.reread()), (2, 1));
}

#[tokio::test]
async fn the_units_of_a_request_are_added_up() {
    let dynamodb = Dynamodb::new();
    let units = json!([{"TableName": "orders", "CapacityUnits": 1.5}]);
    let answer = json!({"Responses": {"orders": []}, "ConsumedCapacity": units});
    dynamodb.expect([answered("BatchGetItem", answer)]);
    let usage = Usage::default();

    dynamodb.store().measured(&usage).batch_get::<Order>([("t-1", 1)]).await.unwrap();

    assert_eq!(dynamodb.request().body["ReturnConsumedCapacity"], "TOTAL");
    assert!((usage.read_units() - 1.5).abs() < 1e-9, "{usage:?}");
}
