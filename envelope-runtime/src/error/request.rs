//! What came of a request to DynamoDB, other than what was asked for.

use std::error::Error;
use std::fmt;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use super::service::{Cause, Failure};
use super::{Answer, Place};

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
                "access denied; allow dynamodb:PutItem, GetItem, UpdateItem and DeleteItem on the table"
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
                "invalid request; compare the table's key schema with the struct's keys, the item's size \
                 with 400 KB, and the stored types with those that an update adds to"
            }
            Self::Credentials => {
                "no usable AWS credentials; set AWS_PROFILE, AWS_ACCESS_KEY_ID or a role"
            }
            Self::Other => "the request was refused",
        })
    }
}

impl Error for ServiceError {}
