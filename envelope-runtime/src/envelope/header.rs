//! The header: the bytes of the reserved attribute.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::{SALT_LEN, SUITE, VERSION};
use crate::crypto::{MAC_LEN, NONCE_LEN};
use crate::key::KeyReference;
use crate::limits::{MAX_AUTHENTICATED, MAX_HEADER, MAX_NAME, MAX_SEALED};

/// The place of the record tag, behind version, suite and salt.
const TAG_AT: usize = 2 + SALT_LEN;
/// The place of the lists.
const LISTS_AT: usize = TAG_AT + MAC_LEN;

/// The name of an attribute: one of the schema's, or from a stored item.
pub(super) type Name = Cow<'static, str>;

/// The content of a header, except for version and suite, of which there is one each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) salt: [u8; SALT_LEN],
    pub(super) tag: [u8; MAC_LEN],
    /// Sorted by name, without duplicates.
    pub(super) sealed: Vec<SealedEntry>,
    /// Sorted, without duplicates, none of them sealed.
    pub(super) authenticated: Vec<Name>,
    pub(super) reference: KeyReference,
}

/// A sealed attribute in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SealedEntry {
    pub(super) name: Name,
    pub(super) nonce: [u8; NONCE_LEN],
}

/// The reason why bytes are not a header that this crate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderError {
    /// Not the form of any version, or beyond a limit.
    Malformed,
    /// A version that this crate does not know.
    Version(u8),
    /// A suite that this crate does not know.
    Suite(u8),
}

impl Header {
    /// The nonce of a sealed attribute.
    pub(super) fn nonce(&self, name: &str) -> Option<[u8; NONCE_LEN]> {
        let index = self.sealed.binary_search_by(|entry| (*entry.name).cmp(name)).ok()?;
        self.sealed.get(index).map(|entry| entry.nonce)
    }

    /// Returns whether the list of authenticated attributes holds `name`.
    pub(super) fn authenticates(&self, name: &str) -> bool {
        self.authenticated.binary_search_by(|listed| (**listed).cmp(name)).is_ok()
    }

    /// `n, entries, m, names` in the encoded header, as the tag covers them.
    pub(super) fn lists<'a>(&self, encoded: &'a [u8]) -> Option<&'a [u8]> {
        encoded.get(LISTS_AT..LISTS_AT + self.lists_len())
    }

    fn lists_len(&self) -> usize {
        let sealed = self.sealed.iter().map(|entry| 1 + entry.name.len() + NONCE_LEN);
        let authenticated = self.authenticated.iter().map(|name| 1 + name.len());
        2 + sealed.sum::<usize>() + authenticated.sum::<usize>()
    }

    fn write_lists(&self, out: &mut Vec<u8>) {
        out.push(length_byte(self.sealed.len()));
        for SealedEntry { name, nonce } in &self.sealed {
            write_name(name, out);
            out.extend_from_slice(nonce);
        }
        out.push(length_byte(self.authenticated.len()));
        for name in &self.authenticated {
            write_name(name, out);
        }
    }

    /// The stored bytes; `None` if they would exceed a limit.
    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        let names = self.sealed.iter().map(|entry| &entry.name).chain(&self.authenticated);
        let within = self.sealed.len() <= MAX_SEALED
            && self.authenticated.len() <= MAX_AUTHENTICATED
            && names.into_iter().all(|name| (1..=MAX_NAME).contains(&name.len()));
        if !within {
            return None;
        }

        let reference = self.reference.encoded_len();
        let mut out = Vec::with_capacity(LISTS_AT + self.lists_len() + reference);
        out.extend_from_slice(&[VERSION, SUITE]);
        out.extend_from_slice(&self.salt);
        out.extend_from_slice(&self.tag);
        self.write_lists(&mut out);
        self.reference.write(&mut out)?;
        (out.len() <= MAX_HEADER).then_some(out)
    }

    /// Writes the record tag into an encoded header, where it was not known before. `None` if the
    /// bytes are not a header.
    pub(super) fn write_tag(tag: [u8; MAC_LEN], encoded: &mut [u8]) -> Option<()> {
        *encoded.get_mut(TAG_AT..)?.first_chunk_mut()? = tag;
        Some(())
    }

    /// Reads stored bytes, which anyone may have written.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, HeaderError> {
        match bytes {
            [VERSION, SUITE, ..] => {}
            [VERSION, suite, ..] => return Err(HeaderError::Suite(*suite)),
            [] | [VERSION] => return Err(HeaderError::Malformed),
            [version, ..] => return Err(HeaderError::Version(*version)),
        }
        if bytes.len() > MAX_HEADER {
            return Err(HeaderError::Malformed);
        }
        let mut input = Input(bytes);
        input.array::<2>()?;
        let header = Self {
            salt: input.array()?,
            tag: input.array()?,
            sealed: input.sealed()?,
            authenticated: input.authenticated()?,
            reference: KeyReference::read(input.0).ok_or(HeaderError::Malformed)?,
        };
        let disjoint = header.authenticated.iter().all(|name| header.nonce(name).is_none());
        if !disjoint {
            return Err(HeaderError::Malformed);
        }
        Ok(header)
    }
}

/// Decodes bytes and encodes them again.
#[cfg(fuzzing)]
pub fn reencode_header(bytes: &[u8]) -> Option<Vec<u8>> {
    Header::decode(bytes).ok()?.encode()
}

/// Every length that gets here was checked against a limit of 255 or less.
fn length_byte(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}

pub(super) fn write_name(name: &str, out: &mut Vec<u8>) {
    out.push(length_byte(name.len()));
    out.extend_from_slice(name.as_bytes());
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], HeaderError> {
        let (array, rest) = self.0.split_first_chunk().ok_or(HeaderError::Malformed)?;
        self.0 = rest;
        Ok(*array)
    }

    fn byte(&mut self) -> Result<usize, HeaderError> {
        self.array().map(|[byte]| usize::from(byte))
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], HeaderError> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(HeaderError::Malformed)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn name(&mut self) -> Result<Name, HeaderError> {
        let length = self.byte()?;
        let name = std::str::from_utf8(self.bytes(length)?).map_err(|_| HeaderError::Malformed)?;
        if name.is_empty() { Err(HeaderError::Malformed) } else { Ok(name.to_owned().into()) }
    }

    fn sealed(&mut self) -> Result<Vec<SealedEntry>, HeaderError> {
        let mut sealed: Vec<SealedEntry> = Vec::new();
        for _ in 0..self.byte()? {
            let entry = SealedEntry { name: self.name()?, nonce: self.array()? };
            if sealed.last().is_some_and(|last| last.name >= entry.name) {
                return Err(HeaderError::Malformed);
            }
            sealed.push(entry);
        }
        Ok(sealed)
    }

    fn authenticated(&mut self) -> Result<Vec<Name>, HeaderError> {
        let count = self.byte()?;
        if count > MAX_AUTHENTICATED {
            return Err(HeaderError::Malformed);
        }
        let mut names: Vec<Name> = Vec::new();
        for _ in 0..count {
            let name = self.name()?;
            if names.last().is_some_and(|last| *last >= name) {
                return Err(HeaderError::Malformed);
            }
            names.push(name);
        }
        Ok(names)
    }
}
