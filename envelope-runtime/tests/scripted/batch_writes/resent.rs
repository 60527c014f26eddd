//! Writes that DynamoDB leaves unprocessed, or whose answer is lost.

use std::time::Duration;

use envelope_runtime::error::ServiceErrorKind;
use envelope_runtime::{AttributeValue, BatchError, Number};
use serde_json::{Value, json};

use super::{Row, Slow, all, leaving, put, row, rows, writes};
use crate::dynamodb::{Dynamodb, Fault, answered, failed, lost};
use crate::request::Request;

const THROTTLED: &str =
    r#"{"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}"#;
const DENIED: &str = r#"{"__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException"}"#;

/// The put of a row in a request.
fn put_of(request: &Request, number: u32) -> &Value {
    let place = put(request).iter().position(|put| *put == number).unwrap();
    &writes(request)[place]
}

#[tokio::test]
async fn t08_what_is_left_unprocessed_is_sent_again_as_the_same_bytes_and_fills_up_the_next_request()
 {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([leaving([3, 20]), leaving([3]), all()]);

    dynamodb.store().batch_write().put_all(&rows(60)).await.unwrap();

    let requests = dynamodb.requests();
    let numbers: Vec<_> = requests.iter().map(put).collect();
    assert_eq!(numbers[0], (0..25).collect::<Vec<_>>());
    assert_eq!(numbers[1], [3, 20].into_iter().chain(25..48).collect::<Vec<_>>());
    assert_eq!(numbers[2], [3].into_iter().chain(48..60).collect::<Vec<_>>());
    for later in &requests[1..] {
        assert_eq!(put_of(&requests[0], 3), put_of(later, 3));
    }
    assert_eq!(put_of(&requests[0], 20), put_of(&requests[1], 20));
    assert_eq!(dynamodb.waits(), 2);
}

#[tokio::test]
async fn all_can_be_left_unprocessed() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([leaving([0, 1]), failed("BatchWriteItem", Fault::Answer(400, THROTTLED))]);
    dynamodb.expect((0..2).map(|_| failed("BatchWriteItem", Fault::Answer(400, THROTTLED))));
    dynamodb.expect([all()]);

    dynamodb.store().batch_write().put_all(&rows(2)).await.unwrap();

    let requests = dynamodb.requests();
    assert!(requests.iter().all(|request| request.body == requests[0].body));
}

#[tokio::test]
async fn an_answer_that_names_a_foreign_write_leaves_all_unknown() {
    let dynamodb = Dynamodb::new();
    let delete = json!({"DeleteRequest": {"Key": {"number": {"N": "1"}}}});
    let other_kind = answered("BatchWriteItem", json!({"UnprocessedItems": {"rows": [delete]}}));
    let put = json!({"PutRequest": {"Item": {"number": {"N": "1"}}}});
    let other_table = answered("BatchWriteItem", json!({"UnprocessedItems": {"others": [put]}}));
    let nothing = answered("BatchWriteItem", json!({"UnprocessedItems": {"rows": [{}]}}));
    let nested = json!({"M": {"x": {"L": []}}});
    let no_key = json!({"PutRequest": {"Item": {"number": nested}}});
    let no_key = answered("BatchWriteItem", json!({"UnprocessedItems": {"rows": [no_key]}}));
    dynamodb.expect([leaving([7]), other_kind, other_table, nothing, no_key, all()]);

    dynamodb.store().batch_write().put_all(&rows(2)).await.unwrap();

    let requests = dynamodb.requests();
    assert_eq!(requests.len(), 6);
    assert!(requests.iter().all(|request| request.body == requests[0].body));
}

