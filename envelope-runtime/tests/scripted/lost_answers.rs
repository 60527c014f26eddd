//! Writes whose answer is lost, or that never left: the retries, and the result of each verb.

use std::time::{Duration, UNIX_EPOCH};

use envelope_runtime::error::ServiceErrorKind;
use envelope_runtime::{DeleteError, SaveError, Store, UpdateError, Usage};
use serde_json::json;

use crate::dynamodb::{Dynamodb, Fault, Step, done, failed, lost, refused};
use crate::models::{Account, Document, Note, account, document, note};
use crate::verbs::{Kind, Said, Verb, verbs};

const INTERNAL: &str = r#"{"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError"}"#;
const THROTTLED: &str = r#"{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"}"#;

/// Faults after which nobody can know whether the write was done.
const LOST: [Fault; 5] = [
    Fault::ConnectionReset,
    Fault::TimedOut,
    Fault::Answer(500, INTERNAL),
    Fault::Answer(503, "<html>"),
    // From a proxy whose wait for the service timed out.
    Fault::Answer(408, "<html>"),
];

/// Returns whether the SDK sees no reason to retry.
fn is_final(fault: Fault) -> bool {
    matches!(fault, Fault::Answer(408, _))
}

async fn accounts() -> Dynamodb {
    Dynamodb::holding(&account()).await
}

/// Runs a verb against a script of faults.
async fn run(verb: &Verb, dynamodb: &Dynamodb, script: Vec<Step>) -> Said {
    run_through(dynamodb.store(), verb, dynamodb, script).await
}

async fn run_through(store: Store, verb: &Verb, dynamodb: &Dynamodb, script: Vec<Step>) -> Said {
    if verb.reads {
        dynamodb.expect([done("GetItem")]);
    }
    dynamodb.expect(script);
    let said = (verb.run)(store).await;
    dynamodb.requests();
    said
}

#[tokio::test]
async fn what_never_reached_dynamodb_is_sent_again_and_may_be_tried_again() {
    for verb in verbs() {
        let (name, operation) = (verb.name, verb.operation);
        for fault in [Fault::ConnectionRefused, Fault::Answer(400, THROTTLED)] {
            let again = vec![failed(operation, fault), done(operation)];
            let said = run(&verb, &accounts().await, again).await;
            assert_eq!(said, Said::Done, "{name}: {fault:?} once");

            let thrice = (0..3).map(|_| failed(operation, fault)).collect();
            let said = run(&verb, &accounts().await, thrice).await;
            assert!(matches!(said, Said::Retry(_)), "{name}: {fault:?}: {said:?}");
        }
    }
}

#[tokio::test]
async fn a_write_that_was_done_is_sent_again_where_that_does_no_harm_or_known_by_its_envelope() {
    for verb in verbs() {
        let (name, operation) = (verb.name, verb.operation);
        for fault in LOST.into_iter().filter(|fault| !is_final(*fault)) {
            let once = lost(operation, fault);
            let (script, expected) = match verb.kind {
                Kind::RepeatableAndKnown | Kind::Guarded if verb.reads => {
                    (vec![once, refused(operation)], Said::Done)
                }
                Kind::Repeatable | Kind::RepeatableAndKnown | Kind::Guarded => {
                    (vec![once, done(operation)], Said::Done)
                }
                Kind::Known => (vec![once, done("GetItem")], Said::Done),
                Kind::Nameless => (vec![once], Said::Unknown),
            };
            let said = run(&verb, &accounts().await, script).await;
            assert_eq!(said, expected, "{name}: {fault:?}");
        }
    }
}

#[tokio::test]
async fn where_each_answer_is_lost_what_is_stored_tells_or_nobody_knows() {
    for verb in verbs() {
        let (name, operation) = (verb.name, verb.operation);
        for fault in LOST {
            let attempts = match verb.kind {
                _ if is_final(fault) => 1,
                Kind::Known | Kind::Nameless => 1,
                _ => 3,
            };
            // A store that counts requests watches each attempt. Once is enough: the SDK does not
            // make any number of retries.
            let measured = fault == Fault::ConnectionReset;
            for (is_done, is_measured) in [(true, measured), (false, false)] {
                let step = |_| {
                    if is_done { lost(operation, fault) } else { failed(operation, fault) }
                };
                let mut script: Vec<_> = (0..attempts).map(step).collect();
                let expected = match verb.kind {
                    Kind::Repeatable => None,
                    Kind::RepeatableAndKnown => is_done.then_some(Said::Done),
                    Kind::Guarded | Kind::Known if is_done => Some(Said::Done),
                    Kind::Guarded | Kind::Known | Kind::Nameless => Some(Said::Unknown),
                };
                if !matches!(verb.kind, Kind::Repeatable | Kind::Nameless) {
                    script.push(done("GetItem"));
                }
                let dynamodb = accounts().await;
                let mut store = dynamodb.store();
                if is_measured {
                    store = store.measured(&Usage::default());
                }
                let said = run_through(store, &verb, &dynamodb, script).await;
                let is_expected = match &expected {
                    Some(expected) => said == *expected,
                    None => matches!(said, Said::Retry(_)),
                };
                assert!(is_expected, "{name}: {fault:?}, {is_done}: {said:?}, not {expected:?}");
            }
        }
    }
}

