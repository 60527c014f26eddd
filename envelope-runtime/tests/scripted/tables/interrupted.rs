//! Creations that were interrupted, and two at the same time.

use std::time::Duration;

use envelope_runtime::error::{ServiceErrorKind, TableError, TableNotReadyErrorKind};
use serde_json::json;

use super::{
    Minutes, absent, created, denied, described, drift, expecting, found, not_ready, recovery, ttl,
    turns_recovery_on, turns_ttl_on, with_status,
};
use crate::dynamodb::{Fault, Step, error, failed};
use crate::models::{Account, Document};

/// The requests of a creation, of which some steps are done already.
fn steps(is_there: bool, has_ttl: bool, has_recovery: bool) -> Vec<Step> {
    let mut steps = if is_there { vec![found()] } else { vec![absent(), created(), found()] };
    if has_ttl {
        steps.push(ttl("ENABLED", Some("expires")));
    } else {
        steps.extend([ttl("DISABLED", None), turns_ttl_on()]);
    }
    if has_recovery {
        steps.push(recovery("ENABLED"));
    } else {
        steps.extend([recovery("DISABLED"), turns_recovery_on()]);
    }
    steps
}

#[tokio::test]
async fn a_creation_that_was_interrupted_does_only_what_is_missing() {
    for (is_there, has_ttl, has_recovery) in [
        (false, false, false),
        (true, false, false),
        (true, true, false),
        (true, false, true),
        (true, true, true),
    ] {
        let dynamodb = expecting(steps(is_there, has_ttl, has_recovery));
        let create = dynamodb.store().create_table::<Document>().point_in_time_recovery();
        assert_eq!(create.await.unwrap().is_new(), !is_there);
        dynamodb.requests();
    }
}

#[tokio::test]
async fn an_interruption_during_the_wait_is_a_wait_again() {
    for status in ["CREATING", "UPDATING"] {
        let dynamodb = expecting([with_status(status), found()]);
        assert!(!dynamodb.store().create_table::<Account>().await.unwrap().is_new());
        assert_eq!(dynamodb.waits(), 1);
        dynamodb.requests();
    }
}

#[tokio::test]
async fn a_ttl_that_is_being_switched_on_is_on() {
    let dynamodb = expecting([found(), ttl("ENABLING", Some("expires"))]);
    dynamodb.store().create_table::<Document>().await.unwrap();
    dynamodb.requests();
}

#[tokio::test]
async fn the_slower_of_two_creators_finds_the_table_of_the_other() {
    let in_use = || denied("CreateTable", "ResourceInUseException");
    for seen in [vec![found()], vec![absent(), with_status("CREATING"), found()]] {
        let dynamodb = expecting([absent(), in_use()]);
        dynamodb.expect(seen);
        assert!(!dynamodb.store().create_table::<Account>().await.unwrap().is_new());
        dynamodb.requests();
    }
    // The other one made it for another record.
    let other = described(|table| table["AttributeDefinitions"][0]["AttributeType"] = "N".into());
    let dynamodb = expecting([absent(), in_use(), other]);
    let error = dynamodb.store().create_table::<Account>().await.unwrap_err();
    assert_eq!(drift(&error).len(), 1);
    dynamodb.requests();
}

#[tokio::test]
async fn the_slower_of_two_creators_finds_the_ttl_of_the_other() {
    let refused = || {
        let error = error("ValidationException", "TimeToLive is already enabled");
        failed("UpdateTimeToLive", Fault::Answer(400, error.to_string().leak()))
    };
    let dynamodb = expecting([found(), ttl("DISABLED", None), refused()]);
    dynamodb.expect([ttl("ENABLING", Some("expires"))]);
    dynamodb.store().create_table::<Document>().await.unwrap();
    dynamodb.requests();

    for after in [ttl("DISABLED", None), ttl("ENABLED", Some("other"))] {
        let dynamodb = expecting([found(), ttl("DISABLED", None), refused(), after]);
        let error = dynamodb.store().create_table::<Document>().await.unwrap_err();
        let TableError::Request(request) = &error else { panic!("{error}") };
        assert_eq!(request.kind(), ServiceErrorKind::Validation);
        assert!(!error.is_retryable());
        dynamodb.requests();
    }
}

