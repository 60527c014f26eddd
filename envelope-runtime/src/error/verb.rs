//! One enum a verb family. `Display` is the whole message of the variant's error, and `source` is
//! what lies behind that, so that a report of the chain says nothing twice.

use std::error::Error;
use std::fmt;

#[cfg(feature = "aws")]
use super::{Answer, Place};
use crate::envelope::{ContextError, OpenError, SealError};
use crate::key::DataKeyError;
use crate::record::{FieldError, InvalidKey};

/// A record was not saved.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SaveError {
    /// A field holds what DynamoDB cannot store; no request was made.
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
    #[cfg(feature = "aws")]
    Presence(PresenceError),
    /// DynamoDB did not confirm the write.
    #[cfg(feature = "aws")]
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
    #[cfg(feature = "aws")]
    Request(ServiceError),
    /// The stored item is not what was sealed under this key, or is not sealed.
    Open(OpenError),
    /// There is no data key.
    DecryptDataKey(DataKeyError),
    /// The opened values do not fit the struct.
    Field(FieldError),
}

/// A record was not deleted.
#[cfg(feature = "aws")]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DeleteError {
    /// The key cannot be used; no request was made.
    Key(InvalidKey),
    /// The key belongs to another context than the store's scope; no request was made.
    Context(ContextError),
    /// DynamoDB did not confirm the deletion.
    Request(ServiceError),
}

/// A condition on the presence of a record did not hold.
#[cfg(feature = "aws")]
#[derive(Clone, Debug)]
pub struct PresenceError {
    place: Place,
    found: Presence,
}

/// Whether a record is there.
#[cfg(feature = "aws")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third")]
pub enum Presence {
    /// There is a record under the key.
    Present,
    /// There is none.
    Absent,
}

/// DynamoDB refused a request, or did not answer. Holds names and AWS's error code only.
#[cfg(feature = "aws")]
#[derive(Clone, Debug)]
pub struct ServiceError {
    place: Place,
    table: String,
    kind: ServiceErrorKind,
    answer: Answer,
}

/// What went wrong with a DynamoDB request.
#[cfg(feature = "aws")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServiceErrorKind {
    /// The caller may not make this request on this table.
    AccessDenied,
    /// There is no such table, or it is not active yet.
    TableNotFound,
    /// Too many requests.
    Throttled,
    /// DynamoDB could not be reached or did not answer in time. A write may have happened.
    Network,
    /// DynamoDB failed on its side. A write may have happened.
    Service,
    /// Another write or transaction was at the item.
    Conflict,
    /// DynamoDB holds the request to be invalid: another key schema, or an item over 400 KB.
    Validation,
    /// No AWS credentials were found, or they could not be loaded.
    Credentials,
    /// Any other refusal; see [`ServiceError::code`].
    Other,
}

impl SaveError {
    /// Whether the same save may succeed later without any change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::GenerateDataKey(error) => error.is_retryable(),
            Self::Seal(error) => error.kind() == crate::SealErrorKind::Random,
            #[cfg(feature = "aws")]
            Self::Request(error) => error.is_retryable(),
            #[cfg(feature = "aws")]
            Self::Presence(_) => false,
            Self::Field(_) | Self::Key(_) | Self::Context(_) => false,
        }
    }

    /// Whether the record to be created was there already.
    #[cfg(feature = "aws")]
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Presence(error) if error.found == Presence::Present)
    }

    /// Whether the record to be replaced was not there.
    #[cfg(feature = "aws")]
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Presence(error) if error.found == Presence::Absent)
    }

    /// Whether KMS or DynamoDB refused permission.
    #[must_use]
    pub fn is_access_denied(&self) -> bool {
        match self {
            Self::GenerateDataKey(error) => error.is_access_denied(),
            #[cfg(feature = "aws")]
            Self::Request(error) => error.kind == ServiceErrorKind::AccessDenied,
            #[cfg(feature = "aws")]
            Self::Presence(_) => false,
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
            #[cfg(feature = "aws")]
            Self::Request(error) => error.is_retryable(),
            Self::Key(_) | Self::Context(_) | Self::Open(_) | Self::Field(_) => false,
        }
    }

    /// Whether KMS or DynamoDB refused permission.
    #[must_use]
    pub fn is_access_denied(&self) -> bool {
        match self {
            Self::DecryptDataKey(error) => error.is_access_denied(),
            #[cfg(feature = "aws")]
            Self::Request(error) => error.kind == ServiceErrorKind::AccessDenied,
            Self::Key(_) | Self::Context(_) | Self::Open(_) | Self::Field(_) => false,
        }
    }

    /// Whether the stored item, or its wrapped data key, was altered or moved here. See
    /// [`OpenError::is_tampered`] for the refusals that this leaves out.
    #[must_use]
    pub fn is_tampered(&self) -> bool {
        match self {
            Self::Open(error) => error.is_tampered(),
            Self::DecryptDataKey(error) => error.is_tampered(),
            #[cfg(feature = "aws")]
            Self::Request(_) => false,
            Self::Key(_) | Self::Context(_) | Self::Field(_) => false,
        }
    }
}

#[cfg(feature = "aws")]
impl DeleteError {
    /// Whether the same deletion may succeed later without any change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Request(error) if error.is_retryable())
    }

    /// Whether DynamoDB refused permission.
    #[must_use]
    pub fn is_access_denied(&self) -> bool {
        matches!(self, Self::Request(error) if error.kind == ServiceErrorKind::AccessDenied)
    }
}

