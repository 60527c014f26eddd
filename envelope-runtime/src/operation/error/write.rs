//! The error of one of several writes.

use std::fmt;

use super::predicates::predicates;
use super::{Cause, CheckError, DeleteError, SaveError, UpdateError};
use crate::report::debug_is_display;

/// The error of one of the writes that make up a transaction: the one that it would have had alone.
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

predicates!(WriteError);

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

debug_is_display!(WriteError);

// The inner error's text is this one's, so there is no `source`.
impl std::error::Error for WriteError {}