/// Whether or not someone counts requests.
#[tokio::test]
async fn a_refusal_ends_a_save_that_may_be_repeated_though_an_earlier_answer_was_lost() {
    for is_measured in [false, true] {
        let dynamodb = accounts().await;
        let mut store = dynamodb.store();
        if is_measured {
            store = store.measured(&Usage::default());
        }
        dynamodb.expect([lost("PutItem", Fault::TimedOut)]);
        dynamodb.expect((0..2).map(|_| failed("PutItem", Fault::Answer(400, THROTTLED))));

        let error = store.put(&account()).await.unwrap_err();

        dynamodb.requests();
        assert!(matches!(error, SaveError::Request(_)) && error.is_retryable(), "{error}");
    }
}

/// The answer to a request that is still in flight is lost as well.
#[tokio::test]
async fn an_operation_whose_time_runs_out_in_the_middle_of_a_request_may_have_been_done() {
    for verb in verbs() {
        let (name, operation) = (verb.name, verb.operation);
        let mut script = vec![failed(operation, Fault::Hangs)];
        if !matches!(verb.kind, Kind::Repeatable | Kind::Nameless) {
            script.push(done("GetItem"));
        }

        let said = run(&verb, &accounts().await, script).await;

        match verb.kind {
            Kind::Repeatable | Kind::RepeatableAndKnown => {
                assert_eq!(said, Said::Retry(ServiceErrorKind::Network), "{name}");
            }
            Kind::Guarded | Kind::Known | Kind::Nameless => {
                assert_eq!(said, Said::Unknown, "{name}");
            }
        }
    }
}

/// A refusal is an answer, and shows that this attempt did nothing.
#[tokio::test]
async fn a_refusal_after_a_lost_answer_is_no_conflict_where_it_may_be_of_its_own_write() {
    let dynamodb = accounts().await;
    let store = dynamodb.store();
    dynamodb.expect([failed("UpdateItem", Fault::TimedOut), refused("UpdateItem")]);
    dynamodb.expect([refused("UpdateItem")]);
    // The envelope does not show whether the attribute was set.
    let error = store.update::<Account>("a-1").set(|f| f.status, "x").await.unwrap_err();
    dynamodb.requests();
    assert!(matches!(error, UpdateError::UnknownOutcome(_)), "{error}");

    dynamodb.expect([failed("PutItem", Fault::TimedOut), refused("PutItem")]);
    let error = store.put(&note()).await.unwrap_err();
    dynamodb.requests();
    assert!(matches!(error, SaveError::UnknownOutcome(_)), "{error}");

    let dynamodb = Dynamodb::holding(&note()).await;
    dynamodb.expect([failed("DeleteItem", Fault::TimedOut), refused("DeleteItem")]);
    let error = dynamodb.store().delete::<Note>("a-1").await.unwrap_err();
    dynamodb.requests();
    assert!(matches!(error, DeleteError::UnknownOutcome(_)), "{error}");
}

/// The record may have been there, and deleted since.
#[tokio::test]
async fn no_record_after_a_lost_answer_is_not_said_to_have_been_none() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([failed("UpdateItem", Fault::TimedOut), refused("UpdateItem")]);
    let update = dynamodb.store().update::<Account>("a-1").set(|f| f.status, "x");
    assert!(matches!(update.await.unwrap_err(), UpdateError::UnknownOutcome(_)));
    dynamodb.requests();
}

#[tokio::test]
async fn a_lost_answer_to_a_read_says_nothing_of_the_write() {
    let dynamodb = Dynamodb::holding(&Document { expires: Some(5), ..document() }).await;
    let store = dynamodb.store().clock(|| UNIX_EPOCH + Duration::from_secs(9));
    dynamodb.expect([failed("GetItem", Fault::TimedOut), done("GetItem")]);
    let update = store.update::<Document>("d-1").seal(|f| f.text, "x");
    assert!(update.await.unwrap_err().is_not_found());
    dynamodb.requests();

    let dynamodb = accounts().await;
    let newer = accounts().await.item().unwrap();
    dynamodb.expect([
        failed("GetItem", Fault::TimedOut),
        done("GetItem"),
        refused("UpdateItem").after(|item| *item = newer),
        done("GetItem"),
        done("UpdateItem"),
    ]);
    let update = dynamodb.store().update::<Account>("a-1").seal(|f| f.email, "x");
    update.await.unwrap();
    dynamodb.requests();
}

