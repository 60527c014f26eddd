//! Classifies DynamoDB's answers into kinds of error.

use std::error::Error;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use super::{ServiceError, ServiceErrorKind};
use crate::report::service::{Failure, Signature, Stage, failed_signature};
use crate::report::{Answer, Place};

impl ServiceError {
    pub(crate) fn new<E>(place: Place, table: &str, error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let failure = Failure::of(error);
        let kind = match failure.stage {
            Stage::Credentials => ServiceErrorKind::Credentials,
            Stage::Region => ServiceErrorKind::Region,
            Stage::Network => ServiceErrorKind::Network,
            Stage::Request => ServiceErrorKind::Other,
            Stage::Answer => {
                let code = failure.answer.code.as_deref().unwrap_or_default();
                kind_of_answer(code, error.message().unwrap_or_default(), failure.answer.status)
            }
        };
        Self::of_answer(place, table, kind, failure.answer)
    }

    /// The error of one action of a cancelled transaction, by the code of its
    /// [reason](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CancellationReason.html).
    pub(crate) fn of_reason<E>(
        place: Place,
        table: &str,
        error: &SdkError<E>,
        reason: &str,
        message: &str,
    ) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let answer = Answer { code: Some(reason.to_owned()), ..Failure::of(error).answer };
        Self::of_answer(place, table, kind_of_reason(reason, message), answer)
    }

    /// The error of an answer that lacks a part.
    pub(crate) fn incomplete(place: Place, table: &str) -> Self {
        Self::of_answer(place, table, ServiceErrorKind::Service, Answer::default())
    }
}

/// Classifies by the code of a reason for which a transaction was cancelled.
fn kind_of_reason(code: &str, message: &str) -> ServiceErrorKind {
    match code {
        "AccessDenied" => ServiceErrorKind::AccessDenied,
        "ProvisionedThroughputExceeded" | "ThrottlingError" => ServiceErrorKind::Throttled,
        "TransactionConflict" => ServiceErrorKind::Conflict,
        "ValidationError" => kind_of_validation(message),
        _ => ServiceErrorKind::Other,
    }
}

/// Classifies by AWS's code, or by the status if there is no known code, as in a proxy's answer.
/// Reads the message and does not keep it.
fn kind_of_answer(code: &str, message: &str, status: Option<u16>) -> ServiceErrorKind {
    match code {
        "AccessDeniedException" => ServiceErrorKind::AccessDenied,
        "ResourceNotFoundException" | "TableNotFoundException" => ServiceErrorKind::TableNotFound,
        "LimitExceededException"
        | "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "ThrottlingException" => ServiceErrorKind::Throttled,
        "InternalServerError"
        | "InternalFailure"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => ServiceErrorKind::Service,
        "ReplicatedWriteConflictException"
        | "ResourceInUseException"
        | "TransactionConflictException" => ServiceErrorKind::Conflict,
        "ValidationException" => kind_of_validation(message),
        _ => match failed_signature(code, message) {
            Some(Signature::Clock) => ServiceErrorKind::Clock,
            Some(Signature::Expired) => ServiceErrorKind::ExpiredCredentials,
            Some(Signature::Unknown) => ServiceErrorKind::Credentials,
            None => match status {
                // The body is not DynamoDB's: its answer was lost on the way.
                Some(200..=299 | 408) => ServiceErrorKind::Network,
                Some(429) => ServiceErrorKind::Throttled,
                Some(500..) => ServiceErrorKind::Service,
                _ => ServiceErrorKind::Other,
            },
        },
    }
}

/// Distinguishes the requests that DynamoDB rejects as invalid, as far as its message does.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_more_than_a_status_and_a_status_more_than_nothing() {
        use ServiceErrorKind as Kind;
        for (code, status, kind, retryable) in [
            ("ThrottlingException", 400, Kind::Throttled, true),
            ("LimitExceededException", 400, Kind::Throttled, true),
            ("ResourceInUseException", 400, Kind::Conflict, true),
            ("TableNotFoundException", 400, Kind::TableNotFound, false),
            ("InternalServerError", 400, Kind::Service, true),
            ("InternalFailure", 400, Kind::Service, true),
            ("ServiceUnavailable", 400, Kind::Service, true),
            ("ServiceUnavailableException", 400, Kind::Service, true),
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
            let error = ServiceError::of_answer(place, "t", kind, answer);
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
