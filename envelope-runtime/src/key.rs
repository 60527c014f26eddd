//! Data keys and where they come from.

#[cfg(feature = "aws")]
mod arn;
mod context;
mod data_key;
mod error;
#[cfg(feature = "aws")]
mod kms;
mod local;
mod provider;
mod request;

pub use context::{ContextPairs, EncryptionContext};
pub use data_key::{DataKey, EncryptedDataKey, HINT_LEN, KeyReference, ProviderId};
pub use error::{DataKeyError, DataKeyErrorKind};
#[cfg(feature = "aws")]
pub use kms::KmsKeyProvider;
pub use local::{InvalidLocalKey, LocalKeyProvider};
pub use provider::{
    CanDecrypt, CanEncrypt, Capability, DecryptOnly, EncryptOnly, Full, GeneratedDataKey,
    KeyFuture, KeyProvider,
};
pub use request::DataKeyRequest;
