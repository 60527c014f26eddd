//! The reasons that there is no data key.

use std::fmt;

use crate::report::{Answer, Place, debug_is_display};

/// A key service refused, failed, or was not asked because the reference could not be trusted.
///
/// It holds names only: the record's table and key attribute, the configured KMS key, and AWS's
/// error code and request id.
#[derive(Clone)]
pub struct DataKeyError {
    kind: DataKeyErrorKind,
    key: String,
    answer: Answer,
    place: Option<Place>,
}

/// The kind of a data key's failure.
///
/// The kinds of failures of KMS, and of the network and proxies in between:
///
/// | failure | kind | worth another try |
/// | --- | --- | --- |
/// | connection refused, reset or aborted; a host name that does not resolve; a timeout; HTTP 408, `RequestTimeout` | [`Network`](Self::Network) | yes |
/// | HTTP 5xx of AWS or of a proxy, `KMSInternalException`, `InternalFailure`, `ServiceUnavailable`, `KeyUnavailableException`, `DependencyTimeoutException` | [`Service`](Self::Service) | yes |
/// | HTTP 429, `ThrottlingException` and AWS's other names for it, `LimitExceededException` | [`Throttled`](Self::Throttled) | yes |
/// | no call: the limit on calls about unknown keys | [`NotAsked`](Self::NotAsked) | yes, within a minute |
/// | `InvalidSignatureException` about the time, `RequestTimeTooSkewed`, `RequestExpired` | [`Clock`](Self::Clock) | yes, once the clock is set |
/// | a client without a Region: no call | [`Region`](Self::Region) | with a Region |
/// | `ExpiredTokenException` | [`ExpiredCredentials`](Self::ExpiredCredentials) | with new credentials |
/// | no credentials, `UnrecognizedClientException`, `InvalidSignatureException` | [`Credentials`](Self::Credentials) | with other credentials |
/// | `AccessDeniedException` | [`AccessDenied`](Self::AccessDenied) | once it is allowed |
/// | `DisabledException`, `NotFoundException`, `KMSInvalidStateException` | [`Disabled`](Self::Disabled), [`NotFound`](Self::NotFound), [`PendingDeletion`](Self::PendingDeletion), [`InvalidState`](Self::InvalidState) | once the key is back |
/// | `InvalidCiphertextException` | [`Mismatch`](Self::Mismatch) | under the table name and context fields that the item was written with; an altered item never opens |
/// | `IncorrectKeyException`, or no call: the record was sealed under another key | [`UnknownKey`](Self::UnknownKey) | with its key configured |
/// | an answer for another key | [`WrongKey`](Self::WrongKey) | no |
/// | HTTP 200 without a data key: a body that was truncated or came from a proxy | [`InvalidAnswer`](Self::InvalidAnswer) | no |
/// | any other code or status | [`Other`](Self::Other) | no |
///
/// The SDK client has already retried by itself, as configured.
/// [`is_retryable`](DataKeyError::is_retryable) is true if another try needs no change of the
/// program, its configuration or its item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataKeyErrorKind {
    /// The caller may not use the KMS key, or not with this encryption context.
    #[doc(alias = "AccessDeniedException")]
    AccessDenied,
    /// The KMS key is disabled.
    #[doc(alias = "DisabledException")]
    Disabled,
    /// The KMS key, or the alias, does not exist.
    #[doc(alias = "NotFoundException")]
    NotFound,
    /// The KMS key is scheduled for deletion.
    PendingDeletion,
    /// The KMS key is in another state that does not allow the call.
    #[doc(alias = "KMSInvalidStateException")]
    InvalidState,
    /// The wrapped key was made under another encryption context, or was altered: no service tells
    /// which.
    #[doc(alias = "InvalidCiphertextException")]
    Mismatch,
    /// The wrapped key belongs to a KMS key that is neither configured nor accepted.
    #[doc(alias = "IncorrectKeyException")]
    UnknownKey,
    /// The service answered for a different key than the named one.
    WrongKey,
    /// Too many requests.
    #[doc(alias = "ThrottlingException")]
    Throttled,
    /// KMS was not asked: the record was sealed under an unknown key, the configured alias or id
    /// may lead to that key, and such calls are limited. Within a minute, the same load asks again.
    NotAsked,
    /// The service could not be reached or did not answer in time.
    Network,
    /// The service failed on its side, or a proxy in between did.
    Service,
    /// AWS rejected the time at which the request was signed: this machine's clock is wrong.
    Clock,
    /// AWS credentials were not found, could not be loaded, or are unknown to AWS.
    Credentials,
    /// The AWS credentials are temporary and have expired.
    ExpiredCredentials,
    /// The KMS client has no Region; nothing was sent.
    Region,
    /// The provider was configured with something other than a key of its kind.
    Configuration,
    /// The provider does not support the call: it is decrypt-only or encrypt-only, or the reference
    /// is of another kind.
    Unsupported,
    /// The service's answer is not a data key.
    InvalidAnswer,
    /// Any other refusal; see [`DataKeyError::code`].
    Other,
}

