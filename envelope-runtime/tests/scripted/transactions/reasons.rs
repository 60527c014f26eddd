//! Cancelled transactions, by the reasons of their actions.

use envelope_runtime::error::{CancelledError, PositionedError, ServiceErrorKind};

use super::*;

fn actions_of(error: TransactionError) -> CancelledError {
    let TransactionError::Cancelled(error) = error else { panic!("{error}") };
    error
}

fn reason(code: &str) -> Value {
    json!({"Code": code, "Message": "An operand in the update expression has an incorrect data type"})
}

#[tokio::test]
async fn a_condition_that_does_not_hold_is_told_at_its_action_with_the_stored_item() {
    let dynamodb = Dynamodb::holding(&document()).await;
    let not_met = not_met(&dynamodb);
    dynamodb.expect([cancelled(&[nothing(), not_met, json!({"Code": "ConditionalCheckFailed"})])]);

    let three = dynamodb
        .store()
        .transaction()
        .put(&note())
        .put(&document())
        .check::<Account>("x", |f| f.status.eq("y"));
    let error = three.await.unwrap_err();

    assert!(error.is_version_conflict() && error.is_conflict());
    assert!(!error.is_retryable() && !error.is_not_found() && !error.is_unknown_outcome());
    assert!(!error.is_tampered() && !error.is_access_denied());
    assert_eq!(error.attribute(), None);
    assert!(error.to_string().ends_with("; and 1 more"), "{error}");
    let error = actions_of(error);
    let positions: Vec<_> = error.actions().map(PositionedError::position).collect();
    assert_eq!(positions, [1, 2]);
    let first = error.actions().next().unwrap();
    let WriteError::Save(SaveError::Version(version)) = first.error() else { panic!("{first}") };
    assert_eq!((version.found(), version.stored().is_some()), (Some(1), true));
    dynamodb.requests();
}

#[tokio::test]
async fn a_protected_item_under_a_plaintext_record_is_told_at_its_action() {
    let dynamodb = accounts().await;
    let not_met = not_met(&dynamodb);
    let not_met = [not_met];
    dynamodb.expect([cancelled(&not_met), cancelled(&not_met)]);
    let store = dynamodb.store();

    let put = actions_of(store.transaction().put(&note()).await.unwrap_err());
    let check = store.transaction().check::<Note>("a-1", |f| f.text.exists());
    let check = actions_of(check.await.unwrap_err());

    for error in [put, check] {
        assert!(error.to_string().contains("plaintext_only"), "{error}");
    }
    dynamodb.requests();
}

#[tokio::test]
async fn what_is_in_the_way_is_waited_for_with_the_same_bytes_under_the_same_token() {
    for code in ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"] {
        let dynamodb = Dynamodb::new();
        dynamodb.expect([
            cancelled(&[nothing(), reason(code)]),
            cancelled(&[reason(code), reason(code)]),
            done(TRANSACT),
        ]);
        let both = dynamodb.store().transaction().put(&account()).delete::<Note>("n");

        both.deadline(Duration::from_hours(1)).await.unwrap();

        let requests = dynamodb.requests();
        assert!(requests.iter().all(|request| request.body == requests[0].body), "{code}");
    }
}

#[tokio::test]
async fn what_stays_in_the_way_until_the_deadline_may_be_tried_again() {
    for (codes, is_throttled) in [
        (["None", "TransactionConflict"], false),
        (["ThrottlingError", "None"], true),
        (["ProvisionedThroughputExceeded", "ThrottlingError"], true),
        (["ThrottlingError", "TransactionConflict"], false),
        (["TransactionConflict", "ThrottlingError"], false),
    ] {
        let dynamodb = Dynamodb::new();
        dynamodb.expect([cancelled(&codes.map(reason))]);
        let both = dynamodb.store().transaction().put(&account()).delete::<Note>("n");

        let error = both.deadline(Duration::ZERO).await.unwrap_err();

        assert!(error.is_retryable() && !error.is_unknown_outcome(), "{error}");
        match error {
            TransactionError::Request(error) if is_throttled => {
                assert_eq!(error.kind(), ServiceErrorKind::Throttled);
            }
            TransactionError::Contended(_) if !is_throttled => {}
            other => panic!("{codes:?}: {other}"),
        }
        dynamodb.requests();
    }
}

