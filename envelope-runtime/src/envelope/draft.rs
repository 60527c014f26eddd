//! The only place where values are sealed and record tags are computed, for whole records and for
//! the changes of an update.

use std::mem;

use super::header::{Header, SealedEntry};
use super::identity::Identity;
use super::{RecordKeys, SALT_LEN, SealErrorKind};
use crate::attribute::{AttributeValue, Plaintext};
use crate::crypto::{MAC_LEN, NONCE_LEN, Rejected, TAG_LEN};
use crate::key::KeyReference;

/// The protected attributes of the new item, before anything is sealed.
pub(super) struct Draft<'a> {
    /// Sorted by name.
    pub(super) sealed: Vec<(String, Entry<'a>)>,
    /// The names of authenticated attributes, sorted.
    pub(super) authenticated: Vec<String>,
    pub(super) salt: [u8; SALT_LEN],
    pub(super) reference: KeyReference,
}

/// A sealed attribute of the new item.
pub(super) enum Entry<'a> {
    /// The stored ciphertext stays, under its nonce.
    Kept([u8; NONCE_LEN]),
    New(&'a AttributeValue),
    /// The plaintext of a stored value, to be sealed again.
    Opened(Plaintext),
}

/// The attributes that were sealed, and the envelope that lists them.
pub(super) struct Sealed {
    pub(super) attributes: Vec<(String, Vec<u8>)>,
    pub(super) envelope: Vec<u8>,
}

impl Draft<'_> {
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
        let mut attributes = Vec::with_capacity(self.sealed.len());
        let mut sealed = Vec::with_capacity(self.sealed.len());
        for (index, (name, entry)) in self.sealed.into_iter().enumerate() {
            let mut buffer = match entry {
                Entry::Kept(nonce) => {
                    sealed.push(SealedEntry { name, nonce });
                    continue;
                }
                // The ciphertext replaces the plaintext in place, so no copy of the plaintext stays
                // behind.
                Entry::New(value) => Plaintext::from(value.to_plaintext(TAG_LEN)),
                // It has room for the tag, since it held the old one.
                Entry::Opened(plaintext) => plaintext,
            };
            let nonce = *nonces.get(index).ok_or(SealErrorKind::Random)?;
            keys.content
                .seal(nonce, &identity.aad(&name), &mut buffer)
                .map_err(|Rejected| SealErrorKind::EnvelopeTooLarge)?;
            attributes.push((name.clone(), mem::take(&mut *buffer)));
            sealed.push(SealedEntry { name, nonce });
        }

        let mut header = Header {
            salt: self.salt,
            tag: [0; MAC_LEN],
            sealed,
            authenticated: self.authenticated,
            reference: self.reference,
        };
        header.tag = keys.mac.tag(&identity.tag_input(&header, value));
        let envelope = header.encode().ok_or(SealErrorKind::EnvelopeTooLarge)?;
        Ok(Sealed { attributes, envelope })
    }
}
