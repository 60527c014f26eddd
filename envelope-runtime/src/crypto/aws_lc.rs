//! The primitives of AWS-LC, through `aws-lc-rs`, for the feature `aws-lc`. The library wipes the
//! memory that it frees.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, hkdf, hmac, rand};

use super::{MAC_LEN, NONCE_LEN, RandomFailed, Rejected, Secret32, TAG_LEN};

/// A key for AES-256-GCM.
pub(crate) struct SealKey(LessSafeKey);

impl SealKey {
    pub(crate) fn new(key: &Secret32) -> Self {
        #[expect(clippy::expect_used, reason = "it fails only on other lengths")]
        let key = UnboundKey::new(&AES_256_GCM, key.bytes()).expect("a key of 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Encrypts `buffer` in place and appends the tag.
    ///
    /// Fails only beyond GCM's 64 GiB.
    pub(crate) fn seal(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<(), Rejected> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce, Aad::from(aad), buffer)
            .map_err(|_| Rejected)?;
        buffer.extend_from_slice(tag.as_ref());
        Ok(())
    }

    /// Checks the tag, decrypts `sealed` (ciphertext ‖ tag) in place, and removes the tag. After a
    /// failure the content of `sealed` is unspecified.
    pub(crate) fn open(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        sealed: &mut Vec<u8>,
    ) -> Result<(), Rejected> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let length = sealed.len().checked_sub(TAG_LEN).ok_or(Rejected)?;
        self.0.open_in_place(nonce, Aad::from(aad), sealed).map_err(|_| Rejected)?;
        sealed.truncate(length);
        Ok(())
    }
}

/// A salt of HKDF-Extract.
pub(crate) struct Salt(hkdf::Salt);

impl Salt {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(hkdf::Salt::new(hkdf::HKDF_SHA256, bytes))
    }
}

/// A pseudorandom key: the output of HKDF-Extract. Wiped on drop.
pub(crate) struct Prk(hkdf::Prk);

/// The length of derived keys.
struct Key32;

impl hkdf::KeyType for Key32 {
    fn len(&self) -> usize {
        32
    }
}

impl Prk {
    /// HKDF-Extract over `key`.
    pub(crate) fn extract(salt: &Salt, key: &Secret32) -> Self {
        Self(salt.0.extract(key.bytes()))
    }

    #[cfg(test)]
    pub(super) fn from_bytes(prk: &[u8]) -> Self {
        Self(hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, prk))
    }

    /// HKDF-Expand to 32 bytes, with the concatenation of `info`.
    pub(crate) fn expand(&self, info: &[&[u8]]) -> Secret32 {
        let mut key = Secret32::zeroed();
        self.expand_into(info, &mut key);
        key
    }

    /// Like [`expand`](Self::expand), but overwrites a key that was used.
    pub(crate) fn expand_into(&self, info: &[&[u8]], key: &mut Secret32) {
        #[expect(clippy::expect_used, reason = "a failure must never yield another key")]
        self.0
            .expand(info, Key32)
            .and_then(|output| output.fill(key.bytes_mut()))
            .expect("32 bytes are within HKDF's limit of 255 blocks");
    }
}

/// A key for HMAC-SHA-256.
pub(crate) struct MacKey(hmac::Key);

impl MacKey {
    pub(crate) fn new(key: &Secret32) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.bytes()))
    }

    /// The tag of the concatenation of `parts`.
    pub(crate) fn tag(&self, parts: &[&[u8]]) -> [u8; MAC_LEN] {
        let mut bytes = [0; MAC_LEN];
        bytes.copy_from_slice(self.over(parts).as_ref());
        bytes
    }

    /// Compares in constant time.
    pub(crate) fn verify(&self, parts: &[&[u8]], tag: &[u8; MAC_LEN]) -> Result<(), Rejected> {
        verify_slices_are_equal(self.over(parts).as_ref(), tag).map_err(|_| Rejected)
    }

    fn over(&self, parts: &[&[u8]]) -> hmac::Tag {
        let mut mac = hmac::Context::with_key(&self.0);
        for part in parts {
            mac.update(part);
        }
        mac.sign()
    }
}

/// SHA-256 of the concatenation of `parts`. For public data only.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = digest::Context::new(&digest::SHA256);
    for part in parts {
        hash.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hash.finish().as_ref());
    bytes
}

/// Fills `bytes` from this thread's AWS-LC generator, which the operating system seeds.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), RandomFailed> {
    rand::fill(bytes).map_err(|_| RandomFailed)
}
