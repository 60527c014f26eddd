//! The types of the key attributes, of which a table is made.

use std::fmt;

use super::fields::find;
use super::{FieldSchema, RecordSchema};
use crate::record::{EnvelopeRecord, KeyAttribute};

/// The type of a key attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[doc(alias = "ScalarAttributeType")]
#[expect(clippy::exhaustive_enums, reason = "DynamoDB has no other types of keys")]
pub enum KeyType {
    /// A string.
    S,
    /// A number.
    N,
    /// Bytes.
    B,
}

/// A record whose key attributes have known types, so that its table can be created and verified.
/// The derive implements it if each key is made by a template, is a string, an integer or bytes, or
/// has an `#[envelope(key = "S")]` beside it.
///
/// Beside an implementation by hand, [`FieldSchema::key_type`] gives the type of each key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no table that can be created or verified",
    label = "needs a record whose keys have known types",
    note = "a key whose type is not a string, an integer or bytes says how it is stored: \
            `#[envelope(key = \"S\")]` beside the key",
    note = "a projection shows a part of a record: create or verify the record's table"
)]
pub trait HasTable: EnvelopeRecord {}

impl FieldSchema {
    /// The type of a key's attribute.
    #[must_use]
    pub const fn key_type(mut self, key_type: KeyType) -> Self {
        self.key_type = Some(key_type);
        self
    }

    pub(crate) const fn type_of_key(&self) -> Option<KeyType> {
        self.key_type
    }
}

impl RecordSchema {
    /// A key attribute of the table or of an index, and its type. There is one after
    /// [`assert_key_types`](Self::assert_key_types).
    pub(crate) fn type_of_key(&self, key: KeyAttribute) -> Option<(&'static str, KeyType)> {
        match key {
            KeyAttribute::Template(template) => Some((template.name(), KeyType::S)),
            KeyAttribute::Field(name) => Some((name, self.field(name)?.key_type?)),
        }
    }

    /// Refuses a schema with a key whose type is not known. A template makes text.
    ///
    /// # Panics
    ///
    /// If a key has no type. In a constant, that is a compile error.
    #[track_caller]
    pub(crate) const fn assert_key_types(&self) {
        assert!(
            all_keys_are_typed(self.own_fields()) && self.all_index_keys_are_typed(),
            "a key without a type: add `.key_type(…)` to its `FieldSchema`"
        );
    }
}

impl RecordSchema {
    const fn all_index_keys_are_typed(&self) -> bool {
        let mut indexes = self.all_indexes();
        while let [index, others @ ..] = indexes {
            let [partition, sort] = index.sides();
            if !self.are_typed(partition) || !self.are_typed(sort) {
                return false;
            }
            indexes = others;
        }
        true
    }

    const fn are_typed(&self, keys: &'static [KeyAttribute]) -> bool {
        let mut rest = keys;
        while let [key, others @ ..] = rest {
            if let KeyAttribute::Field(name) = key {
                match find(self.own_fields(), name) {
                    Some(field) if field.key_type.is_some() => {}
                    _ => return false,
                }
            }
            rest = others;
        }
        true
    }
}

const fn all_keys_are_typed(fields: &'static [FieldSchema]) -> bool {
    let mut rest = fields;
    while let [field, others @ ..] = rest {
        let known = match field.members() {
            Some(group) => all_keys_are_typed(group),
            None => !field.is_key() || field.key_type.is_some(),
        };
        if !known {
            return false;
        }
        rest = others;
    }
    true
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::S => "S",
            Self::N => "N",
            Self::B => "B",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{FieldRole, KeyPiece, KeyTemplate};

    const ID: FieldSchema = FieldSchema::new("id", FieldRole::PartitionKey);
    const AT: FieldSchema = FieldSchema::new("at", FieldRole::SortKey);
    const SORT: KeyTemplate = KeyTemplate::new("SK", &[KeyPiece::text("x")]);
    const BOTH: [FieldSchema; 2] = [ID.key_type(KeyType::N), AT.key_type(KeyType::B)];
    const TYPED: [FieldSchema; 1] = [ID.key_type(KeyType::S)];
    const HALF: [FieldSchema; 2] = [ID.key_type(KeyType::S), AT];

    fn types(schema: &RecordSchema) -> impl Iterator<Item = (&'static str, KeyType)> {
        schema.keys().filter_map(|key| schema.type_of_key(key))
    }

    #[test]
    fn a_table_has_a_type_for_each_key() {
        let schema = RecordSchema::new("t", &BOTH);
        schema.assert_key_types();
        assert!(types(&schema).eq([("id", KeyType::N), ("at", KeyType::B)]));

        let schema = RecordSchema::new("t", &TYPED).sort_key(SORT);
        schema.assert_key_types();
        assert!(types(&schema).eq([("id", KeyType::S), ("SK", KeyType::S)]));
    }

    #[test]
    fn a_key_without_a_type_is_refused_wherever_it_is() {
        for (fields, is_fine) in [
            (vec![FieldSchema::group(&TYPED)], true),
            (TYPED.to_vec(), true),
            (vec![ID], false),
            (HALF.to_vec(), false),
            (vec![FieldSchema::group(&HALF)], false),
            (vec![TYPED[0], FieldSchema::group(&[AT])], false),
        ] {
            let schema = RecordSchema::new("t", fields.leak());
            let refused = std::panic::catch_unwind(|| schema.assert_key_types());
            assert_eq!(refused.is_ok(), is_fine, "{schema:?}");
        }
    }
}
