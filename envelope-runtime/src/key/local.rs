//! A key provider without a key service, for development and tests.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::{fmt, fs, io};

use zeroize::Zeroizing;

use super::{
    DataKey, DataKeyError, DataKeyErrorKind, DataKeyRequest, EncryptedDataKey, EncryptionContext,
    Full, GeneratedDataKey, HINT_LEN, KeyFuture, KeyProvider, KeyReference, ProviderId,
};
use crate::attribute::write_lp;
use crate::crypto::{self, NONCE_LEN, Prk, Rejected, Salt, SealKey, Secret32};
use crate::report::debug_is_display;

const NAME: &str = "local key";
/// The maximum number of bytes read of a key's file: 64 digits, and white space.
const MAX_FILE: usize = 512;

/// Wraps data keys under an AES-256 key that this process holds, for development and tests.
///
/// It binds the encryption context as KMS does, but it lacks the point of KMS: whoever reads the
/// process's memory or the key's file can open every record, and no use of the key is logged. Do
/// not mix it with KMS in one table.
///
/// Wrapped form, 60 bytes: `nonce[12] ‖ AES-256-GCM(data key[32]) ‖ tag[16]`; see `FORMAT.md`.
///
/// ```
/// use envelope_runtime::LocalKeyProvider;
///
/// let provider = LocalKeyProvider::from_hex(
///     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
/// )?;
/// # Ok::<(), envelope_runtime::error::LocalKeyError>(())
/// ```
pub struct LocalKeyProvider {
    /// On the heap, so that moving the provider leaves no copy.
    key: Box<SealKey>,
    hint: [u8; HINT_LEN],
}

/// The reason that there is no local key. It does not repeat the input.
#[derive(Clone)]
#[non_exhaustive]
pub enum LocalKeyError {
    /// The text is not exactly 64 hexadecimal digits.
    NotHex,
    /// The file could not be read.
    Unreadable(io::ErrorKind),
    /// The operating system gave no random bytes.
    Random,
}

impl LocalKeyProvider {
    /// A random key that lives as long as this value: **what it wraps can never be opened
    /// afterwards**.
    ///
    /// For tests. A record that is saved under it is lost when the program ends.
    ///
    /// # Errors
    ///
    /// [`LocalKeyError::Random`] if the operating system gives no random bytes.
    pub fn insecure_ephemeral() -> Result<Self, LocalKeyError> {
        let mut key = Secret32::zeroed();
        crypto::fill(key.bytes_mut()).map_err(|_| LocalKeyError::Random)?;
        Ok(Self::new(&key))
    }

    /// Reads a key from 64 hexadecimal digits; white space around them is ignored.
    ///
    /// # Errors
    ///
    /// [`LocalKeyError::NotHex`].
    pub fn from_hex(text: &str) -> Result<Self, LocalKeyError> {
        let key = Secret32::from_hex(text).ok_or(LocalKeyError::NotHex)?;
        Ok(Self::new(&key))
    }

    /// Reads a key from a file of 64 hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`LocalKeyError::Unreadable`], or [`LocalKeyError::NotHex`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, LocalKeyError> {
        // One buffer with room for all input: a buffer that grows would leave digits behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 * MAX_FILE));
        let unreadable = |error: io::Error| LocalKeyError::Unreadable(error.kind());
        let file = fs::File::open(path).map_err(unreadable)?;
        let limit = u64::try_from(MAX_FILE).unwrap_or(u64::MAX);
        file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
        Self::from_hex(std::str::from_utf8(&bytes).map_err(|_| LocalKeyError::NotHex)?)
    }

    fn new(key: &Secret32) -> Self {
        let prk = Prk::extract(&Salt::new(b"envelope/1 local"), key);
        let mut hint = [0; HINT_LEN];
        let expanded = prk.expand(&[b"envelope/1 local hint"]);
        hint.copy_from_slice(expanded.bytes().first_chunk::<HINT_LEN>().unwrap_or(&[0; HINT_LEN]));
        let key = Box::new(SealKey::new(&prk.expand(&[b"envelope/1 local wrap"])));
        Self { key, hint }
    }

    fn is_own(&self, copy: &EncryptedDataKey) -> bool {
        copy.provider() == ProviderId::LOCAL && *copy.hint() == self.hint
    }

    fn wrap(&self, context: &EncryptionContext) -> Result<GeneratedDataKey, DataKeyErrorKind> {
        let mut nonce = [0; NONCE_LEN];
        let mut data_key = Secret32::zeroed();
        crypto::fill(&mut nonce).map_err(|_| DataKeyErrorKind::Service)?;
        crypto::fill(data_key.bytes_mut()).map_err(|_| DataKeyErrorKind::Service)?;

        // Sealed in place: the buffer holds the data key only until it holds the ciphertext.
        let mut sealed = Vec::with_capacity(data_key.bytes().len() + crypto::TAG_LEN);
        sealed.extend_from_slice(data_key.bytes());
        self.key
            .seal(nonce, &aad(context), &mut sealed)
            .map_err(|Rejected| DataKeyErrorKind::Service)?;
        let wrapped = [nonce.as_slice(), &sealed].concat();

        let wrapped = EncryptedDataKey::new(ProviderId::LOCAL, self.hint, wrapped)
            .ok_or(DataKeyErrorKind::InvalidAnswer)?;
        Ok(GeneratedDataKey::new(DataKey::from_secret(&data_key), wrapped))
    }

    fn unwrap(
        &self,
        reference: &KeyReference,
        context: &EncryptionContext,
    ) -> Result<DataKey, DataKeyErrorKind> {
        let KeyReference::Wrapped(copies) = reference else {
            return Err(DataKeyErrorKind::Unsupported);
        };
        let copy = copies.iter().find(|copy| self.is_own(copy));
        let copy = copy.ok_or(DataKeyErrorKind::UnknownKey)?;
        let (nonce, sealed) =
            copy.wrapped().split_first_chunk::<NONCE_LEN>().ok_or(DataKeyErrorKind::Mismatch)?;
        let mut data_key = Zeroizing::new(sealed.to_vec());
        self.key
            .open(*nonce, &aad(context), &mut data_key)
            .map_err(|Rejected| DataKeyErrorKind::Mismatch)?;
        DataKey::from_slice(&data_key).ok_or(DataKeyErrorKind::Mismatch)
    }
}