/// The first request may still be in flight.
#[tokio::test]
async fn a_condition_that_does_not_hold_after_a_lost_answer_leaves_the_outcome_open() {
    let dynamodb = accounts().await;
    dynamodb.expect([
        done("GetItem"),
        failed("UpdateItem", Fault::TimedOut),
        refused("UpdateItem"),
    ]);

    let update = dynamodb.store().update::<Account>("a-1").seal(|f| f.email, "x");
    let error = update.condition(|f| f.logins.gt(9)).await.unwrap_err();

    dynamodb.requests();
    assert!(matches!(error, UpdateError::UnknownOutcome(_)), "{error}");
}

#[tokio::test]
async fn another_writer_after_a_lost_answer_leaves_the_outcome_open() {
    let dynamodb = accounts().await;
    let newer = accounts().await.item().unwrap();
    dynamodb.expect([
        done("GetItem"),
        lost("UpdateItem", Fault::TimedOut),
        refused("UpdateItem").after(|item| *item = newer),
    ]);

    let update = dynamodb.store().update::<Account>("a-1").seal(|f| f.email, "x");
    let error = update.add(|f| f.logins, 1).await.unwrap_err();

    dynamodb.requests();
    assert!(matches!(error, UpdateError::UnknownOutcome(_)), "{error}");

    // Even if the update could be repeated: the other writer may have read its effect.
    let newer = accounts().await.item().unwrap();
    dynamodb.expect([
        done("GetItem"),
        lost("UpdateItem", Fault::TimedOut),
        refused("UpdateItem").after(|item| *item = newer),
    ]);
    let update = dynamodb.store().update::<Account>("a-1").seal(|f| f.email, "x");
    let error = update.await.unwrap_err();
    dynamodb.requests();
    assert!(matches!(error, UpdateError::UnknownOutcome(_)), "{error}");
}

#[tokio::test]
async fn what_may_be_the_new_record_is_not_given_back_as_the_old_one() {
    let dynamodb = accounts().await;
    let update = || dynamodb.store().update::<Account>("a-1").set(|f| f.status, "x");
    dynamodb.expect([lost("UpdateItem", Fault::TimedOut), done("UpdateItem")]);
    assert_eq!(update().return_old().await.unwrap(), None);
    dynamodb.requests();

    // If the first attempt never left, the old record is returned.
    dynamodb.expect([failed("UpdateItem", Fault::ConnectionRefused), done("UpdateItem")]);
    assert!(update().return_old().await.unwrap().is_some());
    dynamodb.requests();
    dynamodb.expect([lost("UpdateItem", Fault::TimedOut), done("UpdateItem")]);
    assert_eq!(update().return_new().await.unwrap().status, "x");
    dynamodb.requests();

    let seal = || dynamodb.store().update::<Account>("a-1").seal(|f| f.email, "y");
    dynamodb.expect([done("GetItem"), lost("UpdateItem", Fault::TimedOut), refused("UpdateItem")]);
    assert_eq!(seal().return_old().await.unwrap(), None);
    dynamodb.requests();
    dynamodb.expect([done("GetItem"), lost("UpdateItem", Fault::TimedOut), refused("UpdateItem")]);
    assert_eq!(seal().return_new().await.unwrap().email.as_deref(), Some("y"));
    dynamodb.requests();
}

#[tokio::test]
async fn a_record_that_was_recognised_is_not_given_back_as_the_replaced_or_deleted_one() {
    let dynamodb = accounts().await;
    dynamodb.expect([lost("PutItem", Fault::TimedOut), done("GetItem")]);
    assert_eq!(dynamodb.store().replace(&account()).return_old().await.unwrap(), None);
    dynamodb.requests();
}

/// The item that is read to recognise the write may be gone or unreadable.
#[tokio::test]
async fn where_the_stored_item_cannot_be_read_the_outcome_stays_open() {
    let dynamodb = accounts().await;
    dynamodb
        .expect([lost("PutItem", Fault::TimedOut), failed("GetItem", Fault::Answer(400, "{}"))]);
    let error = dynamodb.store().replace(&account()).await.unwrap_err();
    let read = &dynamodb.requests()[1];
    assert_eq!(read.body["ConsistentRead"], true);
    assert_eq!(read.body["Key"], json!({"id": {"S": "a-1"}}));
    assert!(matches!(error, SaveError::UnknownOutcome(_)), "{error}");
    let text = "it is not known whether the record was saved: record of table `users`, key `id`: \
                DynamoDB's answer was lost, and the stored state does not show whether the write \
                happened; load the record, and decide again";
    assert_eq!(error.to_string(), text);
}
