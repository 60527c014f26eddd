//! The key condition, the filter, and the other parts of a request.

use envelope_runtime::error::{KeyErrorKind, QueryError};
use envelope_runtime::operation::Query;
use envelope_runtime::{EnvelopeRecord, Error};
use serde_json::{Value, json};

use super::{Line, Order, Title, Visit, key};
use crate::dynamodb::{Dynamodb, page};

/// The condition on the sort key that a query sends, with its names and values in place.
async fn sent<R: EnvelopeRecord>(query: impl FnOnce(Query<R>) -> Query<R>) -> String
where
    R::Key: envelope_runtime::schema::SortedKey,
    &'static str: envelope_runtime::schema::IntoPartition<R::Key>,
{
    let dynamodb = Dynamodb::new();
    dynamodb.expect([page("Query", [], None)]);
    query(dynamodb.store().query::<R>("t-1")).count().await.unwrap();
    let request = dynamodb.request();
    let mut text = request.body["KeyConditionExpression"].as_str().unwrap().to_owned();
    let names = request.body["ExpressionAttributeNames"].as_object().unwrap();
    for (placeholder, name) in names {
        text = text.replace(placeholder, name.as_str().unwrap());
    }
    for (placeholder, value) in request.body["ExpressionAttributeValues"].as_object().unwrap() {
        let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
        text = text.replace(placeholder, &format!("{kind}:{}", value.as_str().unwrap()));
    }
    text
}

#[tokio::test]
async fn a_sort_key_that_is_a_field_is_compared_as_it_is() {
    let all = |rest: &str| format!("tenant = S:t-1{rest}");
    assert_eq!(sent::<Order>(|q| q).await, all(""));
    assert_eq!(sent::<Order>(|q| q.sort(|s| s.eq(7))).await, all(" AND number = N:7"));
    assert_eq!(sent::<Order>(|q| q.sort(|s| s.ge(7))).await, all(" AND number >= N:7"));
    assert_eq!(sent::<Order>(|q| q.sort(|s| s.gt(7))).await, all(" AND number > N:7"));
    assert_eq!(sent::<Order>(|q| q.sort(|s| s.le(7))).await, all(" AND number <= N:7"));
    assert_eq!(sent::<Order>(|q| q.sort(|s| s.lt(7))).await, all(" AND number < N:7"));
    let between = all(" AND number BETWEEN N:-7 AND N:7");
    assert_eq!(sent::<Order>(|q| q.sort(|s| s.between(-7, 7))).await, between);
    let same = all(" AND number BETWEEN N:7 AND N:7");
    assert_eq!(sent::<Order>(|q| q.sort(|s| s.between(7, 7))).await, same);
}

#[derive(EnvelopeRecord)]
#[envelope(table = "texts")]
struct Words {
    #[partition_key]
    tenant: String,
    #[sort_key]
    id: String,
    #[encrypted]
    text: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "blobs")]
struct Blob {
    #[partition_key]
    tenant: String,
    #[sort_key]
    id: Vec<u8>,
    #[encrypted]
    text: String,
}

#[tokio::test]
async fn a_beginning_is_of_text_or_bytes() {
    let begins = sent::<Words>(|q| q.sort(|s| s.begins_with("2026-"))).await;
    assert_eq!(begins, "tenant = S:t-1 AND begins_with(id, S:2026-)");
    let bytes = sent::<Blob>(|q| q.sort(|s| s.begins_with(b"\x01"))).await;
    assert_eq!(bytes, "tenant = S:t-1 AND begins_with(id, B:AQ==)");
    // DynamoDB takes no empty one, with which everything begins.
    assert_eq!(sent::<Words>(|q| q.sort(|s| s.begins_with(""))).await, "tenant = S:t-1");
    assert_eq!(sent::<Blob>(|q| q.sort(|s| s.begins_with(b""))).await, "tenant = S:t-1");
}