impl KeyProvider for LocalKeyProvider {
    type Capability = Full;

    fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        let generated = self.wrap(request.context());
        let generated = generated.map_err(|kind| DataKeyError::new(kind, NAME));
        Box::pin(std::future::ready(generated))
    }

    fn decrypt<'a>(
        &'a self,
        reference: &'a KeyReference,
        request: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        let data_key = self.unwrap(reference, request.context());
        let data_key = data_key.map(Arc::new).map_err(|kind| DataKeyError::new(kind, NAME));
        Box::pin(std::future::ready(data_key))
    }

    /// Always true: there is only one key.
    fn is_current(&self, _: &KeyReference, _: &DataKeyRequest) -> bool {
        true
    }

    fn accepts(&self, reference: &KeyReference) -> bool {
        let KeyReference::Wrapped(copies) = reference else { return false };
        copies.iter().any(|copy| self.is_own(copy))
    }
}

/// Each name and value after its length, sorted by name, so that no two contexts share one form.
fn aad(context: &EncryptionContext) -> Vec<u8> {
    let mut aad = b"envelope/1 local context".to_vec();
    for (name, value) in context.iter() {
        write_lp(name.as_bytes(), &mut aad);
        write_lp(value.as_bytes(), &mut aad);
    }
    aad
}

impl fmt::Debug for LocalKeyProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalKeyProvider([REDACTED])")
    }
}

impl fmt::Display for LocalKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHex => f.write_str("a local key is 64 hexadecimal digits"),
            Self::Unreadable(kind) => write!(f, "cannot read the local key's file: {kind}"),
            Self::Random => f.write_str("the operating system gave no random bytes"),
        }
    }
}

debug_is_display!(LocalKeyError);

