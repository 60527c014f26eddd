//! The copies that KMS refused recently, so that the same forged copy is not sent again and again.
//!
//! The memory holds a digest of everything that KMS decided by: the wrapped key and the encryption
//! context; or, if KMS opened a copy that has another key's hint, of the copy with that hint. So an
//! item can shut out only itself, whatever hint an attacker writes into it. Copying
//! a record's wrapped key into another item does not affect the record.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::key::digest::Digest;

/// The maximum number of remembered copies; a new one replaces the oldest.
const CAPACITY: usize = 128;
const AGE: Duration = Duration::from_mins(1);

/// The digests of the last minute, oldest first.
#[derive(Default)]
pub(super) struct Refused(VecDeque<(Instant, Digest)>);

impl Refused {
    pub(super) fn insert(&mut self, digest: Digest, now: Instant) {
        self.forget(now);
        if self.0.len() == CAPACITY {
            self.0.pop_front();
        }
        self.0.push_back((now, digest));
    }

    pub(super) fn contains(&mut self, digest: &Digest, now: Instant) -> bool {
        self.forget(now);
        self.0.iter().any(|(_, refused)| refused == digest)
    }

    fn forget(&mut self, now: Instant) {
        while self.0.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) >= AGE) {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{EncryptedDataKey, EncryptionContext, ProviderId};

    #[test]
    fn it_is_forgotten_after_a_minute_or_for_newer_ones() {
        let users = EncryptionContext::new("users", []);
        let start = Instant::now();
        let numbered = |number: usize| {
            let copy = EncryptedDataKey::new(ProviderId::KMS, [1; 8], number.to_be_bytes());
            Digest::of_copy(&copy.unwrap(), &users)
        };
        let mut refused = Refused::default();

        refused.insert(numbered(0), start);
        assert!(refused.contains(&numbered(0), start + AGE.mul_f32(0.9)));
        assert!(!refused.contains(&numbered(1), start));
        assert!(!refused.contains(&numbered(0), start + AGE));
        assert!(refused.0.is_empty());

        for number in 0..=CAPACITY {
            refused.insert(numbered(number), start);
        }
        assert_eq!(refused.0.len(), CAPACITY);
        assert!(!refused.contains(&numbered(0), start));
        assert!(refused.contains(&numbered(1), start));
        assert!(refused.contains(&numbered(CAPACITY), start));
    }
}
