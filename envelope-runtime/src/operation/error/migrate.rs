//! The error of a migration, which ended before it had seen all records.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::predicates::{predicates, verb};
use super::{Cause, Error, ServiceError};
use crate::envelope::Item;
use crate::record::FieldError;
use crate::report::{Place, debug_is_display};

/// A migration ended early, or a record was not [copied](crate::Store::migrate_one_into). What the
/// migration has done stays, and the next run goes on from there.
#[derive(Clone)]
#[non_exhaustive]
pub enum MigrateError {
    /// A value of the filter cannot be compared; no request was made.
    Filter(FieldError),
    /// The table could not be described or read.
    Request(ServiceError),
    /// The file with the checkpoint cannot be used.
    Checkpoint(CheckpointError),
    /// The store of the [other table](crate::Store::migrate_into) does not see this table: both
    /// must be in one account and Region. Nothing was written.
    Elsewhere(ElsewhereError),
    /// A record could not be changed for a reason that holds for others too: there are no data
    /// keys, or DynamoDB did not confirm the write.
    Item(MigrationProblem),
}

/// A record that was not changed. `Debug` and `Display` show no value of its key.
#[derive(Clone)]
pub struct MigrationProblem {
    key: Box<Item>,
    reason: Box<ProblemReason>,
}

/// Why a record was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MigrationProblemKind {
    /// It could not be changed: see [`MigrationProblem::error`].
    Failed,
    /// It is not done, although its segment of the table was.
    Reappeared,
    /// Another record has its key in the other table: their hashed values are equal once they are
    /// normalised.
    Taken,
    /// It has an attribute that the record does not know, which a copy would lack.
    UnknownAttribute,
    /// Its copy would be in the same table under such a key as the record has.
    OwnTable,
    /// Its copy has other values: see [`MigrationReport::differing`](crate::MigrationReport).
    Differs,
}

#[derive(Clone)]
pub(crate) enum ProblemReason {
    Failed(Error),
    Reappeared(Place),
    Taken(Place),
    UnknownAttribute(Place),
    OwnTable(Place),
    Differs(Place),
}

/// A table is in another account or Region than it must be, for one of two stores.
#[derive(Clone)]
pub struct ElsewhereError {
    place: Place,
    table: String,
}

impl ElsewhereError {
    pub(crate) fn new(place: Place, table: &str) -> Self {
        Self { place, table: table.to_owned() }
    }
}

impl fmt::Display for ElsewhereError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, table } = self;
        write!(
            f,
            "{place}: for the store of the other table, `{table}` is another table; give both stores \
             clients of one account and Region"
        )
    }
}

/// The file with the checkpoint of a migration cannot be used.
#[derive(Clone)]
pub struct CheckpointError {
    path: PathBuf,
    kind: CheckpointErrorKind,
}

/// A reason why a checkpoint cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckpointErrorKind {
    /// The file could not be read or written.
    Io(io::ErrorKind),
    /// The file is no checkpoint that this library reads.
    Malformed,
    /// It is of another table, or of one that was deleted and made again.
    OtherTable,
    /// It is of another record, or of this one with other protected fields or keys, in another
    /// scope or with another filter; or what was done was the opposite.
    OtherSchema,
    /// It is of this many segments.
    OtherSegments(u32),
}

impl MigrationProblem {
    pub(crate) fn new(key: Item, reason: ProblemReason) -> Self {
        Self { key: Box::new(key), reason: Box::new(reason) }
    }

    /// The key attributes of the item. They are not verified.
    #[must_use]
    pub fn key(&self) -> &Item {
        &self.key
    }

    /// The reason why it was not changed.
    #[must_use]
    pub fn kind(&self) -> MigrationProblemKind {
        match &*self.reason {
            ProblemReason::Failed(_) => MigrationProblemKind::Failed,
            ProblemReason::Reappeared(_) => MigrationProblemKind::Reappeared,
            ProblemReason::Taken(_) => MigrationProblemKind::Taken,
            ProblemReason::UnknownAttribute(_) => MigrationProblemKind::UnknownAttribute,
            ProblemReason::OwnTable(_) => MigrationProblemKind::OwnTable,
            ProblemReason::Differs(_) => MigrationProblemKind::Differs,
        }
    }

