//! The differences between a table and what is expected, found by a creation and by a comparison.

use envelope_runtime::error::TableError;
use envelope_runtime::operation::table::{
    AtRest, Billing, CreateTable, Drift, StreamView, TableReport, Unknown, VerifyTable,
};
use envelope_runtime::schema::KeyType;
use serde_json::{Value, json};

use super::{ARN, described, drift, expecting, found, ttl};
use crate::models::{Account, Document};

const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
const OTHER: &str = "arn:aws:kms:us-east-1:111122223333:key/ffffabcd-12ab-34cd-56ef-1234567890ab";

/// The differences that a creation finds. It sends only the request that looks.
async fn found_by_create(
    table: impl FnOnce(&mut Value),
    ask: impl FnOnce(CreateTable<Account>) -> CreateTable<Account>,
) -> Vec<Drift> {
    let dynamodb = expecting([described(table)]);
    let error = ask(dynamodb.store().create_table::<Account>()).await.err();
    dynamodb.requests();
    error.map_or_else(Vec::new, |error| {
        assert!(!error.is_retryable() && !error.is_access_denied());
        drift(&error).to_vec()
    })
}

/// The report of a comparison of a table that need not be protected from deletion.
async fn verified(
    table: impl FnOnce(&mut Value),
    ask: impl FnOnce(VerifyTable<Account>) -> VerifyTable<Account>,
) -> TableReport {
    let dynamodb = expecting([described(table)]);
    let verify = dynamodb.store().verify_table::<Account>().without_deletion_protection();
    let report = ask(verify).await.unwrap();
    dynamodb.requests();
    report
}

#[tokio::test]
async fn another_key_is_found() {
    let key = |attributes: &[(&str, &str, &str)]| {
        let of = |(name, key, _): &(_, _, _)| json!({"AttributeName": name, "KeyType": key});
        let typed =
            |(name, _, scalar): &(_, _, _)| json!({"AttributeName": name, "AttributeType": scalar});
        let schema: Vec<Value> = attributes.iter().map(of).collect();
        let definitions: Vec<Value> = attributes.iter().map(typed).collect();
        (schema, definitions)
    };
    let found = |name: &str, key_type| (name.to_owned(), key_type);
    let (s, n, b) = (Some(KeyType::S), Some(KeyType::N), Some(KeyType::B));
    for (attributes, found, text) in [
        (vec![("id", "HASH", "N")], vec![found("id", n)], "`id` (N)"),
        (vec![("id", "HASH", "B")], vec![found("id", b)], "`id` (B)"),
        (vec![("user", "HASH", "S")], vec![found("user", s)], "`user` (S)"),
        (
            vec![("at", "RANGE", "N"), ("id", "HASH", "S")],
            vec![found("id", s), found("at", n)],
            "`id` (S) and `at` (N)",
        ),
        (vec![("id", "HASH", "BOOL")], vec![found("id", None)], "`id` (of an unknown type)"),
        (vec![], vec![], "no attribute"),
    ] {
        let (schema, definitions) = key(&attributes);
        let change = |table: &mut Value| {
            table["KeySchema"] = json!(schema);
            table["AttributeDefinitions"] = json!(definitions);
        };
        let drift = [Drift::Key { expected: vec![("id".into(), KeyType::S)], found }];
        assert_eq!(found_by_create(change, |create| create).await, drift);
        assert_eq!(verified(change, |verify| verify).await.drift(), drift);
        let says = format!(
            "its key is {text}, and the record's is `id` (S); a table's key cannot change: create \
             another table, and name it with `store.map_table::<R>(…)`"
        );
        assert_eq!(drift[0].to_string(), says);
    }
}

#[tokio::test]
async fn definitions_of_indexes_are_no_keys() {
    let index = |table: &mut Value| {
        let definition = json!({"AttributeName": "status", "AttributeType": "N"});
        table["AttributeDefinitions"].as_array_mut().unwrap().insert(0, definition);
    };
    assert!(found_by_create(index, |create| create).await.is_empty());
    assert!(verified(index, |verify| verify).await.is_as_expected());
}

