//! Changes of protected attributes of an item whose record tag was verified.
//!
//! The record's own keys seal the new values, each under a fresh nonce. What this struct does not know
//! stays as it is, and the new tag covers it as the old one did. No two rewrites make the same envelope.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use zeroize::Zeroizing;

use super::header::{Header, SealedEntry};
use super::open::at;
use super::verified::Verified;
use super::{Item, OpenError, OpenErrorKind, RecordKeys, SALT_LEN, SealError, SealErrorKind};
use crate::attribute::AttributeValue;
use crate::crypto::{MAC_LEN, NONCE_LEN, RandomFailed, Rejected, TAG_LEN};
use crate::key::{DataKey, KeyReference};
use crate::record::{Change, FieldRole, FieldSchema};

/// What is written: attributes that take a value, the envelope among them, and those that go.
#[derive(Debug)]
pub(crate) struct Rewrite {
    pub(crate) set: Item,
    pub(crate) remove: BTreeSet<String>,
}

/// A source of random bytes.
pub(crate) type Fill = fn(&mut [u8]) -> Result<(), RandomFailed>;

/// Why there is nothing to write.
#[derive(Debug)]
pub(crate) enum RewriteError {
    Open(OpenError),
    Seal(SealError),
}

impl From<OpenError> for RewriteError {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

/// A sealed attribute of the item to be.
enum Entry<'a> {
    /// As it is stored.
    Kept([u8; NONCE_LEN]),
    New(&'a AttributeValue),
    /// To be sealed again.
    Opened(Zeroizing<Vec<u8>>),
}

/// The item to be, before anything is sealed.
struct Draft<'a> {
    sealed: BTreeMap<String, Entry<'a>>,
    authenticated: BTreeSet<String>,
    set: Item,
    remove: BTreeSet<String>,
}

