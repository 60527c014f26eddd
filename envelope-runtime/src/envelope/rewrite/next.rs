//! The new item of a rewrite, before anything is sealed.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fill, ProtectedChanges, Rewrite, RewriteError};
use crate::attribute::{AttributeValue, Wiped};
use crate::crypto::NONCE_LEN;
use crate::envelope::draft::{Draft, Entry, Sealed};
use crate::envelope::header::{Header, Name, SealedEntry};
use crate::envelope::identity::Identity;
use crate::envelope::opening::at;
use crate::envelope::verified::Verified;
use crate::envelope::{
    Item, OpenError, OpenErrorKind, RecordKeys, SALT_LEN, SealError, SealErrorKind,
};
use crate::expression::Change;
use crate::key::KeyReference;
use crate::record::{FieldError, FieldRole, FieldSchema, RecordSchema};

/// The stored item that is rewritten, without its envelope.
pub(super) struct Base<'a> {
    pub(super) schema: &'a RecordSchema,
    pub(super) item: &'a Item,
    pub(super) identity: &'a Identity,
}

/// The new item, before anything is sealed.
#[derive(Default)]
pub(super) struct Next {
    sealed: BTreeMap<Name, Entry>,
    authenticated: BTreeSet<Name>,
    set: Item,
    remove: BTreeSet<String>,
}

impl Next {
    /// Everything that an envelope lists, unchanged.
    pub(super) fn of(header: &Header) -> Self {
        let kept = |entry: &SealedEntry| (entry.name.clone(), Entry::Kept(entry.nonce));
        Self {
            sealed: header.sealed.iter().map(kept).collect(),
            authenticated: header.authenticated.iter().cloned().collect(),
            ..Self::default()
        }
    }

    pub(super) fn seals_nothing(&self) -> bool {
        self.sealed.is_empty()
    }

    pub(super) fn keeps_all_sealed(&self) -> bool {
        self.sealed.values().all(|entry| matches!(entry, Entry::Kept(_)))
    }

    /// Decrypts the smallest kept value, to be sealed again.
    pub(super) fn open_smallest(&mut self, verified: &Verified) -> Result<(), OpenError> {
        let size = |name: &str| verified.item().attribute(name).map_or(0, AttributeValue::size);
        match self.sealed.iter_mut().min_by_key(|(name, _)| size(name)) {
            Some((name, entry)) => open(verified, name, entry),
            None => Ok(()),
        }
    }

    /// Decrypts all kept values, to be sealed again.
    pub(super) fn open_all(&mut self, verified: &Verified) -> Result<(), OpenError> {
        self.sealed.iter_mut().try_for_each(|(name, entry)| open(verified, name, entry))
    }

    /// Applies the changes of an update. `stored` returns the value of a field as a load reads it.
    pub(super) fn apply(
        &mut self,
        base: &Base<'_>,
        changes: &ProtectedChanges<'_>,
        stored: impl Fn(&FieldSchema) -> Result<Option<Wiped>, OpenError>,
    ) -> Result<(), RewriteError> {
        for (field, change) in changes {
            let value = match change {
                Change::Set(value) => value.as_deref(),
                Change::SetIfAbsent(_) if field.names().any(|name| base.is_stored(name)) => {
                    continue;
                }
                Change::SetIfAbsent(value) => Some(&**value),
                Change::Remove => None,
                Change::Entries(entries) => {
                    let map = entries.applied(stored(field)?).map_err(|error| {
                        RewriteError::Field(FieldError::new(base.schema, field.name(), error))
                    })?;
                    // There is no map, and no entry is set.
                    let Some(map) = map else { continue };
                    self.change(base, field, Some(&map))?;
                    continue;
                }
                // Handles do not offer this; the tag cannot cover a sum that DynamoDB computes.
                Change::Add(_) | Change::Delete(_) | Change::Append(_) => {
                    return Err(base.at(field.name(), OpenErrorKind::Authenticated).into());
                }
            };
            self.change(base, field, value)?;
        }
        Ok(())
    }

