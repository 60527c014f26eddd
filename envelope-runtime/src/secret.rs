//! Fields of [secrecy](https://docs.rs/secrecy)'s types, through the feature `secrecy`: for
//! `#[envelope(with = envelope_runtime::secret)]`.
//!
//! A `SecretString`, a `SecretBox` of a type with serde's traits, or an `Option` of one of them is
//! stored as its inner value. A field that is not `#[encrypted]` rejects a secret. If the derive
//! sees one of these names, the struct does not compile; otherwise the operation fails before
//! anything is sent.
//!
//! ```
//! use envelope_runtime::{EnvelopeRecord, LocalKeyProvider, Opener, Sealer};
//! use secrecy::{ExposeSecret, SecretString};
//!
//! #[derive(EnvelopeRecord)]
//! #[envelope(table = "credentials")]
//! struct Credential {
//!     #[partition_key]
//!     id: String,
//!     #[encrypted]
//!     #[envelope(with = envelope_runtime::secret)]
//!     password: SecretString,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
//! let credential = Credential { id: "zoe".into(), password: "correct horse".into() };
//!
//! let item = Sealer::new(LocalKeyProvider::from_hex(key)?).seal(&credential).await?;
//! let loaded = Opener::new(LocalKeyProvider::from_hex(key)?).open::<Credential>(item).await?;
//! assert_eq!(loaded.password.expose_secret(), "correct horse");
//! # Ok(())
//! # }
//! ```

use secrecy::zeroize::Zeroize;
use secrecy::{ExposeSecret, SecretBox};
use serde::de::DeserializeOwned;
use serde::{Deserializer, Serialize, Serializer};

use crate::attribute::SECRET;

/// A secret, or an optional one. Implemented only for secrecy's types.
pub trait Secret: DeserializeOwned + sealed::Sealed {
    /// Serializes the exposed value.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    fn expose<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error>;
}

mod sealed {
    use secrecy::SecretBox;
    use secrecy::zeroize::Zeroize;

    pub trait Sealed {}
    impl<T: Zeroize + ?Sized> Sealed for SecretBox<T> {}
    impl<T: Zeroize + ?Sized> Sealed for Option<SecretBox<T>> {}
}

impl<T: Serialize + Zeroize + ?Sized> Secret for SecretBox<T>
where
    Self: DeserializeOwned,
{
    fn expose<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_newtype_struct(SECRET, self.expose_secret())
    }
}

impl<T: Serialize + Zeroize + ?Sized> Secret for Option<SecretBox<T>>
where
    SecretBox<T>: DeserializeOwned,
{
    fn expose<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(secret) => to.serialize_some(&Exposed(secret)),
            None => to.serialize_none(),
        }
    }
}

struct Exposed<'a, T: Zeroize + ?Sized>(&'a SecretBox<T>);

impl<T: Serialize + Zeroize + ?Sized> Serialize for Exposed<'_, T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_newtype_struct(SECRET, self.0.expose_secret())
    }
}

/// Stores the value of a secret.
///
/// # Errors
///
/// Those of the serializer.
pub fn serialize<T: Secret, S: Serializer>(secret: &T, to: S) -> Result<S::Ok, S::Error> {
    secret.expose(to)
}

/// Reads a secret.
///
/// # Errors
///
/// Those of the deserializer.
pub fn deserialize<'de, T: Secret, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    T::deserialize(from)
}
