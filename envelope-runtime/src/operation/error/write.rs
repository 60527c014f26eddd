//! The error of one of several writes.

use std::fmt;

use super::predicates::predicates;
use super::{Cause, CheckError, DeleteError, SaveError, UpdateError};
use crate::report::debug_is_display;

/// The error that one of the writes of a transaction or a batch would have had alone.
#[derive(Clone)]
#[non_exhaustive]
pub enum WriteError {
    /// A record was not saved.
    Save(SaveError),
    /// A record was not updated.
    Update(UpdateError),
    /// A record was not deleted.
    Delete(DeleteError),
    /// A condition on a record could not be checked, or did not hold.
    Check(CheckError),
}

/// The error of one of several writes, and its position.
#[derive(Clone)]
pub struct PositionedError {
    position: usize,
    error: Box<WriteError>,
}

predicates!(WriteError);
predicates!(PositionedError);

impl WriteError {
    pub(super) fn cause(&self) -> &dyn Cause {
        match self {
            Self::Save(error) => error.cause(),
            Self::Update(error) => error.cause(),
            Self::Delete(error) => error.cause(),
            Self::Check(error) => error.cause(),
        }
    }
}

impl PositionedError {
    pub(crate) fn new(position: usize, error: WriteError) -> Self {
        Self { position, error: Box::new(error) }
    }

    /// The position of the write among those that were added to a transaction or a batch, or in the
    /// input of a bulk load. The first is 0.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// The error that the write would have had alone.
    #[must_use]
    pub fn error(&self) -> &WriteError {
        &self.error
    }

    fn cause(&self) -> &dyn Cause {
        WriteError::cause(&self.error)
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Save(error) => error.fmt(f),
            Self::Update(error) => error.fmt(f),
            Self::Delete(error) => error.fmt(f),
            Self::Check(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for PositionedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at position {} (the first is 0): {}", self.position, self.error)
    }
}

debug_is_display!(WriteError, PositionedError);

// The inner error's text is this one's, so there is no `source`.
impl std::error::Error for WriteError {}
impl std::error::Error for PositionedError {}

impl Cause for PositionedError {
    fn is_retryable(&self) -> bool {
        self.is_retryable()
    }

    fn is_conflict(&self) -> bool {
        self.is_conflict()
    }

    fn is_version_conflict(&self) -> bool {
        self.is_version_conflict()
    }

    fn is_not_found(&self) -> bool {
        self.is_not_found()
    }

    fn is_access_denied(&self) -> bool {
        self.is_access_denied()
    }

    fn is_tampered(&self) -> bool {
        self.is_tampered()
    }

    fn is_unsealed(&self) -> bool {
        self.is_unsealed()
    }

    fn attribute(&self) -> Option<&str> {
        self.attribute()
    }
}
