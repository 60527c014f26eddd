//! The report and the progress of a migration.

use std::collections::BTreeMap;

use crate::envelope::{Item, OpenError, listed_names};
use crate::operation::error::MigrationProblem;
use crate::record::{FieldRole, FieldSchema, RecordSchema};

/// The most failed records of which a report keeps the keys and the errors.
pub(super) const MAX_FAILED: usize = 100;

/// The outcome of [`Store::migrate`](crate::Store::migrate),
/// [`Store::unseal`](crate::Store::unseal) and
/// [`Store::migrate_into`](crate::Store::migrate_into): of the last pass over the table, after
/// everything that was changed.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MigrationReport {
    /// The number of records of the type.
    pub records: u64,
    /// The number of items of other types and contexts, which are not touched.
    pub other_items: u64,
    /// The number of records that were changed, in both passes.
    pub changed: u64,
    /// The number of records that are still to be changed: those that a dry run would change, and
    /// those that [reappeared](Self::reappeared).
    pub remaining: u64,
    /// The number of records that the second pass found to need a change again. They are among the
    /// `remaining` ones, unless they were accepted. If a hundred records or more have failed, they
    /// are not counted here.
    pub reappeared: u64,
    /// The number of records whose copy in [another table](crate::Store::migrate_into) has other
    /// values than the record gives now: a program has changed one of them since, or two records
    /// have one key there. It is 0 while no program writes the other table.
    pub differing: u64,
    /// The first 100 of them.
    pub differences: Vec<MigrationProblem>,
    /// The number of records that could not be changed. They are as they were.
    pub failed: u64,
    /// The first 100 failed or reappeared records.
    pub problems: Vec<MigrationProblem>,
    /// The protected fields, in the order of the schema.
    pub fields: Vec<FieldReport>,
}

/// The number of records in which a protected field has a certain form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldReport {
    /// The attribute's name.
    pub attribute: &'static str,
    /// An envelope, which is not verified here, lists it with a value: an `#[encrypted]` one is
    /// sealed, an `#[authenticated]` one is covered by the record tag.
    pub sealed: u64,
    /// It has a value that no envelope lists.
    pub unsealed: u64,
    /// It has no value.
    pub absent: u64,
}

/// The progress of a migration, after each page of the table.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MigrationProgress {
    /// The first pass, which changes records, or the second one, which looks at all of them again.
    pub pass: u8,
    /// The number of segments that the pass has finished, also those of an earlier run.
    pub segments_done: u32,
    /// The number of segments of the table.
    pub segments: u32,
    /// The number of items that the pass has read in this run.
    pub items_read: u64,
    /// The number of records that were changed.
    pub changed: u64,
    /// The number of items in the table, as DynamoDB counts them every six hours or so.
    pub estimated_items: u64,
}

impl MigrationReport {
    /// Returns whether records were found and all of them are as they are to be, or the table is
    /// empty.
    ///
    /// `false` if all items are of other types: the record's keys may be written otherwise than the
    /// table's. Envelopes that were there before are not verified.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let found_any = self.records > 0 || self.other_items == 0;
        found_any && self.remaining == 0 && self.failed == 0
    }

    pub(super) fn new(schema: &RecordSchema) -> Self {
        let protected = schema.fields().filter(|field| field.is_protected());
        let field =
            |field: &FieldSchema| FieldReport { attribute: field.name(), ..FieldReport::default() };
        Self { fields: protected.map(field).collect(), ..Self::default() }
    }

    /// Forgets what the first pass found, and keeps what it changed.
    pub(super) fn begin_second_pass(&mut self, schema: &RecordSchema) {
        *self = Self { changed: self.changed, ..Self::new(schema) };
    }

    /// Counts a record as it is stored now.
    pub(super) fn add_record(&mut self, schema: &RecordSchema, item: &Item, listed: &Listed) {
        self.records += 1;
        let protected = schema.fields().filter(|field| field.is_protected());
        for (report, field) in self.fields.iter_mut().zip(protected) {
            let has_value = field.names().any(|name| item.attribute(name).is_some());
            match (has_value, listed.lists(field)) {
                (false, _) => report.absent += 1,
                (true, true) => report.sealed += 1,
                (true, false) => report.unsealed += 1,
            }
        }
    }

    pub(super) fn add_difference(&mut self, item: MigrationProblem) {
        self.differing += 1;
        if self.differences.len() < MAX_FAILED {
            self.differences.push(item);
        }
    }

    pub(super) fn add_item(&mut self, item: MigrationProblem) {
        if self.problems.len() < MAX_FAILED {
            self.problems.push(item);
        }
    }
}

/// The names that an envelope lists, unverified.
#[derive(Default)]
pub(super) struct Listed(pub(super) BTreeMap<String, FieldRole>);

impl Listed {
    pub(super) fn of(schema: &RecordSchema, item: &Item) -> Result<Self, OpenError> {
        let Some(envelope) = item.attribute(schema.envelope()) else { return Ok(Self::default()) };
        Ok(Self(listed_names(schema, envelope)?.into_iter().collect()))
    }

    /// Returns whether the envelope lists the field, under any of its names.
    pub(super) fn names(&self, field: &FieldSchema) -> bool {
        field.names().any(|name| self.0.contains_key(name))
    }

    fn lists(&self, field: &FieldSchema) -> bool {
        let role = if field.role() == FieldRole::Encrypted {
            FieldRole::Encrypted
        } else {
            FieldRole::Authenticated
        };
        field.names().any(|name| self.0.get(name) == Some(&role))
    }
}
