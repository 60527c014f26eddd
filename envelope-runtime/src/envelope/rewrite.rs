//! Changes to protected attributes of an item whose record tag was verified.
//!
//! The record's own keys seal the new values, each under a fresh nonce. Attributes that this struct
//! does not know stay unchanged, and the new tag covers them as the old one did. No two rewrites
//! produce the same envelope.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, Entry, Sealed};
use super::header::{Name, SealedEntry};
use super::opening::at;
use super::verified::Verified;
use super::{Item, OpenError, OpenErrorKind, RecordKeys, SALT_LEN, SealError, SealErrorKind};
use crate::attribute::AttributeValue;
use crate::crypto::{NONCE_LEN, RandomFailed};
use crate::expression::Change;
use crate::key::{DataKey, KeyReference};
use crate::record::{FieldError, FieldRole, FieldSchema};

/// A write: the attributes to set, including the envelope, and those to remove.
#[derive(Debug)]
pub(crate) struct Rewrite {
    pub(crate) set: Item,
    pub(crate) remove: BTreeSet<String>,
}

/// A source of random bytes.
pub(crate) type Fill = fn(&mut [u8]) -> Result<(), RandomFailed>;

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

/// The new item, before anything is sealed.
struct Next {
    sealed: BTreeMap<Name, Entry>,
    authenticated: BTreeSet<Name>,
    set: Item,
    remove: BTreeSet<String>,
}

