//! Data keys that a provider reuses and keeps: wiped when they are used up, evicted, forgotten or
//! dropped with the provider.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use envelope_runtime::key::{Cache, Full, KeyProvider, Reuse};
use envelope_runtime::{Clock, Opener, Sealer};

use crate::core::{Known, keys, poll, seal};
use crate::spy::{Freed, freed_by};
use crate::{PATIENT, Patient, assert_wiped, values_behind_pointers};

/// A wall clock that the test sets.
#[derive(Clone, Default)]
struct Hand(Arc<AtomicU64>);

impl Clock for Hand {
    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

fn provider(hand: &Hand) -> impl KeyProvider<Capability = Full> + Clone {
    let reuse = Reuse::records(2).clock(hand.clone());
    Known::Answers.reuse(reuse).cached(Cache::entries(1).clock(hand.clone()))
}

fn assert_clean(freed: &Freed) {
    assert_wiped(freed, &keys(&seal(Known::Answers)));
    assert_wiped(freed, &values_behind_pointers());
}

#[test]
fn t22_data_keys_that_are_used_up_evicted_too_old_or_cleared_leave_nothing() {
    let hand = Hand::default();
    let provider = provider(&hand);
    let (sealer, opener) = (Sealer::new(provider.clone()), Opener::new(provider));
    let ((), freed) = freed_by(|| {
        for round in 0..6 {
            let item = poll(sealer.seal(&*PATIENT)).unwrap().unwrap();
            let loaded = poll(opener.open::<Patient>(item)).unwrap().unwrap();
            std::mem::forget(loaded.into_record());
            if round == 3 {
                hand.0.fetch_add(600, Ordering::Relaxed);
            }
        }
    });
    assert_clean(&freed);
    drop(freed);

    let ((), freed) = freed_by(|| drop((sealer, opener)));
    assert_clean(&freed);
}

#[test]
fn t22_a_call_that_fails_or_that_nobody_waits_for_any_more_leaves_nothing() {
    for known in [Known::Fails, Known::Never] {
        let item = seal(Known::Answers);
        let ((), freed) = freed_by(|| {
            let provider = known.reuse(Reuse::records(2)).cached(Cache::entries(1));
            let (sealer, opener) = (Sealer::new(provider.clone()), Opener::new(provider.clone()));
            drop(poll(sealer.seal(&*PATIENT)));
            drop(poll(opener.open::<Patient>(item)));
            provider.clear();
        });
        assert_clean(&freed);
    }
}
