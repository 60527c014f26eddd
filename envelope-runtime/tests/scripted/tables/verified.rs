//! The reports of comparisons, and what they cannot tell.

use envelope_runtime::operation::table::{AtRest, Drift, StreamView, Unknown, UnknownReason};
use serde_json::{Value, json};

use super::{ARN, absent, denied, described, expecting, recovery, ttl, with_status};
use crate::dynamodb::{Fault, Step, failed};
use crate::models::{Account, Document};

/// `DescribeTable` of a table that a bank has.
fn protected() -> Step {
    described(|table| table["DeletionProtectionEnabled"] = true.into())
}

#[tokio::test]
async fn a_table_is_asked_for_no_more_than_there_is_to_know() {
    let dynamodb = expecting([protected()]);
    let report = dynamodb.store().verify_table::<Account>().await.unwrap();
    assert!(report.is_as_expected());
    assert_eq!(report.to_string(), "the table is as expected");
    dynamodb.requests();

    let dynamodb = expecting([protected(), ttl("ENABLED", Some("expires"))]);
    assert!(dynamodb.store().verify_table::<Document>().await.unwrap().is_as_expected());
    dynamodb.requests();

    let dynamodb = expecting([protected(), ttl("ENABLING", Some("expires")), recovery("ENABLED")]);
    let verify = dynamodb.store().verify_table::<Document>().point_in_time_recovery();
    assert!(verify.await.unwrap().is_as_expected());
    let requests = dynamodb.requests();
    assert!(requests.iter().all(|request| request.body == json!({"TableName": "users"})));
}

#[tokio::test]
async fn a_table_that_cannot_be_used_is_found() {
    let dynamodb = expecting([absent()]);
    let report = dynamodb.store().verify_table::<Document>().await.unwrap();
    assert_eq!(report.drift(), [Drift::Absent]);
    dynamodb.requests();

    for found in ["DELETING", "ARCHIVED", "INACCESSIBLE_ENCRYPTION_CREDENTIALS"] {
        let dynamodb = expecting([with_status(found)]);
        let verify = dynamodb.store().verify_table::<Account>().without_deletion_protection();
        let report = verify.await.unwrap();
        assert_eq!(report.drift(), [Drift::Status { found: found.into() }]);
        dynamodb.requests();
    }
    // It will be.
    for status in ["CREATING", "UPDATING"] {
        let dynamodb = expecting([with_status(status)]);
        let verify = dynamodb.store().verify_table::<Account>().without_deletion_protection();
        assert!(verify.await.unwrap().is_as_expected());
        dynamodb.requests();
    }
}

#[tokio::test]
async fn a_ttl_that_does_not_delete_the_record_is_found() {
    for (step, found) in [
        (ttl("DISABLED", None), None),
        (ttl("DISABLING", Some("expires")), None),
        (ttl("ENABLED", Some("deleteAt")), Some("deleteAt")),
        (ttl("ENABLED", None), Some("")),
        (super::answered("DescribeTimeToLive", &json!({})), None),
    ] {
        let dynamodb = expecting([protected(), step]);
        let report = dynamodb.store().verify_table::<Document>().await.unwrap();
        let (expected, found) = ("expires".to_owned(), found.map(str::to_owned));
        assert_eq!(report.drift(), [Drift::Ttl { expected, found }]);
        assert!(!report.is_as_expected());
        dynamodb.requests();
    }
}

#[tokio::test]
async fn missing_backups_are_found() {
    for step in [recovery("DISABLED"), super::answered("DescribeContinuousBackups", &json!({}))] {
        let dynamodb = expecting([protected(), step]);
        let verify = dynamodb.store().verify_table::<Account>().point_in_time_recovery();
        assert_eq!(verify.await.unwrap().drift(), [Drift::PointInTimeRecovery]);
        dynamodb.requests();
    }
}

#[tokio::test]
async fn what_may_not_be_asked_or_is_not_known_is_never_fine() {
    let asked = ["DescribeTimeToLive", "DescribeContinuousBackups"];
    let not_implemented = |operation| failed(operation, Fault::Answer(501, "<html>"));
    for (steps, reason) in [
        (asked.map(|it| denied(it, "AccessDeniedException")), UnknownReason::AccessDenied),
        (asked.map(|it| denied(it, "UnknownOperationException")), UnknownReason::Unsupported),
        (asked.map(not_implemented), UnknownReason::Unsupported),
    ] {
        let dynamodb = expecting([protected()]);
        dynamodb.expect(steps);
        let verify = dynamodb.store().verify_table::<Document>().point_in_time_recovery();
        let report = verify.await.unwrap();
        let unknown = [Unknown::Ttl(reason), Unknown::PointInTimeRecovery(reason)];
        assert_eq!((report.drift(), report.unknown()), (&[][..], &unknown[..]));
        assert!(!report.is_as_expected());
        dynamodb.requests();
    }
}

