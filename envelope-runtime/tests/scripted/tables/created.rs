//! The requests that create a table.

use envelope_runtime::EnvelopeRecord;
use envelope_runtime::key::Capability;
use envelope_runtime::operation::table::{AtRest, CreateTable, StreamView};
use envelope_runtime::{Store, Usage};
use serde_json::{Value, json};

use super::{
    absent, answered, created, described, expecting, found, recovery, ttl, turns_recovery_on,
    turns_ttl_on, with_status,
};
use crate::models::{Account, Document};

/// The body of the `CreateTable` of a new table.
async fn request(
    ask: impl FnOnce(CreateTable<Account>) -> CreateTable<Account>,
    finds: impl FnOnce(&mut Value),
) -> Value {
    let dynamodb = expecting([absent(), created(), described(finds)]);
    let created = ask(dynamodb.store().create_table::<Account>()).await.unwrap();
    assert!(created.is_new());
    assert_eq!(created.unknown(), [], "a new table is what was asked for");
    dynamodb.requests().remove(1).body
}

#[tokio::test]
async fn a_table_is_made_for_the_keys_of_the_record_and_encrypted_at_rest_by_kms() {
    let body = request(|create| create, |_| {}).await;

    let expected = json!({
        "TableName": "users",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        "SSESpecification": {"Enabled": true, "SSEType": "KMS"},
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn options_are_asked_of_dynamodb() {
    let body = request(
        |create| create.provisioned(5, 7),
        |table| table["BillingModeSummary"] = json!({"BillingMode": "PROVISIONED"}),
    )
    .await;
    assert_eq!(body["BillingMode"], "PROVISIONED");
    let units = json!({"ReadCapacityUnits": 5, "WriteCapacityUnits": 7});
    assert_eq!(body["ProvisionedThroughput"], units);

    let body = request(CreateTable::deletion_protection, |table| {
        table["DeletionProtectionEnabled"] = true.into();
    })
    .await;
    assert_eq!(body["DeletionProtectionEnabled"], true);

    let body = request(
        |create| create.encrypted_at_rest(AtRest::AwsOwned),
        |table| table["SSEDescription"] = Value::Null,
    )
    .await;
    assert_eq!(body["SSESpecification"], Value::Null);

    let customer = |create: CreateTable<Account>| {
        create.encrypted_at_rest(AtRest::Customer("alias/tables".into()))
    };
    let body = request(customer, |_| {}).await;
    let sse = json!({"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": "alias/tables"});
    assert_eq!(body["SSESpecification"], sse);
}

#[tokio::test]
async fn a_stream_has_the_view_that_was_asked_for() {
    for (view, name) in [
        (StreamView::KeysOnly, "KEYS_ONLY"),
        (StreamView::NewImage, "NEW_IMAGE"),
        (StreamView::OldImage, "OLD_IMAGE"),
        (StreamView::NewAndOldImages, "NEW_AND_OLD_IMAGES"),
    ] {
        let stream = json!({"StreamEnabled": true, "StreamViewType": name});
        let finds = |table: &mut Value| table["StreamSpecification"] = stream.clone();
        let body = request(|create| create.stream(view), finds).await;
        assert_eq!(body["StreamSpecification"], stream);
    }
}

#[derive(EnvelopeRecord)]
#[envelope(table = "lines", plaintext_only)]
struct Line {
    #[sort_key]
    at: u64,
    #[partition_key]
    #[envelope(rename = "orderId")]
    order: [u8; 16],
}

#[derive(EnvelopeRecord)]
#[envelope(table = "lines", plaintext_only, partition_key = "T#{tenant}")]
struct Templated {
    tenant: String,
    #[sort_key]
    #[envelope(key = "N")]
    at: Score,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Score(f64);

#[tokio::test]
async fn keys_have_the_types_and_the_names_of_their_attributes() {
    let keys = |names: [(&str, &str, &str); 2]| {
        let of = |(name, key, _)| json!({"AttributeName": name, "KeyType": key});
        let typed = |(name, _, scalar)| json!({"AttributeName": name, "AttributeType": scalar});
        (json!(names.map(of)), json!(names.map(typed)))
    };
    let line = keys([("orderId", "HASH", "B"), ("at", "RANGE", "N")]);
    let templated = keys([("PK", "HASH", "S"), ("at", "RANGE", "N")]);
    for (is_line, (schema, definitions)) in [(true, line), (false, templated)] {
        let dynamodb = expecting([
            absent(),
            created(),
            described(|table| {
                table["KeySchema"] = schema.clone();
                table["AttributeDefinitions"] = definitions.clone();
            }),
        ]);
        let store = dynamodb.store();
        let created = if is_line {
            store.create_table::<Line>().await
        } else {
            store.create_table::<Templated>().await
        };
        assert!(created.unwrap().is_new());
        let body = dynamodb.requests().remove(1).body;
        assert_eq!(body["KeySchema"], schema);
        assert_eq!(body["AttributeDefinitions"], definitions);
    }
}

#[tokio::test]
async fn every_request_is_about_the_physical_table_and_counted() {
    let dynamodb = expecting([
        absent(),
        created(),
        found(),
        ttl("DISABLED", None),
        turns_ttl_on(),
        recovery("DISABLED"),
        turns_recovery_on(),
    ]);
    let usage = Usage::default();
    let store = dynamodb.store().map_table::<Document>("prod-users").measured(&usage);

    store.create_table::<Document>().point_in_time_recovery().await.unwrap();

    assert_eq!((usage.requests(), usage.kms_calls()), (7, 0));
    let requests = dynamodb.requests();
    assert!(requests.iter().all(|request| request.body["TableName"] == "prod-users"));
    let ttl = json!({"AttributeName": "expires", "Enabled": true});
    assert_eq!(requests[4].body["TimeToLiveSpecification"], ttl);
    let on = json!({"PointInTimeRecoveryEnabled": true});
    assert_eq!(requests[6].body["PointInTimeRecoverySpecification"], on);
}

#[tokio::test]
async fn a_new_table_is_waited_for_until_it_and_its_encryption_are_active() {
    let encryption = |status: &'static str| {
        described(move |table| table["SSEDescription"]["Status"] = status.into())
    };
    let dynamodb = expecting([
        absent(),
        created(),
        // DynamoDB does not show it yet.
        absent(),
        with_status("CREATING"),
        with_status("UPDATING"),
        encryption("ENABLING"),
        encryption("UPDATING"),
        encryption("ENABLED"),
    ]);

    let created = dynamodb.store().create_table::<Account>().await.unwrap();

    assert!(created.is_new());
    dynamodb.requests();
}

#[tokio::test]
async fn any_store_may_create_a_table() {
    fn of_any<C: Capability>(store: &Store<C>) -> CreateTable<Account, C> {
        store.create_table()
    }
    let dynamodb = expecting([found()]);

    let created = of_any(&dynamodb.store()).await.unwrap();

    assert!(!created.is_new());
    dynamodb.requests();
}

#[tokio::test]
async fn a_table_without_a_description_counts_as_absent() {
    let dynamodb = expecting([answered("DescribeTable", &json!({})), created(), found()]);
    assert!(dynamodb.store().create_table::<Account>().await.unwrap().is_new());
    dynamodb.requests();
}