    /// The error of a record that [failed](MigrationProblemKind::Failed), of the call that the
    /// migration made for it. An update seals or unseals the record in its table; a load, a save
    /// or a transaction copies it into another one.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        match &*self.reason {
            ProblemReason::Failed(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for MigrationProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.reason {
            ProblemReason::Failed(error) => error.fmt(f),
            ProblemReason::Reappeared(place) => write!(
                f,
                "{place}: not done, although its segment of the table was: it was written later, or it \
                 failed in an earlier run; find out who wrote it, and then delete it, or accept such \
                 records with `accept_reappeared`"
            ),
            ProblemReason::Taken(place) => write!(
                f,
                "{place}: another record has its key there, since their values are equal after \
                 normalisation; join the two in the old table, or give one of them another value"
            ),
            ProblemReason::UnknownAttribute(place) => write!(
                f,
                "{place}: the struct does not know this attribute, which the copy would lack; add a \
                 field for it, or one with `#[envelope(catch_all)]`"
            ),
            ProblemReason::OwnTable(place) => write!(
                f,
                "{place}: its copy would be one of the records that are copied; give the other store \
                 another table with `map_table`"
            ),
            ProblemReason::Differs(place) => write!(
                f,
                "{place}: its copy has other values, since a program has changed one of the two, or \
                 because the conversion gives two records one key"
            ),
        }
    }
}

impl CheckpointError {
    pub(crate) fn new(path: &Path, kind: CheckpointErrorKind) -> Self {
        Self { path: path.to_owned(), kind }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The reason why it cannot be used.
    #[must_use]
    pub fn kind(&self) -> CheckpointErrorKind {
        self.kind
    }
}

verb! { MigrateError {
    Filter | Request | Checkpoint | Elsewhere => "the migration ended early: ",
    Item => "not migrated: ",
}}

impl Cause for CheckpointError {}

impl Cause for ElsewhereError {}

impl Cause for MigrationProblem {
    fn is_retryable(&self) -> bool {
        self.error().is_some_and(Error::is_retryable)
    }

    fn is_conflict(&self) -> bool {
        self.error().is_some_and(Error::is_conflict)
    }

    fn is_access_denied(&self) -> bool {
        self.error().is_some_and(Error::is_access_denied)
    }

    fn is_tampered(&self) -> bool {
        self.error().is_some_and(Error::is_tampered)
    }

    fn is_unsealed(&self) -> bool {
        self.error().is_some_and(Error::is_unsealed)
    }

    fn attribute(&self) -> Option<&str> {
        match &*self.reason {
            ProblemReason::Failed(error) => error.attribute(),
            ProblemReason::UnknownAttribute(place) => place.attribute_name(),
            ProblemReason::Reappeared(_)
            | ProblemReason::Taken(_)
            | ProblemReason::OwnTable(_)
            | ProblemReason::Differs(_) => None,
        }
    }
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "checkpoint `{}`: ", self.path.display())?;
        match self.kind {
            CheckpointErrorKind::Io(kind) => {
                write!(f, "{kind}; give a file in a directory that can be written")
            }
            CheckpointErrorKind::Malformed => f.write_str(
                "not a checkpoint that this library reads; give another file, or delete it to begin again",
            ),
            CheckpointErrorKind::OtherTable => f.write_str(
                "of another table, or of one that was made again since; delete it to begin again",
            ),
            CheckpointErrorKind::OtherSchema => f.write_str(
                "of a record with other keys or protected fields, of another scope or filter, or of the \
                 opposite direction; give each its own, or delete it to begin again",
            ),
            CheckpointErrorKind::OtherSegments(segments) => write!(
                f,
                "of {segments} segments; give the same number, or delete it to begin again",
            ),
        }
    }
}

debug_is_display!(CheckpointError, ElsewhereError, MigrationProblem);

impl std::error::Error for CheckpointError {}

impl std::error::Error for ElsewhereError {}

#[cfg(test)]
mod tests;