impl Verified {
    /// Seals what changes under the record's own keys. `None` if the whole item is needed and is not here.
    ///
    /// The envelope is another one each time, because a write is known by it: where nothing is sealed, a value
    /// that stays is sealed again, or the salt is fresh if there is none.
    pub(crate) fn rewrite(
        &self,
        changes: &[(&'static FieldSchema, &Change)],
        data_key: &DataKey,
        is_whole: bool,
        fill: Fill,
    ) -> Result<Option<Rewrite>, RewriteError> {
        let mut draft = self.draft(changes)?;
        let mut header = Header { sealed: Vec::new(), ..self.header().clone() };
        if draft.sealed.is_empty() {
            self.random(fill, &mut header.salt)?;
            let keys = RecordKeys::derive(data_key, &header.salt);
            return self.seal(draft, header, &keys, fill).map(Some);
        }
        if draft.sealed.values().all(|entry| matches!(entry, Entry::Kept(_))) {
            if !is_whole {
                return Ok(None);
            }
            let size = |name: &str| self.item().attribute(name).map_or(0, AttributeValue::size);
            if let Some((name, entry)) = draft.sealed.iter_mut().min_by_key(|(name, _)| size(name))
            {
                self.open(name, entry)?;
            }
        }
        self.seal(draft, header, self.keys(), fill).map(Some)
    }

    /// Seals everything anew, under another data key. The item must be whole.
    pub(crate) fn reseal(
        &self,
        changes: &[(&'static FieldSchema, &Change)],
        data_key: &DataKey,
        reference: KeyReference,
        fill: Fill,
    ) -> Result<Rewrite, RewriteError> {
        let mut draft = self.draft(changes)?;
        for (name, entry) in &mut draft.sealed {
            self.open(name, entry)?;
        }
        let mut salt = [0; SALT_LEN];
        self.random(fill, &mut salt)?;
        let header = Header {
            salt,
            tag: [0; MAC_LEN],
            sealed: Vec::new(),
            authenticated: Vec::new(),
            reference,
        };
        self.seal(draft, header, &RecordKeys::derive(data_key, &salt), fill)
    }

    /// The most plaintext bytes that a rewrite or a reseal seals: of all values, old and new.
    pub(crate) fn plaintext_len(&self, changes: &[(&'static FieldSchema, &Change)]) -> u64 {
        let stored =
            self.header().sealed.iter().map(|entry| match self.item().attribute(&entry.name) {
                Some(AttributeValue::B(sealed)) => sealed.len(),
                _ => 0,
            });
        let new = changes.iter().map(|(field, change)| match change {
            Change::Set(Some(value)) if field.role() == FieldRole::Encrypted => {
                value.plaintext_len()
            }
            _ => 0,
        });
        u64::try_from(stored.chain(new).sum::<usize>()).unwrap_or(u64::MAX)
    }

    /// Takes what is stored out of its ciphertext, to be sealed again.
    fn open(&self, name: &str, entry: &mut Entry<'_>) -> Result<(), OpenError> {
        if let Entry::Kept(nonce) = entry {
            *entry = Entry::Opened(self.plaintext(name, *nonce)?);
        }
        Ok(())
    }

    fn draft<'a>(
        &self,
        changes: &[(&'static FieldSchema, &'a Change)],
    ) -> Result<Draft<'a>, OpenError> {
        let header = self.header();
        let kept = |entry: &SealedEntry| (entry.name.clone(), Entry::Kept(entry.nonce));
        let mut draft = Draft {
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
                // Handles do not offer it; the tag cannot cover a sum that DynamoDB makes.
                Change::Add(_) | Change::Delete(_) | Change::Append(_) => {
                    return Err(self.at(field.name(), OpenErrorKind::Authenticated));
                }
            };
            self.change(&mut draft, field, value)?;
        }
        Ok(draft)
    }

    fn change<'a>(
        &self,
        draft: &mut Draft<'a>,
        field: &'static FieldSchema,
        value: Option<&'a AttributeValue>,
    ) -> Result<(), OpenError> {
        let seals = field.role() == FieldRole::Encrypted;
        for name in field.names() {
            if draft.sealed.remove(name).is_some() && !seals {
                return Err(self.at(name, OpenErrorKind::Sealed));
            }
            draft.remove.insert(name.to_owned());
        }
        let name = field.name();
        // Older names stay listed, so that an older program sees that they have no value.
        draft.authenticated.remove(name);
        if let Some(value) = value {
            draft.remove.remove(name);
            if seals {
                draft.sealed.insert(name.to_owned(), Entry::New(value));
            } else {
                draft.set.insert(name, value.clone());
            }
        }
        if !seals {
            draft.authenticated.extend(field.names().map(str::to_owned));
        }
        Ok(())
    }

    fn seal(
        &self,
        draft: Draft<'_>,
        mut header: Header,
        keys: &RecordKeys,
        fill: Fill,
    ) -> Result<Rewrite, RewriteError> {
        let too_large = || RewriteError::Seal(self.seal_error(SealErrorKind::EnvelopeTooLarge));
        let Draft { sealed, authenticated, mut set, remove } = draft;
        let mut random = vec![0; sealed.len() * NONCE_LEN];
        self.random(fill, &mut random)?;
        let (nonces, _) = random.as_chunks::<NONCE_LEN>();

        for ((name, entry), fresh) in sealed.into_iter().zip(nonces) {
            let mut buffer = match entry {
                Entry::Kept(nonce) => {
                    header.sealed.push(SealedEntry { name, nonce });
                    continue;
                }
                Entry::New(value) => Zeroizing::new(value.to_plaintext(TAG_LEN)),
                // It has room for the tag, which lay behind it.
                Entry::Opened(plaintext) => plaintext,
            };
            keys.content
                .seal(*fresh, &self.identity().aad(&name), &mut buffer)
                .map_err(|Rejected| too_large())?;
            set.insert(name.clone(), AttributeValue::B(mem::take(&mut *buffer)));
            header.sealed.push(SealedEntry { name, nonce: *fresh });
        }
        header.authenticated = authenticated.into_iter().collect();
        let covered = |name: &str| match set.attribute(name) {
            Some(value) => Some(value),
            None if remove.contains(name) => None,
            None => self.item().attribute(name),
        };
        header.tag = keys.mac.tag(&self.identity().tag_input(&header, covered));
        let bytes = header.encode().ok_or_else(too_large)?;
        set.insert(self.schema().envelope(), AttributeValue::B(bytes));
        Ok(Rewrite { set, remove })
    }

    fn is_stored(&self, name: &str) -> bool {
        self.item().attribute(name).is_some()
    }

    /// Refuses what DynamoDB would not store, as far as it is known: without attributes that `changes`
    /// elsewhere, and those that were not read.
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