#[tokio::test]
async fn what_dynamodb_finds_invalid_is_told_at_its_action() {
    for (code, kind) in [
        ("ValidationError", ServiceErrorKind::OperandType),
        ("ItemCollectionSizeLimitExceeded", ServiceErrorKind::Other),
        ("SomethingNew", ServiceErrorKind::Other),
    ] {
        let dynamodb = accounts().await;
        let each = [nothing(), reason(code)];
        dynamodb.expect([cancelled(&each), done("GetItem"), cancelled(&each), cancelled(&each)]);
        let store = dynamodb.store();

        let saved = store.transaction().delete::<Note>("n").put(&account()).await;
        let updated = store.transaction().delete::<Note>("n");
        let updated = updated.update::<Account>("a-1", |u| u.add(|f| f.logins, 1)).await;
        let deleted = store.transaction().delete::<Note>("n").delete::<Account>("a-1").await;

        for result in [saved, updated, deleted] {
            let error = actions_of(result.unwrap_err());
            let action = error.actions().next().unwrap();
            assert_eq!(action.position(), 1);
            let error = match action.error() {
                WriteError::Save(SaveError::Request(error))
                | WriteError::Update(UpdateError::Request(error))
                | WriteError::Delete(envelope_runtime::DeleteError::Request(error)) => error,
                other => panic!("{other}"),
            };
            assert_eq!((error.kind(), error.code()), (kind, Some(code)));
        }
        dynamodb.requests();
    }
}

/// What the stored items do not allow weighs more than what was in the way.
#[tokio::test]
async fn a_refusal_is_not_waited_for() {
    let dynamodb = accounts().await;
    let not_met = not_met(&dynamodb);
    dynamodb.expect([cancelled(&[reason("TransactionConflict"), not_met])]);
    let both = dynamodb.store().transaction().delete::<Note>("n").create(&account());

    let error = actions_of(both.await.unwrap_err());

    assert_eq!(error.actions().map(PositionedError::position).collect::<Vec<_>>(), [1]);
    dynamodb.requests();
}

/// Such as from a proxy, or a service that knows no reasons.
#[tokio::test]
async fn a_cancellation_without_reasons_is_a_failed_request() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([cancelled(&[]), cancelled(&[nothing()])]);
    let store = dynamodb.store();
    for _ in 0..2 {
        let both = store.transaction().put(&account()).delete::<Note>("n");
        let error = both.await.unwrap_err();
        assert!(matches!(error, TransactionError::Request(_)), "{error}");
    }
    dynamodb.requests();
}

#[tokio::test]
async fn a_refused_request_is_not_sent_again() {
    let dynamodb = Dynamodb::new();
    let denied = r#"{"__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException"}"#;
    dynamodb.expect([failed(TRANSACT, Fault::Answer(400, denied))]);

    let error = dynamodb.store().transaction().put(&account()).await.unwrap_err();

    assert!(error.is_access_denied(), "{error}");
    dynamodb.requests();
}

/// Another writer sealed the record again between the read and the transaction.
#[tokio::test]
async fn an_update_whose_item_was_changed_is_prepared_anew_and_the_rest_stays_as_it_is() {
    for sealed in [false, true] {
        let dynamodb = accounts().await;
        let rival = accounts().await;
        let changed = json!({"Code": "ConditionalCheckFailed", "Item": rival.item()});
        let envelope = rival.item().unwrap();
        dynamodb.expect([
            done("GetItem"),
            cancelled(&[nothing(), changed]),
            done("GetItem").after(move |item| *item = envelope),
            done(TRANSACT),
        ]);
        let both = dynamodb.store().transaction().put(&Account { id: "b".into(), ..account() });
        let both = both.update::<Account>("a-1", |u| {
            if sealed { u.seal(|f| f.ssn, "x") } else { u.set(|f| f.status, "x") }
        });

        both.deadline(Duration::from_hours(1)).await.unwrap();

        let requests = dynamodb.requests();
        let (first, second) = (&requests[1], &requests[3]);
        assert_ne!(first.body["ClientRequestToken"], second.body["ClientRequestToken"]);
        let (first, second) = (actions(first), actions(second));
        assert_eq!(first[0].body, second[0].body);
        assert_ne!(first[1].body, second[1].body);
        assert!(second[1].condition().contains("_envelope = <the stored envelope>"));
    }
}

