//! Transactions that DynamoDB cancels.

use std::time::Duration;

use envelope_runtime::QueryError;
use envelope_runtime::error::ServiceErrorKind;
use serde_json::json;

use super::{answer, documents, numbered};
use crate::clocks::Passing;
use crate::dynamodb::{Dynamodb, Fault, Step, error, failed};
use crate::models::{Document, Person};

/// DynamoDB cancels the transaction, for one reason for each key.
fn cancelled(reasons: &[&str]) -> Step {
    let reason = |code: &&str| json!({"Code": code, "Message": "because"});
    let mut body = error("TransactionCanceledException", "cancelled");
    body["CancellationReasons"] = reasons.iter().map(reason).collect();
    failed("TransactGetItems", Fault::Answer(400, body.to_string().leak()))
}

#[tokio::test]
async fn a_transaction_that_another_one_hinders_is_sent_again() {
    for code in ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"] {
        let dynamodb = Dynamodb::new();
        dynamodb.expect([
            cancelled(&["None", code]),
            cancelled(&[code, "TransactionConflict"]),
            answer(documents(1..=2).await),
        ]);

        let read = dynamodb.store().read_transaction().get_all::<Document>(["d-1", "d-2"]);
        assert_eq!(read.await.unwrap(), [1, 2].map(|number| Some(numbered(number))));

        let requests = dynamodb.requests();
        assert_eq!(requests[0].body, requests[2].body);
        assert_eq!(dynamodb.waits(), 2);
    }
}

/// The SDK gives up after three attempts, and the deadline is later.
#[tokio::test]
async fn a_request_that_is_throttled_is_made_again_until_the_deadline() {
    let dynamodb = Dynamodb::new();
    let throttled: &str = error("ThrottlingException", "").to_string().leak();
    let throttled = || failed("TransactGetItems", Fault::Answer(400, throttled));
    dynamodb.expect((0..5).map(|_| throttled()).chain([answer(documents(1..=1).await)]));

    let read = dynamodb.store().read_transaction().get_all::<Document>(["d-1"]);
    assert_eq!(read.await.unwrap(), [Some(numbered(1))]);

    dynamodb.requests();
}

#[tokio::test]
async fn what_hinders_is_the_error_at_the_deadline() {
    for (code, kind) in [
        ("TransactionConflict", ServiceErrorKind::Conflict),
        ("ThrottlingError", ServiceErrorKind::Throttled),
        ("ProvisionedThroughputExceeded", ServiceErrorKind::Throttled),
    ] {
        for (deadline, requests) in [(None, 5), (Some(0), 1), (Some(10), 10)] {
            let dynamodb = Dynamodb::new();
            dynamodb.expect((0..requests).map(|_| cancelled(&["None", code])));

            let store = dynamodb.store().map_table::<Person>("prod-people");
            let store = store.clock(Passing::by_seconds(1));
            let read = store.read_transaction().get::<Document>("d-1").get::<Person>("p-1");
            let read = read.context([("tenant", "7")]);
            let error = match deadline {
                None => read.await,
                Some(seconds) => read.deadline(Duration::from_secs(seconds)).await,
            }
            .unwrap_err();

            dynamodb.requests();
            let QueryError::Request(request) = &error else { panic!("{error}") };
            assert_eq!((request.kind(), request.table_name()), (kind, "prod-people"));
            assert_eq!(request.code(), Some(code));
            assert!(error.is_retryable() && !error.is_tampered());
        }
    }
}

#[tokio::test]
async fn any_other_reason_is_an_error_at_once() {
    for (reasons, kind) in [
        (&["ValidationError", "None"][..], ServiceErrorKind::Validation),
        (&["TransactionConflict", "ValidationError"], ServiceErrorKind::Validation),
        (&["AccessDenied", "None"], ServiceErrorKind::AccessDenied),
        (&["SomethingNew", "None"], ServiceErrorKind::Other),
        (&["None", "None"], ServiceErrorKind::Other),
        (&[], ServiceErrorKind::Other),
    ] {
        let dynamodb = Dynamodb::new();
        dynamodb.expect([cancelled(reasons)]);

        let read = dynamodb.store().read_transaction().get_all::<Document>(["d-1", "d-2"]);
        let error = read.await.unwrap_err();

        dynamodb.requests();
        let QueryError::Request(request) = &error else { panic!("{error}") };
        assert_eq!((request.kind(), request.table_name()), (kind, "users"), "{reasons:?}");
        assert!(!error.is_retryable(), "{error}");
    }
}

#[tokio::test]
async fn a_request_that_is_refused_names_its_tables() {
    let dynamodb = Dynamodb::new();
    let absent = error("ResourceNotFoundException", "").to_string().leak();
    dynamodb.expect([failed("TransactGetItems", Fault::Answer(400, absent))]);

    let read = dynamodb.store().read_transaction().get::<Document>("d-1").get::<Person>("p-1");
    let error = read.context([("tenant", "7")]).await.unwrap_err();

    let QueryError::Request(request) = &error else { panic!("{error}") };
    assert_eq!(request.kind(), ServiceErrorKind::TableNotFound);
    assert_eq!(request.table_name(), "people, users");
}
