//! Read transactions that DynamoDB would refuse.

use std::error::Error;
use std::fmt;

use super::Cause;
use crate::report::{Place, debug_is_display};

/// DynamoDB takes no such read transaction.
#[derive(Clone)]
pub struct ReadTransactionError {
    place: Place,
    kind: ReadTransactionErrorKind,
}

/// The reason why DynamoDB takes no such read transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReadTransactionErrorKind {
    /// It has this many keys, and a transaction has at most 100.
    TooMany(usize),
    /// It has the same key of the same table twice.
    SameKey,
}

impl ReadTransactionError {
    pub(crate) fn new(place: Place, kind: ReadTransactionErrorKind) -> Self {
        Self { place, kind }
    }

    /// The reason.
    #[must_use]
    pub fn kind(&self) -> ReadTransactionErrorKind {
        self.kind
    }
}

impl fmt::Display for ReadTransactionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.kind)
    }
}

impl fmt::Display for ReadTransactionErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany(keys) => write!(
                f,
                "{keys} keys in one read transaction, and DynamoDB takes 100; use \
                 `store.batch_get::<R>(…)` if they need not be of one moment"
            ),
            Self::SameKey => f.write_str(
                "the same key twice in one read transaction, which DynamoDB refuses; read it once",
            ),
        }
    }
}

debug_is_display!(ReadTransactionError);

impl Error for ReadTransactionError {}

impl Cause for ReadTransactionError {}
