//! Deleting partitions: which items are deleted, and how.

use std::time::{Duration, UNIX_EPOCH};

use envelope_runtime::error::{ContextErrorKind, LoadError, OpenErrorKind, QueryError};
use envelope_runtime::operation::Deleted;
use envelope_runtime::{BatchError, EnvelopeRecord, Usage};
use serde_json::{Value, json};

use crate::dynamodb::{Dynamodb, Fault, Step, answered, done, failed, lost, page, refused};
use crate::table::Stored;
use crate::usage::counting;

const THROTTLED: &str = r#"{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"}"#;

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "app", partition_key = "T#{tenant}", sort_key = "LINE#{number:03}")]
struct Line {
    tenant: String,
    number: u32,
    #[encrypted]
    note: String,
    #[envelope(ttl)]
    expires: Option<u64>,
}

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "app", partition_key = "T#{tenant}", sort_key = "DRAFT#{number:03}")]
struct Draft {
    tenant: String,
    number: u32,
    #[encrypted]
    text: String,
    #[envelope(version)]
    version: u64,
}

#[derive(EnvelopeRecord, Clone)]
#[envelope(
    table = "app",
    partition_key = "T#{tenant}",
    sort_key = "LINE#{number:03}",
    plaintext_only
)]
struct Memo {
    tenant: String,
    number: u32,
    text: String,
}

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "app", partition_key = "T#{tenant}", sort_key = "PROFILE")]
struct Profile {
    tenant: String,
    #[encrypted]
    name: String,
}

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "app", partition_key = "T#{tenant}", sort_key = "VISIT#{number:03}")]
struct Visit {
    tenant: String,
    number: u32,
    #[envelope(context)]
    ward: String,
    #[encrypted]
    text: String,
}

fn line(number: u32) -> Line {
    Line { tenant: "t-1".into(), number, note: "hush".into(), expires: None }
}

fn draft(number: u32) -> Draft {
    Draft { tenant: "t-1".into(), number, text: "hush".into(), version: 0 }
}

fn visit(number: u32, ward: &str) -> Visit {
    Visit { tenant: "t-1".into(), number, ward: ward.into(), text: "hush".into() }
}

async fn stored<R: EnvelopeRecord>(record: &R) -> Stored {
    Dynamodb::holding(record).await.item().unwrap()
}

async fn lines(numbers: impl IntoIterator<Item = u32>) -> Vec<Stored> {
    let mut all = Vec::new();
    for number in numbers {
        all.push(stored(&line(number)).await);
    }
    all
}

fn key(sort: &str) -> Value {
    json!({"PK": {"S": "T#t-1"}, "SK": {"S": sort}})
}

fn written() -> Step {
    answered("BatchWriteItem", json!({}))
}

fn deleted(deleted: u64, kept: u64) -> Deleted {
    let mut all = Deleted::default();
    (all.deleted, all.kept) = (deleted, kept);
    all
}