impl DataKeyError {
    /// A provider's error about the key named `key` (an ARN, alias or other name; never key bytes).
    #[must_use]
    pub fn new(kind: DataKeyErrorKind, key: impl Into<String>) -> Self {
        Self { kind, key: key.into(), answer: Answer::default(), place: None }
    }

    #[cfg(feature = "aws")]
    pub(crate) fn with_answer(mut self, answer: Answer) -> Self {
        self.answer = answer;
        self
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The kind of the failure.
    #[must_use]
    pub fn kind(&self) -> DataKeyErrorKind {
        self.kind
    }

    /// The key as it was configured.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// AWS's error code, if AWS answered.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.answer.code.as_deref()
    }

    /// AWS's request id, if AWS answered.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.answer.request_id.as_deref()
    }

    /// Returns whether the same call may succeed later without any change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            DataKeyErrorKind::Throttled
                | DataKeyErrorKind::NotAsked
                | DataKeyErrorKind::Network
                | DataKeyErrorKind::Service
                | DataKeyErrorKind::Clock
        )
    }

    /// Returns whether the key service denied permission.
    #[must_use]
    pub fn is_access_denied(&self) -> bool {
        self.kind == DataKeyErrorKind::AccessDenied
    }
}

impl fmt::Display for DataKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        write!(f, "no data key from `{}`: {}{}", self.key, self.kind, self.answer)
    }
}

impl fmt::Display for DataKeyErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccessDenied => {
                "access denied; allow kms:GenerateDataKey and kms:Decrypt on the key for this \
                 encryption context, and kms:DescribeKey to resolve an alias"
            }
            Self::Disabled => "the key is disabled; enable it",
            Self::NotFound => "there is no such key or alias; check its name, account and Region",
            Self::PendingDeletion => {
                "the key is pending deletion; cancel the deletion, or its data is lost"
            }
            Self::InvalidState => "the key's state does not allow this; see DescribeKey",
            Self::Mismatch => {
                "the wrapped key was made for another logical table or other context fields, or was \
                 altered; compare `#[envelope(table = …)]` and the context fields with those of the \
                 program that wrote the item, or restore the item from a backup"
            }
            Self::UnknownKey => {
                "the record was sealed under a key that is neither configured nor accepted; add \
                 its ARN with `accept` (a local key of `insecure_ephemeral` is lost with its process)"
            }
            Self::WrongKey => {
                "the service answered for a different key than the named one; check the endpoint and \
                 the alias"
            }
            Self::Throttled => "too many requests; retry later",
            Self::NotAsked => {
                "KMS was not asked because of earlier records of unknown keys; retry in a minute, or \
                 configure the key by its ARN"
            }
            Self::Network => {
                "the key service could not be reached in time; check the endpoint, or retry later"
            }
            Self::Service => "the key service failed; retry later",
            Self::Clock => "this machine's clock differs from AWS's; set it",
            Self::Credentials => {
                "no usable AWS credentials; set AWS_PROFILE, AWS_ACCESS_KEY_ID or a role"
            }
            Self::ExpiredCredentials => {
                "the AWS credentials have expired; get new ones, with `aws sso login` or from the \
                 role they came from"
            }
            Self::Region => {
                "the client has no AWS Region; set AWS_REGION, or `region` in its configuration or \
                 your profile"
            }
            Self::Configuration => {
                "not a key ARN, key id, alias name or alias ARN (and `accept` takes key ARNs only)"
            }
            Self::Unsupported => "the provider cannot do this; configure one that can",
            Self::InvalidAnswer => {
                "the key service's answer holds no data key; check the endpoint and any proxy"
            }
            Self::Other => "the key service refused the request; see the code it returned",
        })
    }
}

