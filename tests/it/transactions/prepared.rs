//! Prepared transactions, sent again after lost answers and after a pause.

use std::time::{Instant, SystemTime};

use super::*;

/// A clock that a test sets, each of its two times apart.
#[derive(Clone)]
pub(crate) struct Times(Arc<Mutex<(SystemTime, Instant)>>);

impl Times {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new((SystemTime::now(), Instant::now()))))
    }

    pub(crate) fn wall_goes_on(&self, by: Duration) {
        self.0.lock().unwrap().0 += by;
    }

    fn wall_goes_back(&self, by: Duration) {
        self.0.lock().unwrap().0 -= by;
    }

    pub(crate) fn monotonic_goes_on(&self, by: Duration) {
        self.0.lock().unwrap().1 += by;
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

pub(crate) const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_transaction_that_has_happened_is_not_sent_again() {
    let world = World::new().await;
    let (store, script) = world.scripted(|_| Reaction::Pass);
    world.store.put(&user("zoe")).await.unwrap();
    let changes = store.transaction().update::<User>("zoe", |u| u.add(|f| f.points, 1));
    let prepared = changes.prepare().await.unwrap();
    assert_eq!(world.user("zoe").await.unwrap().points, 7);
    drop(script.take());

    prepared.send().await.unwrap();
    prepared.send().await.unwrap();
    prepared.clone().send().await.unwrap();

    assert_eq!(world.user("zoe").await.unwrap().points, 8);
    assert_eq!(script.take(), ["TransactWriteItems"]);
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_lengthen_the_time() {
    let world = World::new().await;
    let (store, script) = world.scripted(|_| Reaction::Pass);
    let times = Times::new();
    let store = store.clock(times.clone());
    let transaction = store.transaction().delete::<User>("zoe").deadline(Duration::ZERO);
    let prepared = transaction.prepare().await.unwrap();
    script.react(|_| Reaction::Reset);
    prepared.send().await.unwrap_err();
    drop(script.take());

    times.wall_goes_back(60 * MINUTE);
    times.monotonic_goes_on(5 * MINUTE);
    prepared.send().await.unwrap_err();

    assert_eq!(script.take(), [""; 0]);
}

/// Nothing of it can have happened, so the error says so.
#[tokio::test]
async fn one_that_never_reached_dynamodb_is_not_sent_after_five_minutes_and_the_error_says_so() {
    let world = World::new().await;
    let (store, script) = world.scripted(|_| Reaction::Refused);
    let times = Times::new();
    let store = store.clock(times.clone());
    let prepared = store.transaction().put(&user("zoe")).prepare().await.unwrap();
    let error = prepared.send().await.unwrap_err();
    assert!(matches!(error, TransactionError::Request(_)) && error.is_retryable(), "{error}");
    drop(script.take());

    times.wall_goes_on(5 * MINUTE);
    script.react(|_| Reaction::Pass);
    let error = prepared.send().await.unwrap_err();

    assert!(matches!(error, TransactionError::NotSent(_)), "{error}");
    assert!(!error.is_retryable() && !error.is_unknown_outcome());
    assert_eq!(script.take(), [""; 0]);
    assert_eq!(world.user("zoe").await, None);
}

/// The process is frozen between two attempts of the SDK.
#[tokio::test]
async fn t32_a_frozen_process_does_not_send_it_again() {
    for (first, is_unknown) in [(Reaction::Lost, true), (throttled(), false)] {
        let world = World::new().await;
        world.store.put(&user("zoe")).await.unwrap();
        let times = Times::new();
        let frozen = times.clone();
        let (store, script) = world.scripted(|_| Reaction::Pass);
        let store = store.clock(times);
        let changes = store.transaction().update::<User>("zoe", |u| u.add(|f| f.points, 1));
        let prepared = changes.prepare().await.unwrap();
        drop(script.take());
        script.react(move |_| {
            frozen.wall_goes_on(11 * MINUTE);
            first.clone()
        });

        let error = prepared.send().await.unwrap_err();

        let sent = script.take();
        let sent = sent.iter().filter(|operation| *operation == "TransactWriteItems").count();
        assert_eq!(sent, 1);
        assert_eq!(error.is_unknown_outcome(), is_unknown, "{error}");
        assert_eq!(matches!(error, TransactionError::NotSent(_)), !is_unknown, "{error}");
        let points = world.user("zoe").await.unwrap().points;
        assert_eq!(points, if is_unknown { 8 } else { 7 });
    }
}

fn throttled() -> Reaction {
    Reaction::error("com.amazonaws.dynamodb.v20120810#ThrottlingException")
}

#[tokio::test]
async fn a_transaction_in_progress_is_waited_for_and_is_not_prepared_anew() {
    let world = World::new().await;
    let (store, script) = world.scripted(|attempt| match attempt.number {
        0..=3 => Reaction::error("com.amazonaws.dynamodb.v20120810#TransactionInProgressException"),
        _ => Reaction::Pass,
    });
    store.transaction().create(&user("zoe")).deadline(60 * MINUTE).await.unwrap();
    assert_eq!(script.take().len(), 5);

    script.react(|_| {
        Reaction::error("com.amazonaws.dynamodb.v20120810#TransactionInProgressException")
    });
    let transaction = store.transaction().delete::<User>("zoe").deadline(Duration::ZERO);
    let error = transaction.await.unwrap_err();
    assert!(error.is_unknown_outcome(), "{error}");
}

/// Each was prepared over the same state of the record.
#[tokio::test]
async fn of_two_transactions_prepared_over_one_record_the_second_is_refused() {
    let world = World::new().await;
    world.store.put(&user("zoe")).await.unwrap();
    let sealed = |ssn| world.store.transaction().update::<User>("zoe", |u| u.seal(|f| f.ssn, ssn));
    let first = sealed("219-09-9999").prepare().await.unwrap();
    let second = sealed("123-45-6789").prepare().await.unwrap();

    first.send().await.unwrap();
    let error = second.send().await.unwrap_err();

    assert!(error.is_conflict(), "{error}");
    let error = cancelled(error);
    let WriteError::Update(UpdateError::Condition(error)) = error.actions().next().unwrap().error()
    else {
        panic!("{error}")
    };
    assert!(error.to_string().contains("has changed since it was loaded"), "{error}");
    assert_eq!(world.user("zoe").await.unwrap().ssn, "219-09-9999");
}