#[cfg(feature = "aws")]
impl PresenceError {
    pub(crate) fn new(place: Place, found: Presence) -> Self {
        Self { place, found }
    }

    /// Whether a record was found under the key.
    #[must_use]
    pub fn found(&self) -> Presence {
        self.found
    }
}

#[cfg(feature = "aws")]
impl fmt::Display for PresenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        f.write_str(match self.found {
            Presence::Present => {
                "there is a record under this key already; load it first, or save with `put`"
            }
            Presence::Absent => "there is no record under this key; save with `create` or `put`",
        })
    }
}

#[cfg(feature = "aws")]
impl ServiceError {
    pub(crate) fn new<E>(
        place: Place,
        table: &str,
        error: &aws_sdk_dynamodb::error::SdkError<E>,
    ) -> Self
    where
        E: aws_sdk_dynamodb::error::ProvideErrorMetadata + Error + 'static,
    {
        use super::service::{Cause, Failure};

        let failure = Failure::of(error);
        let kind = match failure.cause {
            Cause::Credentials => ServiceErrorKind::Credentials,
            Cause::Network => ServiceErrorKind::Network,
            Cause::Request => ServiceErrorKind::Other,
            Cause::Answer => kind_of_answer(failure.answer.code.as_deref().unwrap_or_default()),
        };
        Self { place, table: table.to_owned(), kind, answer: failure.answer }
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ServiceErrorKind {
        self.kind
    }

    /// The physical table that was asked.
    #[must_use]
    pub fn table_name(&self) -> &str {
        &self.table
    }

    /// DynamoDB's error code, if it answered.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.answer.code.as_deref()
    }

    /// DynamoDB's request id, if it answered.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.answer.request_id.as_deref()
    }

    /// Whether the same request may succeed later without any change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            ServiceErrorKind::Throttled
                | ServiceErrorKind::Network
                | ServiceErrorKind::Service
                | ServiceErrorKind::Conflict
        )
    }
}

#[cfg(feature = "aws")]
fn kind_of_answer(code: &str) -> ServiceErrorKind {
    match code {
        "AccessDeniedException" => ServiceErrorKind::AccessDenied,
        "ResourceNotFoundException" => ServiceErrorKind::TableNotFound,
        "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "ThrottlingException" => ServiceErrorKind::Throttled,
        "InternalServerError" | "ServiceUnavailable" => ServiceErrorKind::Service,
        "ReplicatedWriteConflictException" | "TransactionConflictException" => {
            ServiceErrorKind::Conflict
        }
        "ValidationException" => ServiceErrorKind::Validation,
        "UnrecognizedClientException" | "InvalidSignatureException" | "ExpiredTokenException" => {
            ServiceErrorKind::Credentials
        }
        _ => ServiceErrorKind::Other,
    }
}

impl fmt::Display for SaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot save ")?;
        match self {
            Self::Field(error) => error.fmt(f),
            Self::Key(error) => error.fmt(f),
            Self::Context(error) => error.fmt(f),
            Self::GenerateDataKey(error) => error.fmt(f),
            Self::Seal(error) => error.fmt(f),
            #[cfg(feature = "aws")]
            Self::Presence(error) => error.fmt(f),
            #[cfg(feature = "aws")]
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
            #[cfg(feature = "aws")]
            Self::Request(error) => error.fmt(f),
            Self::Open(error) => error.fmt(f),
            Self::DecryptDataKey(error) => error.fmt(f),
            Self::Field(error) => error.fmt(f),
        }
    }
}

#[cfg(feature = "aws")]
impl fmt::Display for DeleteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot delete ")?;
        match self {
            Self::Context(error) => error.fmt(f),
            Self::Key(error) => error.fmt(f),
            Self::Request(error) => error.fmt(f),
        }
    }
}

#[cfg(feature = "aws")]
impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, table, kind, answer } = self;
        write!(f, "{place}: DynamoDB table `{table}`: {kind}{answer}")
    }
}

#[cfg(feature = "aws")]
impl fmt::Display for ServiceErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccessDenied => {
                "access denied; allow dynamodb:PutItem, GetItem and DeleteItem on the table"
            }
            Self::TableNotFound => {
                "no such table in this account and Region, or it is not active yet; create it, or \
                 name another with `store.table_name::<R>(…)`"
            }
            Self::Throttled => "too many requests; retry later",
            Self::Network => "could not be reached in time; retry later",
            Self::Service => "the service failed; retry later",
            Self::Conflict => "another write or transaction was at the item; retry",
            Self::Validation => {
                "invalid request; compare the table's key schema with the struct's keys, and the \
                 item's size with 400 KB"
            }
            Self::Credentials => {
                "no usable AWS credentials; set AWS_PROFILE, AWS_ACCESS_KEY_ID or a role"
            }
            Self::Other => "the request was refused",
        })
    }
}

// What each variant holds is the whole message and has no further source.
impl Error for SaveError {}
impl Error for LoadError {}
#[cfg(feature = "aws")]
impl Error for DeleteError {}
#[cfg(feature = "aws")]
impl Error for ServiceError {}
#[cfg(feature = "aws")]
impl Error for PresenceError {}