#[tokio::test]
async fn an_unprocessed_deletion_is_sent_again_and_a_number_is_known_by_its_value() {
    let dynamodb = Dynamodb::new();
    let left = json!({"DeleteRequest": {"Key": {"number": {"N": "1.0"}}}});
    let left = answered("BatchWriteItem", json!({"UnprocessedItems": {"rows": [left]}}));
    dynamodb.expect([left, all()]);

    dynamodb.store().batch_write().delete::<Row>(1.0).put(&row(2)).await.unwrap();

    let requests = dynamodb.requests();
    let again = json!([{"DeleteRequest": {"Key": {"number": {"N": "1"}}}}]);
    assert_eq!(json!(writes(&requests[1])), again);

    // A put of the key is not the deletion.
    dynamodb.expect([leaving([1]), all()]);
    dynamodb.store().batch_write().delete::<Row>(1.0).put(&row(2)).await.unwrap();
    let requests = dynamodb.requests();
    assert_eq!(requests[0].body, requests[1].body);
}

#[tokio::test]
async fn at_the_deadline_the_error_holds_what_remains_and_it_can_be_sent_again() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store().clock(Slow::new());
    dynamodb.expect([leaving([1, 2]), leaving([2]), leaving([2])]);

    let batch = store.batch_write().put_all(&rows(4)).deadline(Duration::from_secs(10));
    let error = batch.await.unwrap_err();

    let BatchError::Unfinished(unfinished) = &error else { panic!("{error}") };
    assert_eq!((unfinished.written(), unfinished.taken()), (3, 4));
    assert!(unfinished.error().is_none() && error.is_retryable() && !error.is_access_denied());
    let remaining: Vec<_> = unfinished.remainder().iter().collect();
    assert_eq!((remaining.len(), unfinished.remainder().len()), (1, 1));
    assert_eq!((remaining[0].position(), remaining[0].may_have_happened()), (2, false));
    let number = AttributeValue::N(Number::from(2_u8));
    assert_eq!(remaining[0].key().attribute("number"), Some(&number));
    let text = format!("{error} {remaining:?} {:?}", unfinished.remainder());
    assert!(text.contains("3 writes of the batch have happened, and 1 are not known"), "{text}");
    assert!(text.contains("`.deadline(…)`") && !text.contains("s-2") && !text.contains("row 2"));
    let requests = dynamodb.requests();

    dynamodb.expect([leaving([2]), all()]);
    unfinished.remainder().send(&store).await.unwrap();
    let again = dynamodb.requests();
    assert_eq!(json!(writes(&again[1])), json!([put_of(&requests[0], 2)]));
    assert_eq!(again[0].body, again[1].body);

    dynamodb.expect((0..3).map(|_| leaving([2])));
    let error = unfinished.remainder().send(&store).await.unwrap_err();
    let BatchError::Unfinished(unfinished) = &error else { panic!("{error}") };
    assert_eq!((unfinished.written(), unfinished.taken()), (0, 1));
    assert_eq!(unfinished.remainder().iter().next().unwrap().position(), 2);
    dynamodb.requests();
}

#[tokio::test]
async fn an_answer_that_is_lost_makes_the_same_request_again() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([lost("BatchWriteItem", Fault::ConnectionReset), all()]);

    dynamodb.store().batch_write().put_all(&rows(3)).await.unwrap();

    let requests = dynamodb.requests();
    assert_eq!(requests[0].body, requests[1].body);
}

#[tokio::test]
async fn only_the_writes_of_a_request_without_an_answer_may_have_happened() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([leaving([4]), lost("BatchWriteItem", Fault::Hangs)]);

    let error = dynamodb.store().batch_write().put_all(&rows(60)).await.unwrap_err();

    let BatchError::Unfinished(unfinished) = &error else { panic!("{error}") };
    assert_eq!((unfinished.written(), unfinished.taken()), (24, 60));
    assert_eq!(unfinished.error().unwrap().kind(), ServiceErrorKind::Network);
    assert!(error.is_retryable());
    let remaining: Vec<_> = unfinished.remainder().iter().collect();
    let positions: Vec<_> = remaining.iter().map(|write| write.position()).collect();
    assert_eq!(positions, [4].into_iter().chain(25..60).collect::<Vec<_>>());
    for write in remaining {
        assert_eq!(write.may_have_happened(), write.position() < 49, "{write:?}");
    }
    let requests = dynamodb.requests();

    // The next ones fill up the request that is sent again.
    dynamodb.expect([all(), all()]);
    unfinished.remainder().send(&dynamodb.store()).await.unwrap();
    let again = dynamodb.requests();
    assert_eq!((writes(&again[0]).len(), writes(&again[1]).len()), (25, 11));
    assert_eq!(put_of(&requests[0], 4), put_of(&again[0], 4));
    assert_eq!(put_of(&requests[1], 48), put_of(&again[0], 48));
}

