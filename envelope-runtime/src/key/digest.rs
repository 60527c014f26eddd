//! Names for what was asked of a key service, without keeping the question.

use super::{EncryptedDataKey, EncryptionContext, KeyReference};
use crate::attribute::write_lp;
use crate::crypto::sha256;

/// The digest of a data key's stored form under an encryption context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Digest([u8; 32]);

impl Digest {
    /// Of everything by which KMS decides: the wrapped key and the context, and not the hint.
    #[cfg(feature = "aws")]
    pub(super) fn of_copy(copy: &EncryptedDataKey, context: &EncryptionContext) -> Self {
        let mut parts = Vec::new();
        write_lp(copy.wrapped(), &mut parts);
        write_context(context, &mut parts);
        Self(sha256(&[b"envelope/1 kms refused ", &parts]))
    }

    /// Of everything by which a provider decides: the whole reference and the context.
    pub(super) fn of(reference: &KeyReference, context: &EncryptionContext) -> Self {
        let mut parts = Vec::new();
        match reference {
            KeyReference::Wrapped(copies) => {
                parts.push(1);
                write_lp(&[u8::try_from(copies.len()).unwrap_or(u8::MAX)], &mut parts);
                for copy in copies {
                    write_copy(copy, &mut parts);
                }
            }
            KeyReference::KeyTable(id) => {
                parts.push(2);
                write_lp(id, &mut parts);
            }
        }
        write_context(context, &mut parts);
        Self(sha256(&[b"envelope/1 kept ", &parts]))
    }
}

fn write_copy(copy: &EncryptedDataKey, parts: &mut Vec<u8>) {
    parts.push(copy.provider().as_u8());
    parts.extend_from_slice(copy.hint());
    write_lp(copy.wrapped(), parts);
}

fn write_context(context: &EncryptionContext, parts: &mut Vec<u8>) {
    for (name, value) in context.iter() {
        write_lp(name.as_bytes(), parts);
        write_lp(value.as_bytes(), parts);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::key::ProviderId;

    fn copy(id: ProviderId, hint: u8, wrapped: &[u8]) -> EncryptedDataKey {
        EncryptedDataKey::new(id, [hint; 8], wrapped).unwrap()
    }

    #[test]
    fn t07_no_two_questions_share_a_digest() {
        let (kms, local) = (ProviderId::KMS, ProviderId::LOCAL);
        let references = [
            KeyReference::Wrapped(vec![]),
            copy(kms, 1, b"ab").into(),
            copy(kms, 2, b"ab").into(),
            copy(local, 1, b"ab").into(),
            copy(kms, 1, b"abc").into(),
            KeyReference::Wrapped(vec![copy(kms, 1, b"ab"), copy(kms, 1, b"c")]),
            KeyReference::Wrapped(vec![copy(kms, 1, b"c"), copy(kms, 1, b"ab")]),
            KeyReference::Wrapped(vec![copy(kms, 1, b"a"), copy(kms, 1, b"bc")]),
            KeyReference::KeyTable(b"ab".to_vec()),
            KeyReference::KeyTable(b"abc".to_vec()),
            KeyReference::KeyTable(vec![0]),
        ];
        let fields: [&[(&str, &str)]; 8] = [
            &[],
            &[("tenant", "a")],
            &[("tenant", "b")],
            &[("tenant", "a"), ("ward", "b")],
            &[("tenant", "award"), ("ward", "")],
            &[("ward", "a"), ("tenant", "b")],
            &[("a", ""), ("b", "c")],
            // As the pairs before, if names had no length in front.
            &[("a\0\0\0\0b", "c")],
        ];
        let mut seen = BTreeSet::new();
        for reference in &references {
            for fields in fields {
                for table in ["users", "orders"] {
                    let fields = fields.iter().map(|(name, value)| (*name, (*value).to_owned()));
                    let context = EncryptionContext::new(table, fields);
                    let Digest(digest) = Digest::of(reference, &context);
                    assert!(seen.insert(digest), "{reference:?} {context:?}");
                    assert_eq!(Digest(digest), Digest::of(&reference.clone(), &context.clone()));
                }
            }
        }
    }

    #[cfg(feature = "aws")]
    #[test]
    fn a_copy_is_known_by_its_wrapped_key_and_context_and_not_by_its_hint() {
        let users = EncryptionContext::new("users", []);
        let tenant = EncryptionContext::new("users", [("tenant", "t-1".to_owned())]);
        let digest = |hint, wrapped, context| {
            Digest::of_copy(&copy(ProviderId::KMS, hint, wrapped), context)
        };

        assert_eq!(digest(1, b"a", &users), digest(2, b"a", &users));
        assert_ne!(digest(1, b"a", &users), digest(1, b"b", &users));
        assert_ne!(digest(1, b"a", &users), digest(1, b"a", &tenant));
    }
}
