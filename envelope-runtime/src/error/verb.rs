//! One enum a verb family. `Display` is the whole message of the variant's error, and `source` is
//! what lies behind that, so that a report of the chain says nothing twice.

use std::error::Error;
use std::fmt;

use super::{
    ConditionError, Presence, PresenceError, ServiceError, ServiceErrorKind, UnknownOutcomeError,
    VersionError,
};
use crate::envelope::{ContextError, OpenError, SealError};
use crate::key::DataKeyError;
use crate::record::{FieldError, InvalidKey};

/// A record was not saved.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SaveError {
    /// A field, or a value of the condition, is what DynamoDB cannot store; no request was made.
    Field(FieldError),
    /// The record's key cannot be used; no request was made.
    Key(InvalidKey),
    /// A context field has no usable value, or another one than the caller's; no request was made.
    Context(ContextError),
    /// There is no data key; nothing was written.
    GenerateDataKey(DataKeyError),
    /// The record could not be sealed; nothing was written.
    Seal(SealError),
    /// A record to be created was there already, or one to be replaced was not; nothing was written.
    Presence(PresenceError),
    /// The stored item does not fulfil the condition; nothing was written.
    Condition(ConditionError),
    /// The stored record has another version than the one that was loaded; nothing was written.
    Version(VersionError),
    /// The record is `plaintext_only`, and another struct protects the stored item; nothing was written.
    Open(OpenError),
    /// The record may have been saved, and replaced by another writer, or not.
    UnknownOutcome(UnknownOutcomeError),
    /// The record was saved, and the one that it replaced could not be loaded.
    Unreadable(Box<LoadError>),
    /// DynamoDB did not confirm the write.
    Request(ServiceError),
}

/// A record was not loaded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LoadError {
    /// The key cannot be used; no request was made.
    Key(InvalidKey),
    /// A context field has no usable value; no request was made.
    Context(ContextError),
    /// DynamoDB did not answer with an item.
    Request(ServiceError),
    /// The stored item is not what was sealed under this key, or is not sealed.
    Open(OpenError),
    /// There is no data key.
    DecryptDataKey(DataKeyError),
    /// The opened values do not fit the struct.
    Field(FieldError),
}

/// A record was not deleted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DeleteError {
    /// The key cannot be used; no request was made.
    Key(InvalidKey),
    /// The key belongs to another context than the store's scope; no request was made.
    Context(ContextError),
    /// A value of the condition cannot be stored; no request was made.
    Field(FieldError),
    /// The stored item does not fulfil the condition; nothing was deleted.
    Condition(ConditionError),
    /// The stored record has another version; nothing was deleted.
    Version(VersionError),
    /// The record is `plaintext_only`, and another struct protects the stored item; nothing was deleted.
    Open(OpenError),
    /// The record may have been deleted by this, or by another writer, or not.
    UnknownOutcome(UnknownOutcomeError),
    /// The record was deleted, and could not be loaded.
    Unreadable(Box<LoadError>),
    /// DynamoDB did not confirm the deletion.
    Request(ServiceError),
}

impl SaveError {
    /// Whether the same save may succeed later without any change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::GenerateDataKey(error) => error.is_retryable(),
            Self::Seal(error) => error.kind() == crate::SealErrorKind::Random,
            Self::Request(error) => error.is_retryable(),
            Self::Presence(_) | Self::Condition(_) | Self::Version(_) | Self::UnknownOutcome(_) => {
                false
            }
            Self::Unreadable(_) | Self::Open(_) => false,
            Self::Field(_) | Self::Key(_) | Self::Context(_) => false,
        }
    }

    /// Whether the record to be created was there already, the stored item did not fulfil the condition, or
    /// the stored record has another version.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Presence(error) => error.found() == Presence::Present,
            Self::Condition(_) | Self::Version(_) => true,
            _ => false,
        }
    }

    /// Whether the stored record has another version than the one that was loaded.
    #[must_use]
    pub fn is_version_conflict(&self) -> bool {
        matches!(self, Self::Version(_))
    }

    /// Whether the record to be replaced was not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Presence(error) if error.found() == Presence::Absent)
    }

    /// Whether KMS or DynamoDB refused permission.
    #[must_use]
    pub fn is_access_denied(&self) -> bool {
        match self {
            Self::GenerateDataKey(error) => error.is_access_denied(),
            Self::Request(error) => error.kind() == ServiceErrorKind::AccessDenied,
            Self::Unreadable(error) => error.is_access_denied(),
            Self::Presence(_) | Self::Condition(_) | Self::Version(_) | Self::UnknownOutcome(_) => {
                false
            }
            Self::Open(_) => false,
            Self::Field(_) | Self::Key(_) | Self::Context(_) | Self::Seal(_) => false,
        }
    }
}

