//! The meaning of each inner error to a caller, which the error of every verb passes on.

use std::fmt;

use super::{
    ConditionError, ContendedError, LoadError, Presence, PresenceError, ServiceError,
    ServiceErrorKind, UnknownAttributeType, UnknownOutcomeError, VersionError,
};
use crate::attribute::NumberError;
use crate::envelope::{ContextError, OpenError, SealError, SealErrorKind};
use crate::key::{DataKeyError, IndexSecretError, LocalKeyError};
use crate::record::{FieldError, KeyError};

/// An error that another one holds. Its `Display` says everything but the outcome of the verb.
///
/// The public predicates and `attribute` of the outer error delegate to it: see `predicates.rs`,
/// which documents them.
pub(crate) trait Cause: fmt::Display {
    fn is_retryable(&self) -> bool {
        false
    }

    fn is_conflict(&self) -> bool {
        false
    }

    fn is_version_conflict(&self) -> bool {
        false
    }

    fn is_not_found(&self) -> bool {
        false
    }

    fn is_access_denied(&self) -> bool {
        false
    }

    fn is_tampered(&self) -> bool {
        false
    }

    fn is_unknown_outcome(&self) -> bool {
        false
    }

    fn is_unsealed(&self) -> bool {
        false
    }

    fn attribute(&self) -> Option<&str> {
        None
    }
}

impl Cause for FieldError {
    fn attribute(&self) -> Option<&str> {
        Some(self.attribute()).filter(|name| !name.is_empty())
    }
}

impl Cause for KeyError {
    fn attribute(&self) -> Option<&str> {
        self.attribute()
    }
}

impl Cause for ContextError {
    fn attribute(&self) -> Option<&str> {
        Some(self.attribute())
    }
}

impl Cause for DataKeyError {
    fn is_retryable(&self) -> bool {
        self.is_retryable()
    }

    fn is_access_denied(&self) -> bool {
        self.is_access_denied()
    }
}

impl Cause for IndexSecretError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::DataKey(error) if error.is_retryable())
    }

    fn is_access_denied(&self) -> bool {
        matches!(self, Self::DataKey(error) if error.is_access_denied())
    }
}

impl Cause for LocalKeyError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Random)
    }
}

impl Cause for NumberError {}

impl Cause for UnknownAttributeType {
    fn attribute(&self) -> Option<&str> {
        Some(self.attribute())
    }
}

impl Cause for SealError {
    fn is_retryable(&self) -> bool {
        self.kind() == SealErrorKind::Random
    }

    fn attribute(&self) -> Option<&str> {
        self.attribute()
    }
}

impl Cause for OpenError {
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

impl Cause for PresenceError {
    fn is_conflict(&self) -> bool {
        self.found() == Presence::Present
    }

    fn is_not_found(&self) -> bool {
        self.found() == Presence::Absent
    }
}

impl Cause for ConditionError {
    fn is_conflict(&self) -> bool {
        true
    }
}

impl Cause for VersionError {
    fn is_conflict(&self) -> bool {
        true
    }

    fn is_version_conflict(&self) -> bool {
        true
    }
}

impl Cause for ContendedError {
    fn is_retryable(&self) -> bool {
        true
    }

    fn is_conflict(&self) -> bool {
        true
    }
}

impl Cause for UnknownOutcomeError {
    fn is_unknown_outcome(&self) -> bool {
        true
    }
}

impl Cause for ServiceError {
    fn is_retryable(&self) -> bool {
        self.is_retryable()
    }

    fn is_access_denied(&self) -> bool {
        self.kind() == ServiceErrorKind::AccessDenied
    }
}

/// The item that a write returns cannot be read. The write has happened, so it must not be
/// repeated, even if the load is retryable.
impl Cause for Box<LoadError> {
    fn is_access_denied(&self) -> bool {
        self.as_ref().is_access_denied()
    }

    fn is_tampered(&self) -> bool {
        self.as_ref().is_tampered()
    }

    fn is_unsealed(&self) -> bool {
        self.as_ref().is_unsealed()
    }

    fn attribute(&self) -> Option<&str> {
        self.as_ref().attribute()
    }
}
