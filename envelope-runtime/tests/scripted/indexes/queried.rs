//! What a query of an index asks for, and which entries it gives out.

use envelope_runtime::error::{KeyErrorKind, OpenErrorKind};
use envelope_runtime::{Cursor, Keys, QueryError, Usage};
use serde_json::{Value, json};

use super::{Order, Parcel, Ranked, Sum, order, stored};
use crate::dynamodb::{Dynamodb, Step, answered, page};
use crate::table::Stored;
use envelope_runtime::{EnvelopeProjection, EnvelopeRecord};

/// The entry of an index that holds keys alone.
fn entry(item: &Stored, names: &[&str]) -> Stored {
    let mut entry = item.clone();
    entry.retain(|name, _| ["id", "number"].contains(&name.as_str()) || names.contains(&&**name));
    entry
}

/// The records that are read behind an index.
fn found(items: impl IntoIterator<Item = Stored>) -> Step {
    let items: Vec<_> = items.into_iter().map(Value::Object).collect();
    answered("BatchGetItem", json!({"Responses": {"orders": items}}))
}

#[tokio::test]
async fn a_query_names_its_index_and_asks_for_its_keys() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([page("Query", [stored(&order()).await], None)]);

    let query = dynamodb.store().query_index(Order::INDEXES.by_customer, "c-1");
    let orders = query.sort(|s| s.eq(("s-1",))).reverse().all().await.unwrap();

    assert_eq!(orders, [order()]);
    let request = dynamodb.request();
    assert_eq!(request.body["TableName"], "orders");
    assert_eq!(request.body["IndexName"], "GSI1");
    assert_eq!(request.body["ScanIndexForward"], false);
    assert_eq!(request.body["KeyConditionExpression"], "#n0 = :v0 AND begins_with(#n1, :v1)");
    let names = json!({"#n0": "GSI1PK", "#n1": "GSI1SK"});
    assert_eq!(request.body["ExpressionAttributeNames"], names);
    let values = json!({":v0": {"S": "C#c-1"}, ":v1": {"S": "s-1#"}});
    assert_eq!(request.body["ExpressionAttributeValues"], values);
    assert_eq!(request.body["ProjectionExpression"], Value::Null);
}

#[tokio::test]
async fn several_attributes_are_compared_one_by_one() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([page("Query", [], None)]);

    let query = dynamodb.store().query_index(Order::INDEXES.by_status, ("open", 26));
    assert_eq!(query.count().await.unwrap(), 0);

    let request = dynamodb.request();
    assert_eq!(request.body["KeyConditionExpression"], "#n0 = :v0 AND #n1 = :v1");
    let names = json!({"#n0": "status", "#n1": "day"});
    assert_eq!(request.body["ExpressionAttributeNames"], names);
}

#[tokio::test]
async fn a_local_index_has_the_partition_of_its_table() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([page("Query", [stored(&order()).await], None)]);

    let query = dynamodb.store().query_index(Order::INDEXES.by_total, "o-1").consistent();
    assert_eq!(query.sort(|s| s.ge(100)).all().await.unwrap(), [order()]);

    let request = dynamodb.request();
    assert_eq!(request.body["ConsistentRead"], true);
    assert_eq!(request.body["ExpressionAttributeNames"], json!({"#n0": "id", "#n1": "total"}));
}

#[tokio::test]
async fn a_projection_of_an_index_fetches_its_keys_and_their_fields() {
    let dynamodb = Dynamodb::new();
    let item = stored(&order()).await;
    dynamodb.expect([page("Query", [item.clone()], None), page("Query", [item], None)]);
    let store = dynamodb.store();

    let query = || store.query_index(Order::INDEXES.by_customer, "c-1");
    let parcels = query().project::<Parcel>().all().await.unwrap();
    assert_eq!(parcels, [Parcel { address: "Street 1".into() }]);
    assert_eq!(query().count().await.unwrap(), 1);

    let requests = dynamodb.requests();
    let keys = ["GSI1PK", "GSI1SK", "customer", "id", "number", "rank", "shelf"];
    let mut fetched = requests[0].fetched().unwrap();
    fetched.retain(|name| !["_envelope", "address"].contains(name));
    assert_eq!(fetched, keys);
    assert_eq!(requests[1].fetched().unwrap(), keys);
}

