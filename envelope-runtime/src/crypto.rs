//! The primitives, and the only place that names one: AES-256-GCM, HKDF-SHA-256, HMAC-SHA-256,
//! SHA-256 and the operating system's randomness. Knows nothing of items, AWS or serde.

mod aead;
#[cfg(test)]
mod collision;
mod kdf;
#[cfg(test)]
mod published;
mod random;

pub(crate) use aead::{NONCE_LEN, SealKey, TAG_LEN};
#[cfg(test)]
pub(crate) use collision::colliding;
#[cfg(feature = "aws")]
pub(crate) use kdf::sha256;
pub(crate) use kdf::{MAC_LEN, MacKey, Prk, Secret32};
pub(crate) use random::fill;

/// Authentication failed. There is no detail, because a detail would be an oracle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rejected;

/// The bytes of a test vector.
#[cfg(test)]
fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}
