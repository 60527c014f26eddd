//! The error of updates.

use std::fmt;

use super::predicates::{predicates, verb};
use super::{
    Cause, ConditionError, ContendedError, LoadError, PresenceError, ServiceError,
    UnknownOutcomeError, VersionError,
};
use crate::envelope::{ContextError, OpenError, SealError};
use crate::key::DataKeyError;
use crate::record::{FieldError, KeyError};

/// A record was not updated.
#[derive(Clone)]
#[non_exhaustive]
pub enum UpdateError {
    /// A value of the update or of its condition cannot be stored, and no request was made; or the
    /// version cannot be counted up, and nothing was written.
    Field(FieldError),
    /// The key cannot be used; or a field cannot have the value, because it makes the key of an
    /// index. Nothing was written.
    Key(KeyError),
    /// A context field has no usable value; no request was made.
    Context(ContextError),
    /// There is no record under the key, or it has expired; an update creates none.
    NotFound(PresenceError),
    /// The stored item does not satisfy the condition; nothing was written.
    Condition(ConditionError),
    /// The stored record has another version; nothing was written.
    Version(VersionError),
    /// The stored item is not the one that was sealed under this key, or it protects an attribute
    /// that this struct does not; nothing was written.
    Open(OpenError),
    /// There is no data key to seal with; nothing was written.
    DecryptDataKey(DataKeyError),
    /// There is no new data key for a record whose old one must no longer be used; nothing was
    /// written.
    GenerateDataKey(DataKeyError),
    /// The new values could not be sealed; nothing was written.
    Seal(SealError),
    /// Other writers were faster until the deadline; nothing was written.
    Contended(ContendedError),
    /// The update may have happened once, or not at all.
    UnknownOutcome(UnknownOutcomeError),
    /// The record was updated, but could not be loaded.
    Unreadable(Box<LoadError>),
    /// DynamoDB did not confirm the update.
    Request(ServiceError),
}

verb! { UpdateError {
    Field | Key | Context | NotFound | Condition | Version | Open | DecryptDataKey | GenerateDataKey
    | Seal | Contended | Request => "cannot update ",
    UnknownOutcome => "it is not known whether the update happened: ",
    Unreadable => "the record is updated, but cannot be returned: ",
}}