    fn change(
        &mut self,
        base: &Base<'_>,
        field: &'static FieldSchema,
        value: Option<&AttributeValue>,
    ) -> Result<(), OpenError> {
        let seals = field.role() == FieldRole::Encrypted;
        for name in field.names() {
            if self.sealed.remove(name).is_some() && !seals {
                return Err(base.at(name, OpenErrorKind::Sealed));
            }
            self.remove.insert(name.to_owned());
        }
        let name = field.name();
        // Older names stay listed, so that an older program sees that they have no value.
        self.authenticated.remove(name);
        if let Some(value) = value {
            self.remove.remove(name);
            if seals {
                self.sealed.insert(name.into(), Entry::Plaintext(value.to_plaintext()));
            } else {
                self.set.insert(name, value.clone());
            }
        }
        if !seals || (value.is_none() && field.is_listed_if_absent()) {
            self.authenticated.extend(field.names().map(Name::from));
        }
        Ok(())
    }

    /// Protects the stored value of a field that no envelope lists, unless a change has done so.
    pub(super) fn take_over(&mut self, field: &'static FieldSchema, stored: Option<Wiped>) {
        let is_done = |name| {
            self.sealed.contains_key(name)
                || self.authenticated.contains(name)
                || self.remove.contains(name)
        };
        if field.names().any(is_done) {
            return;
        }
        match (field.role(), stored) {
            (FieldRole::Encrypted, Some(value)) => {
                let others = field.names().skip(1).map(str::to_owned);
                self.remove.extend(others);
                self.sealed.insert(field.name().into(), Entry::Plaintext(value.to_plaintext()));
            }
            (FieldRole::Encrypted, None) if !field.is_listed_if_absent() => {}
            // An authenticated value stays under the name that it has.
            _ => self.authenticated.extend(field.names().map(Name::from)),
        }
    }

    pub(super) fn seal(
        self,
        base: &Base<'_>,
        salt: [u8; SALT_LEN],
        reference: KeyReference,
        keys: &RecordKeys,
        fill: Fill,
    ) -> Result<Rewrite, RewriteError> {
        let Self { sealed, authenticated, mut set, remove } = self;
        let mut nonces = vec![0; sealed.len() * NONCE_LEN];
        base.random(fill, &mut nonces)?;

        let sealed = sealed.into_iter().collect();
        let authenticated = authenticated.into_iter().collect();
        let draft = Draft { sealed, authenticated, salt, reference };
        let covered = |name: &str| match set.attribute(name) {
            Some(value) => Some(value),
            None if remove.contains(name) => None,
            None => base.item.attribute(name),
        };
        let sealed = draft.seal(base.identity, keys, &nonces, covered);
        let Sealed { attributes, envelope } =
            sealed.map_err(|kind| RewriteError::Seal(base.seal_error(kind)))?;
        for (name, bytes) in attributes {
            set.insert_named(name, AttributeValue::B(bytes));
        }
        set.insert(base.schema.envelope(), AttributeValue::B(envelope));
        Ok(Rewrite { set, remove })
    }
}

/// Decrypts a kept value, to be sealed again: it has room for a tag, since it held the old one.
fn open(verified: &Verified, name: &str, entry: &mut Entry) -> Result<(), OpenError> {
    if let Entry::Kept(nonce) = entry {
        *entry = Entry::Plaintext(verified.plaintext(name, *nonce)?);
    }
    Ok(())
}

impl Base<'_> {
    pub(super) fn is_stored(&self, name: &str) -> bool {
        self.item.attribute(name).is_some()
    }

    pub(super) fn check_size(
        &self,
        rewrite: &Rewrite,
        changes: impl Fn(&str) -> bool,
    ) -> Result<(), RewriteError> {
        let Rewrite { set, remove } = rewrite;
        let stays =
            |name: &str| set.attribute(name).is_none() && !remove.contains(name) && !changes(name);
        let stored = self.item.iter().filter(|(name, _)| stays(name));
        let size =
            set.size() + stored.map(|(name, value)| name.len() + value.size()).sum::<usize>();
        if size <= Item::MAX_SIZE {
            return Ok(());
        }
        Err(RewriteError::Seal(self.seal_error(SealErrorKind::ItemTooLarge(size))))
    }

    pub(super) fn salt(&self, fill: Fill) -> Result<[u8; SALT_LEN], RewriteError> {
        let mut salt = [0; SALT_LEN];
        self.random(fill, &mut salt)?;
        Ok(salt)
    }

    fn random(&self, fill: Fill, out: &mut [u8]) -> Result<(), RewriteError> {
        fill(out).map_err(|_| RewriteError::Seal(self.seal_error(SealErrorKind::Random)))
    }

    fn seal_error(&self, kind: SealErrorKind) -> SealError {
        SealError::new(self.schema.place(), kind)
    }

    fn at(&self, name: &str, kind: OpenErrorKind) -> OpenError {
        at(self.schema, name, kind)
    }
}
