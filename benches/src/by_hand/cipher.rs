//! The cipher of each back end.

#[cfg(feature = "aws-lc")]
pub(super) use self::aws_lc::Cipher;
#[cfg(not(feature = "aws-lc"))]
pub(super) use self::rust_crypto::Cipher;

#[cfg(not(feature = "aws-lc"))]
mod rust_crypto {
    use aes_gcm::aead::inout::InOutBuf;
    use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};

    use crate::by_hand::{NONCE_LEN, TAG_LEN};

    pub(in crate::by_hand) struct Cipher(Aes256Gcm);

    impl Cipher {
        pub(in crate::by_hand) fn new(key: &[u8; 32]) -> Self {
            Self(Aes256Gcm::new(key.into()))
        }

        /// Encrypts in place, and appends the tag.
        pub(in crate::by_hand) fn seal(&self, nonce: [u8; NONCE_LEN], buffer: &mut Vec<u8>) {
            let plaintext = InOutBuf::from(buffer.as_mut_slice());
            let tag = self.0.encrypt_inout_detached(&nonce.into(), b"", plaintext);
            buffer.extend_from_slice(&tag.unwrap_or_else(|error| unreachable!("{error}")));
        }

        /// Decrypts in place, and leaves the tag.
        pub(in crate::by_hand) fn open(&self, nonce: [u8; NONCE_LEN], buffer: &mut [u8]) {
            let Some((ciphertext, &mut tag)) = buffer.split_last_chunk_mut::<TAG_LEN>() else {
                unreachable!("sealed by hand")
            };
            self.0
                .decrypt_inout_detached(&nonce.into(), b"", InOutBuf::from(ciphertext), &tag.into())
                .unwrap_or_else(|error| unreachable!("{error}"));
        }
    }
}

#[cfg(feature = "aws-lc")]
mod aws_lc {
    use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

    use crate::by_hand::NONCE_LEN;

    pub(in crate::by_hand) struct Cipher(LessSafeKey);

    impl Cipher {
        pub(in crate::by_hand) fn new(key: &[u8; 32]) -> Self {
            let key = UnboundKey::new(&AES_256_GCM, key);
            Self(LessSafeKey::new(key.unwrap_or_else(|error| unreachable!("{error}"))))
        }

        /// Encrypts in place, and appends the tag.
        pub(in crate::by_hand) fn seal(&self, nonce: [u8; NONCE_LEN], buffer: &mut Vec<u8>) {
            let nonce = Nonce::assume_unique_for_key(nonce);
            self.0
                .seal_in_place_append_tag(nonce, Aad::empty(), buffer)
                .unwrap_or_else(|error| unreachable!("{error}"));
        }

        /// Decrypts in place, and leaves the tag.
        pub(in crate::by_hand) fn open(&self, nonce: [u8; NONCE_LEN], buffer: &mut [u8]) {
            let nonce = Nonce::assume_unique_for_key(nonce);
            let opened = self.0.open_in_place(nonce, Aad::empty(), buffer);
            let _ = opened.unwrap_or_else(|error| unreachable!("{error}"));
        }
    }
}
