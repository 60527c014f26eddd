//! The keys of indexes that an update changes: they are made of fields as they were read, and
//! written on the condition that these are still the same.

use std::collections::BTreeSet;

use super::Running;
use crate::envelope::Item;
use crate::expression::{Clauses, Comparison, Node, Placeholders, UpdatePlan};
use crate::key::{Allows, CanEncrypt};
use crate::operation::error::UpdateError;
use crate::record::{EnvelopeRecord, FieldRole, FieldSchema, IndexKeys, RecordSchema};

/// The key attributes that the templates of indexes make of the changed record. Those that are not
/// made are removed.
pub(super) struct Moved {
    made: IndexKeys,
    names: BTreeSet<&'static str>,
}

impl Moved {
    pub(super) fn write(&self, clauses: &mut Clauses, to: &mut Placeholders) {
        for name in &self.names {
            match self.made.get(name) {
                Some(value) => clauses.set(to, name, value.clone()),
                None => clauses.remove(to, name),
            }
        }
    }
}

impl<R: EnvelopeRecord, C: CanEncrypt + Allows<R::Needs>> Running<R, C> {
    /// Returns whether the update changes a field of which a template makes the key of an index.
    pub(super) fn moves(&self) -> bool {
        !self.parts.is_empty()
    }

    /// The attributes that are written for indexes.
    pub(super) fn moved_fields(&self) -> Vec<FieldSchema> {
        if !self.moves() {
            return Vec::new();
        }
        let names = self.schema.made_names().into_iter();
        names.map(|name| FieldSchema::new(name, FieldRole::Plain)).collect()
    }

    /// The keys of all indexes after the update of the item that was read.
    pub(super) fn moved(&self, read: &Item) -> Result<Option<Moved>, UpdateError> {
        if !self.moves() {
            return Ok(None);
        }
        let stored = |name: &str| self.schema.read_value(name, |name| read.attribute(name));
        let value = |name: &str| self.plan.value_after(name, stored(name));
        let made = self.schema.index_values(value, |name| self.plan.changes_name(name));
        let made = made.map_err(UpdateError::Key)?;
        Ok(Some(Moved { made, names: self.schema.made_names() }))
    }
}

/// The condition that the attribute is as it was read.
pub(in crate::operation) fn stays(name: &'static str, item: &Item) -> Node {
    match item.attribute(name) {
        Some(value) => Node::Compare(name, Comparison::Equal, Ok(value.clone())),
        None => Node::NotExists(name),
    }
}

/// The condition that all of them are.
pub(super) fn stay(names: &[&'static str], item: &Item) -> Option<Node> {
    let nodes = names.iter().map(|name| stays(name, item));
    nodes.fold(None, |all, node| Node::both(all, Some(node)))
}

/// Returns whether all of them are the same in both items.
pub(super) fn stayed(names: &[&'static str], read: &Item, stored: &Item) -> bool {
    names.iter().all(|name| read.attribute(name) == stored.attribute(name))
}

/// The names of the attributes on which the keys of indexes depend, if the update changes one of
/// them. A key of the table never changes.
pub(super) fn parts(schema: &RecordSchema, plan: &UpdatePlan) -> Vec<&'static str> {
    let (parts, own) = (schema.made_parts(), schema.key_parts());
    if !parts.iter().any(|part| plan.changes_name(part)) {
        return Vec::new();
    }
    let parts = parts.into_iter().filter(|part| !own.contains(part));
    parts.filter_map(|part| schema.field(part)).flat_map(FieldSchema::names).collect()
}
