//! What an error of KMS means.

use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};

use crate::error::service::{Cause, Failure};
use crate::key::{DataKeyError, DataKeyErrorKind};

/// Whether another copy may be tried: never after a mismatch.
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

pub(super) fn refused<E>(key: &str, error: &SdkError<E>) -> DataKeyError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let failure = Failure::of(error);
    let kind = match failure.cause {
        Cause::Credentials => DataKeyErrorKind::Credentials,
        Cause::Network => DataKeyErrorKind::Network,
        Cause::Request => DataKeyErrorKind::Other,
        Cause::Answer => kind_of_answer(error, failure.answer.code.as_deref().unwrap_or_default()),
    };
    DataKeyError::new(kind, key).with_answer(failure.answer)
}

fn kind_of_answer<E: ProvideErrorMetadata>(error: &SdkError<E>, code: &str) -> DataKeyErrorKind {
    match code {
        "AccessDeniedException" => DataKeyErrorKind::AccessDenied,
        "DisabledException" => DataKeyErrorKind::Disabled,
        "NotFoundException" => DataKeyErrorKind::NotFound,
        // The one state that loses data has no code of its own.
        "KMSInvalidStateException"
            if error.message().is_some_and(|text| text.contains("pending deletion")) =>
        {
            DataKeyErrorKind::PendingDeletion
        }
        "KMSInvalidStateException" => DataKeyErrorKind::InvalidState,
        "InvalidCiphertextException" => DataKeyErrorKind::Mismatch,
        "IncorrectKeyException" => DataKeyErrorKind::UnknownKey,
        "ThrottlingException" | "LimitExceededException" => DataKeyErrorKind::Throttled,
        "DependencyTimeoutException" | "KeyUnavailableException" | "KMSInternalException" => {
            DataKeyErrorKind::Service
        }
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "ExpiredTokenException"
        | "InvalidSignatureException" => DataKeyErrorKind::Credentials,
        _ => DataKeyErrorKind::Other,
    }
}