#[tokio::test]
async fn the_records_of_the_type_are_read_consistently_and_deleted_in_batches() {
    let dynamodb = Dynamodb::new();
    let usage = Usage::default();
    let store = counting(&dynamodb).measured(&usage);
    let first = lines(0..27).await;
    let last = key("LINE#026").as_object().cloned().unwrap();
    dynamodb.expect([page("Query", first, Some(&last)), written(), written()]);
    dynamodb.expect([page("Query", lines(27..29).await, None), written()]);

    assert_eq!(store.delete_partition::<Line>("t-1").await.unwrap(), deleted(29, 0));

    let requests = dynamodb.requests();
    let query = &requests[0];
    assert_eq!(query.body["ConsistentRead"], true);
    let condition = query.body["KeyConditionExpression"].as_str().unwrap();
    assert!(condition.contains("begins_with"), "{condition}");
    assert!(query.body["ExpressionAttributeValues"].to_string().contains(r#"{"S":"LINE#"}"#));
    let mut fetched = query.fetched().unwrap();
    fetched.sort_unstable();
    assert_eq!(fetched, ["PK", "SK", "_envelope", "expires", "number", "tenant"]);
    assert_eq!(requests[3].body["ExclusiveStartKey"], key("LINE#026"));
    let keys: Vec<_> = [1, 2, 4]
        .into_iter()
        .flat_map(|index: usize| requests[index].body["RequestItems"]["app"].as_array().unwrap())
        .map(|write| write["DeleteRequest"]["Key"].clone())
        .collect();
    let all = (0..29).map(|number| key(&format!("LINE#{number:03}")));
    assert_eq!(keys, all.collect::<Vec<_>>());
    assert_eq!((usage.requests(), usage.kms_calls()), (5, 0));
}

#[tokio::test]
async fn items_of_other_types_and_contexts_stay_and_expired_records_go() {
    let dynamodb = Dynamodb::new();
    let expired = Line { expires: Some(1_000_000_000), ..line(1) };
    let longer = json!({"PK": {"S": "T#t-1"}, "SK": {"S": "LINE#001#X"}, "x": {"S": "y"}});
    let items = [stored(&expired).await, longer.as_object().cloned().unwrap()];
    dynamodb.expect([page("Query", items, None), written()]);
    let store = dynamodb.store().clock(|| UNIX_EPOCH + Duration::from_secs(1_000_000_001));

    assert_eq!(store.delete_partition::<Line>("t-1").await.unwrap(), deleted(1, 0));
    let writes = dynamodb.requests()[1].body["RequestItems"]["app"].clone();
    assert_eq!(writes, json!([{"DeleteRequest": {"Key": key("LINE#001")}}]));

    let items = [stored(&visit(1, "w-1")).await, stored(&visit(2, "w-2")).await];
    dynamodb.expect([page("Query", items, None), written()]);
    let deletion = store.delete_partition::<Visit>("t-1").context([("ward", "w-2")]);
    assert_eq!(deletion.await.unwrap(), deleted(1, 0));
    let writes = dynamodb.requests()[1].body["RequestItems"]["app"].clone();
    assert_eq!(writes, json!([{"DeleteRequest": {"Key": key("VISIT#002")}}]));

    let unsaid = store.delete_partition::<Visit>("t-1").await.unwrap_err();
    let BatchError::Query(QueryError::Context(context)) = &unsaid else { panic!("{unsaid}") };
    assert_eq!(context.kind(), ContextErrorKind::NotGiven);
    assert!(unsaid.to_string().starts_with("cannot delete a partition: cannot read "), "{unsaid}");
    let foreign = store.scoped([("ward", "w-1")]);
    let foreign = foreign.delete_partition::<Visit>("t-1").context([("ward", "w-2")]);
    assert!(matches!(foreign.await, Err(BatchError::Query(QueryError::Context(_)))));
    assert!(dynamodb.requests().is_empty());
}

#[tokio::test]
async fn a_constant_sort_key_is_one_record() {
    let dynamodb = Dynamodb::new();
    let profile = Profile { tenant: "t-1".into(), name: "Zoë".into() };
    dynamodb.expect([page("Query", [stored(&profile).await], None), written()]);

    let done = dynamodb.store().delete_partition::<Profile>("t-1").await.unwrap();

    assert_eq!(done, deleted(1, 0));
    let requests = dynamodb.requests();
    assert!(!requests[0].body["KeyConditionExpression"].as_str().unwrap().contains("begins"));
    let writes = &requests[1].body["RequestItems"]["app"];
    assert_eq!(*writes, json!([{"DeleteRequest": {"Key": key("PROFILE")}}]));
}

#[tokio::test]
async fn an_empty_partition_is_one_query() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([page("Query", [], None)]);
    assert_eq!(dynamodb.store().delete_partition::<Line>("t-1").await.unwrap(), deleted(0, 0));
    dynamodb.requests();
}

#[tokio::test]
async fn a_whole_partition_is_deleted_whatever_the_types() {
    let dynamodb = Dynamodb::new();
    let foreign = json!({"PK": {"S": "T#t-1"}, "SK": {"S": "anything"}, "number": {"S": "x"}});
    let mut items = [stored(&draft(1)).await, stored(&visit(1, "w-1")).await].to_vec();
    items.push(foreign.as_object().cloned().unwrap());
    dynamodb.expect([page("Query", items.clone(), None), written()]);

    let done = dynamodb.store().delete_whole_partition::<Line>("t-1").await.unwrap();

    assert_eq!(done, deleted(3, 0));
    let requests = dynamodb.requests();
    let condition = requests[0].body["KeyConditionExpression"].as_str().unwrap();
    assert_eq!(condition, "#n0 = :v0");
    assert_eq!(requests[1].body["RequestItems"]["app"].as_array().unwrap().len(), 3);

    // Items with another value of the context stay.
    items.push(stored(&visit(2, "w-2")).await);
    dynamodb.expect([page("Query", items, None), written()]);
    let whole = dynamodb.store().scoped([("ward", "w-2")]).delete_whole_partition::<Visit>("t-1");
    assert_eq!(whole.await.unwrap(), deleted(3, 0));
    let writes = dynamodb.requests()[1].body["RequestItems"]["app"].to_string();
    assert!(!writes.contains("VISIT#001") && writes.contains("VISIT#002"), "{writes}");
}

#[tokio::test]
async fn versioned_records_are_deleted_one_by_one_as_they_were_read() {
    let dynamodb = Dynamodb::new();
    let items = [stored(&draft(1)).await, stored(&draft(2)).await, stored(&draft(3)).await];
    let envelope = items[0]["_envelope"].clone();
    dynamodb.expect([page("Query", items, None), done("DeleteItem")]);
    // The second one is gone, and the third one has changed.
    dynamodb.expect([refused("DeleteItem")]);
    let changed = json!({"Item": {"version": {"N": "2"}}});
    let mut refusal = crate::dynamodb::error("ConditionalCheckFailedException", "failed");
    refusal["Item"] = changed["Item"].clone();
    let refusal: &'static str = refusal.to_string().leak();
    dynamodb.expect([failed("DeleteItem", Fault::Answer(400, refusal))]);

    let done = dynamodb.store().delete_partition::<Draft>("t-1").await.unwrap();

    assert_eq!(done, deleted(2, 1));
    let requests = dynamodb.requests();
    assert!(requests[0].fetched().unwrap().contains(&"version"));
    assert_eq!(requests[1].body["Key"], key("DRAFT#001"));
    assert_eq!(requests[1].condition(), "version = 1 AND _envelope = <bytes>");
    assert_eq!(*requests[1].value(":v1"), envelope);
    assert_eq!(requests[1].body["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
}

#[tokio::test]
async fn only_as_read_deletes_an_unversioned_record_if_its_envelope_stays() {
    let dynamodb = Dynamodb::new();
    let mut items = lines(1..3).await;
    items[1].remove("_envelope");
    dynamodb.expect([page("Query", items, None), done("DeleteItem"), done("DeleteItem")]);

    let deletion = dynamodb.store().delete_partition::<Line>("t-1").only_as_read();

    assert_eq!(deletion.await.unwrap(), deleted(2, 0));
    let requests = dynamodb.requests();
    assert_eq!(requests[1].condition(), "_envelope = <bytes>");
    assert_eq!(requests[2].condition(), "attribute_not_exists(_envelope)");
}

#[tokio::test]
async fn a_plaintext_record_is_deleted_and_what_another_struct_protects_is_kept() {
    let dynamodb = Dynamodb::new();
    let memo = Memo { tenant: "t-1".into(), number: 2, text: "x".into() };
    let items = [stored(&line(1)).await, stored(&memo).await];
    dynamodb.expect([page("Query", items.clone(), None), done("DeleteItem")]);

    let all = dynamodb.store().delete_partition::<Memo>("t-1").await.unwrap();

    assert_eq!(all, deleted(1, 1));
    let requests = dynamodb.requests();
    assert_eq!(requests[1].body["Key"], key("LINE#002"));
    assert_eq!(requests[1].condition(), "attribute_not_exists(_envelope)");

    dynamodb.expect([page("Query", items, None), done("DeleteItem"), done("DeleteItem")]);
    let whole = dynamodb.store().delete_whole_partition::<Memo>("t-1").await.unwrap();
    assert_eq!(whole, deleted(2, 0));
    dynamodb.requests();
}

#[tokio::test]
async fn after_an_error_nothing_is_to_be_sent_again_and_the_next_call_goes_on() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let left = json!([{"DeleteRequest": {"Key": key("LINE#003")}}]);
    let leaving = answered("BatchWriteItem", json!({"UnprocessedItems": {"app": left}}));
    dynamodb.expect([page("Query", lines(1..4).await, None), leaving]);

    let error = store.delete_partition::<Line>("t-1").deadline(Duration::ZERO).await.unwrap_err();
    let BatchError::Unfinished(unfinished) = &error else { panic!("{error}") };
    assert_eq!((unfinished.written(), unfinished.remainder().len()), (2, 0));
    assert!(error.is_retryable());
    dynamodb.requests();

    let throttled = failed("DeleteItem", Fault::Answer(400, THROTTLED));
    dynamodb.expect([page("Query", lines(3..4).await, None), throttled]);
    dynamodb.expect((0..2).map(|_| failed("DeleteItem", Fault::Answer(400, THROTTLED))));
    let error = store.delete_partition::<Line>("t-1").only_as_read().await.unwrap_err();
    let BatchError::Unfinished(unfinished) = &error else { panic!("{error}") };
    assert_eq!((unfinished.written(), error.is_retryable()), (0, true));
    dynamodb.requests();

    // A deletion whose answer is lost finds the item gone.
    let lost = lost("DeleteItem", Fault::ConnectionReset);
    dynamodb.expect([page("Query", lines(3..4).await, None), lost, refused("DeleteItem")]);
    let deletion = store.delete_partition::<Line>("t-1").only_as_read();
    assert_eq!(deletion.await.unwrap(), deleted(1, 0));
    dynamodb.requests();

    dynamodb.expect((0..3).map(|_| failed("Query", Fault::Answer(400, THROTTLED))));
    let error = store.delete_partition::<Line>("t-1").await.unwrap_err();
    assert!(matches!(error, BatchError::Query(QueryError::Request(_))) && error.is_retryable());
    dynamodb.requests();
}

#[tokio::test]
async fn an_item_of_another_partition_ends_a_deletion() {
    let dynamodb = Dynamodb::new();
    let other = Line { tenant: "t-2".into(), ..line(1) };
    dynamodb.expect([page("Query", [stored(&other).await], None)]);

    let error = dynamodb.store().delete_partition::<Line>("t-1").await.unwrap_err();

    let BatchError::Query(QueryError::Item(item)) = &error else { panic!("{error}") };
    let LoadError::Open(open) = item.error() else { panic!("{item}") };
    assert_eq!(open.kind(), OpenErrorKind::Tampered);
    assert!(error.is_tampered() && error.attribute() == Some("PK"), "{error}");
    dynamodb.requests();
}

/// Other attributes do not make the key: the item is of another type, or another tenant's.
#[tokio::test]
async fn an_item_whose_key_only_looks_like_one_of_the_type_is_kept() {
    let mut pointer = stored(&line(2)).await;
    pointer.remove("number");
    let mut moved = stored(&line(3)).await;
    moved["number"] = json!({"N": "4"});
    let dynamodb = Dynamodb::new();
    let items = [stored(&line(1)).await, pointer, moved];
    dynamodb.expect([page("Query", items, None), written()]);

    let deleted = dynamodb.store().delete_partition::<Line>("t-1").await.unwrap();

    assert_eq!((deleted.deleted, deleted.kept), (1, 2));
    let requests = dynamodb.requests();
    let deleted = &requests[1].body["RequestItems"]["app"];
    assert_eq!(*deleted, json!([{"DeleteRequest": {"Key": key("LINE#001")}}]));

    let mut foreign = stored(&visit(1, "w-2")).await;
    foreign.remove("number");
    dynamodb.expect([page("Query", [foreign], None)]);
    let store = dynamodb.store().scoped([("ward", "w-1")]);
    let deleted = store.delete_partition::<Visit>("t-1").await.unwrap();
    assert_eq!((deleted.deleted, deleted.kept), (0, 1));
    dynamodb.requests();
}