#[tokio::test]
async fn a_range_of_a_template_has_two_ends() {
    let all = |rest: &str| format!("PK = S:T#t-1 AND {rest}");
    let line = "SK BETWEEN S:LINE#a#007 AND S:LINE#a$";
    assert_eq!(sent::<Line>(|q| q).await, all("begins_with(SK, S:LINE#)"));
    assert_eq!(sent::<Line>(|q| q.sort(|s| s.eq(("a",)))).await, all("begins_with(SK, S:LINE#a#)"));
    let two = all("begins_with(SK, S:LINE#a#007#)");
    assert_eq!(sent::<Line>(|q| q.sort(|s| s.eq(("a", 7)))).await, two);
    assert_eq!(sent::<Line>(|q| q.sort(|s| s.eq(("a", 7, 1)))).await, all("SK = S:LINE#a#007#01"));
    let prefix = all("begins_with(SK, S:LINE#a)");
    assert_eq!(sent::<Line>(|q| q.sort(|s| s.begins_with(("a",)))).await, prefix);
    let prefix = all("begins_with(SK, S:LINE#)");
    assert_eq!(sent::<Line>(|q| q.sort(|s| s.begins_with(("",)))).await, prefix);
    assert_eq!(sent::<Line>(|q| q.sort(|s| s.ge(("a", 7)))).await, all(line));
    // All keys of number 7 have more behind it, and are below that of the next text.
    let above = all("SK BETWEEN S:LINE#a#008 AND S:LINE#a$");
    assert_eq!(sent::<Line>(|q| q.sort(|s| s.gt(("a", 7)))).await, above);
    let above = all("SK BETWEEN S:LINE#a#00: AND S:LINE#a$");
    assert_eq!(sent::<Line>(|q| q.sort(|s| s.gt(("a", 9)))).await, above);
    let below = all("SK BETWEEN S:LINE#a# AND S:LINE#a#008");
    assert_eq!(sent::<Line>(|q| q.sort(|s| s.le(("a", 7)))).await, below);
    let below = all("SK BETWEEN S:LINE#a# AND S:LINE#a#007");
    assert_eq!(sent::<Line>(|q| q.sort(|s| s.lt(("a", 7)))).await, below);
    let between = all("SK BETWEEN S:LINE#a#007 AND S:LINE#a#009");
    assert_eq!(sent::<Line>(|q| q.sort(|s| s.between(("a", 7), ("a", 8)))).await, between);
    let last = all("SK BETWEEN S:LINE#a#007#01 AND S:LINE#a#007#02");
    assert_eq!(sent::<Line>(|q| q.sort(|s| s.between(("a", 7, 1), ("a", 7, 2)))).await, last);
    let last = all("SK BETWEEN S:LINE#a#007#01 AND S:LINE#a#007$");
    assert_eq!(sent::<Line>(|q| q.sort(|s| s.gt(("a", 7, 1)))).await, last);
    let last = all("SK BETWEEN S:LINE#a#007# AND S:LINE#a#007#01");
    assert_eq!(sent::<Line>(|q| q.sort(|s| s.le(("a", 7, 1)))).await, last);
    assert_eq!(sent::<Line>(|q| q.sort(|s| s.lt(("a", 7, 1)))).await, last);

    let text = all("SK BETWEEN S:TITLE#é AND S:TITLE$");
    assert_eq!(sent::<Title>(|q| q.sort(|s| s.ge("é"))).await, text);
    assert_eq!(sent::<Title>(|q| q.sort(|s| s.gt("é"))).await, text);
}

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "T#{tenant}", sort_key = "x\u{D7FF}{part}")]
struct BeforeSurrogates {
    tenant: String,
    part: String,
    #[encrypted]
    text: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "T#{tenant}", sort_key = "y\u{10FFFF}{part}")]
struct Carries {
    tenant: String,
    part: String,
    #[encrypted]
    text: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "T#{tenant}", sort_key = "\u{10FFFF}{part}")]
struct Highest {
    tenant: String,
    part: String,
    #[encrypted]
    text: String,
}