#[tokio::test]
async fn a_lost_answer_to_the_creation_is_looked_for() {
    let lost = || failed("CreateTable", Fault::ConnectionReset);
    // The SDK sends it again, and finds its own table.
    let again = denied("CreateTable", "ResourceInUseException");
    let dynamodb = expecting([absent(), lost(), again, with_status("CREATING"), found()]);
    dynamodb.store().create_table::<Account>().await.unwrap();
    dynamodb.requests();

    // The SDK gives up.
    let dynamodb = expecting([absent(), lost(), lost(), lost(), with_status("CREATING"), found()]);
    assert!(!dynamodb.store().create_table::<Account>().await.unwrap().is_new());
    dynamodb.requests();

    let dynamodb = expecting([absent(), lost(), lost(), lost(), absent()]);
    let error = dynamodb.store().create_table::<Account>().await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    dynamodb.requests();
}

#[tokio::test]
async fn a_lost_answer_about_the_ttl_is_looked_for() {
    let lost = || failed("UpdateTimeToLive", Fault::TimedOut);
    let dynamodb = expecting([found(), ttl("DISABLED", None), lost(), lost(), lost()]);
    dynamodb.expect([ttl("ENABLED", Some("expires"))]);
    dynamodb.store().create_table::<Document>().await.unwrap();
    dynamodb.requests();
}

#[tokio::test]
async fn backups_are_waited_for() {
    let unavailable = || denied("UpdateContinuousBackups", "ContinuousBackupsUnavailableException");
    let dynamodb = expecting([found(), recovery("DISABLED"), unavailable()]);
    dynamodb.expect([recovery("DISABLED"), turns_recovery_on()]);
    dynamodb.store().create_table::<Account>().point_in_time_recovery().await.unwrap();
    assert_eq!(dynamodb.waits(), 1);
    dynamodb.requests();

    let dynamodb = expecting([found(), recovery("DISABLED"), unavailable()]);
    let create = dynamodb.store().create_table::<Account>().point_in_time_recovery();
    let error = create.deadline(Duration::ZERO).await.unwrap_err();
    assert_eq!(not_ready(&error), TableNotReadyErrorKind::NoBackups);
    assert!(error.is_retryable());
    dynamodb.requests();
}

#[tokio::test]
async fn a_table_that_is_not_active_in_time_may_be_waited_for_again() {
    let not_active = |status: &str| TableNotReadyErrorKind::NotActive { status: status.into() };
    let looks = |step: fn() -> Step| {
        let steps: Vec<_> = (0..3).map(|_| step()).collect();
        steps
    };
    for (script, status) in [
        (looks(|| with_status("CREATING")), "CREATING"),
        (looks(|| with_status("SOMETHING_NEW")), "SOMETHING_NEW"),
        (looks(|| described(|table| table["TableStatus"] = json!(null))), "no status"),
        (
            looks(|| described(|table| table["SSEDescription"]["Status"] = "UPDATING".into())),
            "encryption at rest: UPDATING",
        ),
    ] {
        let dynamodb = expecting(script);
        let store = dynamodb.store().clock(Minutes::new());
        let create = store.create_table::<Account>().deadline(Duration::from_mins(3));
        let error = create.await.unwrap_err();
        assert_eq!(not_ready(&error), not_active(status));
        assert!(error.is_retryable() && !error.is_conflict());
        dynamodb.requests();
    }

    let dynamodb = expecting([absent(), created(), absent(), absent(), absent()]);
    let store = dynamodb.store().clock(Minutes::new());
    let create = store.create_table::<Account>().deadline(Duration::from_mins(3));
    let error = create.await.unwrap_err();
    assert_eq!(not_ready(&error), not_active(""));
    let says = "the table is not ready: record of table `users`, key `id`: DynamoDB table `users`: \
                not active before the deadline (not visible yet); call again, or give it more time \
                with `deadline`";
    assert_eq!(error.to_string(), says);
    dynamodb.requests();
}

#[tokio::test]
async fn the_usual_deadline_is_five_minutes() {
    let dynamodb = expecting((0..5).map(|_| with_status("CREATING")));
    let store = dynamodb.store().clock(Minutes::new());

    let error = store.create_table::<Account>().await.unwrap_err();

    assert!(error.to_string().contains("(CREATING)"), "{error}");
    dynamodb.requests();
}
