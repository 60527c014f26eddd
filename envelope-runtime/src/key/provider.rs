//! The seam to key services.

use std::pin::Pin;
use std::sync::Arc;

use super::{DataKey, DataKeyError, EncryptedDataKey, EncryptionContext, KeyReference};

/// The future of a call to a key service.
pub type KeyFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, DataKeyError>> + Send + 'a>>;

/// A source of data keys: [`KmsKeyProvider`](crate::KmsKeyProvider),
/// [`LocalKeyProvider`](crate::LocalKeyProvider), or a key service of your own.
///
/// An implementation must bind the whole [`EncryptionContext`] to what it wraps, so that unwrapping
/// under any other context fails, and must decide from its own configuration alone which key
/// unwraps: whatever stands in an [`EncryptedDataKey`] may have been written by an attacker. It calls
/// [`EncryptionContext::count_call`] for each call that it makes, or operations are shown without them.
pub trait KeyProvider: Send + Sync + 'static {
    /// What it can do: [`Full`], [`EncryptOnly`] or [`DecryptOnly`]. A store without the capability
    /// has no methods that would need it.
    type Capability: Capability;

    /// Generates a fresh data key, wrapped under `context`.
    ///
    /// # Errors
    ///
    /// [`DataKeyError`] when the service refuses or cannot be reached.
    fn generate<'a>(&'a self, context: &'a EncryptionContext) -> KeyFuture<'a, GeneratedDataKey>;

    /// Unwraps the data key that `reference` stands for, under `context`.
    ///
    /// # Errors
    ///
    /// [`DataKeyError`] when no configured key fits, or the service refuses or cannot be reached.
    fn decrypt<'a>(
        &'a self,
        reference: &'a KeyReference,
        context: &'a EncryptionContext,
    ) -> KeyFuture<'a, DataKey>;

    /// Whether a record may go on under the data key that `reference` stands for. Where it may not, because
    /// it is only still accepted, the next update of the record's protected attributes seals them all
    /// under a new one.
    fn is_current(&self, reference: &KeyReference) -> bool {
        let _ = reference;
        true
    }
}

/// One provider, with what it has learnt, for several stores, sealers and openers.
impl<P: KeyProvider + ?Sized> KeyProvider for Arc<P> {
    type Capability = P::Capability;

    fn generate<'a>(&'a self, context: &'a EncryptionContext) -> KeyFuture<'a, GeneratedDataKey> {
        (**self).generate(context)
    }

    fn decrypt<'a>(
        &'a self,
        reference: &'a KeyReference,
        context: &'a EncryptionContext,
    ) -> KeyFuture<'a, DataKey> {
        (**self).decrypt(reference, context)
    }

    fn is_current(&self, reference: &KeyReference) -> bool {
        (**self).is_current(reference)
    }
}

/// A fresh data key and its wrapped copies.
#[derive(Debug)]
pub struct GeneratedDataKey {
    data_key: DataKey,
    reference: KeyReference,
}

impl GeneratedDataKey {
    /// A data key with the one wrapped copy that most providers make.
    #[must_use]
    pub fn new(data_key: DataKey, wrapped: EncryptedDataKey) -> Self {
        Self { data_key, reference: KeyReference::Wrapped(vec![wrapped]) }
    }

    pub(crate) fn into_parts(self) -> (DataKey, KeyReference) {
        (self.data_key, self.reference)
    }
}

/// What a provider can do. Implemented by [`Full`], [`EncryptOnly`] and [`DecryptOnly`] only.
pub trait Capability: sealed::Sealed + Send + Sync + 'static {}

/// A capability to make new data keys: [`Full`] or [`EncryptOnly`].
#[diagnostic::on_unimplemented(
    message = "this store's key provider is decrypt-only: it cannot save records",
    label = "needs a provider that can encrypt",
    note = "give the store a provider whose capability is `Full` or `EncryptOnly`"
)]
pub trait CanEncrypt: Capability {}

/// A capability to unwrap data keys: [`Full`] or [`DecryptOnly`].
#[diagnostic::on_unimplemented(
    message = "this store's key provider is encrypt-only: it cannot load records",
    label = "needs a provider that can decrypt",
    note = "give the store a provider whose capability is `Full` or `DecryptOnly`"
)]
pub trait CanDecrypt: Capability {}

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
impl CanDecrypt for Full {}
impl CanDecrypt for DecryptOnly {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Full {}
    impl Sealed for super::EncryptOnly {}
    impl Sealed for super::DecryptOnly {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LocalKeyProvider;

    /// Every data key that it is shown is of a key that it is done with.
    struct Retired(LocalKeyProvider);

    impl KeyProvider for Retired {
        type Capability = Full;

        fn generate<'a>(
            &'a self,
            context: &'a EncryptionContext,
        ) -> KeyFuture<'a, GeneratedDataKey> {
            self.0.generate(context)
        }

        fn decrypt<'a>(
            &'a self,
            reference: &'a KeyReference,
            context: &'a EncryptionContext,
        ) -> KeyFuture<'a, DataKey> {
            self.0.decrypt(reference, context)
        }

        fn is_current(&self, _: &KeyReference) -> bool {
            false
        }
    }

    #[test]
    fn a_data_key_is_current_unless_the_provider_says_otherwise() {
        let local = LocalKeyProvider::insecure_ephemeral().unwrap();
        let reference = KeyReference::KeyTable(vec![1]);

        assert!(local.is_current(&reference));
        assert!(KeyProvider::is_current(&Arc::new(local), &reference));
        let retired = Retired(LocalKeyProvider::insecure_ephemeral().unwrap());
        assert!(!KeyProvider::is_current(&Arc::new(retired), &reference));
    }

    #[tokio::test]
    async fn a_shared_provider_is_the_one_that_is_shared() {
        let shared = Arc::new(LocalKeyProvider::insecure_ephemeral().unwrap());
        let context = EncryptionContext::new("users", []);

        let (made, reference) =
            KeyProvider::generate(&shared, &context).await.unwrap().into_parts();
        let unwrapped = KeyProvider::decrypt(&Arc::clone(&shared), &reference, &context).await;

        assert_eq!(unwrapped.unwrap().secret().bytes(), made.secret().bytes());
    }
}
