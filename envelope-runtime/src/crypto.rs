//! The primitives, and the only place that names one: AES-256-GCM, HKDF-SHA-256, HMAC-SHA-256,
//! SHA-256 and the operating system's randomness. Knows nothing of items, AWS or serde.

mod aead;
mod kdf;
mod random;

pub(crate) use aead::{NONCE_LEN, SealKey, TAG_LEN};
#[cfg(feature = "aws")]
pub(crate) use kdf::sha256;
pub(crate) use kdf::{MAC_LEN, MacKey, Prk, Secret32};
pub(crate) use random::fill;

/// Authentication failed. There is no detail, because a detail would be an oracle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rejected;
