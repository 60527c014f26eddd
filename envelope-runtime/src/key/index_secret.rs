//! The secret of hashed keys.

use std::fmt;
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;

use super::{
    Allows, CanEncrypt, DataKey, DataKeyError, DataKeyRequest, Decrypt, EncryptionContext,
    KeyProvider, KeyReference,
};
use crate::crypto::{MAC_LEN, MacKey, Secret32};

/// The version of the text of a wrapped secret.
const VERSION: u8 = 1;
/// The longest name of a secret, in bytes.
const MAX_NAME: usize = 64;

/// The secret under which the keys of `#[envelope(hashed)]` fields are hashed: 32 bytes, in memory
/// only, wiped on drop. `Debug` shows its name.
///
/// Without the secret, a hash tells nothing of its value. Whoever has it can test guesses, and an
/// e-mail address is soon guessed. So it is wrapped by the key service, like a data key.
///
/// Generate one secret for each deployment, once, and keep the text in its configuration:
///
/// ```
/// use envelope_runtime::{IndexSecret, LocalKeyProvider};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let provider = LocalKeyProvider::from_hex(&"07".repeat(32))?;
/// // Once, by hand:
/// let text = IndexSecret::generate(&provider, "users-prod").await?;
///
/// // In each process, when it starts:
/// let secret = IndexSecret::unwrap(&provider, &text).await?;
/// assert_eq!(secret.name(), "users-prod");
/// # Ok(())
/// # }
/// ```
///
/// Then give it to [`Store::index_secret`](crate::Store::index_secret). Hashing makes no call.
///
/// **The secret is for the life of the table.** Under another secret, every key is another key: the
/// records are there, and no load finds them. Keep the text as safely as the table's backups, and
/// never generate a second secret for a table that has records.
///
/// The encryption context of the wrapped secret is `envelope:purpose` = `lookup` and
/// `envelope:secret` = its name, so that a KMS policy can say who may unwrap it.
#[cfg_attr(not(feature = "aws"), expect(rustdoc::broken_intra_doc_links, reason = "needs `aws`"))]
#[derive(Clone)]
pub struct IndexSecret {
    name: Arc<str>,
    key: Arc<DataKey>,
}

/// An index secret cannot be made or unwrapped.
#[derive(Clone)]
#[non_exhaustive]
pub enum IndexSecretError {
    /// The name is empty, longer than 64 bytes, or holds other characters than ASCII letters,
    /// digits, `-` and `_`.
    Name,
    /// The text is not one that [`IndexSecret::generate`] made, or was cut off.
    Text,
    /// [`IndexSecret::from_hex`] was not given 64 hexadecimal digits.
    NotHex,
    /// The key service refused or failed.
    DataKey(DataKeyError),
}

impl IndexSecret {
    /// Makes a new secret, and returns it wrapped, as a text for the configuration. The text is not
    /// secret: only the key service can unwrap it.
    ///
    /// `name` says which secret it is: `users-prod`. It has 1 to 64 ASCII letters, digits, `-` and
    /// `_`, is logged by `CloudTrail`, and cannot be changed. One call of the key service.
    ///
    /// # Errors
    ///
    /// [`IndexSecretError::Name`], or [`IndexSecretError::DataKey`] if there is no data key.
    pub async fn generate<C: CanEncrypt>(
        provider: &impl KeyProvider<Capability = C>,
        name: &str,
    ) -> Result<String, IndexSecretError> {
        check(name)?;
        let generated = provider.generate(&request(name)).await?;
        let mut bytes = vec![VERSION];
        generated.reference().write(&mut bytes).ok_or(IndexSecretError::Text)?;
        Ok(format!("{name}.{}", BASE64URL_NOPAD.encode(&bytes)))
    }

    /// Unwraps a secret, given the text that [`generate`](Self::generate) returned. White space
    /// around it is ignored. One call of the key service; do it once in a process, and again if it
    /// fails.
    ///
    /// # Errors
    ///
    /// [`IndexSecretError::Text`], or [`IndexSecretError::DataKey`] if it cannot be unwrapped.
    pub async fn unwrap<C: Allows<Decrypt>>(
        provider: &impl KeyProvider<Capability = C>,
        text: &str,
    ) -> Result<Self, IndexSecretError> {
        let (name, wrapped) = text.trim().split_once('.').ok_or(IndexSecretError::Text)?;
        check(name).map_err(|_| IndexSecretError::Text)?;
        let bytes = BASE64URL_NOPAD.decode(wrapped.as_bytes());
        let bytes = bytes.map_err(|_| IndexSecretError::Text)?;
        let reference = match bytes.split_first() {
            Some((&VERSION, reference)) => KeyReference::read(reference),
            _ => None,
        };
        let reference = reference.ok_or(IndexSecretError::Text)?;
        let key = provider.decrypt(&reference, &request(name)).await?;
        Ok(Self { name: name.into(), key })
    }

    /// A secret of 64 hexadecimal digits, for tests and development. Nothing wraps it: whoever
    /// reads the digits can test guesses.
    ///
    /// # Errors
    ///
    /// [`IndexSecretError::Name`] or [`IndexSecretError::NotHex`].
    pub fn from_hex(name: &str, digits: &str) -> Result<Self, IndexSecretError> {
        check(name)?;
        let secret = Secret32::from_hex(digits).ok_or(IndexSecretError::NotHex)?;
        Ok(Self { name: name.into(), key: Arc::new(DataKey::from_secret(&secret)) })
    }

