//! What is checked before the first request, and what is asked for then.

use envelope_runtime::error::{ContextErrorKind, KeyErrorKind};
use envelope_runtime::{EnvelopeProjection, Keys, QueryError, Usage};
use serde_json::json;

use super::{Order, asked, found, key, order, orders, stored};
use crate::dynamodb::{Dynamodb, answered};
use crate::models::{Person, person};
use crate::usage::counting;

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Order)]
struct Parcel {
    address: String,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Order, plaintext_only)]
struct Line {
    status: String,
}

/// The names of the attributes that a request fetches.
fn fetched(request: &crate::request::Request) -> Vec<String> {
    let asked = &request.body["RequestItems"]["orders"];
    let text = asked["ProjectionExpression"].as_str().unwrap();
    let name = |placeholder: &str| asked["ExpressionAttributeNames"][placeholder].as_str().unwrap();
    text.split(", ").map(|placeholder| name(placeholder).to_owned()).collect()
}

#[tokio::test]
async fn one_key_that_cannot_be_used_fails_the_call_before_any_request() {
    let store = Dynamodb::new().store();
    let keys = (0..150).map(|number| (if number == 149 { "" } else { "t-1" }, number));

    let error = store.batch_get::<Order>(keys).await.unwrap_err();

    let QueryError::Key(key) = &error else { panic!("{error}") };
    assert_eq!((key.kind(), key.attribute()), (&KeyErrorKind::Empty, Some("tenant")));
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn the_context_comes_from_the_store_or_from_the_call() {
    let dynamodb = Dynamodb::holding(&person()).await;
    let item = dynamodb.item().unwrap();
    dynamodb.forget();
    let answer = || answered("BatchGetItem", json!({"Responses": {"people": [item.clone()]}}));
    dynamodb.expect([answer(), answer()]);
    let store = dynamodb.store();
    let scoped = store.scoped([("tenant", "7")]);

    let given = store.batch_get::<Person>(["p-1"]).context([("tenant", "7")]);
    assert_eq!(given.await.unwrap(), [Some(person())]);
    assert_eq!(scoped.batch_get::<Person>(["p-1"]).await.unwrap(), [Some(person())]);
    dynamodb.requests();

    for (call, kind) in [
        (store.batch_get::<Person>(["p-1"]), ContextErrorKind::NotGiven),
        (store.batch_get(["p-1"]).context([("tenan", "7")]), ContextErrorKind::Unknown),
        (scoped.batch_get(["p-1"]).context([("tenant", "8")]), ContextErrorKind::Differs),
    ] {
        let error = call.await.unwrap_err();
        let QueryError::Context(context) = &error else { panic!("{error}") };
        assert_eq!(context.kind(), kind);
    }
}

#[tokio::test]
async fn a_projection_fetches_its_attributes_and_the_key_that_tells_its_item() {
    let dynamodb = Dynamodb::new();
    let usage = Usage::default();
    let store = counting(&dynamodb).measured(&usage);
    let items = orders([2, 1]).await;
    dynamodb.expect([found(items.clone()), found(items.clone()), found(items)]);
    let keys = [1, 2].map(|number| ("t-1", number));

    let parcels = store.batch_get::<Order>(keys).project::<Parcel>().await.unwrap();
    let addresses = [1, 2].map(|number| Some(Parcel { address: order(number).address }));
    assert_eq!(parcels, addresses);
    assert_eq!(usage.kms_calls(), 2);
    let lines = store.batch_get::<Line>(keys).await.unwrap();
    assert_eq!(lines, [1, 2].map(|_| Some(Line { status: "open".into() })));
    let there = store.batch_get::<Keys<Order>>(keys).await.unwrap();
    let there: Vec<_> = there.into_iter().flatten().map(Keys::into_key).collect();
    assert_eq!(there, [1, 2].map(|number| ("t-1".to_owned(), number)));
    assert_eq!((usage.requests(), usage.kms_calls(), usage.reread()), (3, 2, 0));

    let requests = dynamodb.requests();
    assert_eq!(fetched(&requests[0]), ["_envelope", "address", "expires", "number", "tenant"]);
    assert_eq!(fetched(&requests[1]), ["_envelope", "expires", "number", "status", "tenant"]);
    assert_eq!(asked(&requests[2]), [key(1), key(2)]);
}

/// An expired record is not given out, as by a load.
#[tokio::test]
async fn an_expired_record_is_not_there() {
    use std::time::{Duration, UNIX_EPOCH};

    let dynamodb = Dynamodb::holding(&Order { expires: Some(50), ..order(1) }).await;
    let items = [dynamodb.item().unwrap(), stored(2).await];
    dynamodb.expect([found(items)]);

    let store = dynamodb.store().clock(|| UNIX_EPOCH + Duration::from_secs(50));
    let records = store.batch_get::<Order>([1, 2].map(|number| ("t-1", number))).await.unwrap();

    assert_eq!(records, [None, Some(order(2))]);
}
