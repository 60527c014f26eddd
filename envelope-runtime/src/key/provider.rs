//! The interface to key services.

use std::pin::Pin;
use std::sync::Arc;

use super::{DataKey, DataKeyError, DataKeyRequest, KeyReference};

/// The future of a call to a key service.
pub type KeyFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, DataKeyError>> + Send + 'a>>;

/// A source of data keys: [`KmsKeyProvider`](crate::KmsKeyProvider),
/// [`LocalKeyProvider`](crate::LocalKeyProvider), another key service, or a caching decorator
/// around one of these.
///
/// An implementation must meet these requirements:
///
/// - It binds the whole [`EncryptionContext`](crate::key::EncryptionContext) of a request to the
///   wrapped key, so that unwrapping under any other context fails.
/// - It decides from its own configuration alone which key unwraps: everything in an
///   [`EncryptedDataKey`](crate::key::EncryptedDataKey) may have been written by an attacker.
/// - It calls [`DataKeyRequest::count_call`] for each call that it makes. Otherwise the counts of
///   operations lack these calls.
///
/// [`testing::conforms`](crate::testing::conforms) checks an implementation.
///
/// A provider that keeps data keys, or returns one for several records, keeps them under the whole
/// context, names included, and the whole reference: an answer for one tenant must never be an
/// answer for another. It limits their age and use: a stolen data key opens every record that
/// shares it, and a cached key opens records even after its KMS key was disabled or a permission
/// revoked.
pub trait KeyProvider: Send + Sync + 'static {
    /// The provider's capability: [`Full`], [`EncryptOnly`] or [`DecryptOnly`]. A store without a
    /// capability lacks the methods that need it.
    type Capability: Capability;

    /// Returns a data key to seal a record with, and the record's reference to it.
    ///
    /// # Errors
    ///
    /// [`DataKeyError`] if the service refuses or cannot be reached.
    #[doc(alias = "GenerateDataKey")]
    fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey>;

    /// Unwraps the data key that `reference` denotes, under the request's context.
    ///
    /// # Errors
    ///
    /// [`DataKeyError`] if no configured key fits, or the service refuses or cannot be reached.
    fn decrypt<'a>(
        &'a self,
        reference: &'a KeyReference,
        request: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>>;

    /// Returns whether a record may stay under the data key that `reference` denotes, which is to
    /// seal [`plaintext_len`](DataKeyRequest::plaintext_len) more bytes. If not, the next update of
    /// the record's protected attributes re-seals them all under a new data key.
    ///
    /// A decorator must delegate to the inner provider. Otherwise, records of a key that is merely
    /// accepted would stay under it forever.
    fn is_current(&self, reference: &KeyReference, request: &DataKeyRequest) -> bool;
}

/// One provider, with its cached knowledge, for several stores, sealers and openers.
impl<P: KeyProvider + ?Sized> KeyProvider for Arc<P> {
    type Capability = P::Capability;

    fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        (**self).generate(request)
    }

    fn decrypt<'a>(
        &'a self,
        reference: &'a KeyReference,
        request: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        (**self).decrypt(reference, request)
    }

    fn is_current(&self, reference: &KeyReference, request: &DataKeyRequest) -> bool {
        (**self).is_current(reference, request)
    }
}

/// A data key to seal with, and the reference that goes into the envelope. A clone shares the key.
#[derive(Clone, Debug)]
pub struct GeneratedDataKey {
    data_key: Arc<DataKey>,
    reference: KeyReference,
}

impl GeneratedDataKey {
    /// A data key and its reference: for most providers, the one
    /// [`EncryptedDataKey`](crate::key::EncryptedDataKey) that wraps it.
    #[must_use]
    pub fn new(data_key: impl Into<Arc<DataKey>>, reference: impl Into<KeyReference>) -> Self {
        Self { data_key: data_key.into(), reference: reference.into() }
    }

    /// The data key.
    #[must_use]
    pub fn data_key(&self) -> &Arc<DataKey> {
        &self.data_key
    }

    /// The reference to the data key.
    #[must_use]
    pub fn reference(&self) -> &KeyReference {
        &self.reference
    }

    pub(crate) fn into_parts(self) -> (Arc<DataKey>, KeyReference) {
        (self.data_key, self.reference)
    }
}

/// A provider's capability. Implemented only by [`Full`], [`EncryptOnly`] and [`DecryptOnly`].
pub trait Capability: sealed::Sealed + Send + Sync + 'static {}

