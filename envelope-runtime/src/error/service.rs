//! What an AWS SDK error means, without its texts and bodies: they may hold the item.

use std::error::Error;

use super::Answer;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;

/// Where a call to AWS failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// AWS answered with an error.
    Answer,
    /// No credentials could be loaded.
    Credentials,
    /// The request could not be built.
    Request,
    /// No whole answer came.
    Network,
}

/// The parts of an SDK error that are safe to keep.
pub(crate) struct Failure {
    pub(crate) cause: Cause,
    pub(crate) answer: Answer,
}

impl Failure {
    pub(crate) fn of<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let cause = match error {
            SdkError::ServiceError(_) => Cause::Answer,
            _ if is_about_credentials(error) => Cause::Credentials,
            SdkError::ConstructionFailure(_) => Cause::Request,
            _ => Cause::Network,
        };
        let answer = Answer {
            code: error.code().map(str::to_owned),
            request_id: error.request_id().map(str::to_owned),
        };
        Self { cause, answer }
    }
}

fn is_about_credentials(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error: &&(dyn Error + 'static)| (*error).source())
        .any(<dyn Error>::is::<CredentialsError>)
}