#[tokio::test]
async fn an_entry_whose_fields_do_not_make_its_keys_is_skipped_and_counted() {
    let right = stored(&order()).await;
    let altered = |name: &str, value: Value| {
        let mut item = right.clone();
        item.insert(name.to_owned(), value);
        item
    };
    let absent = |name: &str| {
        let mut item = right.clone();
        item.remove(name);
        item
    };
    for stale in [
        altered("GSI1SK", json!({"S": "s-2#0012"})),
        altered("shelf", json!({"S": "s-2"})),
        altered("rank", json!({"N": "13"})),
        altered("rank", json!({"S": "12"})),
        altered("shelf", json!({"S": "s#1"})),
        altered("customer", json!({"S": "c-2"})),
        absent("shelf"),
    ] {
        let dynamodb = Dynamodb::new();
        let usage = Usage::default();
        let store = dynamodb.store().measured(&usage);
        let items = || [stale.clone(), right.clone()];
        dynamodb.expect([page("Query", items(), None), page("Query", items(), None)]);

        let query = || store.query_index(Order::INDEXES.by_customer, "c-1");
        assert_eq!(query().all().await.unwrap(), [order()], "{stale:?}");
        assert_eq!(query().count().await.unwrap(), 1);
        assert_eq!((usage.stale_items(), usage.kms_calls()), (2, 0));
    }
}

