//! A budget of Decrypts for records whose key is unknown: forged items must not run up a bill.

use std::time::{Duration, Instant};

/// The number of Decrypts that KMS may refuse in a row.
const TOKENS: u32 = 8;
/// The time after which one more Decrypt is allowed.
const INTERVAL: Duration = Duration::from_secs(1);

/// A token bucket. The time is an argument, so that tests need not wait.
pub(super) struct Budget {
    left: u32,
    /// Tokens taken, and neither spent nor returned yet.
    out: u32,
    refilled: Instant,
}

/// The error if there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Empty {
    /// The time of the next token, if none is returned before.
    pub(super) next: Instant,
    /// True if no token can be returned, because all were spent.
    pub(super) spent: bool,
}

impl Budget {
    pub(super) fn new(now: Instant) -> Self {
        Self { left: TOKENS, out: 0, refilled: now }
    }

    pub(super) fn take(&mut self, now: Instant) -> Result<(), Empty> {
        let earned = now.saturating_duration_since(self.refilled).as_secs() / INTERVAL.as_secs();
        if earned >= u64::from(TOKENS) {
            self.left = TOKENS;
            self.refilled = now;
        } else if let Ok(earned) = u32::try_from(earned) {
            self.left = self.left.saturating_add(earned).min(TOKENS);
            self.refilled += INTERVAL * earned;
        }
        let empty = Empty { next: self.refilled + INTERVAL, spent: self.out == 0 };
        self.left = self.left.checked_sub(1).ok_or(empty)?;
        self.out = self.out.saturating_add(1);
        Ok(())
    }

    /// Spends a token: KMS refused a copy.
    pub(super) fn spend(&mut self) {
        self.out = self.out.saturating_sub(1);
    }

    /// Returns a token: KMS refused no copy.
    pub(super) fn give_back(&mut self) {
        self.spend();
        self.left = self.left.saturating_add(1).min(TOKENS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(budget: &mut Budget, now: Instant) -> usize {
        (0..100).filter(|_| budget.take(now).is_ok()).count()
    }

    #[test]
    fn tokens_are_limited_and_come_back_with_time() {
        let start = Instant::now();
        let mut budget = Budget::new(start);

        assert_eq!(taken(&mut budget, start), 8);
        let empty = |next| Err(Empty { next, spent: false });
        assert_eq!(budget.take(start), empty(start + INTERVAL));
        assert_eq!(budget.take(start + INTERVAL / 2), empty(start + INTERVAL));
        assert_eq!(taken(&mut budget, start + INTERVAL), 1);
        // Half an interval that has passed is not lost.
        assert_eq!(taken(&mut budget, start + INTERVAL * 5 / 2), 1);
        assert_eq!(budget.take(start + INTERVAL * 5 / 2), empty(start + 3 * INTERVAL));
        assert_eq!(taken(&mut budget, start + 1000 * INTERVAL), 8);
    }

    #[test]
    fn what_is_given_back_can_be_taken_and_is_never_more_than_the_whole() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        budget.give_back();
        assert_eq!(taken(&mut budget, start), 8);

        budget.give_back();

        assert_eq!(taken(&mut budget, start), 1);
    }

    #[test]
    fn it_is_spent_when_nobody_can_give_a_token_back() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        taken(&mut budget, start);

        for left in (0..TOKENS).rev() {
            assert!(!budget.take(start).unwrap_err().spent);
            budget.spend();
            assert_eq!(budget.take(start).unwrap_err().spent, left == 0);
        }
    }
}