#[tokio::test]
async fn a_write_that_may_have_happened_before_a_refusal_is_remembered() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([lost("BatchWriteItem", Fault::ConnectionReset), leaving([1])]);

    let batch = dynamodb.store().batch_write().put_all(&rows(2)).deadline(Duration::ZERO);
    let error = batch.await.unwrap_err();

    let BatchError::Unfinished(unfinished) = &error else { panic!("{error}") };
    let remaining = unfinished.remainder().iter();
    let told: Vec<_> =
        remaining.map(|write| (write.position(), write.may_have_happened())).collect();
    assert_eq!((unfinished.written(), told.as_slice()), (1, [(1, true)].as_slice()));
    dynamodb.requests();
}

#[tokio::test]
async fn a_refusal_ends_a_batch_and_nothing_of_it_may_have_happened() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([all(), failed("BatchWriteItem", Fault::Answer(400, DENIED))]);

    let error = dynamodb.store().batch_write().put_all(&rows(60)).await.unwrap_err();

    let BatchError::Unfinished(unfinished) = &error else { panic!("{error}") };
    assert_eq!((unfinished.written(), unfinished.remainder().len()), (25, 35));
    assert!(unfinished.remainder().iter().all(|write| !write.may_have_happened()));
    assert!(error.is_access_denied() && !error.is_retryable());
    assert_eq!(unfinished.error().unwrap().kind(), ServiceErrorKind::AccessDenied);
    dynamodb.requests();
}

/// The remainder of a bulk load can hold a key twice, which DynamoDB refuses in one request.
#[tokio::test]
async fn a_remainder_with_one_key_twice_is_sent_in_two_requests_and_the_later_write_wins() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    dynamodb.expect([failed("BatchWriteItem", Fault::Answer(400, DENIED))]);
    let later = Row { label: "later".into(), ..row(0) };
    let error = store.bulk_put(vec![row(0), row(1), later.clone()]).await.unwrap_err();
    let BatchError::Unfinished(unfinished) = &error else { panic!("{error}") };
    assert_eq!(unfinished.remainder().len(), 3);
    dynamodb.requests();

    dynamodb.expect([all(), all()]);
    unfinished.remainder().send(&store).await.unwrap();

    let requests = dynamodb.requests();
    assert_eq!([put(&requests[0]), put(&requests[1])], [vec![0, 1], vec![0]]);
    let last = &writes(&requests[1])[0]["PutRequest"]["Item"];
    assert_eq!(last["label"]["S"], "later");

    // A write that is left unprocessed does not meet the later one in one request either.
    let rows = (0..20).map(row).chain([later]).collect::<Vec<_>>();
    dynamodb.expect([failed("BatchWriteItem", Fault::Answer(400, DENIED))]);
    let error = store.bulk_put(rows).await.unwrap_err();
    let BatchError::Unfinished(unfinished) = &error else { panic!("{error}") };
    dynamodb.forget();
    dynamodb.expect([leaving([0]), all(), all()]);
    unfinished.remainder().send(&store).await.unwrap();
    let requests = dynamodb.requests();
    let of_first = requests.iter().map(|request| put(request).iter().filter(|n| **n == 0).count());
    assert_eq!(of_first.collect::<Vec<_>>(), [1, 1, 1]);
    assert_eq!(writes(&requests[2])[0]["PutRequest"]["Item"]["label"]["S"], "later");
}

/// The test's timer counts the waits of less than a second.
#[tokio::test]
async fn the_waits_stay_short_as_long_as_something_is_written() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect((1..12).map(|number| leaving(number..12)));
    dynamodb.expect([all()]);

    dynamodb.store().batch_write().put_all(&rows(12)).await.unwrap();

    assert_eq!(dynamodb.waits(), 11);
    dynamodb.requests();
}
