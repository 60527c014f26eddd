//! Why a record was not updated.

use std::error::Error;
use std::fmt;

use super::{
    ConditionError, ContendedError, LoadError, PresenceError, ServiceError, ServiceErrorKind,
    UnknownOutcomeError, VersionError,
};
use crate::envelope::{ContextError, OpenError, SealError, SealErrorKind};
use crate::key::DataKeyError;
use crate::record::{FieldError, InvalidKey};

/// A record was not updated.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum UpdateError {
    /// A value of the update or of its condition cannot be stored, and no request was made; or the version
    /// cannot be counted up, and nothing was written.
    Field(FieldError),
    /// The key cannot be used; no request was made.
    Key(InvalidKey),
    /// A context field has no usable value; no request was made.
    Context(ContextError),
    /// There is no record under the key, or it has expired; an update makes none.
    NotFound(PresenceError),
    /// The stored item does not fulfil the condition; nothing was written.
    Condition(ConditionError),
    /// The stored record has another version; nothing was written.
    Version(VersionError),
    /// The stored item is not what was sealed under this key, or an attribute is protected there and not in
    /// this struct; nothing was written.
    Open(OpenError),
    /// There is no data key to seal with; nothing was written.
    DecryptDataKey(DataKeyError),
    /// There is no new data key for a record whose own is no longer to be used; nothing was written.
    GenerateDataKey(DataKeyError),
    /// The new values could not be sealed; nothing was written.
    Seal(SealError),
    /// Other writers were first until the deadline; nothing was written.
    Contended(ContendedError),
    /// The update may have happened, once, or not.
    UnknownOutcome(UnknownOutcomeError),
    /// The record was updated, and could not be loaded.
    Unreadable(Box<LoadError>),
    /// DynamoDB did not confirm the update.
    Request(ServiceError),
}

impl UpdateError {
    /// Whether the same update may succeed later without any change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::DecryptDataKey(error) | Self::GenerateDataKey(error) => error.is_retryable(),
            Self::Seal(error) => error.kind() == SealErrorKind::Random,
            Self::Request(error) => error.is_retryable(),
            Self::Contended(_) => true,
            _ => false,
        }
    }

    /// Whether the stored record is not the one that the update depends on.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Condition(_) | Self::Version(_) | Self::Contended(_))
    }

    /// Whether the stored record has another version than the update depends on.
    #[must_use]
    pub fn is_version_conflict(&self) -> bool {
        matches!(self, Self::Version(_))
    }

    /// Whether there was no record to update.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound(_))
    }

    /// Whether KMS or DynamoDB refused permission.
    #[must_use]
    pub fn is_access_denied(&self) -> bool {
        match self {
            Self::DecryptDataKey(error) | Self::GenerateDataKey(error) => error.is_access_denied(),
            Self::Request(error) => error.kind() == ServiceErrorKind::AccessDenied,
            Self::Unreadable(error) => error.is_access_denied(),
            _ => false,
        }
    }

    /// Whether the stored item was altered or moved here: true of nothing that a deployment can cause. See
    /// [`OpenError::is_tampered`] for the refusals that this leaves out; a wrapped key that does not fit is
    /// another.
    #[must_use]
    pub fn is_tampered(&self) -> bool {
        match self {
            Self::Open(error) => error.is_tampered(),
            Self::Unreadable(error) => error.is_tampered(),
            _ => false,
        }
    }
}

impl fmt::Display for UpdateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable(_) => "the record is updated, and cannot be given back: ",
            Self::UnknownOutcome(_) => "it is not known whether the update happened: ",
            _ => "cannot update ",
        })?;
        match self {
            Self::Field(error) => error.fmt(f),
            Self::Key(error) => error.fmt(f),
            Self::Context(error) => error.fmt(f),
            Self::NotFound(error) => error.fmt(f),
            Self::Condition(error) => error.fmt(f),
            Self::Version(error) => error.fmt(f),
            Self::Open(error) => error.fmt(f),
            Self::DecryptDataKey(error) | Self::GenerateDataKey(error) => error.fmt(f),
            Self::Seal(error) => error.fmt(f),
            Self::Contended(error) => error.fmt(f),
            Self::UnknownOutcome(error) => error.fmt(f),
            Self::Unreadable(error) => error.fmt(f),
            Self::Request(error) => error.fmt(f),
        }
    }
}

// What each variant holds is the whole message and has no further source.
impl Error for UpdateError {}
