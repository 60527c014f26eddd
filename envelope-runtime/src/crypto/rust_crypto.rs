//! The primitives of the `RustCrypto` crates, in pure Rust: the default.

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut, Aes256Gcm};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::digest::FixedOutput;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{MAC_LEN, NONCE_LEN, RandomFailed, Rejected, Secret32, TAG_LEN};

/// A key for AES-256-GCM; its round keys are wiped on drop.
pub(crate) struct SealKey(Aes256Gcm);

impl SealKey {
    pub(crate) fn new(key: &Secret32) -> Self {
        Self(Aes256Gcm::new(key.bytes().into()))
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
        let tag = self
            .0
            .encrypt_inout_detached(&nonce.into(), aad, InOutBuf::from(buffer.as_mut_slice()))
            .map_err(|_| Rejected)?;
        buffer.extend_from_slice(&tag);
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
        let (ciphertext, &mut tag) = sealed.split_last_chunk_mut::<TAG_LEN>().ok_or(Rejected)?;
        let length = ciphertext.len();
        self.0
            .decrypt_inout_detached(&nonce.into(), aad, InOutBuf::from(ciphertext), &tag.into())
            .map_err(|_| Rejected)?;
        sealed.truncate(length);
        Ok(())
    }
}

/// A salt of HKDF-Extract, which is the key of an HMAC.
pub(crate) struct Salt(Hmac<Sha256>);

impl Salt {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        #[expect(clippy::expect_used, reason = "RFC 2104 has no limit")]
        Self(<Hmac<Sha256> as KeyInit>::new_from_slice(bytes).expect("a key of any length"))
    }
}

/// A pseudorandom key: the output of HKDF-Extract. Wiped on drop.
pub(crate) struct Prk(Hkdf<Sha256>);

impl Prk {
    /// HKDF-Extract over `key`.
    pub(crate) fn extract(salt: &Salt, key: &Secret32) -> Self {
        let mut prk = Zeroizing::new([0; MAC_LEN]);
        salt.0.clone().chain_update(key.bytes()).finalize_into((&mut *prk).into());
        #[expect(clippy::expect_used, reason = "it fails only on shorter keys")]
        Self(Hkdf::from_prk(prk.as_slice()).expect("a key of 32 bytes"))
    }

    #[cfg(test)]
    pub(super) fn from_bytes(prk: &[u8]) -> Self {
        Self(Hkdf::from_prk(prk).unwrap())
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
            .expand_multi_info(info, key.bytes_mut())
            .expect("32 bytes are within HKDF's limit of 255 blocks");
    }
}

/// A key for HMAC-SHA-256; its state is wiped on drop.
pub(crate) struct MacKey(Hmac<Sha256>);

impl MacKey {
    pub(crate) fn new(key: &Secret32) -> Self {
        // HMAC pads its key with zeros to a block of the hash.
        let mut block = Zeroizing::new([0; 64]);
        if let Some(start) = block.first_chunk_mut::<32>() {
            *start = *key.bytes();
        }
        Self(<Hmac<Sha256> as KeyInit>::new((&*block).into()))
    }

    /// The tag of the concatenation of `parts`.
    pub(crate) fn tag(&self, parts: &[&[u8]]) -> [u8; MAC_LEN] {
        self.over(parts).finalize().into_bytes().into()
    }

    /// Compares in constant time.
    pub(crate) fn verify(&self, parts: &[&[u8]], tag: &[u8; MAC_LEN]) -> Result<(), Rejected> {
        self.over(parts).verify(tag.into()).map_err(|_| Rejected)
    }

    fn over(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        mac
    }
}

/// SHA-256 of the concatenation of `parts`. For public data only: its state is not wiped.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// Fills `bytes` from the operating system on every call: a generator seeded earlier in user space
/// would repeat itself in a cloned virtual machine.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), RandomFailed> {
    getrandom::fill(bytes).map_err(|_| RandomFailed)
}

/// The crates wipe their state on drop only if a feature of theirs is enabled.
#[cfg(test)]
const _: () = {
    const fn wipes<T: zeroize::ZeroizeOnDrop>() {}
    wipes::<Aes256Gcm>();
    // HMAC's key is kept as two states of the hash.
    wipes::<Sha256>();
};
