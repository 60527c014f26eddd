//! Tables with indexes: what is asked for, and what is compared.

use envelope_runtime::EnvelopeRecord;
use envelope_runtime::operation::table::{Drift, IndexDrift};
use envelope_runtime::schema::KeyType;
use serde_json::{Value, json};

use super::Order;
use crate::dynamodb::{Dynamodb, Fault, Step, error, failed};

/// Shares the table, and an index.
#[derive(EnvelopeRecord)]
#[envelope(
    table = "orders",
    index(by_customer(
        name = "GSI1",
        partition_key = "C#{customer}",
        sort_key = "NOTE#{number:020}"
    )),
    index(by_status(partition = ["status", "day"], unprotected_partition, project = include("text")))
)]
struct Note {
    #[partition_key]
    id: String,
    #[sort_key]
    number: u64,
    #[authenticated]
    customer: String,
    status: String,
    day: u16,
    text: String,
    #[encrypted]
    secret: String,
}

fn answered(operation: &'static str, body: &Value) -> Step {
    failed(operation, Fault::Answer(200, body.to_string().leak()))
}

/// Key attributes, those of the partition key first.
fn key(partition: &[&str], sort: &[&str]) -> Value {
    let element = |name: &&str, role: &str| json!({"AttributeName": name, "KeyType": role});
    let partition = partition.iter().map(|name| element(name, "HASH"));
    partition.chain(sort.iter().map(|name| element(name, "RANGE"))).collect()
}

/// `DescribeTable` of the table as it should be, with a change.
fn described(change: impl FnOnce(&mut Value)) -> Step {
    let definition = |(name, kind)| json!({"AttributeName": name, "AttributeType": kind});
    let types = [
        ("id", "S"),
        ("number", "N"),
        ("GSI1PK", "S"),
        ("GSI1SK", "S"),
        ("by_courierPK", "S"),
        ("status", "S"),
        ("day", "N"),
        ("total", "N"),
    ];
    let index = |name: &str, key: Value, kind: &str, held: &[&str]| {
        json!({
            "IndexName": name,
            "IndexStatus": "ACTIVE",
            "KeySchema": key,
            "Projection": {"ProjectionType": kind, "NonKeyAttributes": held},
        })
    };
    let mut local = index("by_total", key(&["id"], &["total"]), "ALL", &[]);
    local.as_object_mut().unwrap().remove("IndexStatus");
    let mut table = json!({
        "TableName": "orders",
        "TableStatus": "ACTIVE",
        "KeySchema": key(&["id"], &["number"]),
        "AttributeDefinitions": types.map(definition),
        "GlobalSecondaryIndexes": [
            index("GSI1", key(&["GSI1PK"], &["GSI1SK"]), "ALL", &[]),
            index("by_courier", key(&["by_courierPK"], &[]), "KEYS_ONLY", &[]),
            index("by_status", key(&["status", "day"], &[]), "INCLUDE", &["total", "_envelope"]),
        ],
        "LocalSecondaryIndexes": [local],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS"},
        "DeletionProtectionEnabled": true,
    });
    change(&mut table);
    answered("DescribeTable", &json!({"Table": table}))
}

async fn drift(change: impl FnOnce(&mut Value)) -> Vec<Drift> {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([described(change)]);
    dynamodb.store().verify_table::<Order>().await.unwrap().drift().to_vec()
}

fn of(index: &str, drift: IndexDrift) -> Vec<Drift> {
    vec![Drift::Index { index: index.into(), drift }]
}

