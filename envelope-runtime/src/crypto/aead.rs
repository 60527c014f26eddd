//! AES-256-GCM with 96-bit nonces (NIST SP 800-38D).

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};

use super::{Rejected, Secret32};

/// Bytes of a nonce.
pub(crate) const NONCE_LEN: usize = 12;
/// Bytes of an authentication tag, appended to the ciphertext.
pub(crate) const TAG_LEN: usize = 16;

/// A key ready to seal and open; its round keys are wiped on drop.
pub(crate) struct SealKey(Aes256Gcm);

impl SealKey {
    pub(crate) fn new(key: &Secret32) -> Self {
        Self(Aes256Gcm::new(key.bytes().into()))
    }

    /// Encrypts `buffer` where it lies and appends the tag.
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

    /// Checks the tag, then decrypts `sealed` (ciphertext ‖ tag) where it lies and drops the tag.
    /// On failure the ciphertext is left as it was.
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

#[cfg(test)]
mod tests {
    use super::super::hex;
    use super::*;

    #[test]
    fn sealing_matches_test_case_16_of_the_gcm_specification() {
        let key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
        let nonce = hex("cafebabefacedbaddecaf888").try_into().unwrap();
        let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plaintext = hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
             1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
        let key = SealKey::new(&Secret32::new(key.try_into().unwrap()));
        let mut buffer = plaintext.clone();

        key.seal(nonce, &aad, &mut buffer).unwrap();

        assert_eq!(
            buffer,
            hex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
                 8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662\
                 76fc6ece0f4e1768cddf8853bb2d551b")
        );
        key.open(nonce, &aad, &mut buffer).unwrap();
        assert_eq!(buffer, plaintext);
    }

    #[test]
    fn every_flipped_bit_and_every_truncation_is_rejected() {
        let key = SealKey::new(&Secret32::new([7; 32]));
        let mut sealed = b"078-05-1120".to_vec();
        key.seal([1; NONCE_LEN], b"aad", &mut sealed).unwrap();

        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.open([1; NONCE_LEN], b"aad", &mut flipped), Err(Rejected));
        }
        for length in 0..sealed.len() {
            let mut short = sealed[..length].to_vec();
            assert_eq!(key.open([1; NONCE_LEN], b"aad", &mut short), Err(Rejected));
        }
        assert_eq!(key.open([1; NONCE_LEN], b"aae", &mut sealed.clone()), Err(Rejected));
        assert_eq!(key.open([2; NONCE_LEN], b"aad", &mut sealed), Err(Rejected));
    }
}
