//! The constant that the derive emits: table, attributes and their roles.

mod fields;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "tables are DynamoDB's"))]
mod table;

pub(crate) use fields::Fields;
pub(super) use fields::{Projected, Reads, find};
pub use table::{HasTable, KeyType};

use super::maintained::Stamp;
use super::{IndexSchema, KeyAttribute, KeyTemplate};
use crate::report::Place;

/// The stored form of a record.
#[derive(Clone, Copy, Debug)]
pub struct RecordSchema {
    table: &'static str,
    envelope: &'static str,
    fields: &'static [FieldSchema],
    key: KeySchema,
    plaintext_only: bool,
    catch_all: bool,
    projection: Option<Projected>,
    pub(super) indexes: &'static [IndexSchema],
}

/// The key of a table, or of an index.
#[derive(Clone, Copy, Debug)]
struct KeySchema {
    /// Absent only from a hand-written schema, which then has no key.
    partition: Option<KeyAttribute>,
    sort: Option<KeyAttribute>,
}

impl KeyAttribute {
    /// The field with this role, including those of flattened structs.
    const fn of_role(fields: &'static [FieldSchema], role: FieldRole) -> Option<Self> {
        let mut rest = fields;
        while let [field, others @ ..] = rest {
            let found = match field.group {
                Some(group) => Self::of_role(group, role),
                None if field.role as u8 == role as u8 => Some(Self::Field(field.name)),
                None => None,
            };
            if found.is_some() {
                return found;
            }
            rest = others;
        }
        None
    }
}

/// One stored field, or those of a flattened struct.
#[derive(Clone, Copy, Debug)]
pub struct FieldSchema {
    name: &'static str,
    role: FieldRole,
    key_type: Option<KeyType>,
    context: bool,
    since: Option<u32>,
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

impl RecordSchema {
    /// A schema for the logical table `table`. The fields are in the order in which they are
    /// written and read.
    #[must_use]
    pub const fn new(table: &'static str, fields: &'static [FieldSchema]) -> Self {
        Self {
            table,
            envelope: "_envelope",
            fields,
            key: KeySchema {
                partition: KeyAttribute::of_role(fields, FieldRole::PartitionKey),
                sort: KeyAttribute::of_role(fields, FieldRole::SortKey),
            },
            plaintext_only: false,
            catch_all: false,
            projection: None,
            indexes: &[],
        }
    }

    /// Names the reserved attribute, `_envelope` by default.
    #[must_use]
    pub const fn envelope_name(mut self, name: &'static str) -> Self {
        self.envelope = name;
        self
    }

    /// Makes the partition key from other fields.
    #[must_use]
    pub const fn partition_key(mut self, template: KeyTemplate) -> Self {
        self.key.partition = Some(KeyAttribute::Template(template));
        self
    }

    /// Makes the sort key from other fields.
    #[must_use]
    pub const fn sort_key(mut self, template: KeyTemplate) -> Self {
        self.key.sort = Some(KeyAttribute::Template(template));
        self
    }

    /// Declares that nothing in the record is protected: it has no envelope, and no key is
    /// requested.
    #[must_use]
    pub const fn plaintext_only(mut self) -> Self {
        self.plaintext_only = true;
        self
    }

    /// Declares that the record keeps the attributes that it does not know.
    #[must_use]
    pub const fn catch_all(mut self) -> Self {
        self.catch_all = true;
        self
    }

    /// The logical table name, which is bound into every sealed attribute.
    #[must_use]
    pub const fn table(&self) -> &'static str {
        self.table
    }

    /// The name of the reserved attribute.
    #[must_use]
    pub const fn envelope(&self) -> &'static str {
        self.envelope
    }

    /// The stored fields, in order; those of flattened structs in the struct's place.
    pub fn fields(&self) -> impl Iterator<Item = &'static FieldSchema> + Clone + use<> {
        self.each_field()
    }

    pub(crate) fn each_field(&self) -> Fields {
        Fields::of(self.fields)
    }

    pub(super) const fn own_fields(&self) -> &'static [FieldSchema] {
        self.fields
    }

    pub(super) const fn key_attributes(&self) -> [Option<KeyAttribute>; 2] {
        [self.key.partition, self.key.sort]
    }

    /// Returns whether the attributes that the record does not know are read. A projection has no
    /// place for them.
    pub(crate) const fn catches_all(&self) -> bool {
        self.catch_all && self.projection.is_none()
    }

    pub(super) const fn projection(&self) -> Option<Projected> {
        self.projection
    }

    pub(super) const fn narrowed(mut self, projection: Option<Projected>) -> Self {
        self.projection = projection;
        self
    }

    /// Returns whether an attribute belongs to the record.
    pub(crate) fn knows(&self, name: &str) -> bool {
        name == self.envelope
            || self.keys().chain(self.index_keys()).any(|key| key.name() == name)
            || self.fields().any(|field| field.names().any(|known| known == name))
    }

    pub(crate) const fn is_plaintext_only(&self) -> bool {
        self.plaintext_only
    }

    /// The names of the key attributes, the partition key's first.
    pub fn key_names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.keys().map(|key| key.name())
    }

    /// The partition key, then the sort key if there is one.
    pub(crate) fn keys(&self) -> impl Iterator<Item = KeyAttribute> + use<> {
        [self.key.partition, self.key.sort].into_iter().flatten()
    }

    /// The field of an attribute, by the name that it is written under.
    pub(crate) fn field(&self, name: &str) -> Option<&'static FieldSchema> {
        self.fields().find(|field| field.name() == name)
    }

    /// The field that counts the record's writes.
    pub(crate) fn version(&self) -> Option<&'static FieldSchema> {
        self.fields().find(|field| field.is_version())
    }

    /// The field that says when the record expires.
    pub(crate) fn ttl(&self) -> Option<&'static FieldSchema> {
        self.fields().find(|field| field.is_ttl())
    }

    /// A place in this record for error messages.
    #[cold]
    pub(crate) fn place(&self) -> Place {
        Place::new(self.table, self.key_names().collect())
    }
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

    pub(super) const fn alias_names(&self) -> &'static [&'static str] {
        self.aliases
    }

    pub(super) const fn members(&self) -> Option<&'static [FieldSchema]> {
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
}
