//! The rate of calls to the key service that scans and bulk loads make.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const DEFAULT_PER_SECOND: u32 = 500;

/// Spaces calls evenly.
pub(crate) struct Pace {
    interval: Duration,
    /// The time of the next call.
    next: Mutex<Option<Instant>>,
}

impl Pace {
    pub(crate) fn new(per_second: NonZeroU32) -> Self {
        Self { interval: Duration::from_secs(1) / per_second.get(), next: Mutex::default() }
    }

    /// Reserves the next call, and returns the time until then.
    pub(crate) fn reserve(&self, now: Instant) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let at = next.map_or(now, |next| next.max(now));
        *next = Some(at + self.interval);
        at.duration_since(now)
    }

    /// Corrects a reservation by the number of calls that were made.
    pub(super) fn settle(&self, calls: u64) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let further = u32::try_from(calls).unwrap_or(u32::MAX).checked_sub(1);
        *next = next.and_then(|next| match further {
            Some(further) => next.checked_add(self.interval.saturating_mul(further)),
            None => next.checked_sub(self.interval),
        });
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self { interval: Duration::from_secs(1) / DEFAULT_PER_SECOND, next: Mutex::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_spaced_evenly_and_none_is_saved_up() {
        let pace = Pace::new(NonZeroU32::new(4).unwrap());
        let start = Instant::now();
        let (quarter, second) = (Duration::from_millis(250), Duration::from_secs(1));

        assert_eq!(pace.reserve(start), Duration::ZERO);
        assert_eq!(pace.reserve(start), quarter);
        assert_eq!(pace.reserve(start), 2 * quarter);
        assert_eq!(pace.reserve(start + quarter), 2 * quarter);
        // After a long pause, the calls are as far apart as ever.
        assert_eq!(pace.reserve(start + 60 * second), Duration::ZERO);
        assert_eq!(pace.reserve(start + 60 * second), quarter);
        assert_eq!(Pace::default().interval, Duration::from_millis(2));
    }

    #[test]
    fn a_reservation_without_a_call_is_given_back_and_further_calls_count() {
        let pace = Pace::new(NonZeroU32::new(4).unwrap());
        let start = Instant::now();
        let quarter = Duration::from_millis(250);

        for _ in 0..10 {
            assert_eq!(pace.reserve(start), Duration::ZERO);
            pace.settle(0);
        }
        assert_eq!(pace.reserve(start), Duration::ZERO);
        pace.settle(1);
        assert_eq!(pace.reserve(start), quarter);
        pace.settle(3);
        assert_eq!(pace.reserve(start), 4 * quarter);
    }
}
