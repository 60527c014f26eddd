//! The meaning of KMS's errors.

use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};

use crate::key::{DataKeyError, DataKeyErrorKind};
use crate::report::service::{Failure, Signature, Stage, failed_signature};

/// Returns whether another copy may be tried: never after a mismatch.
pub(super) fn is_unavailable(kind: DataKeyErrorKind) -> bool {
    matches!(
        kind,
        DataKeyErrorKind::AccessDenied
            | DataKeyErrorKind::Disabled
            | DataKeyErrorKind::NotFound
            | DataKeyErrorKind::PendingDeletion
            | DataKeyErrorKind::InvalidState
            | DataKeyErrorKind::Throttled
            | DataKeyErrorKind::Network
            | DataKeyErrorKind::Service
    )
}

/// Returns whether the error is about the copy, or at least about this very request. KMS would
/// return any other error for every copy.
pub(super) fn is_about_the_copy(kind: DataKeyErrorKind) -> bool {
    matches!(
        kind,
        DataKeyErrorKind::UnknownKey | DataKeyErrorKind::Mismatch | DataKeyErrorKind::Other
    )
}

pub(super) fn refused<E>(key: &str, error: &SdkError<E>) -> DataKeyError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let failure = Failure::of(error);
    let kind = match failure.stage {
        Stage::Credentials => DataKeyErrorKind::Credentials,
        Stage::Region => DataKeyErrorKind::Region,
        Stage::Network => DataKeyErrorKind::Network,
        Stage::Request => DataKeyErrorKind::Other,
        Stage::Answer => {
            let code = failure.answer.code.as_deref().unwrap_or_default();
            let message = error.message().unwrap_or_default();
            kind_of_code(code, message).unwrap_or_else(|| kind_of_status(failure.answer.status))
        }
    };
    DataKeyError::new(kind, key).with_answer(failure.answer)
}

/// The meaning of AWS's code; `None` if it is unknown. The message decides only if AWS has one code
/// for two things, and is not kept.
fn kind_of_code(code: &str, message: &str) -> Option<DataKeyErrorKind> {
    let says = |text| message.contains(text);
    Some(match code {
        "AccessDeniedException" => DataKeyErrorKind::AccessDenied,
        "DisabledException" => DataKeyErrorKind::Disabled,
        "NotFoundException" => DataKeyErrorKind::NotFound,
        // The one state that loses data has no code of its own.
        "KMSInvalidStateException" if says("pending deletion") => DataKeyErrorKind::PendingDeletion,
        "KMSInvalidStateException" => DataKeyErrorKind::InvalidState,
        "InvalidCiphertextException" => DataKeyErrorKind::Mismatch,
        "IncorrectKeyException" => DataKeyErrorKind::UnknownKey,
        "LimitExceededException"
        | "RequestLimitExceeded"
        | "SlowDown"
        | "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "TooManyRequestsException" => DataKeyErrorKind::Throttled,
        "DependencyTimeoutException"
        | "InternalFailure"
        | "InternalServerError"
        | "KeyUnavailableException"
        | "KMSInternalException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => DataKeyErrorKind::Service,
        "RequestTimeout" | "RequestTimeoutException" => DataKeyErrorKind::Network,
        _ => match failed_signature(code, message)? {
            Signature::Clock => DataKeyErrorKind::Clock,
            Signature::Expired => DataKeyErrorKind::ExpiredCredentials,
            Signature::Unknown => DataKeyErrorKind::Credentials,
        },
    })
}

/// The meaning of an answer without a known AWS code, which mostly came from a proxy in between.
fn kind_of_status(status: Option<u16>) -> DataKeyErrorKind {
    match status {
        Some(408) => DataKeyErrorKind::Network,
        Some(429) => DataKeyErrorKind::Throttled,
        Some(500..) => DataKeyErrorKind::Service,
        // Neither a refusal nor an answer of KMS: a network's login page, or a truncated body.
        Some(200..=299) => DataKeyErrorKind::InvalidAnswer,
        _ => DataKeyErrorKind::Other,
    }
}