debug_is_display!(DataKeyError);

impl std::error::Error for DataKeyError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{FieldRole, FieldSchema, RecordSchema};

    const SCHEMA: RecordSchema =
        RecordSchema::new("users", &[FieldSchema::new("id", FieldRole::PartitionKey)]);

    #[test]
    fn a_missing_data_key_is_named_with_a_cure() {
        for (kind, cure, retryable) in [
            (DataKeyErrorKind::AccessDenied, "allow kms:GenerateDataKey", false),
            (DataKeyErrorKind::Disabled, "enable it", false),
            (DataKeyErrorKind::NotFound, "check its name", false),
            (DataKeyErrorKind::PendingDeletion, "cancel the deletion", false),
            (DataKeyErrorKind::InvalidState, "see DescribeKey", false),
            (DataKeyErrorKind::Mismatch, "another logical table", false),
            (DataKeyErrorKind::UnknownKey, "with `accept`", false),
            (DataKeyErrorKind::WrongKey, "check the endpoint", false),
            (DataKeyErrorKind::Throttled, "retry later", true),
            (DataKeyErrorKind::NotAsked, "retry in a minute", true),
            (DataKeyErrorKind::Network, "retry later", true),
            (DataKeyErrorKind::Service, "retry later", true),
            (DataKeyErrorKind::Clock, "set it", true),
            (DataKeyErrorKind::Credentials, "set AWS_PROFILE", false),
            (DataKeyErrorKind::ExpiredCredentials, "get new ones", false),
            (DataKeyErrorKind::Region, "set AWS_REGION", false),
            (DataKeyErrorKind::Configuration, "not a key ARN", false),
            (DataKeyErrorKind::Unsupported, "configure one that can", false),
            (DataKeyErrorKind::InvalidAnswer, "holds no data key", false),
            (DataKeyErrorKind::Other, "see the code", false),
        ] {
            let error = DataKeyError::new(kind, "alias/users");
            let text = error.to_string();
            assert!(text.starts_with("no data key from `alias/users`: "), "{text}");
            assert!(text.contains(cure), "{text}");
            assert_eq!((error.kind(), error.key()), (kind, "alias/users"));
            assert_eq!(error.is_retryable(), retryable, "{text}");
            assert_eq!(error.is_access_denied(), kind == DataKeyErrorKind::AccessDenied);

            let placed = error.at(SCHEMA.place()).to_string();
            assert_eq!(placed, format!("record of table `users`, key `id`: {text}"));
        }
    }

    #[test]
    fn what_aws_answered_is_kept() {
        let mut error = DataKeyError::new(DataKeyErrorKind::Other, "alias/users");
        assert_eq!((error.code(), error.request_id()), (None, None));

        error.answer =
            Answer { code: Some("X".into()), request_id: Some("r-1".into()), ..Answer::default() };

        assert_eq!((error.code(), error.request_id()), (Some("X"), Some("r-1")));
        assert!(error.to_string().contains('X') && error.to_string().contains("r-1"));
    }
}
