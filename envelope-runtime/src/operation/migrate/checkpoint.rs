//! The journal of a migration: the segments of the table that are done, kept in a file.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::attribute::{write_lp, write_type_and_value};
use crate::crypto::sha256;
use crate::expression::Expression;
use crate::key::Scope;
use crate::operation::error::{CheckpointError, CheckpointErrorKind};
use crate::record::{FieldSchema, RecordSchema};

/// The only version of the file's form.
const VERSION: u32 = 1;

/// The content of the file. It holds no key and no value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checkpoint {
    version: u32,
    /// DynamoDB's own id of the table.
    table: String,
    /// A digest of the work, and of the records that it is about.
    schema: String,
    segments: u32,
    done: BTreeSet<u32>,
}

/// The work, and the records that it is for.
pub(super) struct Selection<'a> {
    pub(super) work: &'static str,
    pub(super) schema: &'a RecordSchema,
    pub(super) scope: &'a Scope,
    pub(super) filter: &'a Expression,
    /// A digest of where the records go, if they go anywhere.
    pub(super) destination: &'a str,
}

impl Checkpoint {
    pub(super) fn new(table: String, selection: &Selection<'_>, segments: u32) -> Self {
        let schema = digest(selection);
        Self { version: VERSION, table, schema, segments, done: BTreeSet::new() }
    }

    /// Goes on from the file, if there is one. It must be of the same table, records and segments.
    pub(super) fn resume(mut self, path: &Path) -> Result<Self, CheckpointError> {
        let error = |kind| CheckpointError::new(path, kind);
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(none) if none.kind() == io::ErrorKind::NotFound => return Ok(self),
            Err(failed) => return Err(error(CheckpointErrorKind::Io(failed.kind()))),
        };
        let found = serde_json::from_slice::<Self>(&bytes);
        let found = found.map_err(|_| error(CheckpointErrorKind::Malformed))?;
        let is_sound = |found: &Self| found.done.iter().all(|segment| *segment < found.segments);
        let kind = match &found {
            found if found.version != VERSION || !is_sound(found) => CheckpointErrorKind::Malformed,
            found if found.table != self.table => CheckpointErrorKind::OtherTable,
            found if found.schema != self.schema => CheckpointErrorKind::OtherSchema,
            found if found.segments != self.segments => {
                CheckpointErrorKind::OtherSegments(found.segments)
            }
            _ => {
                self.done = found.done;
                return Ok(self);
            }
        };
        Err(error(kind))
    }

    pub(super) fn is_done(&self, segment: u32) -> bool {
        self.done.contains(&segment)
    }

    pub(super) fn number_done(&self) -> u32 {
        u32::try_from(self.done.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn add(&mut self, segment: u32) {
        self.done.insert(segment);
    }

    /// Writes a new file beside the old one, and puts it in the old one's place.
    pub(super) fn write(&self, path: &Path) -> Result<(), CheckpointError> {
        let bytes = serde_json::to_vec(self);
        let written = bytes.map_err(io::Error::from).and_then(|bytes| replace(path, &bytes));
        written.map_err(|failed| CheckpointError::new(path, CheckpointErrorKind::Io(failed.kind())))
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

/// A new file that only its owner reads and writes.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A digest of what decides whether a record is done: the work, and which records are meant.
fn digest(selection: &Selection<'_>) -> String {
    let Selection { work, schema, scope, filter, destination } = selection;
    let mut parts = Vec::new();
    let mut add = |part: &str| write_lp(part.as_bytes(), &mut parts);
    add(work);
    add(&of_records(schema, scope));
    add(destination);
    add(filter.text.as_deref().unwrap_or_default());
    filter
        .names
        .iter()
        .flat_map(|(placeholder, name)| [placeholder, name])
        .for_each(|part| add(part));
    for value in filter.values.values() {
        write_type_and_value(value, &mut parts);
    }
    hex(&parts)
}

/// A digest of the records of a store: what is protected under which names, the keys, and the
/// context. The dates of windows are left out, since they change nothing that is stored.
pub(super) fn of_records(schema: &RecordSchema, scope: &Scope) -> String {
    let mut parts = Vec::new();
    let mut add = |part: &str| write_lp(part.as_bytes(), &mut parts);
    add(schema.table());
    add(schema.envelope());
    for key in schema.keys().chain(schema.index_keys()) {
        add(&format!("{key:?}"));
    }
    for hashed in schema.fields().filter_map(FieldSchema::hashed) {
        add(&format!("{hashed:?} {}", scope.secret().map_or("", |secret| secret.name())));
    }
    for field in schema.fields().filter(|field| field.is_protected()) {
        add(&format!("{:?} {} {}", field.role(), field.is_context(), field.is_listed_if_absent()));
        for name in field.names() {
            add(name);
        }
        add("");
    }
    add("scope");
    for name in schema.fields().filter(|field| field.is_context()).map(FieldSchema::name) {
        // Without a value, records of any context are changed. No context is an empty text.
        add(scope.value(name).unwrap_or_default());
    }
    hex(&parts)
}

fn hex(parts: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&sha256(&[b"envelope/1 migration ", parts]))
}

#[cfg(test)]
mod tests;