/// The capability to make new data keys: [`Full`] or [`EncryptOnly`].
#[diagnostic::on_unimplemented(
    message = "this store's key provider is decrypt-only: it cannot save records",
    label = "needs a provider that can encrypt",
    note = "give the store a provider whose capability is `Full` or `EncryptOnly`"
)]
pub trait CanEncrypt: Capability {}

/// The capability to read what needs `N`: [`Full`] and [`DecryptOnly`] read everything,
/// [`EncryptOnly`] reads what needs [`NoKey`].
///
/// Code that is generic over the capability has the bound `C: Allows<R::Needs>`, with the type `R`
/// that it reads.
#[diagnostic::on_unimplemented(
    message = "this store's key provider is encrypt-only: it cannot load records",
    label = "needs a provider that can decrypt",
    note = "give the store a provider whose capability is `Full` or `DecryptOnly`",
    note = "a record or projection that is `#[envelope(plaintext_only)]` can be read without"
)]
pub trait Allows<N: Need>: Capability {}

/// The call that reading a type makes to the key provider. Implemented only by [`Decrypt`] and
/// [`NoKey`].
pub trait Need: sealed::Sealed + 'static {}

/// Reading unwraps a data key: the type has protected attributes.
#[derive(Debug)]
#[non_exhaustive]
pub struct Decrypt;

/// Reading makes no call: the type is `#[envelope(plaintext_only)]`.
#[derive(Debug)]
#[non_exhaustive]
pub struct NoKey;

/// A provider that makes and unwraps data keys.
#[derive(Debug)]
#[non_exhaustive]
pub struct Full;

/// A provider that only makes data keys, for writers that must not read.
#[derive(Debug)]
#[non_exhaustive]
pub struct EncryptOnly;

/// A provider that only unwraps data keys, for readers that must not write.
#[derive(Debug)]
#[non_exhaustive]
pub struct DecryptOnly;

impl Capability for Full {}
impl Capability for EncryptOnly {}
impl Capability for DecryptOnly {}
impl CanEncrypt for Full {}
impl CanEncrypt for EncryptOnly {}
impl Need for Decrypt {}
impl Need for NoKey {}
#[diagnostic::do_not_recommend]
impl<N: Need> Allows<N> for Full {}
#[diagnostic::do_not_recommend]
impl<N: Need> Allows<N> for DecryptOnly {}
#[diagnostic::do_not_recommend]
impl Allows<NoKey> for EncryptOnly {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Full {}
    impl Sealed for super::EncryptOnly {}
    impl Sealed for super::DecryptOnly {}
    impl Sealed for super::Decrypt {}
    impl Sealed for super::NoKey {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LocalKeyProvider;
    use crate::key::EncryptionContext;

    /// A provider for which no data key is current.
    struct Retired(LocalKeyProvider);

    impl KeyProvider for Retired {
        type Capability = Full;

        fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
            self.0.generate(request)
        }

        fn decrypt<'a>(
            &'a self,
            reference: &'a KeyReference,
            request: &'a DataKeyRequest,
        ) -> KeyFuture<'a, Arc<DataKey>> {
            self.0.decrypt(reference, request)
        }

        fn is_current(&self, _: &KeyReference, _: &DataKeyRequest) -> bool {
            false
        }
    }

    fn request() -> DataKeyRequest {
        DataKeyRequest::new(EncryptionContext::new("users", []))
    }

    #[test]
    fn a_shared_provider_asks_the_one_that_is_shared_whether_a_data_key_is_current() {
        let local = LocalKeyProvider::insecure_ephemeral().unwrap();
        let reference = KeyReference::KeyTable(vec![1]);

        assert!(local.is_current(&reference, &request()));
        assert!(KeyProvider::is_current(&Arc::new(local), &reference, &request()));
        let retired = Retired(LocalKeyProvider::insecure_ephemeral().unwrap());
        assert!(!KeyProvider::is_current(&Arc::new(retired), &reference, &request()));
    }

    #[tokio::test]
    async fn a_shared_provider_is_the_one_that_is_shared() {
        let shared = Arc::new(LocalKeyProvider::insecure_ephemeral().unwrap());
        let request = request();

        let made = KeyProvider::generate(&shared, &request).await.unwrap();
        let reference = made.reference().clone();
        let unwrapped = KeyProvider::decrypt(&Arc::clone(&shared), &reference, &request).await;

        assert!(unwrapped.unwrap().is(made.data_key()));
        assert!(Arc::ptr_eq(made.clone().data_key(), made.data_key()));
    }
}