#[tokio::test]
async fn a_table_is_made_with_its_indexes() {
    let dynamodb = Dynamodb::new();
    let absent = error("ResourceNotFoundException", "").to_string().leak();
    let created = json!({"TableDescription": {"TableStatus": "CREATING"}});
    dynamodb.expect([
        failed("DescribeTable", Fault::Answer(400, absent)),
        answered("CreateTable", &created),
        described(|_| {}),
    ]);

    assert!(dynamodb.store().create_table::<Order>().await.unwrap().is_new());

    let body = dynamodb.requests().remove(1).body;
    let global = &body["GlobalSecondaryIndexes"];
    assert_eq!(global[0]["IndexName"], "GSI1");
    assert_eq!(global[0]["KeySchema"], key(&["GSI1PK"], &["GSI1SK"]));
    assert_eq!(global[0]["Projection"], json!({"ProjectionType": "ALL"}));
    assert_eq!(global[1]["KeySchema"], key(&["by_courierPK"], &[]));
    assert_eq!(global[1]["Projection"], json!({"ProjectionType": "KEYS_ONLY"}));
    assert_eq!(global[2]["KeySchema"], key(&["status", "day"], &[]));
    let held = json!({"ProjectionType": "INCLUDE", "NonKeyAttributes": ["_envelope", "total"]});
    assert_eq!(global[2]["Projection"], held);
    let local = &body["LocalSecondaryIndexes"];
    assert_eq!(local[0]["IndexName"], "by_total");
    assert_eq!(local[0]["KeySchema"], key(&["id"], &["total"]));
    let names = body["AttributeDefinitions"].as_array().unwrap().iter();
    let names: Vec<_> = names.map(|it| it["AttributeName"].as_str().unwrap()).collect();
    let expected = ["id", "number", "GSI1PK", "GSI1SK", "by_courierPK", "status", "day", "total"];
    assert_eq!(names, expected);
    assert_eq!(global[0]["ProvisionedThroughput"], Value::Null);
}

#[tokio::test]
async fn record_types_that_share_a_table_share_its_indexes() {
    let dynamodb = Dynamodb::new();
    let absent = error("ResourceNotFoundException", "").to_string().leak();
    let created = json!({"TableDescription": {"TableStatus": "CREATING"}});
    dynamodb.expect([
        failed("DescribeTable", Fault::Answer(400, absent)),
        answered("CreateTable", &created),
        described(|table| {
            let held = json!(["total", "text", "_envelope"]);
            table["GlobalSecondaryIndexes"][2]["Projection"]["NonKeyAttributes"] = held;
        }),
    ]);

    let store = dynamodb.store();
    store.create_table::<Order>().shared_with::<Note>().provisioned(5, 2).await.unwrap_err();

    let body = dynamodb.requests().remove(1).body;
    let global = body["GlobalSecondaryIndexes"].as_array().unwrap();
    assert_eq!(global.len(), 3);
    assert_eq!(global[2]["Projection"]["NonKeyAttributes"], json!(["_envelope", "text", "total"]));
    let units = json!({"ReadCapacityUnits": 5, "WriteCapacityUnits": 2});
    assert_eq!(global[0]["ProvisionedThroughput"], units);
    assert_eq!(body["ProvisionedThroughput"], units);
}

#[tokio::test]
async fn each_difference_of_an_index_is_told() {
    assert_eq!(drift(|_| {}).await, []);
    // More than is needed is fine.
    let more = |table: &mut Value| {
        table["GlobalSecondaryIndexes"][1]["Projection"]["ProjectionType"] = "ALL".into();
    };
    assert_eq!(drift(more).await, []);

    let absent = drift(|table| {
        table["GlobalSecondaryIndexes"].as_array_mut().unwrap().remove(0);
    });
    assert_eq!(absent.await, of("GSI1", IndexDrift::Absent { is_local: false }));
    let absent = drift(|table| table["LocalSecondaryIndexes"] = json!([]));
    assert_eq!(absent.await, of("by_total", IndexDrift::Absent { is_local: true }));

    let pair = |name: &str, key_type| (name.to_owned(), key_type);
    let other_key = drift(|table| {
        table["GlobalSecondaryIndexes"][0]["KeySchema"] = key(&["GSI1PK"], &[]);
    });
    let expected = vec![pair("GSI1PK", KeyType::S), pair("GSI1SK", KeyType::S)];
    let found = vec![("GSI1PK".to_owned(), Some(KeyType::S))];
    assert_eq!(other_key.await, of("GSI1", IndexDrift::Key { expected, found }));

    let keys_only = drift(|table| {
        table["GlobalSecondaryIndexes"][0]["Projection"]["ProjectionType"] = "KEYS_ONLY".into();
    });
    assert_eq!(keys_only.await, of("GSI1", IndexDrift::Lacks { attributes: vec![] }));
    let lacks = drift(|table| {
        let held = json!(["total"]);
        table["GlobalSecondaryIndexes"][2]["Projection"]["NonKeyAttributes"] = held;
    });
    let attributes = vec!["_envelope".to_owned()];
    assert_eq!(lacks.await, of("by_status", IndexDrift::Lacks { attributes }));

    let filling = drift(|table| {
        table["GlobalSecondaryIndexes"][1]["IndexStatus"] = "CREATING".into();
    });
    let found = "CREATING".to_owned();
    assert_eq!(filling.await, of("by_courier", IndexDrift::Status { found }));
}

