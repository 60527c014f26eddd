//! The reference to a data key, and its bytes in an envelope.

use super::{EncryptedDataKey, HINT_LEN, ProviderId};

/// The first byte of a reference to a row in a key table.
const KEY_TABLE: u8 = 0x80;

/// An envelope's reference to its data key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyReference {
    /// One to four copies of the data key, wrapped by different keys.
    Wrapped(Vec<EncryptedDataKey>),
    /// The id, of at most 24 bytes, of a row in a key table.
    KeyTable(Vec<u8>),
}

impl From<EncryptedDataKey> for KeyReference {
    /// A reference with one wrapped copy, as most providers make it.
    fn from(wrapped: EncryptedDataKey) -> Self {
        Self::Wrapped(vec![wrapped])
    }
}

impl KeyReference {
    /// The maximum number of wrapped copies in one envelope.
    pub const MAX_COPIES: usize = 4;
    /// The maximum length of a key-table row's id, in bytes.
    pub const MAX_KEY_ID_LEN: usize = 24;

    /// The number of bytes that [`write`](Self::write) appends.
    pub(crate) fn encoded_len(&self) -> usize {
        match self {
            Self::Wrapped(copies) => {
                1 + copies.iter().map(|copy| 3 + HINT_LEN + copy.wrapped().len()).sum::<usize>()
            }
            Self::KeyTable(id) => 2 + id.len(),
        }
    }

    /// Appends the reference's bytes. `None` if it exceeds a limit.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Wrapped(copies) => {
                let count = (1..=Self::MAX_COPIES).contains(&copies.len()).then_some(copies.len());
                out.push(u8::try_from(count?).ok()?);
                for copy in copies {
                    out.push(copy.provider().as_u8());
                    out.extend_from_slice(copy.hint());
                    out.extend_from_slice(&u16::try_from(copy.wrapped().len()).ok()?.to_be_bytes());
                    out.extend_from_slice(copy.wrapped());
                }
            }
            Self::KeyTable(id) => {
                let length = (1..=Self::MAX_KEY_ID_LEN).contains(&id.len()).then_some(id.len());
                out.extend_from_slice(&[KEY_TABLE, u8::try_from(length?).ok()?]);
                out.extend_from_slice(id);
            }
        }
        Some(())
    }

    /// Reads the bytes of a reference and nothing else, which anyone may have written.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (&kind, mut rest) = bytes.split_first()?;
        if kind == KEY_TABLE {
            let (&length, id) = rest.split_first()?;
            let is_whole = usize::from(length) == id.len();
            let is_id = is_whole && (1..=Self::MAX_KEY_ID_LEN).contains(&id.len());
            return is_id.then(|| Self::KeyTable(id.to_vec()));
        }
        let count = Some(usize::from(kind)).filter(|count| (1..=Self::MAX_COPIES).contains(count));
        let copies = (0..count?).map(|_| copy(&mut rest)).collect::<Option<_>>()?;
        rest.is_empty().then_some(Self::Wrapped(copies))
    }
}

/// Reads one copy, and leaves what follows it.
fn copy(bytes: &mut &[u8]) -> Option<EncryptedDataKey> {
    let (&provider, rest) = bytes.split_first()?;
    let (hint, rest) = rest.split_first_chunk::<HINT_LEN>()?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (wrapped, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    EncryptedDataKey::new(ProviderId::from_stored(provider)?, *hint, wrapped)
}