impl LoadError {
    /// Whether the same load may succeed later without any change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::DecryptDataKey(error) => error.is_retryable(),
            Self::Request(error) => error.is_retryable(),
            Self::Key(_) | Self::Context(_) | Self::Open(_) | Self::Field(_) => false,
        }
    }

    /// Whether KMS or DynamoDB refused permission.
    #[must_use]
    pub fn is_access_denied(&self) -> bool {
        match self {
            Self::DecryptDataKey(error) => error.is_access_denied(),
            Self::Request(error) => error.kind() == ServiceErrorKind::AccessDenied,
            Self::Key(_) | Self::Context(_) | Self::Open(_) | Self::Field(_) => false,
        }
    }

    /// Whether the stored item was altered or moved here: true of nothing that a deployment can cause. See
    /// [`OpenError::is_tampered`] for the refusals that this leaves out; a wrapped key that does not fit is
    /// another.
    #[must_use]
    pub fn is_tampered(&self) -> bool {
        match self {
            Self::Open(error) => error.is_tampered(),
            Self::Request(_) => false,
            Self::DecryptDataKey(_) | Self::Key(_) | Self::Context(_) | Self::Field(_) => false,
        }
    }
}

impl DeleteError {
    /// Whether the same deletion may succeed later without any change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Request(error) if error.is_retryable())
    }

    /// Whether the stored item did not fulfil the condition, or the stored record has another version.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Condition(_) | Self::Version(_))
    }

    /// Whether the stored record has another version.
    #[must_use]
    pub fn is_version_conflict(&self) -> bool {
        matches!(self, Self::Version(_))
    }

    /// Whether DynamoDB refused permission.
    #[must_use]
    pub fn is_access_denied(&self) -> bool {
        match self {
            Self::Request(error) => error.kind() == ServiceErrorKind::AccessDenied,
            Self::Unreadable(error) => error.is_access_denied(),
            _ => false,
        }
    }
}

impl fmt::Display for SaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Unreadable(error) = self {
            return write!(f, "the record is saved, and the one before it is lost: {error}");
        }
        if let Self::UnknownOutcome(error) = self {
            return write!(f, "it is not known whether the record was saved: {error}");
        }
        f.write_str("cannot save ")?;
        match self {
            Self::Field(error) => error.fmt(f),
            Self::Key(error) => error.fmt(f),
            Self::Context(error) => error.fmt(f),
            Self::GenerateDataKey(error) => error.fmt(f),
            Self::Seal(error) => error.fmt(f),
            Self::Presence(error) => error.fmt(f),
            Self::Condition(error) => error.fmt(f),
            Self::Version(error) => error.fmt(f),
            Self::Open(error) => error.fmt(f),
            Self::UnknownOutcome(error) => error.fmt(f),
            Self::Unreadable(error) => error.fmt(f),
            Self::Request(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot load ")?;
        match self {
            Self::Key(error) => error.fmt(f),
            Self::Context(error) => error.fmt(f),
            Self::Request(error) => error.fmt(f),
            Self::Open(error) => error.fmt(f),
            Self::DecryptDataKey(error) => error.fmt(f),
            Self::Field(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for DeleteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Unreadable(error) = self {
            return write!(f, "the record is deleted, and cannot be given back: {error}");
        }
        if let Self::UnknownOutcome(error) = self {
            return write!(f, "it is not known whether the record was deleted: {error}");
        }
        f.write_str("cannot delete ")?;
        match self {
            Self::Context(error) => error.fmt(f),
            Self::Key(error) => error.fmt(f),
            Self::Field(error) => error.fmt(f),
            Self::Condition(error) => error.fmt(f),
            Self::Version(error) => error.fmt(f),
            Self::Open(error) => error.fmt(f),
            Self::UnknownOutcome(error) => error.fmt(f),
            Self::Unreadable(error) => error.fmt(f),
            Self::Request(error) => error.fmt(f),
        }
    }
}

// What each variant holds is the whole message and has no further source.
impl Error for SaveError {}
impl Error for LoadError {}
impl Error for DeleteError {}
