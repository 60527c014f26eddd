//! The errors of saves, loads, deletions and checks. `Display` gives the outcome of the verb and
//! then the whole message of the inner error. There is no `source`, so a report of the chain
//! repeats nothing.

use std::fmt;

use super::predicates::{predicates, verb};
use super::{
    Cause, ConditionError, PresenceError, ServiceError, UnknownOutcomeError, VersionError,
};
use crate::envelope::{ContextError, OpenError, SealError};
use crate::key::DataKeyError;
use crate::record::{FieldError, KeyError};

/// A record was not saved.
#[derive(Clone)]
#[non_exhaustive]
pub enum SaveError {
    /// A field, or a value of the condition, cannot be stored; no request was made.
    Field(FieldError),
    /// The record's key, or that of an index, cannot be used; no request was made.
    Key(KeyError),
    /// A context field has no usable value, or a different one than the caller's; no request was
    /// made.
    Context(ContextError),
    /// There is no data key; nothing was written.
    GenerateDataKey(DataKeyError),
    /// The record could not be sealed; nothing was written.
    Seal(SealError),
    /// A record to be created already existed, or one to be replaced did not; nothing was written.
    Presence(PresenceError),
    /// The stored item does not satisfy the condition; nothing was written.
    Condition(ConditionError),
    /// The stored record has a different version than the loaded one; nothing was written.
    Version(VersionError),
    /// The record is `plaintext_only`, and another struct protects the stored item; nothing was
    /// written.
    Open(OpenError),
    /// The record may have been saved and then replaced by another writer, or never saved.
    UnknownOutcome(UnknownOutcomeError),
    /// The record was saved, but the one that it replaced could not be loaded.
    Unreadable(Box<LoadError>),
    /// DynamoDB did not confirm the write.
    Request(ServiceError),
}

/// A record was not loaded.
#[derive(Clone)]
#[non_exhaustive]
pub enum LoadError {
    /// The key cannot be used; no request was made.
    Key(KeyError),
    /// A context field has no usable value; no request was made.
    Context(ContextError),
    /// DynamoDB did not answer with an item.
    Request(ServiceError),
    /// The stored item is not the one that was sealed under this key, or is not sealed.
    Open(OpenError),
    /// There is no data key.
    DecryptDataKey(DataKeyError),
    /// The opened values do not fit the struct.
    Field(FieldError),
}

/// A record was not deleted.
#[derive(Clone)]
#[non_exhaustive]
pub enum DeleteError {
    /// The key cannot be used; no request was made.
    Key(KeyError),
    /// The key belongs to a different context than the store's scope; no request was made.
    Context(ContextError),
    /// A value of the condition cannot be stored; no request was made.
    Field(FieldError),
    /// The stored item does not satisfy the condition; nothing was deleted.
    Condition(ConditionError),
    /// The stored record has another version; nothing was deleted.
    Version(VersionError),
    /// The record is `plaintext_only`, and another struct protects the stored item; nothing was
    /// deleted.
    Open(OpenError),
    /// The record may have been deleted, by this call or another writer, or not at all.
    UnknownOutcome(UnknownOutcomeError),
    /// The record was deleted, but could not be loaded.
    Unreadable(Box<LoadError>),
    /// DynamoDB did not confirm the deletion.
    Request(ServiceError),
}

/// A check of a transaction could not be made, or did not hold.
#[derive(Clone)]
#[non_exhaustive]
pub enum CheckError {
    /// The key cannot be used; no request was made.
    Key(KeyError),
    /// The key belongs to a different context than the store's scope; no request was made.
    Context(ContextError),
    /// A value of the condition cannot be stored; no request was made.
    Field(FieldError),
    /// The stored item does not satisfy the condition; nothing was written.
    Condition(ConditionError),
    /// The record is `plaintext_only`, and another struct protects the stored item; nothing was
    /// written.
    Open(OpenError),
    /// DynamoDB refused the check; nothing was written.
    Request(ServiceError),
}

verb! { SaveError {
    Field | Key | Context | GenerateDataKey | Seal | Presence | Condition | Version | Open | Request
        => "cannot save ",
    UnknownOutcome => "it is not known whether the record was saved: ",
    Unreadable => "the record is saved, but the replaced one is lost: ",
}}

verb! { LoadError {
    Key | Context | Request | Open | DecryptDataKey | Field => "cannot load ",
}}

verb! { DeleteError {
    Key | Context | Field | Condition | Version | Open | Request => "cannot delete ",
    UnknownOutcome => "it is not known whether the record was deleted: ",
    Unreadable => "the record is deleted, but cannot be returned: ",
}}

verb! { CheckError {
    Key | Context | Field | Condition | Open | Request => "cannot check ",
}}
