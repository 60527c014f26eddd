//! Changes to protected attributes of a stored item: of one whose record tag was verified, or of
//! one without an envelope that a window accepts.
//!
//! The record's own keys seal the new values, each under a fresh nonce. Attributes that this struct
//! does not know stay unchanged, and the new tag covers them as the old one did. No two rewrites
//! produce the same envelope.

mod next;

use std::collections::BTreeSet;

use super::unsealed::Unsealed;
use super::verified::Verified;
use super::{Item, OpenError, RecordKeys, SealError};
use crate::attribute::AttributeValue;
use crate::crypto::RandomFailed;
use crate::expression::Change;
use crate::key::{DataKey, KeyReference};
use crate::record::{FieldError, FieldRole, FieldSchema};
use next::{Base, Next};

/// A write: the attributes to set, including the envelope, and those to remove.
#[derive(Debug)]
pub(crate) struct Rewrite {
    pub(crate) set: Item,
    pub(crate) remove: BTreeSet<String>,
}

/// A source of random bytes.
pub(crate) type Fill = fn(&mut [u8]) -> Result<(), RandomFailed>;

/// The changes of protected attributes.
pub(crate) type ProtectedChanges<'a> = [(&'static FieldSchema, &'a Change)];

/// The reason why there is nothing to write.
#[derive(Debug)]
pub(crate) enum RewriteError {
    Open(OpenError),
    Seal(SealError),
    Field(FieldError),
}

impl From<OpenError> for RewriteError {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl Verified {
    fn base(&self) -> Base<'_> {
        Base { schema: self.schema(), item: self.item(), identity: self.identity() }
    }

    /// Seals the changes under the record's own keys. `None` if the whole item is needed and is not
    /// available.
    ///
    /// The envelope differs each time, because it identifies the write. If the changes seal
    /// nothing, an unchanged value is sealed again; if there is none, the salt is fresh.
    pub(crate) fn rewrite(
        &self,
        changes: &ProtectedChanges<'_>,
        data_key: &DataKey,
        is_whole: bool,
        fill: Fill,
    ) -> Result<Option<Rewrite>, RewriteError> {
        if !is_whole && self.unlisted().next().is_some() {
            return Ok(None);
        }
        let base = self.base();
        let mut next = self.next(changes)?;
        let reference = self.reference().clone();
        if next.seals_nothing() {
            let salt = base.salt(fill)?;
            let keys = RecordKeys::derive(data_key, &salt);
            return next.seal(&base, salt, reference, &keys, fill).map(Some);
        }
        if next.keeps_all_sealed() {
            if !is_whole {
                return Ok(None);
            }
            next.open_smallest(self)?;
        }
        next.seal(&base, self.header().salt, reference, self.keys(), fill).map(Some)
    }

    /// Re-seals everything under another data key. The item must be whole.
    pub(crate) fn reseal(
        &self,
        changes: &ProtectedChanges<'_>,
        data_key: &DataKey,
        reference: KeyReference,
        fill: Fill,
    ) -> Result<Rewrite, RewriteError> {
        let base = self.base();
        let mut next = self.next(changes)?;
        next.open_all(self)?;
        let salt = base.salt(fill)?;
        next.seal(&base, salt, reference, &RecordKeys::derive(data_key, &salt), fill)
    }

    fn next(&self, changes: &ProtectedChanges<'_>) -> Result<Next, RewriteError> {
        let base = self.base();
        let mut next = Next::of(self.header());
        next.apply(&base, changes, |field| self.value(field))?;
        for field in self.unlisted() {
            if self.lets_in(field) {
                next.take_over(field, self.value(field)?);
            } else if !field.names().any(|name| base.is_stored(name)) {
                next.take_over(field, None);
            }
        }
        Ok(next)
    }

    /// The fields with a window that the envelope does not list.
    pub(crate) fn unlisted(&self) -> impl Iterator<Item = &'static FieldSchema> {
        self.header().unlisted(self.schema())
    }

    /// The maximum number of plaintext bytes that a rewrite or a reseal seals: those of all values,
    /// old and new.
    pub(crate) fn plaintext_len(&self, changes: &ProtectedChanges<'_>) -> u64 {
        let stored_len = |name: &str| match self.item().attribute(name) {
            Some(AttributeValue::B(sealed)) => sealed.len(),
            _ => 0,
        };
        let stored = self.header().sealed.iter().map(|entry| stored_len(&entry.name));
        let let_in = self.unlisted().filter(|field| field.role() == FieldRole::Encrypted);
        let let_in = let_in.flat_map(FieldSchema::names);
        let let_in = let_in.filter_map(|name| self.item().attribute(name));
        let let_in = let_in.map(AttributeValue::plaintext_len);
        let new = new_len(changes, stored_len);
        u64::try_from(stored.chain(let_in).sum::<usize>() + new).unwrap_or(u64::MAX)
    }

    /// Refuses an item that DynamoDB would not store, as far as its size is known: attributes that
    /// were not read, or that `changes` says change elsewhere, are not counted.
    pub(crate) fn check_size(
        &self,
        rewrite: &Rewrite,
        changes: impl Fn(&str) -> bool,
    ) -> Result<(), RewriteError> {
        self.base().check_size(rewrite, changes)
    }
}

impl Unsealed {
    fn base(&self) -> Base<'_> {
        Base { schema: self.schema(), item: self.item(), identity: self.identity() }
    }

    /// Seals the item with the changes. Its plaintext attributes stay as they are.
    pub(crate) fn seal(
        &self,
        changes: &ProtectedChanges<'_>,
        data_key: &DataKey,
        reference: KeyReference,
        fill: Fill,
    ) -> Result<Rewrite, RewriteError> {
        let base = self.base();
        let mut next = Next::default();
        next.apply(&base, changes, |field| Ok(self.value(field)))?;
        for field in self.schema().fields().filter(|field| field.is_protected()) {
            next.take_over(field, self.value(field));
        }
        let salt = base.salt(fill)?;
        next.seal(&base, salt, reference, &RecordKeys::derive(data_key, &salt), fill)
    }

    /// The maximum number of plaintext bytes that are sealed.
    pub(crate) fn plaintext_len(&self, changes: &ProtectedChanges<'_>) -> u64 {
        let len = |name: &str| self.item().attribute(name).map_or(0, AttributeValue::plaintext_len);
        let sealed = self.schema().fields().filter(|field| field.role() == FieldRole::Encrypted);
        let stored = sealed.flat_map(FieldSchema::names).map(len).sum::<usize>();
        u64::try_from(stored + new_len(changes, len)).unwrap_or(u64::MAX)
    }

    /// Refuses an item that DynamoDB would not store: see [`Verified::check_size`].
    pub(crate) fn check_size(
        &self,
        rewrite: &Rewrite,
        changes: impl Fn(&str) -> bool,
    ) -> Result<(), RewriteError> {
        self.base().check_size(rewrite, changes)
    }
}

/// The number of bytes of the new values of encrypted attributes.
fn new_len(changes: &ProtectedChanges<'_>, stored_len: impl Fn(&str) -> usize) -> usize {
    let sealed = changes.iter().filter(|(field, _)| field.role() == FieldRole::Encrypted);
    let new = sealed.map(|(field, change)| match change {
        Change::Set(Some(value)) | Change::SetIfAbsent(value) => value.plaintext_len(),
        Change::Entries(entries) => {
            entries.plaintext_len() + field.names().map(&stored_len).sum::<usize>()
        }
        _ => 0,
    });
    new.sum()
}

#[cfg(test)]
mod tests;
