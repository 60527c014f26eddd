//! A data key in memory, and its wrapped form in storage.

use std::fmt;
use std::sync::LazyLock;

use crate::crypto::{Prk, Salt, Secret32};

/// The length of a hint, in bytes. A hint says which configured key wrapped a data key.
pub const HINT_LEN: usize = 8;

static SALT: LazyLock<Salt> = LazyLock::new(|| Salt::new(b"envelope/1"));

/// A plaintext data key: 32 bytes, in memory only, wiped on drop.
///
/// The keys of records are derived from it by HKDF
/// ([RFC 5869](https://www.rfc-editor.org/rfc/rfc5869)), whose first step is done once. It cannot be
/// read, copied or serialized, and `Debug` hides it. Several records may share one through an
/// [`Arc`](std::sync::Arc).
///
/// ```
/// use envelope_runtime::key::DataKey;
///
/// assert_eq!(format!("{:?}", DataKey::new([7; 32])), "DataKey([REDACTED])");
/// ```
pub struct DataKey {
    /// On the heap, so that moving it leaves no copy.
    prk: Box<Prk>,
}

impl DataKey {
    /// A data key from the bytes that a key service returned. The caller wipes its own copy.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self::from_secret(&Secret32::new(bytes))
    }

    /// A data key copied from a slice; `None` if that is not 32 bytes long.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        Secret32::from_slice(bytes).as_ref().map(Self::from_secret)
    }

    pub(crate) fn from_secret(secret: &Secret32) -> Self {
        Self { prk: Box::new(Prk::extract(&SALT, secret)) }
    }

    pub(crate) fn prk(&self) -> &Prk {
        &self.prk
    }

    /// Returns whether records derive the same keys from both.
    pub(crate) fn is(&self, other: &Self) -> bool {
        let derived = |key: &Self| key.prk.expand(&[b"envelope/1 comparison"]);
        derived(self).bytes() == derived(other).bytes()
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey([REDACTED])")
    }
}

/// The kind of provider that wrapped a data key: one byte of the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProviderId(u8);

impl ProviderId {
    /// AWS KMS.
    pub const KMS: Self = Self(1);
    /// [`LocalKeyProvider`](crate::LocalKeyProvider).
    pub const LOCAL: Self = Self(2);

    /// The id of your own provider, `0x40` or above; `None` below that.
    #[must_use]
    pub const fn custom(id: u8) -> Option<Self> {
        if id >= 0x40 { Some(Self(id)) } else { None }
    }

    /// The byte in the envelope.
    #[must_use]
    pub const fn as_u8(self) -> u8 {
        self.0
    }

    pub(crate) const fn from_stored(id: u8) -> Option<Self> {
        match id {
            1 | 2 | 0x40.. => Some(Self(id)),
            _ => None,
        }
    }
}

/// A data key wrapped by a key service, as it is stored in the envelope. It is not secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EncryptedDataKey {
    provider: ProviderId,
    hint: [u8; HINT_LEN],
    wrapped: Vec<u8>,
}

impl EncryptedDataKey {
    /// The maximum length of a wrapped key in an envelope, in bytes; KMS's own limit.
    pub const MAX_LEN: usize = 6144;

    /// A wrapped key of 1 to [`MAX_LEN`](Self::MAX_LEN) bytes; `None` if it is empty or longer.
    ///
    /// `hint` only helps the provider to choose among its configured keys when the record is read.
    /// It is not authenticated, so nothing may trust it.
    #[must_use]
    pub fn new(
        provider: ProviderId,
        hint: [u8; HINT_LEN],
        wrapped: impl Into<Vec<u8>>,
    ) -> Option<Self> {
        let wrapped = wrapped.into();
        (1..=Self::MAX_LEN).contains(&wrapped.len()).then_some(Self { provider, hint, wrapped })
    }

    /// The kind of provider that wrapped the key.
    #[must_use]
    pub fn provider(&self) -> ProviderId {
        self.provider
    }

    /// The unauthenticated hint at which of the provider's keys wrapped the data key.
    #[must_use]
    pub fn hint(&self) -> &[u8; HINT_LEN] {
        &self.hint
    }

    /// The wrapped bytes: KMS's `CiphertextBlob`.
    #[must_use]
    #[doc(alias = "CiphertextBlob")]
    pub fn wrapped(&self) -> &[u8] {
        &self.wrapped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_key_has_32_bytes_and_does_not_show_them() {
        let key = DataKey::from_slice(&[7; 32]).unwrap();
        assert!(key.is(&DataKey::new([7; 32])) && !key.is(&DataKey::new([8; 32])));
        assert_eq!(format!("{key:?}"), "DataKey([REDACTED])");
        for length in [0, 16, 31, 33] {
            assert!(DataKey::from_slice(&vec![7; length]).is_none(), "{length}");
        }
    }

    #[test]
    fn ids_below_64_are_reserved() {
        assert_eq!((ProviderId::KMS.as_u8(), ProviderId::LOCAL.as_u8()), (1, 2));
        for id in 0..=u8::MAX {
            assert_eq!(ProviderId::custom(id).map(ProviderId::as_u8), (id >= 64).then_some(id));
            let known = id == 1 || id == 2 || id >= 64;
            assert_eq!(ProviderId::from_stored(id).map(ProviderId::as_u8), known.then_some(id));
        }
    }

    #[test]
    fn a_wrapped_key_has_1_to_6144_bytes() {
        let wrapped = |length| EncryptedDataKey::new(ProviderId::LOCAL, [3; 8], vec![9; length]);
        assert!(wrapped(0).is_none() && wrapped(6145).is_none());
        for length in [1, 6144] {
            let key = wrapped(length).unwrap();
            assert_eq!((key.provider(), key.hint()), (ProviderId::LOCAL, &[3; 8]));
            assert_eq!(key.wrapped(), vec![9; length]);
        }
    }
}