/// Only DynamoDB itself, or who is between it and the program, can answer so.
#[tokio::test]
async fn an_entry_of_another_partition_is_refused() {
    let other = stored(&Order { customer: "c-2".into(), ..order() }).await;
    let mut nowhere = stored(&order()).await;
    nowhere.remove("GSI1SK");
    for (item, attribute) in [(other, "GSI1PK"), (nowhere, "GSI1SK")] {
        let dynamodb = Dynamodb::new();
        dynamodb.expect([page("Query", [item], None)]);

        let query = dynamodb.store().query_index(Order::INDEXES.by_customer, "c-1");
        // Without the sort key, no field makes it: the entry is skipped.
        match query.all().await {
            Err(QueryError::Item(error)) => {
                assert!(error.is_tampered(), "{error}");
                assert_eq!(error.attribute(), Some(attribute));
                assert_eq!(error.key().iter().count(), 2);
            }
            Ok(orders) => assert_eq!((orders, attribute), (vec![], "GSI1SK")),
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn keys_are_read_without_a_data_key_and_their_records_are_loaded_together() {
    let order = Order { courier: Some("post".into()), ..order() };
    let dynamodb = Dynamodb::holding(&order).await;
    let item = dynamodb.item().unwrap();
    assert_eq!(item["by_courierPK"], json!({"S": "COURIER#post"}));
    let usage = Usage::default();
    let store = dynamodb.store().measured(&usage);
    let entry = entry(&item, &["by_courierPK"]);
    dynamodb.expect([page("Query", [entry.clone()], None)]);

    let query = || store.query_index(Order::INDEXES.by_courier, "post");
    let keys: Vec<Keys<Order>> = query().all().await.unwrap();
    let keys: Vec<(String, u64)> = keys.into_iter().map(Keys::into_key).collect();
    assert_eq!(keys, [("o-1".to_owned(), 7)]);
    assert_eq!(usage.kms_calls(), 0);
    let request = dynamodb.request();
    assert_eq!(request.fetched(), None);

    dynamodb.expect([page("Query", [entry.clone()], None), found([item.clone()])]);
    assert_eq!(query().load().all().await.unwrap(), [order]);
    let get = dynamodb.requests().remove(1);
    let asked = json!({
        "ConsistentRead": true,
        "Keys": [{"id": {"S": "o-1"}, "number": {"N": "7"}}],
    });
    assert_eq!(get.body["RequestItems"], json!({"orders": asked}));

    // It has left the index meanwhile, is stale, or is gone.
    for (name, value) in [
        ("by_courierPK", json!({"S": "COURIER#van"})),
        ("courier", json!({"S": "van"})),
        ("id", json!({"S": "o-2"})),
    ] {
        let mut now = item.clone();
        now.insert(name.into(), value);
        dynamodb.expect([page("Query", [entry.clone()], None), found([now])]);
        assert_eq!(query().load().all().await.unwrap(), []);
    }
    dynamodb.expect([page("Query", [entry], None), found([])]);
    assert_eq!(query().load().all().await.unwrap(), []);
    dynamodb.requests();
    assert_eq!(usage.stale_items(), 1);
}

#[tokio::test]
async fn what_an_index_does_not_hold_is_neither_read_nor_filtered() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let query = || store.query_index(Order::INDEXES.by_status, ("open", 26));
    let refusal = |error: QueryError| match error {
        QueryError::Key(error) => (error.attribute().unwrap().to_owned(), error.kind().clone()),
        other => panic!("{other}"),
    };
    let absent = |name: &str| (name.to_owned(), KeyErrorKind::NotInIndex);

    let read = query().project::<Ranked>().all().await.unwrap_err();
    assert_eq!(refusal(read), absent("rank"));
    let filtered = query().filter(|f| f.rank.eq(1)).count().await.unwrap_err();
    assert_eq!(refusal(filtered), absent("rank"));
    let key = query().filter(|f| f.status.eq("open")).count().await.unwrap_err();
    assert_eq!(refusal(key), ("status".to_owned(), KeyErrorKind::Filtered));
    let keys = store.query_index(Order::INDEXES.by_courier, "post");
    let filtered = keys.filter(|f| f.total.eq(1)).load().all().await.unwrap_err();
    assert_eq!(refusal(filtered), absent("total"));

    // What it holds, and the key of the table, can be.
    let item = entry(&stored(&order()).await, &["status", "day", "total", "_envelope"]);
    dynamodb.expect([page("Query", [item], None)]);
    let sums = query().filter(|f| f.number.eq(7).and(f.total.gt(1))).project::<Sum>();
    assert_eq!(sums.all().await.unwrap(), [Sum { total: 100 }]);
    let fetched = ["_envelope", "day", "id", "number", "status", "total"];
    assert_eq!(dynamodb.request().fetched().unwrap(), fetched);
}

/// Whoever writes the table could strip an envelope, and plant what it listed as sealed.
#[tokio::test]
async fn an_entry_without_its_envelope_is_refused_by_a_projection() {
    let dynamodb = Dynamodb::new();
    let item = entry(&stored(&order()).await, &["status", "day", "total"]);
    dynamodb.expect([page("Query", [item], None)]);

    let store = dynamodb.store();
    let query = store.query_index(Order::INDEXES.by_status, ("open", 26)).project::<Sum>();
    let Err(QueryError::Item(error)) = query.all().await else { panic!("no error") };
    let text = error.to_string();
    assert!(text.contains("_envelope"), "{text}");
    let envelope_runtime::LoadError::Open(error) = error.error() else { panic!("{text}") };
    assert_eq!(error.kind(), OpenErrorKind::NoEnvelope);
}

#[tokio::test]
async fn a_cursor_holds_the_keys_of_the_table_and_of_the_index() {
    let dynamodb = Dynamodb::new();
    let items = [stored(&order()).await, stored(&Order { id: "o-2".into(), ..order() }).await];
    dynamodb.expect([page("Query", items, None), page("Query", [], None)]);
    let store = dynamodb.store();
    let query = || store.query_index(Order::INDEXES.by_customer, "c-1");

    let first = query().take(1).page().await.unwrap();
    let cursor: Cursor = first.next.unwrap();
    assert!(query().after(cursor.clone()).page().await.unwrap().items.is_empty());

    let start = json!({
        "id": {"S": "o-1"},
        "number": {"N": "7"},
        "GSI1PK": {"S": "C#c-1"},
        "GSI1SK": {"S": "s-1#0012"},
    });
    assert_eq!(dynamodb.requests()[1].body["ExclusiveStartKey"], start);
    let other = store.query_index(Order::INDEXES.by_customer, "c-2").after(cursor.clone());
    assert!(matches!(other.page().await, Err(QueryError::Cursor(_))));
    let table = store.query::<Order>("o-1").after(cursor);
    assert!(matches!(table.page().await, Err(QueryError::Cursor(_))));
}

/// Nothing of it is protected.
#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(
    table = "beats",
    plaintext_only,
    index(by_day(partition = "day", project = keys)),
    index(by_host(partition = "host", project = include("load")))
)]
struct Beat {
    #[partition_key]
    id: String,
    day: u16,
    host: String,
    load: u8,
    note: Option<String>,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Beat, plaintext_only)]
