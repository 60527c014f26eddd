//! Tables that cannot be used, and requests that DynamoDB refuses.

use envelope_runtime::error::{ServiceErrorKind, TableError, TableNotReadyErrorKind};
use envelope_runtime::operation::table::AtRest;
use envelope_runtime::{Error, Store};

use super::{
    absent, denied, expecting, found, not_ready, recovery, ttl, turns_ttl_on, with_status,
};
use crate::dynamodb::{Fault, Step, failed};
use crate::models::{Account, Document};

#[tokio::test]
async fn a_table_that_no_wait_makes_usable_is_refused_at_once() {
    for (status, kind, is_retryable) in [
        ("DELETING", TableNotReadyErrorKind::Deleting, true),
        ("ARCHIVING", TableNotReadyErrorKind::Archived, false),
        ("ARCHIVED", TableNotReadyErrorKind::Archived, false),
        ("INACCESSIBLE_ENCRYPTION_CREDENTIALS", TableNotReadyErrorKind::KeyInaccessible, false),
    ] {
        let dynamodb = expecting([with_status(status)]);
        let error = dynamodb.store().create_table::<Account>().await.unwrap_err();
        assert_eq!(not_ready(&error), kind);
        assert_eq!(error.is_retryable(), is_retryable, "{error}");
        let TableError::NotReady(error) = &error else { panic!("{error}") };
        assert_eq!(error.table_name(), "users");
        assert_eq!(dynamodb.waits(), 0);
        dynamodb.requests();
    }
}

#[tokio::test]
async fn a_ttl_that_is_being_switched_off_cannot_be_switched_on() {
    let dynamodb = expecting([found(), ttl("DISABLING", Some("expires"))]);
    let error = dynamodb.store().create_table::<Document>().await.unwrap_err();
    assert_eq!(not_ready(&error), TableNotReadyErrorKind::TtlIsTurningOff);
    let says = "the table is not ready: record of table `users`, key `id`: DynamoDB table `users`: \
                its TTL is being switched off, which may take an hour; call again later";
    assert_eq!(error.to_string(), says);
    assert!(error.is_retryable());
    dynamodb.requests();
}

/// The error of a creation with all steps.
async fn failure(store: Store, at_rest: AtRest) -> TableError {
    let create = store.create_table::<Document>().point_in_time_recovery();
    create.encrypted_at_rest(at_rest).await.unwrap_err()
}

#[tokio::test]
async fn a_refused_permission_names_the_action() {
    const CODE: &str = "AccessDeniedException";
    let no = |operation| denied(operation, CODE);
    let off = || ttl("DISABLED", None);
    let scripts: [(Vec<Step>, &str); 6] = [
        (vec![no("DescribeTable")], "dynamodb:DescribeTable on the table"),
        (vec![absent(), no("CreateTable")], "dynamodb:CreateTable on the table"),
        (vec![found(), no("DescribeTimeToLive")], "dynamodb:DescribeTimeToLive on the table"),
        (
            vec![found(), off(), no("UpdateTimeToLive"), off()],
            "dynamodb:UpdateTimeToLive on the table",
        ),
        (
            vec![found(), off(), turns_ttl_on(), no("DescribeContinuousBackups")],
            "dynamodb:DescribeContinuousBackups on the table",
        ),
        (
            vec![
                found(),
                off(),
                turns_ttl_on(),
                recovery("DISABLED"),
                no("UpdateContinuousBackups"),
            ],
            "dynamodb:UpdateContinuousBackups on the table",
        ),
    ];
    for (script, action) in scripts {
        let dynamodb = expecting(script);
        let error = failure(dynamodb.store(), AtRest::AwsManaged).await;
        assert!(error.is_access_denied() && !error.is_retryable());
        let says = format!(
            "the table is not created or verified: record of table `users`, key `id`: DynamoDB table \
             `users`: access denied; allow {action} ({CODE}, request R-1)"
        );
        assert_eq!(error.to_string(), says);
        assert_eq!(Error::from(error).to_string(), says);
        dynamodb.requests();
    }

    let dynamodb = expecting([absent(), no("CreateTable")]);
    let error = failure(dynamodb.store(), AtRest::Customer("alias/tables".into())).await;
    let says = "access denied; allow dynamodb:CreateTable on the table, and kms:DescribeKey and \
                kms:CreateGrant on its KMS key (";
    assert!(error.to_string().contains(says), "{error}");
    dynamodb.requests();
}

#[tokio::test]
async fn the_text_of_a_refusal_is_about_the_table() {
    for (code, kind, is_retryable, says) in [
        (
            "ValidationException",
            ServiceErrorKind::Validation,
            false,
            "invalid request; check the table's name, its read and write units, and its KMS key (",
        ),
        (
            "SomethingNewException",
            ServiceErrorKind::Other,
            false,
            "the request was refused (SomethingNew",
        ),
    ] {
        let dynamodb = expecting([absent(), denied("CreateTable", code)]);
        let error = dynamodb.store().create_table::<Account>().await.unwrap_err();
        let TableError::Request(request) = &error else { panic!("{error}") };
        assert_eq!(request.kind(), kind);
        assert_eq!(error.is_retryable(), is_retryable);
        assert!(error.to_string().contains(says), "{error}");
        dynamodb.requests();
    }
    // Of an update of the table that is under way.
    let busy = denied("UpdateTimeToLive", "ResourceInUseException");
    let dynamodb = expecting([found(), ttl("DISABLED", None), busy, ttl("DISABLED", None)]);
    let error = dynamodb.store().create_table::<Document>().await.unwrap_err();
    assert!(error.is_retryable());
    assert!(error.to_string().contains("the table is being changed; retry later ("), "{error}");
    dynamodb.requests();
}

#[tokio::test]
async fn a_service_that_fails_may_be_asked_again() {
    for fault in [Fault::ConnectionRefused, Fault::Answer(503, "<html>")] {
        let dynamodb = expecting((0..3).map(|_| failed("DescribeTable", fault)));
        let error = dynamodb.store().create_table::<Account>().await.unwrap_err();
        assert!(error.is_retryable(), "{error}");
        dynamodb.requests();
    }
}
