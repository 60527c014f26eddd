//! Transactions that are sent again, under the same token and not for too long.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Instant, SystemTime};

use envelope_runtime::Clock;
use envelope_runtime::operation::PreparedTransaction;

use super::*;
use crate::dynamodb::lost;

const IN_PROGRESS: &str =
    r#"{"__type": "com.amazonaws.dynamodb.v20120810#TransactionInProgressException"}"#;
const THROTTLED: &str = r#"{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"}"#;
const MINUTE: Duration = Duration::from_mins(1);

/// A clock whose two times a test sets.
#[derive(Clone)]
struct Times(Arc<Mutex<(SystemTime, Instant)>>);

impl Times {
    fn new() -> Self {
        Self(Arc::new(Mutex::new((SystemTime::UNIX_EPOCH + 9999 * MINUTE, Instant::now()))))
    }

    fn pass(&self, wall: Duration, monotonic: Duration) {
        let mut times = self.0.lock().unwrap();
        times.0 += wall;
        times.1 += monotonic;
    }

    fn set_back(&self, wall: Duration) {
        self.0.lock().unwrap().0 -= wall;
    }
}

impl Clock for Times {
    fn wall(&self) -> SystemTime {
        self.0.lock().unwrap().0
    }

    fn monotonic(&self) -> Instant {
        self.0.lock().unwrap().1
    }
}

/// Sends a save, without patience; its outcome is one of the last three.
async fn prepared(dynamodb: &Dynamodb, times: &Times) -> PreparedTransaction {
    let store = dynamodb.store().clock(times.clone());
    let put = store.transaction().put(&account()).deadline(Duration::ZERO);
    put.prepare().await.unwrap()
}

fn thrice(step: impl Fn() -> Step) -> impl Iterator<Item = Step> {
    (0..3).map(move |_| step())
}

fn reset() -> Step {
    failed(TRANSACT, Fault::ConnectionReset)
}

#[tokio::test]
async fn t08_an_answer_that_is_lost_is_asked_for_with_the_same_token() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([lost(TRANSACT, Fault::ConnectionReset), done(TRANSACT)]);

    dynamodb.store().transaction().put(&account()).await.unwrap();

    let requests = dynamodb.requests();
    assert_eq!(requests[0].body, requests[1].body);
}

/// The SDK gives up after three attempts, and the deadline is later.
#[tokio::test]
async fn it_is_asked_for_until_the_deadline() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect(thrice(reset).chain(thrice(reset)).chain([done(TRANSACT)]));
    let put = dynamodb.store().transaction().put(&account());

    put.deadline(60 * MINUTE).await.unwrap();

    let requests = dynamodb.requests();
    assert!(requests.iter().all(|request| request.body == requests[0].body));
}

#[tokio::test]
async fn without_an_answer_the_stored_envelope_tells_or_nobody_knows() {
    for is_done in [true, false] {
        let dynamodb = Dynamodb::new();
        let transaction = prepared(&dynamodb, &Times::new()).await;
        let first = if is_done { lost(TRANSACT, Fault::ConnectionReset) } else { reset() };
        dynamodb.expect([first, reset(), reset(), done("GetItem")]);

        let sent = transaction.send().await;

        assert_eq!(sent.is_ok(), is_done);
        assert!(sent.err().is_none_or(|error| error.is_unknown_outcome()));
        let read = dynamodb.requests().remove(3);
        assert_eq!(read.body["ConsistentRead"], true);
    }
}

/// Another writer's envelope tells nothing.
#[tokio::test]
async fn another_envelope_than_its_own_does_not_tell() {
    let dynamodb = accounts().await;
    let transaction = prepared(&dynamodb, &Times::new()).await;
    dynamodb.expect(thrice(reset).chain([done("GetItem")]));

    let error = transaction.send().await.unwrap_err();

    assert!(error.is_unknown_outcome(), "{error}");
    dynamodb.requests();
}

