//! What came of a request to DynamoDB, other than what was asked for.

use std::error::Error;
use std::fmt;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use super::service::{Cause, Failure, Signature, failed_signature};
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
    /// The table's key has other attributes than the struct's, or other types.
    KeySchema,
    /// The item would be over 400 KB with what an update adds.
    ItemTooLarge,
    /// An update adds to an attribute, or a condition asks one, that is stored with another type.
    OperandType,
    /// DynamoDB holds the request to be invalid for another reason.
    Validation,
    /// No AWS credentials were found, they could not be loaded, or AWS does not know them.
    Credentials,
    /// The AWS credentials are temporary ones, and their time is over.
    ExpiredCredentials,
    /// The clock of this machine differs too much from AWS's.
    Clock,
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
            Cause::Answer => {
                let code = failure.answer.code.as_deref().unwrap_or_default();
                kind_of_answer(code, error.message().unwrap_or_default(), failure.answer.status)
            }
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
                | ServiceErrorKind::Clock
        )
    }
}

/// By AWS's code; without one that is known, as a proxy answers, by the status. The message is looked at, and
/// not kept.
fn kind_of_answer(code: &str, message: &str, status: Option<u16>) -> ServiceErrorKind {
    match code {
        "AccessDeniedException" => ServiceErrorKind::AccessDenied,
        "ResourceNotFoundException" => ServiceErrorKind::TableNotFound,
        "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "ThrottlingException" => ServiceErrorKind::Throttled,
        "ReplicatedWriteConflictException" | "TransactionConflictException" => {
            ServiceErrorKind::Conflict
        }
        "ValidationException" => kind_of_validation(message),
        _ => match failed_signature(code, message) {
            Some(Signature::Clock) => ServiceErrorKind::Clock,
            Some(Signature::Expired) => ServiceErrorKind::ExpiredCredentials,
            Some(Signature::Unknown) => ServiceErrorKind::Credentials,
            None => match status {
                // A body that is none of DynamoDB's: it was lost on its way.
                Some(200..=299 | 408) => ServiceErrorKind::Network,
                Some(429) => ServiceErrorKind::Throttled,
                Some(500..) => ServiceErrorKind::Service,
                _ => ServiceErrorKind::Other,
            },
        },
    }
}

/// What DynamoDB finds invalid, as far as its message says.
fn kind_of_validation(message: &str) -> ServiceErrorKind {
    let says = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
    if says(&["does not match the schema", "Missing the key", "Type mismatch for key"]) {
        ServiceErrorKind::KeySchema
    } else if says(&["Item size"]) {
        ServiceErrorKind::ItemTooLarge
    } else if says(&[
        "incorrect data type",
        "Incorrect operand type",
        "Type mismatch for attribute",
    ]) {
        ServiceErrorKind::OperandType
    } else {
        ServiceErrorKind::Validation
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
            Self::KeySchema => {
                "the table's key has other attributes or types than the struct's; compare its key schema \
                 with the struct's keys and their names"
            }
            Self::ItemTooLarge => {
                "the item would be over DynamoDB's 400 KB with what the update adds; keep large values \
                 elsewhere"
            }
            Self::OperandType => {
                "an attribute is stored with another type than the update adds to it, or the condition \
                 compares with; set it anew"
            }
            Self::Validation => {
                "invalid request; see the size of its condition, of its keys, and the nesting of its values"
            }
            Self::Credentials => {
                "no usable AWS credentials; set AWS_PROFILE, AWS_ACCESS_KEY_ID or a role"
            }
            Self::ExpiredCredentials => {
                "the AWS session token has expired; log in again, or use a role whose credentials the SDK \
                 renews"
            }
            Self::Clock => {
                "AWS refused the time of the request's signature; set this machine's clock, and retry"
            }
            Self::Other => "the request was refused",
        })
    }
}

impl Error for ServiceError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_more_than_a_status_and_a_status_more_than_nothing() {
        use ServiceErrorKind as Kind;
        for (code, status, kind, retryable) in [
            ("ThrottlingException", 400, Kind::Throttled, true),
            ("InternalFailure", 500, Kind::Service, true),
            ("ServiceUnavailableException", 503, Kind::Service, true),
            ("", 500, Kind::Service, true),
            ("", 502, Kind::Service, true),
            ("", 503, Kind::Service, true),
            ("", 504, Kind::Service, true),
            ("", 408, Kind::Network, true),
            ("", 200, Kind::Network, true),
            ("", 429, Kind::Throttled, true),
            ("", 403, Kind::Other, false),
            ("SomethingNewException", 400, Kind::Other, false),
            ("ExpiredTokenException", 400, Kind::ExpiredCredentials, false),
            ("UnrecognizedClientException", 400, Kind::Credentials, false),
            ("RequestTimeTooSkewed", 403, Kind::Clock, true),
        ] {
            let found = kind_of_answer(code, "", Some(status));
            assert_eq!(found, kind, "{code} {status}");
            let place = Place::new("users", vec!["id"]);
            let answer = Answer::default();
            let error = ServiceError { place, table: "t".into(), kind, answer };
            assert_eq!(error.is_retryable(), retryable, "{error}");
        }
    }

    #[test]
    fn what_dynamodb_finds_invalid_is_told_apart() {
        use ServiceErrorKind as Kind;
        for (message, kind) in [
            ("The provided key element does not match the schema", Kind::KeySchema),
            (
                "One or more parameter values were invalid: Missing the key SK in the item",
                Kind::KeySchema,
            ),
            (
                "One or more parameter values were invalid: Type mismatch for key id expected: S \
                 actual: N",
                Kind::KeySchema,
            ),
            ("Item size to update has exceeded the maximum allowed size", Kind::ItemTooLarge),
            ("An operand in the update expression has an incorrect data type", Kind::OperandType),
            (
                "Invalid UpdateExpression: Incorrect operand type for operator or function; \
                 operator: ADD, operand type: STRING",
                Kind::OperandType,
            ),
            ("Invalid ConditionExpression: Expression size has exceeded", Kind::Validation),
            ("", Kind::Validation),
        ] {
            assert_eq!(
                kind_of_answer("ValidationException", message, Some(400)),
                kind,
                "{message}"
            );
        }
    }
}
