//! Cursors that cannot be used.

use std::error::Error;
use std::fmt;

use super::Cause;
use crate::report::debug_is_display;

/// A cursor cannot be used. It says nothing of what the cursor holds.
#[derive(Clone)]
pub struct CursorError {
    kind: CursorErrorKind,
}

/// The fault of a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CursorErrorKind {
    /// The text is none of this application's cursors for this query and this user. It is altered,
    /// cut, of another query or user, or sealed under a key that is no longer accepted.
    Refused,
    /// It is a cursor of another query.
    OtherQuery,
    /// It is older than the application accepts.
    Expired,
    /// The cursor key is not exactly 64 hexadecimal digits.
    KeyNotHex,
    /// The operating system gave no random bytes.
    Random,
}

impl CursorError {
    pub(crate) fn new(kind: CursorErrorKind) -> Self {
        Self { kind }
    }

    /// The fault.
    #[must_use]
    pub fn kind(&self) -> CursorErrorKind {
        self.kind
    }
}

impl fmt::Display for CursorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            CursorErrorKind::Refused => {
                "the cursor is not one for this query and this user; begin with the first page"
            }
            CursorErrorKind::OtherQuery => {
                "the cursor is of another query; use the same partition, conditions, direction and filter"
            }
            CursorErrorKind::Expired => "the cursor is too old; begin with the first page",
            CursorErrorKind::KeyNotHex => "a cursor key is exactly 64 hexadecimal digits",
            CursorErrorKind::Random => "the operating system gave no random bytes; retry",
        })
    }
}

debug_is_display!(CursorError);

impl Error for CursorError {}

impl Cause for CursorError {
    fn is_retryable(&self) -> bool {
        self.kind == CursorErrorKind::Random
    }
}
