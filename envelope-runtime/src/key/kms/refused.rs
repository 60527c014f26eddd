//! The copies that KMS refused recently, so that the same forged copy is not sent again and again.
//!
//! The memory holds a digest of everything that KMS decided by: the wrapped key and the encryption
//! context. So an item can shut out only itself, whatever hint an attacker writes into it. Copying
//! a record's wrapped key into another item does not affect the record.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::attribute::write_lp;
use crate::crypto::sha256;
use crate::key::{EncryptedDataKey, EncryptionContext};

/// The maximum number of remembered copies; a new one replaces the oldest.
const CAPACITY: usize = 128;
const AGE: Duration = Duration::from_mins(1);

/// The digest of a wrapped key under an encryption context.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest([u8; 32]);

impl Digest {
    pub(super) fn of(copy: &EncryptedDataKey, context: &EncryptionContext) -> Self {
        let mut parts = Vec::new();
        write_lp(copy.wrapped(), &mut parts);
        for (name, value) in context.iter() {
            write_lp(name.as_bytes(), &mut parts);
            write_lp(value.as_bytes(), &mut parts);
        }
        Self(sha256(&[b"envelope/1 kms refused ", &parts]))
    }
}

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
    use crate::key::ProviderId;

    fn digest(hint: u8, wrapped: &[u8], context: &EncryptionContext) -> Digest {
        Digest::of(&EncryptedDataKey::new(ProviderId::KMS, [hint; 8], wrapped).unwrap(), context)
    }

    #[test]
    fn a_copy_is_known_by_its_wrapped_key_and_context_and_not_by_its_hint() {
        let users = EncryptionContext::new("users", []);
        let tenant = EncryptionContext::new("users", [("tenant", "t-1".to_owned())]);

        assert!(digest(1, b"a", &users) == digest(2, b"a", &users));
        assert!(digest(1, b"a", &users) != digest(1, b"b", &users));
        assert!(digest(1, b"a", &users) != digest(1, b"a", &tenant));
    }

    #[test]
    fn it_is_forgotten_after_a_minute_or_for_newer_ones() {
        let users = EncryptionContext::new("users", []);
        let start = Instant::now();
        let numbered = |number: usize| digest(1, &number.to_be_bytes(), &users);
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