/// DynamoDB would refuse each save, or sort ciphertext.
#[tokio::test]
async fn an_index_over_a_sealed_attribute_is_told_whoever_made_it() {
    let found = drift(|table| {
        let index = json!({
            "IndexName": "by-address",
            "IndexStatus": "ACTIVE",
            "KeySchema": key(&["address"], &[]),
            "Projection": {"ProjectionType": "ALL"},
        });
        table["GlobalSecondaryIndexes"].as_array_mut().unwrap().push(index);
    })
    .await;

    assert_eq!(found, of("by-address", IndexDrift::Sealed { attribute: "address".into() }));
    let text = found[0].to_string();
    assert!(text.starts_with("its index `by-address` has the key attribute `address`"), "{text}");
}

/// Shares the table, and contradicts each part of it.
#[derive(EnvelopeRecord)]
#[envelope(
    table = "orders",
    index(by_address(partition = "address")),
    index(by_total(partition = "total")),
    index(by_status(partition = "status"))
)]
struct Contrary {
    #[partition_key]
    id: u64,
    #[sort_key]
    number: u64,
    #[authenticated]
    address: String,
    #[authenticated]
    total: String,
    #[authenticated]
    status: String,
    #[encrypted]
    secret: String,
}

/// Two record types of one table that expire.
macro_rules! expiring {
    ($($name:ident: $field:ident),*) => {$(
        #[derive(EnvelopeRecord)]
        #[envelope(table = "sessions")]
        struct $name {
            #[partition_key]
            id: String,
            #[envelope(ttl)]
            $field: u64,
            #[encrypted]
            secret: String,
        }
    )*};
}

expiring!(Session: expires, Ticket: until);

#[tokio::test]
async fn record_types_that_contradict_each_other_make_no_table() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();

    let error = store.create_table::<Order>().shared_with::<Contrary>().await.unwrap_err();
    let text = error.to_string();
    for part in [
        "its key is `id` (S) and `number` (N), and the record's is `id` (N) and `number` (N)",
        "its index `by_address` has the key attribute `address`, which is #[encrypted]",
        "its index `by_total` is not there",
        "its index `by_status` has the key `status` (S) and `day` (N), and the record's has `status` (S)",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let error = store.create_table::<Session>().shared_with::<Ticket>().await.unwrap_err();
    assert!(error.to_string().contains("its TTL reads `expires`, and the record's is `until`"));
    // No request was made.
    assert!(dynamodb.requests().is_empty());
}

#[tokio::test]
async fn a_table_is_there_once_its_indexes_are_filled() {
    let dynamodb = Dynamodb::new();
    let filling = |table: &mut Value| {
        table["GlobalSecondaryIndexes"][1]["IndexStatus"] = "CREATING".into();
    };
    let changing = |table: &mut Value| {
        table["GlobalSecondaryIndexes"][1]["IndexStatus"] = "UPDATING".into();
    };
    dynamodb.expect([described(filling), described(filling), described(changing)]);
    assert!(!dynamodb.store().create_table::<Order>().await.unwrap().is_new());
    assert_eq!(drift(changing).await, []);
}
