//! What came of a request to DynamoDB, other than what was asked for.

use std::error::Error;
use std::fmt;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use super::service::{Cause, Failure};
use super::{Answer, Place};
use crate::envelope::Item;

/// A condition on the presence of a record did not hold.
#[derive(Clone, Debug)]
pub struct PresenceError {
    place: Place,
    found: Presence,
}

/// The stored item does not fulfil the condition of a write; nothing was written.
#[derive(Clone, Debug)]
pub struct ConditionError {
    place: Place,
    stored: Option<Item>,
}

/// Whether a record is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third")]
pub enum Presence {
    /// There is a record under the key.
    Present,
    /// There is none.
    Absent,
}

/// DynamoDB refused a request, or did not answer. Holds names and AWS's error code only.
#[derive(Clone, Debug)]
pub struct ServiceError {
    place: Place,
    table: String,
    kind: ServiceErrorKind,
    answer: Answer,
}

/// What went wrong with a DynamoDB request.
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

impl ConditionError {
    pub(crate) fn new(place: Place, stored: Option<Item>) -> Self {
        Self { place, stored }
    }

    /// The item that is stored, with its encrypted attributes sealed: an [`Opener`](crate::Opener) opens
    /// it. `None` if there is no item, or DynamoDB did not give it.
    #[must_use]
    pub fn stored(&self) -> Option<&Item> {
        self.stored.as_ref()
    }
}

impl fmt::Display for ConditionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        f.write_str(match &self.stored {
            Some(_) => {
                "the stored item does not fulfil the condition, and nothing was written; load the \
                 record, and decide anew"
            }
            None => {
                "there is no item that fulfils the condition, and nothing was written; load the \
                 record, and decide anew"
            }
        })
    }
}

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

impl ServiceError {
    pub(crate) fn new<E>(place: Place, table: &str, error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
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

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, table, kind, answer } = self;
        write!(f, "{place}: DynamoDB table `{table}`: {kind}{answer}")
    }
}

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

impl Error for ServiceError {}
impl Error for PresenceError {}
impl Error for ConditionError {}