#[tokio::test]
async fn a_transaction_in_progress_is_waited_for_and_then_not_known() {
    let dynamodb = Dynamodb::new();
    let in_progress = || failed(TRANSACT, Fault::Answer(400, IN_PROGRESS));
    dynamodb.expect(thrice(in_progress).chain([in_progress(), done(TRANSACT)]));
    let put = || dynamodb.store().transaction().put(&account());
    put().deadline(60 * MINUTE).await.unwrap();
    dynamodb.requests();

    dynamodb.expect(thrice(in_progress).chain([done("GetItem")]));
    let error = put().deadline(Duration::ZERO).await.unwrap_err();
    assert!(error.is_unknown_outcome(), "{error}");
    dynamodb.requests();
}

/// The first request may arrive after the second was refused.
#[tokio::test]
async fn a_cancellation_after_a_lost_answer_is_not_known_and_nothing_is_prepared_anew() {
    let dynamodb = accounts().await;
    let rival = accounts().await;
    let changed = json!({"Code": "ConditionalCheckFailed", "Item": rival.item()});
    dynamodb.expect([
        done("GetItem"),
        reset(),
        cancelled(&[changed]),
        // To look whether it has happened.
        done("GetItem"),
    ]);
    let update =
        dynamodb.store().transaction().update::<Account>("a-1", |u| u.seal(|f| f.ssn, "x"));

    let error = update.deadline(60 * MINUTE).await.unwrap_err();

    assert!(error.is_unknown_outcome() && !error.is_retryable(), "{error}");
    assert!(error.to_string().starts_with("it is not known whether the transaction happened"));
    dynamodb.requests();
}

#[tokio::test]
async fn a_conflict_after_a_lost_answer_is_waited_for_with_the_same_token() {
    let dynamodb = Dynamodb::new();
    let conflict = json!({"Code": "TransactionConflict"});
    dynamodb.expect([reset(), cancelled(&[conflict]), done(TRANSACT)]);
    let put = dynamodb.store().transaction().put(&account());

    put.deadline(60 * MINUTE).await.unwrap();

    let requests = dynamodb.requests();
    assert!(requests.iter().all(|request| request.body == requests[0].body));
}

#[tokio::test]
async fn one_that_has_happened_is_not_sent_again() {
    let dynamodb = Dynamodb::new();
    let times = Times::new();
    let transaction = prepared(&dynamodb, &times).await;
    dynamodb.expect([done(TRANSACT)]);
    transaction.send().await.unwrap();

    times.pass(60 * MINUTE, 60 * MINUTE);
    transaction.send().await.unwrap();
    transaction.clone().send().await.unwrap();

    dynamodb.request();
}

#[tokio::test]
async fn t32_it_is_sent_for_five_minutes_by_each_clock() {
    let less = Duration::from_secs(5 * 60 - 1);
    let none = Duration::ZERO;
    for (wall, monotonic, is_sent) in [
        (4 * MINUTE, none, true),
        (less, less, true),
        (5 * MINUTE, none, false),
        (none, 5 * MINUTE, false),
        (6 * MINUTE, 6 * MINUTE, false),
    ] {
        let dynamodb = Dynamodb::new();
        let times = Times::new();
        let transaction = prepared(&dynamodb, &times).await;
        // The time between preparing and sending does not count.
        times.pass(60 * MINUTE, 60 * MINUTE);
        dynamodb.expect(thrice(reset).chain([done("GetItem")]));
        let error = transaction.send().await.unwrap_err();
        assert!(error.is_unknown_outcome(), "{error}");
        dynamodb.forget();

        times.pass(wall, monotonic);
        dynamodb.expect([if is_sent { done(TRANSACT) } else { done("GetItem") }]);
        let sent = transaction.send().await;

        assert_eq!(sent.is_ok(), is_sent, "{wall:?} {monotonic:?}");
        assert!(sent.err().is_none_or(|error| error.is_unknown_outcome()));
        dynamodb.requests();
    }
}

#[tokio::test]
async fn a_wall_clock_that_is_set_back_gives_no_more_time() {
    let dynamodb = Dynamodb::new();
    let times = Times::new();
    let transaction = prepared(&dynamodb, &times).await;
    dynamodb.expect(thrice(|| failed(TRANSACT, Fault::ConnectionRefused)));
    transaction.send().await.unwrap_err();
    dynamodb.forget();

    times.set_back(60 * MINUTE);
    times.pass(Duration::ZERO, 5 * MINUTE);
    let error = transaction.send().await.unwrap_err();

    assert!(matches!(error, TransactionError::NotSent(_)), "{error}");
    assert!(!error.is_retryable() && !error.is_conflict());
    assert!(error.to_string().contains("first sent more than 5 minutes ago"), "{error}");
    dynamodb.requests();
}

