//! The only place where values are sealed and record tags are computed, for whole records and for
//! the changes of an update.

use std::mem;

use super::header::{Header, Name, SealedEntry};
use super::identity::Identity;
use super::{RecordKeys, SALT_LEN, SealErrorKind};
use crate::attribute::{AttributeValue, Plaintext};
use crate::crypto::{MAC_LEN, NONCE_LEN, Rejected};
use crate::key::KeyReference;

/// The protected attributes of the new item, before anything is sealed.
pub(super) struct Draft {
    /// Sorted by name.
    pub(super) sealed: Vec<(Name, Entry)>,
    /// The names of authenticated attributes, sorted.
    pub(super) authenticated: Vec<Name>,
    pub(super) salt: [u8; SALT_LEN],
    pub(super) reference: KeyReference,
}

/// A sealed attribute of the new item.
pub(super) enum Entry {
    /// The stored ciphertext stays, under its nonce.
    Kept([u8; NONCE_LEN]),
    /// To be sealed in place, so that no copy stays behind: it has room for the tag.
    Plaintext(Plaintext),
}

/// The attributes that were sealed, and the envelope that lists them.
pub(super) struct Sealed {
    pub(super) attributes: Vec<(Name, Vec<u8>)>,
    pub(super) envelope: Vec<u8>,
}

impl Draft {
    /// Seals everything that is not kept, each value under the next of `nonces`, and computes the
    /// record tag. `value` returns the value that an authenticated attribute will have.
    ///
    /// `nonces` has one for each sealed attribute, including those that are kept.
    pub(super) fn seal<'v>(
        self,
        identity: &Identity,
        keys: &RecordKeys,
        nonces: &[u8],
        value: impl Fn(&str) -> Option<&'v AttributeValue>,
    ) -> Result<Sealed, SealErrorKind> {
        let (nonces, _) = nonces.as_chunks::<NONCE_LEN>();
        let mut aad = identity.aad();
        let mut attributes = Vec::with_capacity(self.sealed.len());
        let mut sealed = Vec::with_capacity(self.sealed.len());
        for (index, (name, entry)) in self.sealed.into_iter().enumerate() {
            let mut buffer = match entry {
                Entry::Kept(nonce) => {
                    sealed.push(SealedEntry { name, nonce });
                    continue;
                }
                Entry::Plaintext(plaintext) => plaintext,
            };
            let nonce = *nonces.get(index).ok_or(SealErrorKind::Random)?;
            keys.content
                .seal(nonce, aad.of(&name), &mut buffer)
                .map_err(|Rejected| SealErrorKind::EnvelopeTooLarge)?;
            attributes.push((name.clone(), mem::take(&mut *buffer)));
            sealed.push(SealedEntry { name, nonce });
        }

        let header = Header {
            salt: self.salt,
            tag: [0; MAC_LEN],
            sealed,
            authenticated: self.authenticated,
            reference: self.reference,
        };
        let envelope = header.tagged(identity, keys, value);
        let envelope = envelope.ok_or(SealErrorKind::EnvelopeTooLarge)?;
        Ok(Sealed { attributes, envelope })
    }
}

impl Header {
    /// The stored bytes with the record tag; `None` if they would exceed a limit.
    pub(super) fn tagged<'v>(
        &self,
        identity: &Identity,
        keys: &RecordKeys,
        value: impl Fn(&str) -> Option<&'v AttributeValue>,
    ) -> Option<Vec<u8>> {
        let mut envelope = self.encode()?;
        let tag = keys.mac.tag(&identity.tagged(self, &envelope, value)?.parts());
        Self::write_tag(tag, &mut envelope)?;
        Some(envelope)
    }
}