#[tokio::test]
async fn an_update_whose_item_keeps_changing_is_contended_at_the_deadline() {
    let dynamodb = accounts().await;
    let rival = accounts().await;
    let changed = json!({"Code": "ConditionalCheckFailed", "Item": rival.item()});
    dynamodb.expect([done("GetItem"), cancelled(&[changed])]);
    let update =
        dynamodb.store().transaction().update::<Account>("a-1", |u| u.seal(|f| f.ssn, "x"));

    let error = update.deadline(Duration::ZERO).await.unwrap_err();

    assert!(matches!(error, TransactionError::Contended(_)), "{error}");
    assert!(error.is_retryable() && error.is_conflict());
    dynamodb.requests();
}

#[tokio::test]
async fn an_update_whose_record_is_gone_or_refused_is_not_prepared_anew() {
    let dynamodb = accounts().await;
    let same = not_met(&dynamodb);
    let gone = json!({"Code": "ConditionalCheckFailed"});
    dynamodb.expect([done("GetItem"), cancelled(&[same]), done("GetItem"), cancelled(&[gone])]);
    let store = dynamodb.store();
    let update = || store.transaction().update::<Account>("a-1", |u| u.seal(|f| f.ssn, "x"));

    let refused = actions_of(update().await.unwrap_err());
    let gone = update().await.unwrap_err();

    let WriteError::Update(error) = refused.actions().next().unwrap().error() else { panic!() };
    assert!(matches!(error, UpdateError::Condition(_)), "{error}");
    assert!(gone.is_not_found(), "{gone}");
    dynamodb.requests();
}

/// A prepared transaction is what it is.
#[tokio::test]
async fn a_prepared_update_whose_item_was_changed_is_refused() {
    let dynamodb = accounts().await;
    let rival = accounts().await;
    let changed = json!({"Code": "ConditionalCheckFailed", "Item": rival.item()});
    dynamodb.expect([done("GetItem"), cancelled(&[changed])]);
    let update =
        dynamodb.store().transaction().update::<Account>("a-1", |u| u.seal(|f| f.ssn, "x"));
    let prepared = update.prepare().await.unwrap();
    assert_eq!(format!("{prepared:?}"), "PreparedTransaction { actions: 1, .. }");

    let error = actions_of(prepared.send().await.unwrap_err());

    assert!(error.to_string().contains("has changed since it was loaded"), "{error}");
    dynamodb.requests();
}

/// The SDK gives up after three attempts, and the deadline is later.
#[tokio::test]
async fn a_request_that_is_throttled_is_made_again_until_the_deadline() {
    let dynamodb = Dynamodb::new();
    let throttled = r#"{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"}"#;
    let throttled = || failed(TRANSACT, Fault::Answer(400, throttled));
    dynamodb.expect((0..5).map(|_| throttled()).chain([done(TRANSACT)]));
    let put = || dynamodb.store().transaction().put(&account());
    put().deadline(Duration::from_hours(1)).await.unwrap();
    let requests = dynamodb.requests();
    assert!(requests.iter().all(|request| request.body == requests[0].body));

    dynamodb.expect((0..3).map(|_| throttled()));
    let error = put().deadline(Duration::ZERO).await.unwrap_err();
    let TransactionError::Request(request) = &error else { panic!("{error}") };
    assert_eq!((request.kind(), error.is_retryable()), (ServiceErrorKind::Throttled, true));
    dynamodb.requests();
}
