//! The fields of a schema, with those of flattened structs.

use super::FieldSchema;
use crate::record::check::equal;

/// The fields that a projection reads, and how.
#[derive(Clone, Copy, Debug)]
pub(in crate::record) struct Projected {
    pub(in crate::record) fields: &'static [FieldSchema],
    pub(in crate::record) reads: Reads,
}

/// What is done with an item to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::record) enum Reads {
    /// Its record tag is verified, and sealed fields are opened.
    Verified,
    /// It has an envelope, which seals none of the fields.
    Plaintext,
    /// Its key alone is read, whatever else the item holds.
    Key,
}

/// Iterates over the fields of a schema, including those of flattened structs.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    here: std::slice::Iter<'static, FieldSchema>,
    outside: Vec<std::slice::Iter<'static, FieldSchema>>,
}

impl Fields {
    pub(in crate::record) fn of(fields: &'static [FieldSchema]) -> Self {
        Self { here: fields.iter(), outside: Vec::new() }
    }
}

impl Iterator for Fields {
    type Item = &'static FieldSchema;

    fn next(&mut self) -> Option<&'static FieldSchema> {
        loop {
            match self.here.next() {
                None => self.here = self.outside.pop()?,
                Some(field) => match field.members() {
                    Some(group) => {
                        self.outside.push(std::mem::replace(&mut self.here, group.iter()));
                    }
                    None => return Some(field),
                },
            }
        }
    }
}

/// The field that is stored under `name`.
pub(in crate::record) const fn find(
    fields: &'static [FieldSchema],
    name: &str,
) -> Option<FieldSchema> {
    let mut rest = fields;
    while let [field, others @ ..] = rest {
        let found = match field.members() {
            Some(group) => find(group, name),
            None if equal(field.name().as_bytes(), name.as_bytes()) => Some(*field),
            None => None,
        };
        if found.is_some() {
            return found;
        }
        rest = others;
    }
    None
}
