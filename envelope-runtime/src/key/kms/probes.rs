//! How often KMS is asked about a key whose ARN is unknown: forged items must not become a bill.

use std::time::{Duration, Instant};

/// Decrypt calls that name an alias whose key is not known yet: so many at once, …
const PROBES: u32 = 8;
/// … and one more after each such time. Forged items must not become a KMS bill.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// A token bucket over the calls that name a key whose ARN is unknown.
pub(super) struct Probes {
    left: u32,
    refilled: Instant,
}

impl Probes {
    pub(super) fn new(now: Instant) -> Self {
        Self { left: PROBES, refilled: now }
    }

    pub(super) fn take(&mut self, now: Instant) -> bool {
        let elapsed = now.saturating_duration_since(self.refilled);
        let earned = elapsed.as_secs() / PROBE_INTERVAL.as_secs();
        if earned > 0 {
            let earned = u32::try_from(earned).unwrap_or(PROBES);
            self.left = self.left.saturating_add(earned).min(PROBES);
            self.refilled = now;
        }
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }

    /// A probe that succeeded taught something and is not counted.
    pub(super) fn give_back(&mut self) {
        self.left = self.left.saturating_add(1).min(PROBES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_are_limited_and_come_back_with_time() {
        let start = Instant::now();
        let mut probes = Probes::new(start);

        let taken = (0..100).filter(|_| probes.take(start)).count();
        assert_eq!(taken, 8);
        assert!(!probes.take(start + PROBE_INTERVAL / 2));
        assert!(probes.take(start + PROBE_INTERVAL));
        assert!(!probes.take(start + PROBE_INTERVAL));
        let much_later = start + 1000 * PROBE_INTERVAL;
        assert_eq!((0..100).filter(|_| probes.take(much_later)).count(), 8);
    }
}
