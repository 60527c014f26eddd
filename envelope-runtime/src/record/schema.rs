//! The constant that the derive emits: table, attributes and their roles.

mod field;
mod fields;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "tables are DynamoDB's"))]
mod table;

pub use field::{FieldRole, FieldSchema};
pub(crate) use fields::Fields;
pub(super) use fields::{Projected, Reads, find};
pub use table::{HasTable, KeyType};

#[cfg(feature = "aws")]
use super::HashOf;
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
            let found = match field.members() {
                Some(group) => Self::of_role(group, role),
                None if field.role() as u8 == role as u8 => Some(Self::Field(field.name())),
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

    /// What the attribute `name` is a hash of, if it is one.
    #[cfg(feature = "aws")]
    pub(crate) fn hash_of(&self, name: &str) -> Option<HashOf> {
        self.field(name).and_then(FieldSchema::hashed)
    }

    /// Returns whether a key, or a part of one, is hashed.
    pub(crate) const fn has_hashes(&self) -> bool {
        any_hashed(self.fields)
    }

    /// The field that counts the record's writes.
    pub(crate) fn version(&self) -> Option<&'static FieldSchema> {
        self.fields().find(|field| field.is_version())
    }

    /// The field that says when the record expires.
    pub(crate) fn ttl(&self) -> Option<&'static FieldSchema> {
        self.fields().find(|field| field.is_ttl())
    }

    /// The attributes that an envelope protects, under all their names.
    #[cfg(feature = "aws")]
    pub(crate) fn protected_names(&self) -> Vec<&'static str> {
        self.fields().filter(|field| field.is_protected()).flat_map(FieldSchema::names).collect()
    }

    /// A place in this record for error messages.
    #[cold]
    pub(crate) fn place(&self) -> Place {
        Place::new(self.table, self.key_names().collect())
    }
}

const fn any_hashed(fields: &'static [FieldSchema]) -> bool {
    let mut rest = fields;
    while let [field, others @ ..] = rest {
        let is_hashed = match field.members() {
            Some(group) => any_hashed(group),
            None => field.hashed().is_some(),
        };
        if is_hashed {
            return true;
        }
        rest = others;
    }
    false
}
