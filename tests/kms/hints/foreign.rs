//! Records of other keys, and forged ones, cost little and do not keep the reader's own record from
//! loading.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use envelope_runtime::Clock;
use envelope_runtime::error::DataKeyErrorKind;
use envelope_runtime::key::{KeyProvider, KeyReference};
use envelope_tests::{Attempt, Reaction};
use tokio::task::JoinSet;
use tokio::time::{Instant, advance};

use super::{
    Keys, NOT_ASKED, UNKNOWN, counts, hinted, kind, load, pass, request, without_describe,
};

/// The permission to call `DescribeKey`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Describe {
    Allowed,
    Denied,
}

#[tokio::test]
async fn t24_a_cold_reader_loads_its_own_records_after_any_number_of_foreign_ones() {
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    let foreign = keys.foreign_copies(40).await;
    // Decrypts and DescribeKeys. Eight copies are asked about, then the name itself, which settles
    // it for an id. An alias may have moved, and is asked about once more.
    let expected = [
        (Describe::Allowed, [(0, 0), (8, 1), (8, 2)]),
        (Describe::Denied, [(0, 0), (8, 1), (8, 1)]),
    ];
    for (describe, calls) in expected {
        for (name, calls) in keys.names().iter().zip(calls) {
            let (provider, script) = match describe {
                Describe::Allowed => keys.reader(name, pass),
                Describe::Denied => keys.reader(name, without_describe),
            };
            // All at once, if they can be refused at once.
            for copy in foreign.iter().take(if describe == Describe::Denied { 8 } else { 40 }) {
                let kind = kind(&provider, [copy.clone()]).await;
                assert!(kind == UNKNOWN || kind == NOT_ASKED, "{name}: {kind:?}");
            }
            let start = Instant::now();

            load(&provider, [own.clone()]).await.unwrap();

            // Without DescribeKey the load waits for one more question.
            let waited = describe == Describe::Denied && calls.0 > 0;
            assert_eq!(start.elapsed().as_secs(), u64::from(waited), "{name}");
            assert_eq!(counts(&script), (calls.0 + 1, calls.1), "{name}");
            // From now on its ARN is known.
            load(&provider, [own.clone()]).await.unwrap();
            assert_eq!(counts(&script), (1, 0), "{name}");
            let again = kind(&provider, [keys.copy(&keys.foreign).await]).await;
            assert!(again == UNKNOWN || again == NOT_ASKED);
            let decrypts = counts(&script).0;
            let probes = usize::from(describe == Describe::Denied && *name == keys.alias);
            assert!(decrypts <= probes, "{name}: {decrypts}");
        }
    }
}

#[tokio::test]
async fn t24_a_load_waits_for_its_turn_to_ask_and_is_told_to_come_again() {
    let keys = Keys::new().await;
    let (provider, script) = keys.reader(&keys.alias, without_describe);
    let start = Instant::now();
    let mut loads = JoinSet::new();
    let provider = Arc::new(provider);
    for copy in keys.foreign_copies(20).await {
        let provider = Arc::clone(&provider);
        loads.spawn(async move { load(&provider, [copy]).await.unwrap_err() });
    }
    let errors = loads.join_all().await;

    assert_eq!(start.elapsed().as_secs(), 5);
    // Eight at once, then one a second; by the end of the fifth second the last one has arrived.
    let refused = errors.iter().filter(|error| error.kind() == DataKeyErrorKind::UnknownKey);
    let refused = refused.count();
    assert!((12..=13).contains(&refused), "{refused}");
    assert_eq!(counts(&script), (refused, 1));
    let not_asked: Vec<_> = errors.iter().filter(|error| error.is_retryable()).collect();
    assert_eq!(not_asked.len(), 20 - refused);
    assert!(not_asked.iter().all(|error| error.kind() == DataKeyErrorKind::NotAsked));

    load(&provider, [keys.copy(&keys.own).await]).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(7));
}

#[tokio::test]
async fn t24_the_same_foreign_copy_is_asked_about_once_a_minute() {
    let keys = Keys::new().await;
    for name in &keys.names()[1..] {
        let (provider, script) = keys.reader(name, pass);
        let foreign = keys.copy(&keys.foreign).await;

        assert_eq!(kind(&provider, [foreign.clone()]).await, UNKNOWN);
        for _ in 0..99 {
            assert_eq!(kind(&provider, [foreign.clone()]).await, NOT_ASKED);
            // Nor under another hint: the hint does not matter.
            let other = hinted([7; 8], foreign.wrapped());
            assert_eq!(kind(&provider, [other]).await, NOT_ASKED);
        }
        assert_eq!(counts(&script), (1, 0));
        advance(Duration::from_mins(1)).await;
        assert_eq!(kind(&provider, [foreign]).await, UNKNOWN);
        assert_eq!(counts(&script), (1, 0));
    }
}

/// A clock whose second hand the test moves.
#[derive(Clone)]
struct Hand(std::time::Instant, Arc<AtomicU64>);

impl Clock for Hand {
    fn monotonic(&self) -> std::time::Instant {
        self.0 + Duration::from_secs(self.1.load(Ordering::Relaxed))
    }
}