#[tokio::test]
async fn the_upper_end_is_the_next_character_and_not_the_next_byte() {
    let all = |rest: &str| format!("PK = S:T#t-1 AND {rest}");
    let surrogates = all("SK BETWEEN S:x\u{D7FF}b AND S:x\u{E000}");
    assert_eq!(sent::<BeforeSurrogates>(|q| q.sort(|s| s.ge("b"))).await, surrogates);
    let carries = all("SK BETWEEN S:y\u{10FFFF}b AND S:z");
    assert_eq!(sent::<Carries>(|q| q.sort(|s| s.ge("b"))).await, carries);
    assert_eq!(sent::<Highest>(|q| q.sort(|s| s.ge("b"))).await, all("SK >= S:\u{10FFFF}b"));
    let lower = all("SK BETWEEN S:\u{10FFFF} AND S:\u{10FFFF}b");
    assert_eq!(sent::<Highest>(|q| q.sort(|s| s.lt("b"))).await, lower);
}

#[tokio::test]
async fn a_template_that_begins_with_a_part_confines_nothing() {
    let all = |rest: &str| format!("PK = S:T#t-1{rest}");
    assert_eq!(sent::<Visit>(|q| q).await, all(""));
    assert_eq!(sent::<Visit>(|q| q.sort(|s| s.ge((7,)))).await, all(" AND SK >= S:0007"));
    assert_eq!(sent::<Visit>(|q| q.sort(|s| s.gt((7,)))).await, all(" AND SK >= S:0008"));
    assert_eq!(sent::<Visit>(|q| q.sort(|s| s.le((7,)))).await, all(" AND SK <= S:0008"));
    assert_eq!(sent::<Visit>(|q| q.sort(|s| s.lt((7,)))).await, all(" AND SK <= S:0007"));
    let between = all(" AND SK BETWEEN S:0007 AND S:0009");
    assert_eq!(sent::<Visit>(|q| q.sort(|s| s.between((7,), (8,)))).await, between);
    let part = all(" AND SK BETWEEN S:0007/b AND S:00070");
    assert_eq!(sent::<Visit>(|q| q.sort(|s| s.ge((7, "b")))).await, part);
    let begins = all(" AND begins_with(SK, S:0007/b)");
    assert_eq!(sent::<Visit>(|q| q.sort(|s| s.begins_with((7, "b")))).await, begins);
    assert_eq!(
        sent::<Visit>(|q| q.sort(|s| s.eq((7,)))).await,
        all(" AND begins_with(SK, S:0007/)")
    );
}

#[tokio::test]
async fn a_request_says_what_the_options_say() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    dynamodb.expect([page("Query", [], None), page("Query", [], None), page("Scan", [], None)]);

    store.query::<Order>("t-1").all().await.unwrap();
    let query = store.query::<Order>("t-1").sort(|s| s.ge(1)).reverse().consistent().page_size(7);
    query.filter(|f| f.status.eq("open")).filter(|f| f.address.exists()).all().await.unwrap();
    let scan = store.scan::<Order>().segment(2, 5).consistent().page_size(0);
    scan.filter(|f| f.status.ne("open")).page().await.unwrap();

    let requests = dynamodb.requests();
    let plain = &requests[0].body;
    assert_eq!(plain["TableName"], "orders");
    assert_eq!(
        (&plain["ConsistentRead"], &plain["ScanIndexForward"]),
        (&json!(false), &json!(true))
    );
    for absent in
        ["Limit", "FilterExpression", "ProjectionExpression", "ExclusiveStartKey", "Select"]
    {
        assert_eq!(plain[absent], Value::Null, "{absent}");
    }
    let full = &requests[1].body;
    assert_eq!((&full["ConsistentRead"], &full["ScanIndexForward"]), (&json!(true), &json!(false)));
    assert_eq!(full["Limit"], 7);
    assert_eq!(full["FilterExpression"], "#n2 = :v2 AND attribute_exists(#n3)");
    assert_eq!(full["ExpressionAttributeNames"]["#n3"], "address");
    assert_eq!(full["ExpressionAttributeValues"][":v2"], json!({"S": "open"}));
    let scan = &requests[2].body;
    assert_eq!((&scan["Segment"], &scan["TotalSegments"]), (&json!(2), &json!(5)));
    assert_eq!((&scan["Limit"], &scan["ConsistentRead"]), (&json!(1), &json!(true)));
    assert_eq!(scan["FilterExpression"], "#n0 <> :v0");
}

