//! A KMS that throttles, denies, fails or hangs: unanswered questions use nothing up.

use std::sync::Arc;
use std::time::Duration;

use envelope_runtime::error::DataKeyErrorKind;
use envelope_runtime::key::KeyProvider;
use envelope_tests::{Attempt, Reaction};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Keys, UNKNOWN, counts, hinted, kind, load, pass, request};

/// If KMS throttles, denies, fails or is unreachable, it has said nothing about the copies.
#[tokio::test]
async fn t33_what_kms_did_not_answer_uses_nothing_up() {
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    let foreign = keys.foreign_copies(8).await;
    for reaction in [
        Reaction::error("ThrottlingException"),
        Reaction::error("AccessDeniedException"),
        Reaction::error("DisabledException"),
        Reaction::error("KMSInternalException"),
        Reaction::error("ExpiredTokenException"),
        Reaction::Answer(503, String::new()),
        Reaction::Refused,
        Reaction::Lost,
    ] {
        for name in &keys.names()[1..] {
            let outage = reaction.clone();
            let (provider, script) = keys.reader(name, move |_| outage.clone());
            for _ in 0..20 {
                load(&provider, [own.clone()]).await.unwrap_err();
            }
            assert_eq!(counts(&script), (20, 0));
            script.react(pass);

            let start = Instant::now();
            for copy in &foreign {
                assert_eq!(kind(&provider, [copy.clone()]).await, UNKNOWN, "{reaction:?}");
            }
            assert_eq!(counts(&script), (8, 0), "all eight are left: {reaction:?}");
            load(&provider, [own.clone()]).await.unwrap();
            assert_eq!(start.elapsed(), Duration::ZERO);
        }
    }
}

#[tokio::test]
async fn t33_loads_that_are_given_up_use_nothing_up() {
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    let (provider, script) = keys.reader(&keys.alias, |_| Reaction::Hang);
    for _ in 0..20 {
        let given_up =
            tokio::time::timeout(Duration::from_millis(1), load(&provider, [own.clone()]));
        given_up.await.unwrap_err();
    }
    assert_eq!(counts(&script), (20, 0));
    script.react(pass);

    for copy in keys.foreign_copies(8).await {
        assert_eq!(kind(&provider, [copy]).await, UNKNOWN);
    }
    assert_eq!(counts(&script), (8, 0));

    // The same with DescribeKey: the next load asks in place of the cancelled one.
    script.react(|_| Reaction::Hang);
    let foreign = keys.copy(&keys.foreign).await;
    let given_up = tokio::time::timeout(Duration::from_millis(1), load(&provider, [foreign]));
    given_up.await.unwrap_err();
    script.react(pass);
    load(&provider, [own]).await.unwrap();
    assert_eq!(counts(&script), (1, 2));
}

#[tokio::test]
async fn t33_loads_do_not_queue_while_kms_throttles() {
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    for name in keys.names() {
        let slow = Duration::from_millis(100);
        let throttled = move |_: &Attempt| Reaction::error("ThrottlingException").after(slow);
        let (provider, script) = keys.reader(&name, throttled);
        let provider = Arc::new(provider);
        let start = Instant::now();
        let mut loads = JoinSet::new();
        for _ in 0..16 {
            let (provider, own) = (Arc::clone(&provider), own.clone());
            loads.spawn(async move { kind(&provider, [own]).await });
        }

        for kind in loads.join_all().await {
            assert_eq!(kind, Some(DataKeyErrorKind::Throttled));
        }

        // Eight at once, and the turns that they release are taken at once.
        let rounds = if name == keys.own { 1 } else { 2 };
        assert_eq!(start.elapsed().as_millis() / 100, rounds, "{name}");
        assert_eq!(counts(&script), (16, 0));
    }
}

