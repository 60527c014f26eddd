//! AES-256-GCM used by hand, to compare with: one key set-up a record, and a nonce from the
//! operating system a field. The back end is the library's.

mod cipher;
#[cfg(feature = "aws")]
pub mod item;

use self::cipher::Cipher;
use crate::given::KEY;

/// The bytes of a nonce.
pub const NONCE_LEN: usize = 12;
const TAG_LEN: usize = 16;

/// A nonce, and the ciphertext with its tag.
pub type Sealed = ([u8; NONCE_LEN], Vec<u8>);

/// Seals values under [`KEY`].
pub fn seal<V: AsRef<[u8]>>(values: &[V]) -> Vec<Sealed> {
    let cipher = Cipher::new(&KEY);
    let seal = |value: &V| {
        let value = value.as_ref();
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).unwrap_or_else(|error| unreachable!("{error}"));
        let mut buffer = Vec::with_capacity(value.len() + TAG_LEN);
        buffer.extend_from_slice(value);
        cipher.seal(nonce, &mut buffer);
        (nonce, buffer)
    };
    values.iter().map(seal).collect()
}

/// Opens what [`seal`] returned.
#[must_use]
pub fn open(sealed: Vec<Sealed>) -> Vec<Vec<u8>> {
    let cipher = Cipher::new(&KEY);
    let open = |(nonce, mut buffer): Sealed| {
        cipher.open(nonce, &mut buffer);
        buffer.truncate(buffer.len() - TAG_LEN);
        buffer
    };
    sealed.into_iter().map(open).collect()
}
