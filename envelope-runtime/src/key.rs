//! Data keys and their sources: [`KeyProvider`], its requests and its results.

#[cfg(feature = "aws")]
mod arn;
mod cache;
mod context;
mod data_key;
mod digest;
mod error;
mod flight;
mod index_secret;
#[cfg(feature = "aws")]
mod kms;
mod local;
#[cfg(test)]
mod played;
mod provider;
mod reference;
mod request;
mod reuse;
#[cfg(test)]
mod stacked;

pub use cache::{Cache, Cached};
pub use context::EncryptionContext;
pub(crate) use context::Scope;
pub use data_key::{DataKey, EncryptedDataKey, HINT_LEN, ProviderId};
pub use error::{DataKeyError, DataKeyErrorKind};
pub use index_secret::{IndexSecret, IndexSecretError};
#[cfg(feature = "aws")]
pub use kms::KmsKeyProvider;
pub use local::{LocalKeyError, LocalKeyProvider};
pub use provider::{
    Allows, CanEncrypt, Capability, Decrypt, DecryptOnly, EncryptOnly, Full, GeneratedDataKey,
    KeyFuture, KeyProvider, Need, NoKey,
};
pub use reference::KeyReference;
pub use request::DataKeyRequest;
pub(crate) use request::KeyCounts;
pub use reuse::{Reuse, Reused};
