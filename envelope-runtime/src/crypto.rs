//! The primitives. Only this module names one: AES-256-GCM (NIST SP 800-38D), HKDF-SHA-256 (RFC
//! 5869), HMAC-SHA-256 (RFC 2104), SHA-256 (FIPS 180-4) and randomness. It knows nothing of items,
//! AWS services or serde. Its two back ends produce the same bytes.

#[cfg(feature = "aws-lc")]
mod aws_lc;
#[cfg(test)]
mod collision;
#[cfg(test)]
mod published;
#[cfg(any(test, not(feature = "aws-lc")))]
#[cfg_attr(feature = "aws-lc", expect(dead_code, reason = "tests compare the back ends"))]
mod rust_crypto;
mod secret;
#[cfg(test)]
mod tests;

#[cfg(feature = "aws-lc")]
use aws_lc as back_end;
#[cfg(not(feature = "aws-lc"))]
use rust_crypto as back_end;

pub(crate) use back_end::{MacKey, Prk, Salt, SealKey, fill, sha256};
#[cfg(test)]
pub(crate) use collision::colliding;
pub(crate) use secret::Secret32;

/// The length of a nonce, in bytes.
pub(crate) const NONCE_LEN: usize = 12;
/// The length of an authentication tag, in bytes. The tag is appended to the ciphertext.
pub(crate) const TAG_LEN: usize = 16;
/// The length of an untruncated HMAC-SHA-256 tag, in bytes.
pub(crate) const MAC_LEN: usize = 32;

/// Authentication failed. There is no detail, because a detail would be an oracle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rejected;

/// No random bytes were available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RandomFailed;

/// The bytes of a test vector.
#[cfg(test)]
fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}