/// What never left, or was refused, has not happened.
#[tokio::test]
async fn one_of_which_nothing_can_have_happened_says_so_after_five_minutes() {
    for fault in [Fault::ConnectionRefused, Fault::Answer(400, THROTTLED)] {
        let dynamodb = Dynamodb::new();
        let times = Times::new();
        let transaction = prepared(&dynamodb, &times).await;
        dynamodb.expect(thrice(|| failed(TRANSACT, fault)));
        let error = transaction.send().await.unwrap_err();
        assert!(matches!(error, TransactionError::Request(_)) && error.is_retryable(), "{error}");

        times.pass(5 * MINUTE, Duration::ZERO);
        let error = transaction.send().await.unwrap_err();
        assert!(matches!(error, TransactionError::NotSent(_)), "{error}");
        dynamodb.requests();
    }
}

/// The caller stopped waiting for the first answer.
#[tokio::test]
async fn one_whose_future_was_dropped_may_have_happened() {
    let dynamodb = Dynamodb::new();
    let times = Times::new();
    let transaction = prepared(&dynamodb, &times).await;
    dynamodb.expect([failed(TRANSACT, Fault::Waits)]);
    let mut sending = transaction.send();
    let waits = poll_fn(|cx| Poll::Ready(sending.as_mut().poll(cx).is_pending())).await;
    assert!(waits);
    drop(sending);

    times.pass(5 * MINUTE, Duration::ZERO);
    dynamodb.expect([done("GetItem")]);
    let error = transaction.send().await.unwrap_err();

    assert!(error.is_unknown_outcome(), "{error}");
    dynamodb.requests();
}

/// The process was frozen between two attempts of the SDK.
#[tokio::test]
async fn t32_the_sdk_sends_nothing_again_after_five_minutes() {
    for (fault, is_known) in
        [(Fault::ConnectionReset, false), (Fault::Answer(400, THROTTLED), true)]
    {
        let dynamodb = accounts().await;
        let times = Times::new();
        let frozen = times.clone();
        let transaction = prepared(&dynamodb, &times).await;
        dynamodb.expect([failed(TRANSACT, fault).after(move |_| {
            frozen.pass(11 * MINUTE, Duration::ZERO);
        })]);
        if !is_known {
            dynamodb.expect([done("GetItem")]);
        }

        let error = transaction.send().await.unwrap_err();

        assert_eq!(matches!(error, TransactionError::NotSent(_)), is_known, "{error}");
        assert_eq!(error.is_unknown_outcome(), !is_known, "{error}");
        dynamodb.requests();
    }
}

/// The first item has been changed since.
#[tokio::test]
async fn each_item_is_asked_for_the_transactions_envelope() {
    let dynamodb = Dynamodb::new();
    let note = Account { id: "a-0".into(), ..account() };
    let both = dynamodb.store().transaction().put(&account()).put(&note);
    dynamodb.expect([lost(TRANSACT, Fault::ConnectionReset), reset(), reset()]);
    let other = accounts().await.item().unwrap();
    dynamodb.expect([done("GetItem").after(move |item| *item = other), done("GetItem")]);

    let error = both.deadline(Duration::ZERO).await.unwrap_err();

    assert!(error.is_unknown_outcome(), "{error}");
    let requests = dynamodb.requests();
    assert_eq!(requests[3].body["Key"]["id"]["S"], "a-1");
    assert_eq!(requests[4].body["Key"]["id"]["S"], "a-0");
}

/// A deletion leaves nothing by which it could be recognised.
#[tokio::test]
async fn what_leaves_no_envelope_is_not_asked_for() {
    let dynamodb = Dynamodb::new();
    let both = dynamodb.store().transaction().delete::<Note>("n").put(&account());
    dynamodb.expect([lost(TRANSACT, Fault::ConnectionReset), reset(), reset(), done("GetItem")]);

    both.deadline(Duration::ZERO).await.unwrap();

    assert_eq!(dynamodb.requests()[3].body["Key"]["id"]["S"], "a-1");
}
