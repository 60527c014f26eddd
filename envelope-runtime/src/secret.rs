//! Fields of [secrecy](https://docs.rs/secrecy)'s types, through the feature `secrecy`: for
//! `#[envelope(with = envelope_runtime::secret)]`.
//!
//! A `SecretString`, a `SecretBox` of a type with serde's traits, or an `Option` of one of them is
//! stored as the value in it. The derive refuses such a field that is not `#[encrypted]`.
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

/// A secret, or an optional one. Implemented for secrecy's types only.
pub trait Secret: DeserializeOwned + sealed::Sealed {
    /// Hands the value over.
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
        self.expose_secret().serialize(to)
    }
}

impl<T: Serialize + Zeroize + ?Sized> Secret for Option<SecretBox<T>>
where
    SecretBox<T>: DeserializeOwned,
{
    fn expose<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.as_ref().map(SecretBox::expose_secret).serialize(to)
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