#[tokio::test]
async fn a_question_that_fails_is_an_error() {
    let dynamodb = expecting([denied("DescribeTable", "AccessDeniedException")]);
    let error = dynamodb.store().verify_table::<Account>().await.unwrap_err();
    assert!(error.is_access_denied());
    assert!(error.to_string().contains("allow dynamodb:DescribeTable on the table"), "{error}");
    dynamodb.requests();

    let throttled = || denied("DescribeTimeToLive", "ThrottlingException");
    let dynamodb = expecting([protected(), throttled(), throttled(), throttled()]);
    let error = dynamodb.store().verify_table::<Document>().await.unwrap_err();
    assert!(error.is_retryable());
    dynamodb.requests();

    let gone = denied("DescribeContinuousBackups", "TableNotFoundException");
    let dynamodb = expecting([protected(), gone]);
    let verify = dynamodb.store().verify_table::<Account>().point_in_time_recovery();
    assert!(verify.await.unwrap_err().to_string().contains("no such table"));
    dynamodb.requests();
}

#[tokio::test]
async fn every_difference_says_its_cure() {
    let expires = || "expires".to_owned();
    for (drift, says) in [
        (
            Drift::Absent,
            "there is no such table in this account and Region; create it, or name another with \
             `store.map_table::<R>(…)`",
        ),
        (
            Drift::Status { found: "DELETING".into() },
            "it cannot be used (DELETING); create it again, or restore a backup",
        ),
        (
            Drift::AtRest { expected: None, found: None },
            "it is encrypted at rest under a key that AWS owns, and not under a KMS key of this \
             account; change it with UpdateTable, which rewrites no item",
        ),
        (
            Drift::AtRest {
                expected: Some(AtRest::Customer("alias/tables".into())),
                found: Some("arn".into()),
            },
            "it is encrypted at rest under the KMS key `arn`, and not under the KMS key \
             `alias/tables`; change it with UpdateTable, which rewrites no item",
        ),
        (
            Drift::AtRest { expected: Some(AtRest::AwsOwned), found: Some(String::new()) },
            "it is encrypted at rest under a KMS key, and not under a key that AWS owns; change it \
             with UpdateTable, which rewrites no item",
        ),
        (
            Drift::KeyInaccessible,
            "DynamoDB cannot use its KMS key; enable the key, and let DynamoDB use it, or the table \
             is archived after seven days",
        ),
        (
            Drift::Ttl { expected: expires(), found: None },
            "its TTL is off, and expired items stay; switch it on for `expires` with UpdateTimeToLive",
        ),
        (
            Drift::PointInTimeRecovery,
            "point-in-time recovery is off; switch it on with UpdateContinuousBackups",
        ),
        (
            Drift::Stream { expected: StreamView::KeysOnly, found: None },
            "it has no stream of KEYS_ONLY; switch one on with UpdateTable",
        ),
        (
            Drift::Stream { expected: StreamView::KeysOnly, found: Some("NEW_IMAGE".into()) },
            "its stream is of NEW_IMAGE, and not of KEYS_ONLY; switch it off and on with UpdateTable",
        ),
    ] {
        assert_eq!(drift.to_string(), says);
    }
}

#[tokio::test]
async fn a_report_lists_what_differs_and_what_is_not_known() {
    let table = described(|table| table["SSEDescription"]["KMSMasterKeyArn"] = Value::Null);
    let off = ttl("DISABLED", None);
    let dynamodb =
        expecting([table, off, denied("DescribeContinuousBackups", "UnknownOperationException")]);
    let verify = dynamodb.store().verify_table::<Document>().point_in_time_recovery();

    let report = verify.encrypted_at_rest(AtRest::AwsManaged).await.unwrap();

    let says = "(1) it is not protected from deletion; protect it with UpdateTable (2) its TTL is \
                off, and expired items stay; switch it on for `expires` with UpdateTimeToLive (3) it \
                is encrypted at rest under a KMS key without an ARN, which may or may not be \
                the KMS key `aws/dynamodb`; compare them with kms:DescribeKey, or name the key by \
                its ARN (4) its point-in-time recovery is not known; the back end does not know \
                DescribeContinuousBackups";
    assert_eq!(report.to_string(), says);
    dynamodb.requests();

    let expected = AtRest::Customer("alias/tables".into());
    for (unknown, says) in [
        (
            Unknown::AtRestKey { expected, found: Some(ARN.into()) },
            "it is encrypted at rest under the KMS key \
             `arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab`, which may \
             or may not be the KMS key `alias/tables`; compare them with kms:DescribeKey, or name the \
             key by its ARN",
        ),
        (
            Unknown::DeletionProtection,
            "its protection from deletion is not known; the back end does not tell",
        ),
        (
            Unknown::Ttl(UnknownReason::AccessDenied),
            "its TTL is not known; allow dynamodb:DescribeTimeToLive on the table",
        ),
    ] {
        assert_eq!(unknown.to_string(), says);
    }
}
