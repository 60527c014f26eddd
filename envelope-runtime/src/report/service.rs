//! The meaning of an AWS SDK error, without its texts and bodies: they may hold the item.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;

use super::Answer;

/// The stage at which a call to AWS failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// AWS answered with an error.
    Answer,
    /// No credentials could be loaded.
    Credentials,
    /// The client has no Region.
    Region,
    /// The request could not be built.
    Request,
    /// No complete answer arrived.
    Network,
}

/// The parts of an SDK error that are safe to keep.
pub(crate) struct Failure {
    pub(crate) stage: Stage,
    pub(crate) answer: Answer,
}

impl Failure {
    pub(crate) fn of<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let stage = match error {
            SdkError::ServiceError(_) => Stage::Answer,
            _ if is_about_credentials(error) => Stage::Credentials,
            _ if is_about_the_region(error) => Stage::Region,
            SdkError::ConstructionFailure(_) => Stage::Request,
            _ => Stage::Network,
        };
        let answer = Answer {
            status: error.raw_response().map(|response| response.status().as_u16()),
            code: error.code().map(str::to_owned),
            request_id: error.request_id().map(str::to_owned),
        };
        Self { stage, answer }
    }
}

fn is_about_credentials(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(<dyn Error>::is::<CredentialsError>)
}

/// The SDK has no public type for it: without a Region it finds no endpoint, or at a given endpoint
/// cannot sign.
fn is_about_the_region(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|error| {
        let text = error.to_string();
        text.contains("Missing Region") || text.contains("missing signing region")
    })
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// A reason why AWS rejects a request's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signature {
    /// Its signing time does not agree with AWS's clock.
    Clock,
    /// The credentials are temporary and have expired.
    Expired,
    /// The credentials are unknown or wrong.
    Unknown,
}

/// Decides by AWS's code, and for a signature with a wrong time by the message.
pub(crate) fn failed_signature(code: &str, message: &str) -> Option<Signature> {
    let is_of_another_time =
        || ["Signature expired", "not yet current"].iter().any(|text| message.contains(text));
    match code {
        "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture" => Some(Signature::Clock),
        "InvalidSignatureException" | "SignatureDoesNotMatch" if is_of_another_time() => {
            Some(Signature::Clock)
        }
        "ExpiredTokenException" | "ExpiredToken" => Some(Signature::Expired),
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "MissingAuthenticationTokenException"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch" => Some(Signature::Unknown),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_clock_is_told_from_wrong_credentials() {
        let expired = "Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z";
        let early =
            "Signature not yet current: 20260101T001000Z is still later than 20260101T000500Z";
        for (code, message, told) in [
            ("InvalidSignatureException", expired, Some(Signature::Clock)),
            ("InvalidSignatureException", early, Some(Signature::Clock)),
            ("SignatureDoesNotMatch", expired, Some(Signature::Clock)),
            ("RequestTimeTooSkewed", "", Some(Signature::Clock)),
            (
                "InvalidSignatureException",
                "The request signature does not match",
                Some(Signature::Unknown),
            ),
            ("ExpiredTokenException", "", Some(Signature::Expired)),
            ("UnrecognizedClientException", "", Some(Signature::Unknown)),
            ("ValidationException", expired, None),
        ] {
            assert_eq!(failed_signature(code, message), told, "{code} {message}");
        }
    }
}