/// What a table under a key of KMS, or under none, is for each expectation.
#[tokio::test]
async fn encryption_at_rest_is_compared_as_far_as_it_can_be() {
    enum Is {
        Fine,
        Drift(Option<&'static str>),
        Unknown,
    }
    let customer = |key: &str| Some(AtRest::Customer(key.into()));
    let alias_arn = "arn:aws:kms:us-east-1:111122223333:alias/tables";
    let (owned, managed) = (Some(AtRest::AwsOwned), Some(AtRest::AwsManaged));
    let by_kms = json!({"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": ARN});
    let nameless = json!({"Status": "ENABLED", "SSEType": "KMS"});
    let off = [json!(null), json!({"Status": "DISABLED"}), json!({})];
    let mut cases = vec![
        (by_kms.clone(), None, Is::Fine),
        (by_kms.clone(), owned.clone(), Is::Drift(Some(ARN))),
        (by_kms.clone(), managed.clone(), Is::Unknown),
        (by_kms.clone(), customer(ARN), Is::Fine),
        (by_kms.clone(), customer(ID), Is::Fine),
        (by_kms.clone(), customer(OTHER), Is::Drift(Some(ARN))),
        (by_kms.clone(), customer("ffffabcd"), Is::Drift(Some(ARN))),
        (by_kms.clone(), customer("1234567890ab"), Is::Drift(Some(ARN))),
        (by_kms.clone(), customer("1234abcd"), Is::Drift(Some(ARN))),
        (by_kms.clone(), customer("alias/tables"), Is::Unknown),
        (by_kms, customer(alias_arn), Is::Unknown),
        (nameless.clone(), None, Is::Fine),
        (nameless.clone(), owned.clone(), Is::Drift(Some(""))),
        (nameless.clone(), managed.clone(), Is::Unknown),
        (nameless, customer(ARN), Is::Unknown),
    ];
    for sse in off {
        cases.push((sse.clone(), None, Is::Drift(None)));
        cases.push((sse.clone(), owned.clone(), Is::Fine));
        cases.push((sse.clone(), managed.clone(), Is::Drift(None)));
        cases.push((sse.clone(), customer(ARN), Is::Drift(None)));
        cases.push((sse, customer("alias/tables"), Is::Drift(None)));
    }
    for (sse, expected, is) in cases {
        let change = |table: &mut Value| table["SSEDescription"] = sse.clone();
        let report = verified(change, |verify| match &expected {
            Some(at_rest) => verify.encrypted_at_rest(at_rest.clone()),
            None => verify,
        });
        let report = report.await;
        let arn = sse["KMSMasterKeyArn"].as_str().map(str::to_owned);
        let (drift, unknown) = match is {
            Is::Fine => (vec![], vec![]),
            Is::Drift(found) => {
                let (expected, found) = (expected.clone(), found.map(str::to_owned));
                (vec![Drift::AtRest { expected, found }], vec![])
            }
            Is::Unknown => {
                let expected = expected.clone().unwrap();
                (vec![], vec![Unknown::AtRestKey { expected, found: arn }])
            }
        };
        assert_eq!(report.drift(), drift, "{sse} {expected:?}");
        assert_eq!(report.unknown(), unknown, "{sse} {expected:?}");
        assert_eq!(report.is_as_expected(), drift.is_empty() && unknown.is_empty());

        let Some(at_rest) = expected else { continue };
        let dynamodb = expecting([described(change)]);
        let create = dynamodb.store().create_table::<Account>().encrypted_at_rest(at_rest);
        match create.await {
            Ok(created) => assert_eq!((drift, created.unknown()), (vec![], unknown.as_slice())),
            Err(error) => assert_eq!(super::drift(&error), drift),
        }
        dynamodb.requests();
    }
}

#[tokio::test]
async fn a_key_that_dynamodb_cannot_use_is_found() {
    let change = |table: &mut Value| {
        table["SSEDescription"]["InaccessibleEncryptionDateTime"] = json!(1_800_000_000);
    };
    assert_eq!(verified(change, |verify| verify).await.drift(), [Drift::KeyInaccessible]);
    assert_eq!(found_by_create(change, |create| create).await, [Drift::KeyInaccessible]);
}

#[tokio::test]
async fn a_missing_protection_from_deletion_is_found() {
    let is = |found: Value| move |table: &mut Value| table["DeletionProtectionEnabled"] = found;
    let protected = CreateTable::deletion_protection;

    let off = found_by_create(is(json!(false)), protected).await;
    assert_eq!(off, [Drift::DeletionProtection]);
    assert!(found_by_create(is(json!(true)), protected).await.is_empty());
    // Nobody asked.
    assert!(found_by_create(is(json!(true)), |create| create).await.is_empty());

    for (found, drift, unknown) in [
        (json!(true), vec![], vec![]),
        (json!(false), vec![Drift::DeletionProtection], vec![]),
        (json!(null), vec![], vec![Unknown::DeletionProtection]),
    ] {
        let dynamodb = expecting([described(is(found))]);
        let report = dynamodb.store().verify_table::<Account>().await.unwrap();
        assert_eq!((report.drift(), report.unknown()), (&*drift, &*unknown));
        dynamodb.requests();
    }
}

#[tokio::test]
async fn another_stream_is_found() {
    let is = |found: Value| move |table: &mut Value| table["StreamSpecification"] = found;
    let on = |view: &str| json!({"StreamEnabled": true, "StreamViewType": view});
    let expected = StreamView::NewImage;
    for (stream, found) in [
        (on("OLD_IMAGE"), Some("OLD_IMAGE")),
        (json!({"StreamEnabled": true}), Some("")),
        (json!({"StreamEnabled": false}), None),
        (json!({"StreamEnabled": false, "StreamViewType": "NEW_IMAGE"}), None),
        (json!(null), None),
    ] {
        let found = found.map(str::to_owned);
        let drift = [Drift::Stream { expected, found }];
        let by_create = found_by_create(is(stream.clone()), |create| create.stream(expected)).await;
        assert_eq!(by_create, drift);
        let report = verified(is(stream), |verify| verify.stream(expected)).await;
        assert_eq!(report.drift(), drift);
    }
    let right = found_by_create(is(on("NEW_IMAGE")), |create| create.stream(expected)).await;
    assert!(right.is_empty());
    // Nobody asked.
    assert!(found_by_create(is(on("NEW_IMAGE")), |create| create).await.is_empty());
    assert!(verified(is(on("NEW_IMAGE")), |verify| verify).await.is_as_expected());
}

#[tokio::test]
async fn another_billing_mode_is_found() {
    let is = |found: Value| move |table: &mut Value| table["BillingModeSummary"] = found;
    let (on_demand, provisioned) = (Billing::OnDemand, Billing::Provisioned);
    for (summary, found, other) in [
        (json!({"BillingMode": "PAY_PER_REQUEST"}), on_demand, provisioned),
        (json!({"BillingMode": "PROVISIONED"}), provisioned, on_demand),
        (json!(null), provisioned, on_demand),
    ] {
        let ask = |expected| {
            move |create: CreateTable<Account>| {
                if expected == provisioned { create.provisioned(1, 1) } else { create }
            }
        };
        let drift = [Drift::Billing { expected: other, found }];
        assert_eq!(found_by_create(is(summary.clone()), ask(other)).await, drift);
        assert!(found_by_create(is(summary.clone()), ask(found)).await.is_empty());
        let report = verified(is(summary.clone()), |verify| verify.billing(other)).await;
        assert_eq!(report.drift(), drift);
        let report = verified(is(summary.clone()), |verify| verify.billing(found)).await;
        assert!(report.is_as_expected());
        // Nobody asked.
        assert!(verified(is(summary), |verify| verify).await.is_as_expected());
    }
}

#[tokio::test]
async fn a_creation_lists_every_difference_and_changes_nothing() {
    let table = described(|table| {
        table["AttributeDefinitions"][0]["AttributeType"] = "N".into();
        table["SSEDescription"] = json!(null);
        table["BillingModeSummary"] = json!(null);
    });
    let dynamodb = expecting([table, ttl("ENABLED", Some("deleteAt"))]);
    let create = dynamodb.store().map_table::<Document>("prod").create_table::<Document>();

    let error = create.deletion_protection().point_in_time_recovery().await.unwrap_err();

    let says = "the table is not as asked for, and was not changed: record of table `users`, key \
                `id`: DynamoDB table `prod`: (1) its key is `id` (N), and the record's is `id` (S); \
                a table's key cannot change: create another table, and name it with \
                `store.map_table::<R>(…)` (2) it is encrypted at rest under a key that AWS owns, and \
                not under the KMS key `aws/dynamodb`; change it with UpdateTable, which rewrites no \
                item (3) it is not protected from deletion; protect it with UpdateTable (4) it is \
                paid for by provisioned units, and not on demand; change it with UpdateTable, or ask \
                for what is there (5) its TTL reads `deleteAt`, and the record's is `expires`; \
                switch it off, and an hour later on for `expires`";
    assert_eq!(error.to_string(), says);
    assert_eq!(drift(&error).len(), 5);
    let TableError::Drift(error) = &error else { panic!("{error}") };
    assert_eq!(error.table_name(), "prod");
    dynamodb.requests();
}

#[tokio::test]
async fn a_difference_is_told_though_the_ttl_is_not() {
    let table = described(|table| table["BillingModeSummary"] = json!(null));
    let dynamodb = expecting([table, super::denied("DescribeTimeToLive", "AccessDeniedException")]);
    let error = dynamodb.store().create_table::<Document>().await.unwrap_err();
    assert_eq!(drift(&error).len(), 1);
    dynamodb.requests();
}

#[tokio::test]
async fn records_of_several_types_share_a_table() {
    // The TTL, which a `Document` has switched on, is nothing to an `Account`.
    let dynamodb = expecting([found(), ttl("ENABLED", Some("expires")), found()]);
    let store = dynamodb.store();

    assert!(!store.create_table::<Document>().await.unwrap().is_new());
    assert!(!store.create_table::<Account>().await.unwrap().is_new());

    dynamodb.requests();
}
