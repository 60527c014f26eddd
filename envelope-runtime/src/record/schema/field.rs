//! One stored field: its attribute, its role, and what the library does with it.

use super::KeyType;
use crate::record::hash::HashOf;
use crate::record::maintained::Stamp;
use crate::record::{Normalization, Until};

/// One stored field, or those of a flattened struct.
#[derive(Clone, Copy, Debug)]
pub struct FieldSchema {
    name: &'static str,
    role: FieldRole,
    pub(super) key_type: Option<KeyType>,
    context: bool,
    since: Option<u32>,
    unsealed_until: Option<Until>,
    hash_of: Option<HashOf>,
    null: bool,
    maintained: Option<Maintained>,
    aliases: &'static [&'static str],
    group: Option<&'static [FieldSchema]>,
}

/// The library's use of a plaintext field, in addition to the field's role.
#[derive(Clone, Copy, Debug)]
enum Maintained {
    Version(u64),
    Ttl,
    CreatedAt,
    UpdatedAt(Stamp),
}

/// The role of a field in storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldRole {
    /// The table's partition key, in plaintext, bound into every sealed attribute.
    PartitionKey,
    /// The table's sort key, in plaintext, bound into every sealed attribute.
    SortKey,
    /// An ordinary attribute, in plaintext and not protected.
    Plain,
    /// In plaintext, and covered by the record tag.
    Authenticated,
    /// Sealed.
    Encrypted,
}

impl FieldSchema {
    /// A field stored under the attribute `name`.
    #[must_use]
    pub const fn new(name: &'static str, role: FieldRole) -> Self {
        Self {
            name,
            role,
            key_type: None,
            context: false,
            since: None,
            unsealed_until: None,
            hash_of: None,
            null: false,
            maintained: None,
            aliases: &[],
            group: None,
        }
    }

    /// The fields of a flattened struct.
    #[must_use]
    pub const fn group(fields: &'static [FieldSchema]) -> Self {
        let mut group = Self::new("", FieldRole::Plain);
        group.group = Some(fields);
        group
    }

    /// Marks the field as part of the encryption context.
    #[must_use]
    pub const fn context(mut self) -> Self {
        self.context = true;
        self
    }

    /// Opens a migration window: items that do not list this authenticated field are accepted.
    #[must_use]
    pub const fn since(mut self, revision: u32) -> Self {
        self.since = Some(revision);
        self
    }

    /// Opens a window: until then, an encrypted field is accepted in plaintext from an item whose
    /// envelope does not list it.
    #[must_use]
    pub const fn unsealed_until(mut self, until: Until) -> Self {
        self.unsealed_until = Some(until);
        self
    }

    /// Makes the attribute a hash of the encrypted attribute `attribute`, which is found by it. It
    /// is stored as B if that is its [`key_type`](Self::key_type), else as text. No field of the
    /// struct is written or read for it.
    #[must_use]
    pub const fn hash_of(mut self, attribute: &'static str, normalization: Normalization) -> Self {
        self.hash_of = Some(HashOf::new(attribute, normalization));
        self
    }

    /// Stores serde's `none` as NULL, because an absent attribute means the field's default.
    #[must_use]
    pub const fn null(mut self) -> Self {
        self.null = true;
        self
    }

    /// Marks the field as the record's version, which counts up to `last`.
    #[must_use]
    pub const fn version(mut self, last: u64) -> Self {
        self.maintained = Some(Maintained::Version(last));
        self
    }

    /// Marks the field as the record's TTL.
    #[must_use]
    pub const fn ttl(mut self) -> Self {
        self.maintained = Some(Maintained::Ttl);
        self
    }

    /// Marks the field as the time of the record's first save.
    #[must_use]
    pub const fn created_at(mut self) -> Self {
        self.maintained = Some(Maintained::CreatedAt);
        self
    }

    /// Marks the field as the time of the record's last write.
    #[must_use]
    pub const fn updated_at(mut self, stamp: Stamp) -> Self {
        self.maintained = Some(Maintained::UpdatedAt(stamp));
        self
    }

    /// Adds names under which the attribute may be stored in older items.
    #[must_use]
    pub const fn aliases(mut self, names: &'static [&'static str]) -> Self {
        self.aliases = names;
        self
    }

    /// The attribute's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The role of the field in storage.
    #[must_use]
    pub const fn role(&self) -> FieldRole {
        self.role
    }

    pub(crate) const fn hashed(&self) -> Option<HashOf> {
        self.hash_of
    }

    pub(crate) const fn is_key(&self) -> bool {
        matches!(self.role, FieldRole::PartitionKey | FieldRole::SortKey)
    }

    pub(crate) const fn is_context(&self) -> bool {
        self.context
    }

    /// Returns whether the envelope lists the field as authenticated. Keys are bound in any case.
    pub(crate) const fn is_authenticated(&self) -> bool {
        matches!(self.role, FieldRole::Authenticated) || (self.context && !self.is_key())
    }

    pub(crate) const fn is_protected(&self) -> bool {
        self.is_authenticated() || matches!(self.role, FieldRole::Encrypted)
    }

    /// The name, then the aliases.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    pub(in crate::record) const fn alias_names(&self) -> &'static [&'static str] {
        self.aliases
    }

    pub(in crate::record) const fn members(&self) -> Option<&'static [FieldSchema]> {
        self.group
    }

    pub(crate) const fn writes_null(&self) -> bool {
        self.null
    }

    pub(crate) const fn is_version(&self) -> bool {
        matches!(self.maintained, Some(Maintained::Version(_)))
    }

    /// Returns whether a save fills in the field.
    pub(crate) const fn is_filled_in(&self) -> bool {
        matches!(
            self.maintained,
            Some(Maintained::Version(_) | Maintained::CreatedAt | Maintained::UpdatedAt(_))
        )
    }

    pub(crate) const fn is_ttl(&self) -> bool {
        matches!(self.maintained, Some(Maintained::Ttl))
    }

    /// The last version that the field's type holds.
    pub(crate) const fn last_version(&self) -> Option<u64> {
        match self.maintained {
            Some(Maintained::Version(last)) => Some(last),
            _ => None,
        }
    }

    /// The function that makes the time of the last write.
    pub(crate) const fn stamp(&self) -> Option<Stamp> {
        match self.maintained {
            Some(Maintained::UpdatedAt(stamp)) => Some(stamp),
            _ => None,
        }
    }

    pub(crate) const fn is_window_open(&self) -> bool {
        self.since.is_some()
    }

    pub(crate) const fn unsealed_until_date(&self) -> Option<Until> {
        self.unsealed_until
    }

    /// Returns whether the envelope lists an encrypted field as authenticated while it has no
    /// value, so that none can be planted.
    pub(crate) const fn is_listed_if_absent(&self) -> bool {
        self.unsealed_until.is_some() && matches!(self.role, FieldRole::Encrypted)
    }
}
