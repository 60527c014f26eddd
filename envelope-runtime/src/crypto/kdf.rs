//! HKDF-SHA-256 (RFC 5869), HMAC-SHA-256 (RFC 2104) and SHA-256 (FIPS 180-4).

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
#[cfg(feature = "aws")]
use sha2::Digest;
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use super::Rejected;

/// Bytes of an HMAC-SHA-256 tag, untruncated.
pub(crate) const MAC_LEN: usize = 32;

/// 32 secret bytes on the heap, so that moving them leaves no copy; wiped on drop.
pub(crate) struct Secret32(Box<Zeroizing<[u8; 32]>>);

impl Secret32 {
    pub(crate) fn new(mut bytes: [u8; 32]) -> Self {
        let mut secret = Self::zeroed();
        *secret.bytes_mut() = bytes;
        bytes.zeroize();
        secret
    }

    /// 32 zero bytes, to be filled in place.
    pub(crate) fn zeroed() -> Self {
        Self(Box::new(Zeroizing::new([0; 32])))
    }

    /// Copies the bytes of a slice; `None` if there are not exactly 32.
    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 32] = bytes.try_into().ok()?;
        let mut secret = Self::zeroed();
        secret.bytes_mut().copy_from_slice(bytes);
        Some(secret)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8; 32] {
        &mut self.0
    }
}

/// A pseudorandom key: the output of HKDF-Extract.
pub(crate) struct Prk(Hkdf<Sha256>);

impl Prk {
    /// HKDF-Extract with `salt` over `key`.
    pub(crate) fn extract(salt: &[u8], key: &Secret32) -> Self {
        let (mut prk, hkdf) = Hkdf::extract(Some(salt), key.bytes());
        prk.as_mut_slice().zeroize();
        Self(hkdf)
    }

    /// HKDF-Expand to 32 bytes, under the concatenation of `info`.
    pub(crate) fn expand(&self, info: &[&[u8]]) -> Secret32 {
        let mut key = Secret32::zeroed();
        #[expect(clippy::expect_used, reason = "a key of zeros must never come of a failure")]
        self.0
            .expand_multi_info(info, key.bytes_mut())
            .expect("32 bytes are within HKDF's limit of 255 blocks");
        key
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

    pub(crate) fn tag(&self, message: &[u8]) -> [u8; MAC_LEN] {
        self.0.clone().chain_update(message).finalize().into_bytes().into()
    }

    /// Compares in constant time.
    pub(crate) fn verify(&self, message: &[u8], tag: &[u8; MAC_LEN]) -> Result<(), Rejected> {
        self.0.clone().chain_update(message).verify(tag.into()).map_err(|_| Rejected)
    }
}

/// SHA-256 of the concatenation of `parts`. For public data only: its state is not wiped.
#[cfg(feature = "aws")]
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::super::hex;
    use super::*;

    #[test]
    fn expansion_matches_hmac_by_definition() {
        // For one block RFC 5869 defines T(1) = HMAC(PRK, info ‖ 0x01), PRK = HMAC(salt, key).
        let key = Secret32::new([0x0b; 32]);
        let mut salt = [0; 32];
        salt[..4].copy_from_slice(b"salt");
        let prk = MacKey::new(&Secret32::new(salt)).tag(key.bytes());

        let expected = MacKey::new(&Secret32::new(prk)).tag(b"some info\x01");

        let expanded = Prk::extract(b"salt", &key).expand(&[b"some", b" info"]);
        assert_eq!(expanded.bytes(), &expected);
    }

    /// Its input keys are not 32 bytes long, so the test starts from its PRKs.
    #[test]
    fn expansion_matches_rfc_5869() {
        let second: Vec<u8> = (0xb0..=0xff).collect();
        for (prk, info, okm) in [
            (
                "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
                hex("f0f1f2f3f4f5f6f7f8f9"),
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
            ),
            (
                "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
                second,
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c",
            ),
            (
                "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
                vec![],
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d",
            ),
        ] {
            let prk = Prk(Hkdf::from_prk(&hex(prk)).unwrap());
            assert_eq!(prk.expand(&[&info]).bytes().as_slice(), hex(okm));
        }
    }

    #[test]
    fn a_tag_that_differs_in_one_bit_is_rejected() {
        let key = MacKey::new(&Secret32::new([3; 32]));
        let tag = key.tag(b"message");

        assert_eq!(key.verify(b"message", &tag), Ok(()));
        for bit in 0..MAC_LEN * 8 {
            let mut flipped = tag;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.verify(b"message", &flipped), Err(Rejected));
        }
    }
}