#[tokio::test]
async fn a_count_fetches_keys_and_what_decides_whether_a_record_is_given_out() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    dynamodb.expect([page("Query", [key(1), key(2)], None)]);

    assert_eq!(store.query::<Order>("t-1").count().await.unwrap(), 2);

    let request = dynamodb.request();
    let names = &request.body["ExpressionAttributeNames"];
    let projection = request.body["ProjectionExpression"].as_str().unwrap().split(", ");
    let fetched: Vec<_> = projection.map(|name| names[name].as_str().unwrap()).collect();
    assert_eq!(fetched, ["expires", "number", "tenant"]);
}

#[tokio::test]
async fn what_dynamodb_would_refuse_or_misunderstand_is_not_sent() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let refused = |error: QueryError| {
        let QueryError::Key(key) = &error else { panic!("{error}") };
        assert!(error.to_string().starts_with("cannot read record of table `"), "{error}");
        let attribute = error.attribute().unwrap_or_default().to_owned();
        assert_eq!(Error::from(error.clone()).to_string(), error.to_string());
        (attribute, key.kind().clone())
    };
    let orders = || store.query::<Order>("t-1");
    let lines = || store.query::<Line>("t-1");

    let named = |name: &str, kind| (name.to_owned(), kind);
    let by_key = orders().filter(|f| f.status.eq("x").and(f.number.ge(1))).count().await;
    assert_eq!(refused(by_key.unwrap_err()), named("number", KeyErrorKind::Filtered));
    let by_key = orders().filter(|f| !f.tenant.exists()).count().await;
    assert_eq!(refused(by_key.unwrap_err()), named("tenant", KeyErrorKind::Filtered));
    let reversed = orders().sort(|s| s.between(8, -7)).count().await;
    assert_eq!(refused(reversed.unwrap_err()), named("number", KeyErrorKind::Reversed));
    let reversed = store.query::<Words>("t-1").sort(|s| s.between("b", "a")).count().await;
    assert_eq!(refused(reversed.unwrap_err()), named("id", KeyErrorKind::Reversed));
    let reversed = store.query::<Blob>("t-1").sort(|s| s.between(b"b", b"a")).count().await;
    assert_eq!(refused(reversed.unwrap_err()), named("id", KeyErrorKind::Reversed));
    let reversed = lines().sort(|s| s.between(("a", 8), ("a", 7))).count().await;
    assert_eq!(refused(reversed.unwrap_err()), named("SK", KeyErrorKind::Reversed));
    let parts = lines().sort(|s| s.between(("a", 7), ("b", 8))).count().await;
    assert_eq!(refused(parts.unwrap_err()), named("sku", KeyErrorKind::OtherParts));
    let digits = lines().sort(|s| s.ge(("a", 1000))).count().await;
    assert_eq!(refused(digits.unwrap_err()), named("number", KeyErrorKind::TooManyDigits(3)));
    let delimiter = lines().sort(|s| s.begins_with(("a#",))).count().await;
    assert_eq!(refused(delimiter.unwrap_err()), named("sku", KeyErrorKind::Delimiter('#')));
    let empty = lines().sort(|s| s.eq(("",))).count().await;
    assert_eq!(refused(empty.unwrap_err()), named("sku", KeyErrorKind::Empty));
    let long = "x".repeat(1025);
    let long = store.query::<Words>("t-1").sort(|s| s.begins_with(long)).count().await;
    assert_eq!(refused(long.unwrap_err()), named("id", KeyErrorKind::TooLong(1024)));
    let long = "x".repeat(1020);
    let long = store.query::<Title>("t-1").sort(|s| s.eq(long)).count().await;
    assert_eq!(refused(long.unwrap_err()), named("SK", KeyErrorKind::TooLong(1024)));
    let partition = store.query::<Order>("").count().await;
    assert_eq!(refused(partition.unwrap_err()), named("tenant", KeyErrorKind::Empty));
    // A scan may be filtered by its key: DynamoDB allows it.
    dynamodb.expect([page("Scan", [], None)]);
    assert_eq!(store.scan::<Order>().filter(|f| f.number.ge(1)).count().await.unwrap(), 0);
    dynamodb.requests();
}
