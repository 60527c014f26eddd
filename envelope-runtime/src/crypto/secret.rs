//! Secret bytes on the heap.

use zeroize::{Zeroize, Zeroizing};

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

    /// Reads 64 hexadecimal digits; white space around them is ignored. `None` if they are others.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let digits = text.trim().as_bytes();
        let mut secret = Self::zeroed();
        let (pairs, rest) = digits.as_chunks::<2>();
        if pairs.len() != secret.bytes().len() || !rest.is_empty() {
            return None;
        }
        for (byte, [high, low]) in secret.bytes_mut().iter_mut().zip(pairs) {
            let digit =
                |digit: &u8| char::from(*digit).to_digit(16).and_then(|n| u8::try_from(n).ok());
            *byte = digit(high)? << 4 | digit(low)?;
        }
        Some(secret)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8; 32] {
        &mut self.0
    }
}
