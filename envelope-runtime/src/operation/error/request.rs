//! Requests that DynamoDB refused or did not answer.

use std::error::Error;
use std::fmt;

use crate::report::{Answer, Place, debug_is_display};

/// DynamoDB refused a request or did not answer. Holds only names and AWS's error code and request
/// id.
#[derive(Clone)]
pub struct ServiceError {
    place: Place,
    table: String,
    kind: ServiceErrorKind,
    answer: Answer,
    /// The permissions of a request that is about a table and not about its items.
    needs: Option<&'static str>,
}

/// The kind of a DynamoDB request's failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServiceErrorKind {
    /// The caller may not make this request on this table.
    #[doc(alias = "AccessDeniedException")]
    AccessDenied,
    /// There is no such table, or it is not active yet.
    #[doc(alias = "ResourceNotFoundException")]
    TableNotFound,
    /// Too many requests.
    #[doc(alias = "ProvisionedThroughputExceededException")]
    #[doc(alias = "ThrottlingException")]
    Throttled,
    /// DynamoDB could not be reached or did not answer in time. A write may have happened.
    Network,
    /// DynamoDB failed on its side. A write may have happened.
    Service,
    /// Another write or transaction was in progress on the item, or another change on the table.
    #[doc(alias = "TransactionConflictException")]
    Conflict,
    /// The table's key has other attributes than the struct's, or other types.
    KeySchema,
    /// The item would exceed 400 KB with the additions of an update.
    ItemTooLarge,
    /// An update adds to an attribute that is stored with another type, or a condition compares
    /// with one.
    OperandType,
    /// The request is invalid for another reason.
    #[doc(alias = "ValidationException")]
    Validation,
    /// AWS credentials were not found, could not be loaded, or are unknown to AWS.
    Credentials,
    /// The AWS credentials are temporary and have expired.
    ExpiredCredentials,
    /// The clock of this machine differs too much from AWS's.
    Clock,
    /// The DynamoDB client has no Region; nothing was sent.
    Region,
    /// Any other refusal; see [`ServiceError::code`].
    Other,
}

impl ServiceError {
    pub(in crate::operation) fn of_answer(
        place: Place,
        table: &str,
        kind: ServiceErrorKind,
        answer: Answer,
    ) -> Self {
        Self { place, table: table.to_owned(), kind, answer, needs: None }
    }

    /// The error of a request about a table, which needs these permissions.
    pub(crate) fn needing(self, permissions: &'static str) -> Self {
        Self { needs: Some(permissions), ..self }
    }

    /// Returns whether the back end does not know the request, as emulators may not.
    pub(crate) fn is_unsupported(&self) -> bool {
        const NOT_IMPLEMENTED: u16 = 501;
        self.code() == Some("UnknownOperationException")
            || self.answer.status == Some(NOT_IMPLEMENTED)
    }

    /// The kind of the failure.
    #[must_use]
    pub fn kind(&self) -> ServiceErrorKind {
        self.kind
    }

    /// The physical table of the request.
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

    /// Returns whether the same request may succeed later without any change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            ServiceErrorKind::Throttled
                | ServiceErrorKind::Network
                | ServiceErrorKind::Service
                | ServiceErrorKind::Conflict
                | ServiceErrorKind::Clock
        )
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, table, kind, answer, needs } = self;
        write!(f, "{place}: DynamoDB table `{table}`: ")?;
        match (kind, needs) {
            (ServiceErrorKind::AccessDenied, Some(permissions)) => {
                write!(f, "access denied; allow {permissions}")
            }
            (ServiceErrorKind::Conflict, Some(_)) => {
                f.write_str("the table is being changed; retry later")
            }
            (ServiceErrorKind::Validation, Some(_)) => f.write_str(
                "invalid request; check the table's name, its read and write units, and its KMS key",
            ),
            _ => kind.fmt(f),
        }?;
        answer.fmt(f)
    }
}

impl fmt::Display for ServiceErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccessDenied => {
                "access denied; allow dynamodb:PutItem, GetItem, UpdateItem, DeleteItem, \
                 ConditionCheckItem, BatchGetItem, BatchWriteItem, \
                 Query and Scan on the table"
            }
            Self::TableNotFound => {
                "no such table in this account and Region, or it is not active yet; create it, or \
                 name another with `store.map_table::<R>(…)`"
            }
            Self::Throttled => "too many requests; retry later",
            Self::Network => "could not be reached in time; check the endpoint, or retry later",
            Self::Service => "the service failed; retry later",
            Self::Conflict => "another write or transaction was in progress on the item; retry",
            Self::KeySchema => {
                "the table's key has other attributes or types than the struct's; compare its key schema \
                 with the struct's keys and their names"
            }
            Self::ItemTooLarge => {
                "the item would exceed DynamoDB's 400 KB with what the update adds; keep large values \
                 elsewhere"
            }
            Self::OperandType => {
                "an attribute's stored type differs from the one that the update adds or the condition \
                 compares with; set the attribute again"
            }
            Self::Validation => {
                "invalid request; check the size of its condition and keys, and the nesting of its values"
            }
            Self::Credentials => {
                "no usable AWS credentials; set AWS_PROFILE, AWS_ACCESS_KEY_ID or a role"
            }
            Self::ExpiredCredentials => {
                "the AWS session token has expired; log in again, or use a role whose credentials the SDK \
                 renews"
            }
            Self::Clock => {
                "AWS rejected the time of the request's signature; set this machine's clock, and retry"
            }
            Self::Region => {
                "the client has no AWS Region; set AWS_REGION, or `region` in its configuration or \
                 your profile"
            }
            Self::Other => "the request was refused",
        })
    }
}

debug_is_display!(ServiceError);

impl Error for ServiceError {}