impl std::error::Error for LocalKeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f";
    /// Computed from FORMAT.md by a program in Python, under a nonce of 0x55 bytes.
    const HINT: [u8; HINT_LEN] = [0x6f, 0x89, 0x0c, 0x16, 0x24, 0xf0, 0xc4, 0x4f];
    const WRAPPED: &str = "5555555555555555555555555a0a3b0a6478da64ff8b55be3513d42d3ffe2348c41fc3d8\
                           6ceb6d5e1986b766cba202e082fced6bf002e6b78d77a698";

    fn context(tenant: &str) -> EncryptionContext {
        EncryptionContext::new("orders", [("tenant", tenant.to_owned())])
    }

    fn reference(wrapped: Vec<u8>) -> KeyReference {
        let copy = EncryptedDataKey::new(ProviderId::LOCAL, HINT, wrapped).unwrap();
        KeyReference::Wrapped(vec![copy])
    }

    fn wrapped() -> Vec<u8> {
        let digits = WRAPPED.as_bytes().chunks(2);
        digits
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn the_wrapped_key_of_the_format_unwraps() {
        let provider = LocalKeyProvider::from_hex(KEY).unwrap();

        let data_key = provider.unwrap(&reference(wrapped()), &context("t-1")).unwrap();

        let expected: [u8; 32] = std::array::from_fn(|index| u8::try_from(index).unwrap());
        assert!(data_key.is(&DataKey::new(expected)));
    }

    #[test]
    fn another_context_another_key_and_every_altered_byte_are_refused() {
        let provider = LocalKeyProvider::from_hex(KEY).unwrap();
        let refused =
            |wrapped, tenant| provider.unwrap(&reference(wrapped), &context(tenant)).err();

        assert_eq!(refused(wrapped(), "t-2"), Some(DataKeyErrorKind::Mismatch));
        for index in 0..wrapped().len() {
            let mut flipped = wrapped();
            flipped[index] ^= 1;
            assert_eq!(refused(flipped, "t-1"), Some(DataKeyErrorKind::Mismatch), "{index}");
            if index > 0 {
                let short = wrapped()[..index].to_vec();
                assert_eq!(refused(short, "t-1"), Some(DataKeyErrorKind::Mismatch), "{index}");
            }
        }
        let other = LocalKeyProvider::insecure_ephemeral().unwrap();
        let kind = other.unwrap(&reference(wrapped()), &context("t-1")).err();
        assert_eq!(kind, Some(DataKeyErrorKind::UnknownKey));
    }

    #[test]
    fn what_another_provider_wrapped_is_refused() {
        let provider = LocalKeyProvider::from_hex(KEY).unwrap();
        let kms = EncryptedDataKey::new(ProviderId::KMS, HINT, wrapped()).unwrap();
        let local = EncryptedDataKey::new(ProviderId::LOCAL, HINT, wrapped()).unwrap();
        let refused = |reference| provider.unwrap(&reference, &context("t-1")).err();

        for (reference, kind) in [
            (KeyReference::Wrapped(vec![kms.clone()]), Some(DataKeyErrorKind::UnknownKey)),
            (KeyReference::KeyTable(vec![7; 16]), Some(DataKeyErrorKind::Unsupported)),
            (KeyReference::Wrapped(vec![kms, local]), None),
        ] {
            assert_eq!(provider.accepts(&reference), kind.is_none());
            assert_eq!(refused(reference), kind);
        }
    }

    #[tokio::test]
    async fn two_data_keys_have_nothing_in_common() {
        let provider = LocalKeyProvider::insecure_ephemeral().unwrap();
        let request = DataKeyRequest::new(context("t-1"));
        let mut nonces = Vec::new();
        let mut data_keys = Vec::new();
        for _ in 0..2 {
            let (data_key, reference) = provider.generate(&request).await.unwrap().into_parts();
            let again = provider.decrypt(&reference, &request).await.unwrap();
            assert!(again.is(&data_key));
            let KeyReference::Wrapped(copies) = reference else { panic!() };
            nonces.push(copies[0].wrapped().first_chunk::<NONCE_LEN>().unwrap().to_vec());
            data_keys.push(data_key);
        }
        assert!(nonces[0] != nonces[1], "{nonces:?}");
        assert!(nonces.iter().all(|nonce| nonce.iter().any(|byte| *byte != 0)), "{nonces:?}");
        assert!(!data_keys[0].is(&data_keys[1]));
        assert!(!data_keys.iter().any(|data_key| data_key.is(&DataKey::new([0; 32]))));
    }

    #[test]
    fn what_is_no_key_is_said_without_it() {
        let error = LocalKeyProvider::from_hex("secret").unwrap_err();
        assert_eq!(error.to_string(), "a local key is 64 hexadecimal digits");
        let error = LocalKeyProvider::from_file("/no/such/file").unwrap_err();
        assert!(error.to_string().starts_with("cannot read the local key's file: "), "{error}");
        let provider = LocalKeyProvider::from_hex(KEY).unwrap();
        assert_eq!(format!("{provider:?}"), "LocalKeyProvider([REDACTED])");
        let file = std::env::temp_dir().join(format!("envelope-key-{}", std::process::id()));
        fs::write(&file, KEY).unwrap();
        let read = LocalKeyProvider::from_file(&file);
        fs::remove_file(&file).unwrap();
        assert_eq!(read.unwrap().hint, HINT);
    }

    #[test]
    fn contexts_that_join_to_the_same_text_are_different() {
        let joined = EncryptionContext::new("t", [("a", "b,c=d".to_owned())]);
        let apart = EncryptionContext::new("t", [("a", "b".to_owned()), ("c", "d".to_owned())]);

        assert_ne!(aad(&joined), aad(&apart));
    }

    #[test]
    fn a_key_is_exactly_64_hexadecimal_digits() {
        assert!(LocalKeyProvider::from_hex(&format!(" {KEY}\n")).is_ok());
        for not_a_key in ["", &KEY[1..], &format!("{KEY}0"), &KEY.replace('4', "g")] {
            assert!(matches!(LocalKeyProvider::from_hex(not_a_key), Err(LocalKeyError::NotHex)));
        }
        assert!(matches!(
            LocalKeyProvider::from_file("/no/such/file"),
            Err(LocalKeyError::Unreadable(io::ErrorKind::NotFound))
        ));
    }
}