#[tokio::test]
async fn t33_four_forged_copies_cost_one_call_in_an_outage() {
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    let forged = |hint| [1, 2, 3, 4].map(|number| hinted(hint, &[number; 200]));
    for (reaction, expected) in [
        (Reaction::error("ThrottlingException"), DataKeyErrorKind::Throttled),
        (Reaction::error("AccessDeniedException"), DataKeyErrorKind::AccessDenied),
        (Reaction::Refused, DataKeyErrorKind::Network),
        (Reaction::Answer(502, "<html>".into()), DataKeyErrorKind::Service),
    ] {
        for name in keys.names() {
            for hint in [*own.hint(), [7; 8]] {
                for warm in [false, true] {
                    let (provider, script) = keys.reader(&name, pass);
                    if warm {
                        load(&provider, [own.clone()]).await.unwrap();
                    }
                    let _ = script.take();
                    let outage = reaction.clone();
                    script.react(move |_| outage.clone());

                    let kind = kind(&provider, forged(hint)).await;

                    let is_known = (warm || name == keys.own) && hint != *own.hint();
                    if is_known && name != keys.alias {
                        assert_eq!((kind, counts(&script)), (UNKNOWN, (0, 0)));
                        continue;
                    }
                    // If DescribeKey is denied, KMS is asked about the copy instead.
                    let denied = is_known && expected == DataKeyErrorKind::AccessDenied;
                    let calls = script.take().len();
                    assert_eq!((kind, calls), (Some(expected), 1 + usize::from(denied)), "{name}");
                }
            }
        }
    }
}

/// Whatever the hints in it, and whether or not the key was accepted too.
#[tokio::test]
async fn t33_a_key_that_cannot_be_asked_is_asked_once_a_load() {
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    for name in keys.names() {
        for accepts in [false, true] {
            let (provider, script) = keys.reader(&name, pass);
            let provider = if accepts { provider.accept(&keys.own) } else { provider };
            load(&provider, [own.clone()]).await.unwrap();
            provider.generate(&request("users")).await.unwrap();
            let _ = script.take();
            script.react(|_| Reaction::error("ThrottlingException"));
            let copies = [[7; 8], *own.hint(), [9; 8], *own.hint()];

            let kind = kind(&provider, copies.map(|hint| hinted(hint, &hint))).await;

            assert_eq!(kind, Some(DataKeyErrorKind::Throttled), "{name}");
            // If its key is accepted too, an alias may lead to another key by now, which is asked
            // about as well.
            let moved = usize::from(accepts && name == keys.alias);
            assert_eq!(counts(&script), (1, moved), "{name}");
        }
    }
}

/// The other copy is under a key that was configured for this.
#[tokio::test]
async fn t33_of_several_keys_the_next_is_asked_where_one_cannot_be() {
    let keys = Keys::new().await;
    let (own, foreign) = (keys.copy(&keys.own).await, keys.copy(&keys.foreign).await);
    for reaction in [
        Reaction::error("AccessDeniedException"),
        Reaction::error("DisabledException"),
        Reaction::error("NotFoundException"),
        Reaction::error("KMSInvalidStateException"),
        Reaction::error("ThrottlingException"),
        Reaction::error("KMSInternalException"),
        Reaction::Answer(504, String::new()),
        Reaction::Refused,
        Reaction::Reset,
    ] {
        for name in keys.names() {
            // The accepted key is in an outage; each of its copies comes before the one that opens.
            let (outage, accepted) = (reaction.clone(), keys.foreign.clone());
            let (provider, script) = keys.reader(&name, move |attempt| {
                if attempt.body.contains(&accepted) { outage.clone() } else { Reaction::Pass }
            });
            let provider = provider.accept(&keys.foreign);
            let copies = [foreign.clone(), foreign.clone(), foreign.clone(), own.clone()];

            load(&provider, copies).await.unwrap();

            assert_eq!(counts(&script), (2, 0), "{name}: {reaction:?}");
        }
    }
}

#[tokio::test]
async fn t33_if_no_key_can_be_asked_a_retryable_error_takes_precedence() {
    let keys = Keys::new().await;
    let (own, foreign) = (keys.copy(&keys.own).await, keys.copy(&keys.foreign).await);
    for name in keys.names() {
        for order in [["AccessDenied", "Throttling"], ["Throttling", "AccessDenied"]] {
            let (provider, _) = keys.reader(&name, move |attempt| {
                Reaction::error(&format!("{}Exception", order[attempt.number.min(1)]))
            });
            let provider = provider.accept(&keys.foreign);

            let kind = kind(&provider, [foreign.clone(), own.clone()]).await;

            assert_eq!(kind, Some(DataKeyErrorKind::Throttled), "{name}: {order:?}");
        }
    }
}