impl Verified {
    /// Seals the changes under the record's own keys. `None` if the whole item is needed and is not
    /// available.
    ///
    /// The envelope differs each time, because it identifies the write. If the changes seal
    /// nothing, an unchanged value is sealed again; if there is none, the salt is fresh.
    pub(crate) fn rewrite(
        &self,
        changes: &[(&'static FieldSchema, &Change)],
        data_key: &DataKey,
        is_whole: bool,
        fill: Fill,
    ) -> Result<Option<Rewrite>, RewriteError> {
        let mut next = self.apply(changes)?;
        let reference = self.reference().clone();
        if next.sealed.is_empty() {
            let salt = self.salt(fill)?;
            let keys = RecordKeys::derive(data_key, &salt);
            return self.seal(next, salt, reference, &keys, fill).map(Some);
        }
        if next.sealed.values().all(|entry| matches!(entry, Entry::Kept(_))) {
            if !is_whole {
                return Ok(None);
            }
            let size = |name: &str| self.item().attribute(name).map_or(0, AttributeValue::size);
            let smallest = next.sealed.iter_mut().min_by_key(|(name, _)| size(name));
            if let Some((name, entry)) = smallest {
                self.open(name, entry)?;
            }
        }
        self.seal(next, self.header().salt, reference, self.keys(), fill).map(Some)
    }

    /// Re-seals everything under another data key. The item must be whole.
    pub(crate) fn reseal(
        &self,
        changes: &[(&'static FieldSchema, &Change)],
        data_key: &DataKey,
        reference: KeyReference,
        fill: Fill,
    ) -> Result<Rewrite, RewriteError> {
        let mut next = self.apply(changes)?;
        for (name, entry) in &mut next.sealed {
            self.open(name, entry)?;
        }
        let salt = self.salt(fill)?;
        self.seal(next, salt, reference, &RecordKeys::derive(data_key, &salt), fill)
    }

    /// The maximum number of plaintext bytes that a rewrite or a reseal seals: those of all values,
    /// old and new.
    pub(crate) fn plaintext_len(&self, changes: &[(&'static FieldSchema, &Change)]) -> u64 {
        let stored_len = |name: &str| match self.item().attribute(name) {
            Some(AttributeValue::B(sealed)) => sealed.len(),
            _ => 0,
        };
        let stored = self.header().sealed.iter().map(|entry| stored_len(&entry.name));
        let sealed = changes.iter().filter(|(field, _)| field.role() == FieldRole::Encrypted);
        let new = sealed.map(|(field, change)| match change {
            Change::Set(Some(value)) => value.plaintext_len(),
            Change::Entries(entries) => {
                entries.plaintext_len() + field.names().map(stored_len).sum::<usize>()
            }
            _ => 0,
        });
        u64::try_from(stored.chain(new).sum::<usize>()).unwrap_or(u64::MAX)
    }

    /// Decrypts a kept value, to be sealed again: it has room for a tag, since it held the old one.
    fn open(&self, name: &str, entry: &mut Entry) -> Result<(), OpenError> {
        if let Entry::Kept(nonce) = entry {
            *entry = Entry::Plaintext(self.plaintext(name, *nonce)?);
        }
        Ok(())
    }

    fn apply(&self, changes: &[(&'static FieldSchema, &Change)]) -> Result<Next, RewriteError> {
        let header = self.header();
        let kept = |entry: &SealedEntry| (entry.name.clone(), Entry::Kept(entry.nonce));
        let mut next = Next {
            sealed: header.sealed.iter().map(kept).collect(),
            authenticated: header.authenticated.iter().cloned().collect(),
            set: Item::default(),
            remove: BTreeSet::new(),
        };
        for (field, change) in changes {
            let value = match change {
                Change::Set(value) => value.as_deref(),
                Change::SetIfAbsent(_) if field.names().any(|name| self.is_stored(name)) => {
                    continue;
                }
                Change::SetIfAbsent(value) => Some(&**value),
                Change::Remove => None,
                Change::Entries(entries) => {
                    let map = entries.applied(self.value(field)?).map_err(|error| {
                        RewriteError::Field(FieldError::new(self.schema(), field.name(), error))
                    })?;
                    // There is no map, and no entry is set.
                    let Some(map) = map else { continue };
                    self.change(&mut next, field, Some(&map))?;
                    continue;
                }
                // Handles do not offer this; the tag cannot cover a sum that DynamoDB computes.
                Change::Add(_) | Change::Delete(_) | Change::Append(_) => {
                    return Err(self.at(field.name(), OpenErrorKind::Authenticated).into());
                }
            };
            self.change(&mut next, field, value)?;
        }
        Ok(next)
    }

    fn change(
        &self,
        next: &mut Next,
        field: &'static FieldSchema,
        value: Option<&AttributeValue>,
    ) -> Result<(), OpenError> {
        let seals = field.role() == FieldRole::Encrypted;
        for name in field.names() {
            if next.sealed.remove(name).is_some() && !seals {
                return Err(self.at(name, OpenErrorKind::Sealed));
            }
            next.remove.insert(name.to_owned());
        }
        let name = field.name();
        // Older names stay listed, so that an older program sees that they have no value.
        next.authenticated.remove(name);
        if let Some(value) = value {
            next.remove.remove(name);
            if seals {
                next.sealed.insert(name.into(), Entry::Plaintext(value.to_plaintext()));
            } else {
                next.set.insert(name, value.clone());
            }
        }
        if !seals {
            next.authenticated.extend(field.names().map(Name::from));
        }
        Ok(())
    }

    fn seal(
        &self,
        next: Next,
        salt: [u8; SALT_LEN],
        reference: KeyReference,
        keys: &RecordKeys,
        fill: Fill,
    ) -> Result<Rewrite, RewriteError> {
        let Next { sealed, authenticated, mut set, remove } = next;
        let mut nonces = vec![0; sealed.len() * NONCE_LEN];
        self.random(fill, &mut nonces)?;

        let sealed = sealed.into_iter().collect();
        let authenticated = authenticated.into_iter().collect();
        let draft = Draft { sealed, authenticated, salt, reference };
        let covered = |name: &str| match set.attribute(name) {
            Some(value) => Some(value),
            None if remove.contains(name) => None,
            None => self.item().attribute(name),
        };
        let sealed = draft.seal(self.identity(), keys, &nonces, covered);
        let Sealed { attributes, envelope } =
            sealed.map_err(|kind| RewriteError::Seal(self.seal_error(kind)))?;
        for (name, bytes) in attributes {
            set.insert_named(name, AttributeValue::B(bytes));
        }
        set.insert(self.schema().envelope(), AttributeValue::B(envelope));
        Ok(Rewrite { set, remove })
    }

    fn is_stored(&self, name: &str) -> bool {
        self.item().attribute(name).is_some()
    }

    /// Refuses an item that DynamoDB would not store, as far as its size is known: attributes that
    /// were not read, or that `changes` says change elsewhere, are not counted.
    pub(crate) fn check_size(
        &self,
        rewrite: &Rewrite,
        changes: impl Fn(&str) -> bool,
    ) -> Result<(), RewriteError> {
        let Rewrite { set, remove } = rewrite;
        let stays =
            |name: &str| set.attribute(name).is_none() && !remove.contains(name) && !changes(name);
        let stored = self.item().iter().filter(|(name, _)| stays(name));
        let size =
            set.size() + stored.map(|(name, value)| name.len() + value.size()).sum::<usize>();
        if size <= Item::MAX_SIZE {
            return Ok(());
        }
        Err(RewriteError::Seal(self.seal_error(SealErrorKind::ItemTooLarge(size))))
    }

    fn salt(&self, fill: Fill) -> Result<[u8; SALT_LEN], RewriteError> {
        let mut salt = [0; SALT_LEN];
        self.random(fill, &mut salt)?;
        Ok(salt)
    }

    fn random(&self, fill: Fill, out: &mut [u8]) -> Result<(), RewriteError> {
        fill(out).map_err(|_| RewriteError::Seal(self.seal_error(SealErrorKind::Random)))
    }

    fn seal_error(&self, kind: SealErrorKind) -> SealError {
        SealError::new(self.schema().place(), kind)
    }

    fn at(&self, name: &str, kind: OpenErrorKind) -> OpenError {
        at(self.schema(), name, kind)
    }
}

#[cfg(test)]
mod tests;