struct Load {
    load: u8,
}

/// What an index does not hold would be read as absent, and lost by the next save.
#[tokio::test]
async fn a_record_is_not_read_from_an_index_that_does_not_hold_it() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let refused = |error: QueryError| {
        let QueryError::Key(error) = error else { panic!("{error}") };
        assert_eq!(error.kind(), &KeyErrorKind::NotInIndex);
        error.attribute().unwrap().to_owned()
    };

    let by_day = store.query_index(Beat::INDEXES.by_day, 26).project::<Beat>();
    assert_eq!(refused(by_day.all().await.unwrap_err()), "host");
    let by_host = store.query_index(Beat::INDEXES.by_host, "a").project::<Beat>();
    assert_eq!(refused(by_host.all().await.unwrap_err()), "day");

    let beat = json!({"id": {"S": "b-1"}, "host": {"S": "a"}, "load": {"N": "7"}});
    dynamodb.expect([page("Query", [beat.as_object().cloned().unwrap()], None)]);
    let loads = store.query_index(Beat::INDEXES.by_host, "a").project::<Load>();
    assert_eq!(loads.all().await.unwrap(), [Load { load: 7 }]);
    assert_eq!(dynamodb.request().fetched().unwrap(), ["_envelope", "host", "id", "load"]);
}

/// Only who is between DynamoDB and the program can answer so.
#[tokio::test]
async fn keys_of_another_partition_are_not_loaded() {
    let elsewhere = json!({"id": {"S": "o-2"}, "number": {"N": "7"}});
    let elsewhere = elsewhere.as_object().cloned().unwrap();
    let mut other = elsewhere.clone();
    other.insert("by_courierPK".into(), json!({"S": "COURIER#van"}));
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    dynamodb.expect([page("Query", [elsewhere], None), page("Query", [other], None)]);

    let of_table = store.query::<Keys<Order>>("o-1").load().all().await.unwrap_err();
    let of_index = store.query_index(Order::INDEXES.by_courier, "post").load().all().await;
    for (error, attribute) in [(of_table, "id"), (of_index.unwrap_err(), "by_courierPK")] {
        assert!(error.is_tampered(), "{error}");
        assert_eq!(error.attribute(), Some(attribute));
    }
}

#[derive(EnvelopeRecord)]
#[envelope(
    table = "visits",
    partition_key = "CLINIC#{clinic}",
    sort_key = "VISIT#{id}",
    index(by_day(partition = "day", unprotected_partition, project = keys))
)]
struct Visit {
    #[envelope(context)]
    clinic: String,
    id: String,
    day: u16,
    #[encrypted]
    reason: String,
}

#[tokio::test]
async fn a_scoped_store_neither_gives_out_nor_counts_keys_of_others() {
    let entry = |clinic: &str| {
        let (pk, sk) = (format!("CLINIC#{clinic}"), "VISIT#v-1");
        let entry = json!({"PK": {"S": pk}, "SK": {"S": sk}, "day": {"N": "26"}});
        entry.as_object().cloned().unwrap()
    };
    let dynamodb = Dynamodb::new();
    let usage = Usage::default();
    let store = dynamodb.store().measured(&usage).scoped([("clinic", "c-1")]);
    let entries = || page("Query", [entry("c-1"), entry("c-2")], None);
    dynamodb.expect([entries(), entries(), entries()]);

    let query = || store.query_index(Visit::INDEXES.by_day, 26);
    let keys: Vec<_> = query().all().await.unwrap().into_iter().map(Keys::into_key).collect();
    assert_eq!(keys, [("c-1".to_owned(), "v-1".to_owned())]);
    assert_eq!(query().count().await.unwrap(), 1);
    assert_eq!(query().load().count().await.unwrap(), 1);
    assert_eq!(usage.skipped_items(), 3);
}