#[tokio::test]
async fn a_provider_goes_by_the_clock_that_it_is_given() {
    let keys = Keys::new().await;
    let foreign = keys.copy(&keys.foreign).await;
    let hand = Hand(std::time::Instant::now(), Arc::default());
    let (provider, script) = keys.reader(&keys.alias, without_describe);
    let provider = provider.clock(hand.clone());

    assert_eq!(kind(&provider, [foreign.clone()]).await, UNKNOWN);
    // Tokio's clock does not count.
    advance(Duration::from_mins(2)).await;
    assert_eq!(kind(&provider, [foreign.clone()]).await, NOT_ASKED);
    assert_eq!(counts(&script), (1, 0));

    hand.1.store(61, Ordering::Relaxed);
    assert_eq!(kind(&provider, [foreign]).await, UNKNOWN);
    assert_eq!(counts(&script), (1, 0));
}

/// The wrapped key of a record, copied into an item of another table, or under another hint.
#[tokio::test]
async fn t24_what_is_made_of_a_records_wrapped_key_does_not_shut_the_record_out() {
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    let (provider, script) = keys.reader(&keys.alias, pass);
    let reference = KeyReference::Wrapped(vec![own.clone()]);
    let people = request("people");

    let moved = provider.decrypt(&reference, &people).await.unwrap_err();
    assert_eq!(moved.kind(), DataKeyErrorKind::Mismatch);
    let again = provider.decrypt(&reference, &people).await.unwrap_err();
    assert_eq!(again.kind(), DataKeyErrorKind::NotAsked);

    load(&provider, [own]).await.unwrap();
    assert_eq!(counts(&script), (2, 0));
}

/// All waiting loads learn the ARN from the first answer; none of them asks twice or is refused.
#[tokio::test]
async fn many_cold_loads_at_once_cost_one_decrypt_each() {
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    for name in keys.names() {
        let slow = |_: &Attempt| Reaction::Pass.after(Duration::from_millis(50));
        let (provider, script) = keys.reader(&name, slow);
        let provider = Arc::new(provider);
        let start = Instant::now();
        let mut loads = JoinSet::new();
        for _ in 0..100 {
            let (provider, own) = (Arc::clone(&provider), own.clone());
            loads.spawn(async move { kind(&provider, [own]).await });
        }

        assert_eq!(loads.join_all().await, vec![None; 100]);

        assert!(start.elapsed() < Duration::from_millis(120), "{name}: {:?}", start.elapsed());
        assert_eq!(counts(&script), (100, 0));
    }
}

#[tokio::test]
async fn a_writer_knows_its_key_from_the_first_save() {
    let keys = Keys::new().await;
    let foreign = keys.foreign_copies(20).await;
    let (id, alias) = (&keys.names()[1], &keys.alias);
    for (name, describes) in [(id, 0), (alias, 1)] {
        let (provider, script) = keys.reader(name, pass);
        provider.generate(&request("users")).await.unwrap();
        assert_eq!(script.take(), ["GenerateDataKey"]);

        for copy in foreign.clone() {
            load(&provider, [copy]).await.unwrap_err();
        }

        assert_eq!(counts(&script), (0, describes), "{name}");
    }
}

#[tokio::test]
async fn t24_each_copy_of_an_item_is_asked_about_once() {
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    let [first, second, third] = &keys.foreign_copies(3).await[..] else { panic!() };
    for name in &keys.names()[1..] {
        // The reader's own copy is found behind foreign ones.
        let (provider, script) = keys.reader(name, without_describe);
        load(&provider, [first.clone(), second.clone(), own.clone()]).await.unwrap();
        assert_eq!(counts(&script), (3, 0), "{name}");

        // One under the own key's hint, which is asked about first, and two under others.
        let forged = hinted(*own.hint(), third.wrapped());
        let loaded = kind(&provider, [first.clone(), forged, second.clone()]).await;
        let alias = *name == keys.alias;
        assert!(loaded == UNKNOWN || alias && loaded == NOT_ASKED, "{loaded:?}");
        // For an alias, which may have moved, DescribeKey does not tell, and the two were refused
        // recently.
        assert_eq!(counts(&script), (1, usize::from(alias)), "{name}");
        advance(Duration::from_mins(1)).await;
        let forged = hinted(*own.hint(), third.wrapped());
        assert_eq!(kind(&provider, [first.clone(), forged, second.clone()]).await, UNKNOWN);
        assert_eq!(counts(&script), if alias { (3, 1) } else { (1, 0) }, "{name}");
    }
}

/// A save learns the ARN, and so wakes the loads that wait for a turn.
#[tokio::test]
async fn a_save_lets_the_loads_go_on_that_wait() {
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    let (provider, script) = keys.reader(&keys.alias, |_| Reaction::Hang);
    let provider = Arc::new(provider);
    let spawn = || {
        let (provider, own) = (Arc::clone(&provider), own.clone());
        tokio::spawn(async move { load(&provider, [own]).await })
    };
    let hang: Vec<_> = (0..8).map(|_| spawn()).collect();
    let waits = spawn();
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(counts(&script), (8, 0));
    script.react(pass);
    let start = Instant::now();

    provider.generate(&request("users")).await.unwrap();

    waits.await.unwrap().unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    hang.iter().for_each(tokio::task::JoinHandle::abort);
}
