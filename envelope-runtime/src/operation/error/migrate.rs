//! The error of a migration, which ended before it had seen all records.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::predicates::{predicates, verb};
use super::{Cause, ServiceError, UpdateError};
use crate::envelope::Item;
use crate::record::RecordSchema;
use crate::report::debug_is_display;

/// A migration ended early. What it has done stays, and the next run goes on from there.
#[derive(Clone)]
#[non_exhaustive]
pub enum MigrateError {
    /// The table could not be described or read.
    Request(ServiceError),
    /// The file with the checkpoint cannot be used.
    Checkpoint(CheckpointError),
    /// A record could not be changed for a reason that holds for others too: there are no data
    /// keys, or DynamoDB did not confirm the write.
    Item(UnmigratedItem),
}

/// A record that was not changed. `Debug` and `Display` show no value of its key.
#[derive(Clone)]
pub struct UnmigratedItem {
    key: Item,
    /// Absent if it reappeared.
    error: Option<Box<UpdateError>>,
    schema: RecordSchema,
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
    /// It is of another record, or of this one with other protected fields or keys, or of another
    /// context; or what was done was the opposite.
    OtherSchema,
    /// It is of this many segments.
    OtherSegments(u32),
}

impl UnmigratedItem {
    pub(crate) fn failed(schema: &RecordSchema, key: Item, error: UpdateError) -> Self {
        Self { key, error: Some(Box::new(error)), schema: *schema }
    }

    pub(crate) fn reappeared(schema: &RecordSchema, key: Item) -> Self {
        Self { key, error: None, schema: *schema }
    }

    /// The key attributes of the item. They are not verified.
    #[must_use]
    pub fn key(&self) -> &Item {
        &self.key
    }

    /// The reason why it could not be changed; `None` if it reappeared.
    #[must_use]
    pub fn error(&self) -> Option<&UpdateError> {
        self.error.as_deref()
    }
}

impl fmt::Display for UnmigratedItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            Some(error) => error.fmt(f),
            None => write!(
                f,
                "{}: not sealed, although its part of the table had been done; find out who wrote it, \
                 then accept such records by name, or delete it",
                self.schema.place()
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
    Request | Checkpoint | Item => "the migration ended early: ",
}}

impl Cause for CheckpointError {}

impl Cause for UnmigratedItem {
    fn is_retryable(&self) -> bool {
        self.error().is_some_and(UpdateError::is_retryable)
    }

    fn is_conflict(&self) -> bool {
        self.error().is_some_and(UpdateError::is_conflict)
    }

    fn is_access_denied(&self) -> bool {
        self.error().is_some_and(UpdateError::is_access_denied)
    }

    fn is_tampered(&self) -> bool {
        self.error().is_some_and(UpdateError::is_tampered)
    }

    fn is_unsealed(&self) -> bool {
        self.error().is_some_and(UpdateError::is_unsealed)
    }

    fn attribute(&self) -> Option<&str> {
        self.error().and_then(UpdateError::attribute)
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
                "of a record with other keys or protected fields, of another context, or of the opposite \
                 direction; give another file, or delete it to begin again",
            ),
            CheckpointErrorKind::OtherSegments(segments) => write!(
                f,
                "of {segments} segments; give the same number, or delete it to begin again",
            ),
        }
    }
}

debug_is_display!(CheckpointError, UnmigratedItem);

impl std::error::Error for CheckpointError {}
