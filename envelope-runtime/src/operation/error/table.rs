//! The error of creating and verifying a table, and the errors inside it.

use std::error::Error;
use std::fmt;

use super::predicates::{predicates, verb};
use super::{Cause, ServiceError};
use crate::operation::table::drift::{Drift, list};
use crate::report::{Place, debug_is_display};

/// A table was not created or verified.
///
/// A creation works in steps, and each step looks first. Calling it again goes on where it stopped.
#[derive(Clone)]
#[non_exhaustive]
pub enum TableError {
    /// The table is there and differs from what was asked for; nothing was changed.
    Drift(TableDriftError),
    /// The table cannot be used yet, or not any more.
    NotReady(TableNotReadyError),
    /// DynamoDB refused a request or did not answer.
    Request(ServiceError),
}

/// A table that is there differs from what was asked for; nothing was changed.
#[derive(Clone)]
pub struct TableDriftError {
    place: Place,
    table: String,
    drift: Vec<Drift>,
}

/// A table cannot be used yet, or not any more.
#[derive(Clone)]
pub struct TableNotReadyError {
    place: Place,
    table: String,
    kind: TableNotReadyErrorKind,
}

/// The reason why a table is not ready.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableNotReadyErrorKind {
    /// The table was not active before the deadline.
    NotActive {
        /// DynamoDB's status of the table, or of its encryption at rest; empty if DynamoDB did not
        /// show the table that it had just created.
        status: String,
    },
    /// The table is being deleted.
    Deleting,
    /// The table is archived, because its KMS key was not usable for more than seven days.
    Archived,
    /// DynamoDB cannot use the KMS key of the encryption at rest.
    KeyInaccessible,
    /// The TTL is being switched off, and cannot be switched on until it is.
    TtlIsTurningOff,
    /// DynamoDB did not switch on point-in-time recovery before the deadline.
    NoBackups,
}

impl TableDriftError {
    pub(crate) fn new(place: Place, table: &str, drift: Vec<Drift>) -> Self {
        Self { place, table: table.to_owned(), drift }
    }

    /// The physical table.
    #[must_use]
    pub fn table_name(&self) -> &str {
        &self.table
    }

    /// The differences, at least one.
    #[must_use]
    pub fn drift(&self) -> &[Drift] {
        &self.drift
    }
}

impl TableNotReadyError {
    pub(crate) fn new(place: Place, table: &str, kind: TableNotReadyErrorKind) -> Self {
        Self { place, table: table.to_owned(), kind }
    }

    /// The physical table.
    #[must_use]
    pub fn table_name(&self) -> &str {
        &self.table
    }

    /// The reason.
    #[must_use]
    pub fn kind(&self) -> &TableNotReadyErrorKind {
        &self.kind
    }
}

impl fmt::Display for TableDriftError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: DynamoDB table `{}`: ", self.place, self.table)?;
        list(f, &self.drift)
    }
}

impl fmt::Display for TableNotReadyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: DynamoDB table `{}`: {}", self.place, self.table, self.kind)
    }
}

impl fmt::Display for TableNotReadyErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotActive { status } => {
                let status = if status.is_empty() { "not visible yet" } else { status };
                let status = status.escape_debug();
                return write!(
                    f,
                    "not active before the deadline ({status}); call again, or give it more time with \
                     `deadline`",
                );
            }
            Self::Deleting => "being deleted; call again when it is gone",
            Self::Archived => {
                "archived, because its KMS key could not be used for more than seven days; restore the \
                 backup that DynamoDB made of it"
            }
            Self::KeyInaccessible => {
                "DynamoDB cannot use its KMS key; enable the key, and let DynamoDB use it"
            }
            Self::TtlIsTurningOff => {
                "its TTL is being switched off, which may take an hour; call again later"
            }
            Self::NoBackups => {
                "point-in-time recovery could not be switched on before the deadline; call again, or \
                 give it more time with `deadline`"
            }
        })
    }
}

impl Cause for TableDriftError {}

impl Cause for TableNotReadyError {
    fn is_retryable(&self) -> bool {
        !matches!(
            self.kind,
            TableNotReadyErrorKind::Archived | TableNotReadyErrorKind::KeyInaccessible
        )
    }
}

verb! { TableError {
    Drift => "the table is not as asked for, and was not changed: ",
    NotReady => "the table is not ready: ",
    Request => "the table is not created or verified: ",
}}

debug_is_display!(TableDriftError, TableNotReadyError);

impl Error for TableDriftError {}
impl Error for TableNotReadyError {}