    /// The name under which it was made.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// HMAC-SHA-256 of `value`, under the sub-key for `purpose`.
    pub(crate) fn hash(&self, purpose: &[u8], value: &[u8]) -> [u8; MAC_LEN] {
        let key = self.key.prk().expand(&[b"envelope/1 index ", purpose]);
        MacKey::new(&key).tag(&[value])
    }
}

fn request(name: &str) -> DataKeyRequest {
    DataKeyRequest::new(EncryptionContext::of_secret(name))
}

fn check(name: &str) -> Result<(), IndexSecretError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_name = (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(fits);
    is_name.then_some(()).ok_or(IndexSecretError::Name)
}

impl From<DataKeyError> for IndexSecretError {
    fn from(error: DataKeyError) -> Self {
        Self::DataKey(error)
    }
}

impl fmt::Display for IndexSecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => write!(
                f,
                "the name of an index secret has 1 to {MAX_NAME} ASCII letters, digits, `-` and `_`"
            ),
            Self::Text => f.write_str(
                "not the text of a wrapped index secret; configure the whole text that \
                 `IndexSecret::generate` returned",
            ),
            Self::NotHex => f.write_str("a local index secret is 64 hexadecimal digits"),
            Self::DataKey(error) => write!(f, "index secret: {error}"),
        }
    }
}

impl fmt::Debug for IndexSecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for IndexSecretError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::DataKey(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Debug for IndexSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IndexSecret").field(&self.name).finish()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::LocalKeyProvider;

    const DIGITS: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    fn provider(byte: u8) -> LocalKeyProvider {
        LocalKeyProvider::from_hex(&format!("{byte:02x}").repeat(32)).unwrap()
    }

    fn generated(name: &str) -> Result<String, IndexSecretError> {
        IndexSecret::generate(&provider(7), name).now_or_never().unwrap()
    }

    fn unwrapped(by: u8, text: &str) -> Result<IndexSecret, IndexSecretError> {
        IndexSecret::unwrap(&provider(by), text).now_or_never().unwrap()
    }

    #[test]
    fn a_text_unwraps_to_the_secret_that_was_made() {
        let text = generated("users-prod").unwrap();
        let secret = unwrapped(7, &format!(" {text}\n")).unwrap();
        let hash = |secret: &IndexSecret| secret.hash(b"p", b"v");

        assert_eq!(secret.name(), "users-prod");
        assert_eq!(hash(&secret), hash(&unwrapped(7, &text).unwrap()));
        assert_ne!(hash(&secret), secret.hash(b"p", b"w"));
        assert_ne!(hash(&secret), secret.hash(b"q", b"v"));
        let another = unwrapped(7, &generated("users-prod").unwrap()).unwrap();
        assert_ne!(hash(&secret), hash(&another));
        assert_eq!(format!("{secret:?}"), "IndexSecret(\"users-prod\")");
    }

    #[test]
    fn a_secret_opens_under_its_own_name_and_key_only() {
        let text = generated("users-prod").unwrap();
        let renamed = text.replacen("users-prod", "users-test", 1);
        for refused in [unwrapped(7, &renamed), unwrapped(8, &text)] {
            assert!(matches!(refused, Err(IndexSecretError::DataKey(_))), "{refused:?}");
        }
    }

    #[test]
    fn a_text_that_was_not_made_is_refused() {
        let text = generated("a").unwrap();
        let other_version = format!("a.{}", BASE64URL_NOPAD.encode(&[2, 1]));
        let cut = text.get(..text.len() - 4).unwrap();
        let longer = format!("{text}AAAA");
        let spaced = text.replace('.', ". ");
        let not_named = text.replacen('a', "", 1);
        let texts = ["", ".", "a", "a.", "a.AQ", "a.?", &other_version, cut, &longer, &spaced];
        for text in texts.into_iter().chain([not_named.as_str()]) {
            let refused = unwrapped(7, text);
            assert!(matches!(refused, Err(IndexSecretError::Text)), "{text:?}: {refused:?}");
        }
    }

    #[test]
    fn a_name_has_few_characters() {
        let longest = "n".repeat(64);
        for name in ["a", "users-prod_2", &longest] {
            assert!(generated(name).is_ok() && IndexSecret::from_hex(name, DIGITS).is_ok());
        }
        let longer = "n".repeat(65);
        for name in ["", "a.b", "a b", "é", "a/b", &longer] {
            assert!(matches!(generated(name), Err(IndexSecretError::Name)), "{name}");
            let local = IndexSecret::from_hex(name, DIGITS);
            assert!(matches!(local, Err(IndexSecretError::Name)), "{name}");
        }
        for digits in ["", "00", &DIGITS.replace("1f", "1"), &DIGITS.replace("1f", "1g")] {
            assert!(matches!(IndexSecret::from_hex("a", digits), Err(IndexSecretError::NotHex)));
        }
    }

    #[test]
    fn errors_say_what_to_do_and_show_no_secret() {
        use std::error::Error as _;

        let text = generated("users-prod").unwrap();
        let denied = unwrapped(8, &text).unwrap_err();
        assert!(denied.source().is_some() && IndexSecretError::Text.source().is_none());
        assert!(denied.to_string().starts_with("index secret: no data key"), "{denied}");
        for (error, text) in [
            (IndexSecretError::Name, "1 to 64 ASCII letters"),
            (IndexSecretError::Text, "`IndexSecret::generate` returned"),
            (IndexSecretError::NotHex, "64 hexadecimal digits"),
        ] {
            assert!(error.to_string().contains(text) && format!("{error:?}").contains(text));
        }
    }
}
