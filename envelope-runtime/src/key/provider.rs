//! The interface to key services.

use std::pin::Pin;
use std::sync::Arc;

use super::{Cache, Cached, DataKey, DataKeyError, DataKeyRequest, KeyReference, Reuse, Reused};

/// The future of a call to a key service.
pub type KeyFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, DataKeyError>> + Send + 'a>>;

/// A source of data keys: [`KmsKeyProvider`](crate::KmsKeyProvider),
/// [`LocalKeyProvider`](crate::LocalKeyProvider), another key service, or a provider around one of
/// these. Any provider can [reuse](Self::reuse) and [keep](Self::cached) data keys.
///
/// An implementation must meet these requirements:
///
/// - It binds the whole [`EncryptionContext`](crate::key::EncryptionContext) of a request to the
///   wrapped key, so that unwrapping under any other context fails.
/// - It decides from its own configuration alone which key unwraps: everything in an
///   [`EncryptedDataKey`](crate::key::EncryptedDataKey) may have been written by an attacker.
/// - It calls [`DataKeyRequest::count_call`] for each call that it makes. Otherwise the counts of
///   operations lack these calls.
/// - Its calls end, with an error at the latest when their deadline has passed: several operations
///   may wait for one call.
/// - [`is_current`](Self::is_current) and [`accepts`](Self::accepts) return at once. They are
///   called while a lock is held, so they do not ask the provider around them anything. Nor do its
///   futures when they are dropped.
///
/// [`testing::conforms`](crate::testing::conforms) checks an implementation.
///
/// A provider of yours that keeps data keys, or returns one for several records, keeps them under
/// the whole context, names included, and the whole reference: an answer for one tenant must never
/// be an answer for another. It limits their age and use: a stolen data key opens every record that
/// shares it, and a kept key opens records even after its KMS key was disabled or a permission
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
    /// the record's protected attributes re-seals them all under a new data key. A provider that
    /// limits bytes counts them here if the answer is true.
    ///
    /// A decorator must delegate to the inner provider. Otherwise, records of a key that is merely
    /// accepted would stay under it forever.
    fn is_current(&self, reference: &KeyReference, request: &DataKeyRequest) -> bool;

    /// Returns whether the provider, as it is configured, uses the key that `reference` denotes, as
    /// far as it can tell without a call.
    ///
    /// A provider that keeps data keys asks this before each answer that it has kept, so that none
    /// is given out once the inner provider has learnt that an alias was repointed. A decorator
    /// must delegate to the inner provider.
    fn accepts(&self, reference: &KeyReference) -> bool;

    /// Forgets, and wipes, all data keys that the provider keeps. The answers of calls in progress
    /// go to those who wait, and are not kept. A decorator clears the inner provider too; there is
    /// nothing to do for a provider that keeps none.
    ///
    /// Call it when a KMS key was disabled, or a tenant shut out. An operation over many items that
    /// runs at that time keeps its own data keys, until it ends or for a minute.
    fn clear(&self) {}

    /// The number of data keys that the provider keeps now. A decorator adds those of the inner
    /// provider.
    fn keys_alive(&self) -> usize {
        0
    }

    /// Seals several records under one data key, within limits, instead of each under its own.
    ///
    /// A save then makes a call to the key service only if the data key of its encryption context
    /// is used up or too old, or there is none. Every record still has keys of its own, derived
    /// with a fresh salt.
    ///
    /// | | |
    /// | --- | --- |
    /// | limits | records, bytes and age of a data key; exact, however many operations run at once |
    /// | contexts | one data key each, at most 64; the one used least recently makes room |
    /// | a protected update | moves the record to the running data key, so that the limits hold; no call if there is one |
    /// | a new data key is refused | the running one is wiped at once: of that context if access is denied, of all if the KMS key is disabled |
    /// | the key service is out of reach | the running one is used within its limits; then saves fail |
    /// | a stolen data key | opens all the records that it sealed |
    ///
    /// Several operations that need a new data key wait for one call, as many as the limits admit.
    /// No task is spawned, and no data key is fetched ahead of time. Around a provider that reuses
    /// data keys itself, the numbers of records multiply.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use envelope_runtime::key::{Cache, KeyProvider, Reuse};
    /// use envelope_runtime::{LocalKeyProvider, Opener, Sealer};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // In production, `KmsKeyProvider::new(kms, "alias/users")`.
    /// let keys = LocalKeyProvider::insecure_ephemeral()?
    ///     .reuse(Reuse::records(1_000).for_at_most(Duration::from_mins(5)))
    ///     .cached(Cache::entries(10_000).for_at_most(Duration::from_mins(5)));
    /// let (sealer, opener) = (Sealer::new(keys.clone()), Opener::new(keys.clone()));
    ///
    /// keys.clear(); // whenever no data key from before should be used
    /// assert_eq!(keys.keys_alive(), 0);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "pool")]
    fn reuse(self, reuse: Reuse) -> Reused<Self>
    where
        Self: Sized,
        Self::Capability: CanEncrypt,
    {
        Reused::new(self, reuse)
    }

    /// Keeps the data keys that are unwrapped, within limits, instead of asking for each load.
    ///
    /// Loads of records that share a data key, and repeated loads of one record, then make one call
    /// to the key service.
    ///
    /// | | |
    /// | --- | --- |
    /// | limits | number and age of the kept data keys; an evicted one is wiped |
    /// | an answer | only for the whole encryption context and the whole reference that it was given for, and only while the provider [accepts](Self::accepts) the key |
    /// | several loads of one data key | wait for one call, which goes on if the first of them is dropped |
    /// | a refusal that cannot change: another context, an altered or a foreign data key | is remembered for a minute, up to 4,096 of them |
    /// | access denied, throttling, outage | never remembered: the next load asks again |
    /// | the key service is out of reach | records of kept data keys load until these are too old |
    /// | the KMS key is disabled, or a permission revoked | the same: [`clear`](Self::clear) ends it |
    /// | saves | are passed on |
    ///
    /// No task is spawned. Data keys that are too old are never used; they are wiped by the next
    /// calls, within an eighth of the age.
    #[doc(alias = "cache")]
    fn cached(self, cache: Cache) -> Cached<Self>
    where
        Self: Sized,
        Self::Capability: Allows<Decrypt>,
    {
        Cached::new(self, cache)
    }
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

    fn accepts(&self, reference: &KeyReference) -> bool {
        (**self).accepts(reference)
    }

    fn clear(&self) {
        (**self).clear();
    }

    fn keys_alive(&self) -> usize {
        (**self).keys_alive()
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
    message = "this key provider is decrypt-only: it makes no data keys to save records with",
    label = "needs a provider that can encrypt",
    note = "use a provider whose capability is `Full` or `EncryptOnly`"
)]
pub trait CanEncrypt: Capability {}

/// The capability to read what needs `N`: [`Full`] and [`DecryptOnly`] read everything,
/// [`EncryptOnly`] reads what needs [`NoKey`].
///
/// Code that is generic over the capability has the bound `C: Allows<R::Needs>`, with the type `R`
/// that it reads.
#[diagnostic::on_unimplemented(
    message = "this key provider is encrypt-only: it unwraps no data keys to load records with",
    label = "needs a provider that can decrypt",
    note = "use a provider whose capability is `Full` or `DecryptOnly`",
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

        fn accepts(&self, _: &KeyReference) -> bool {
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
        let retired = Arc::new(retired);
        assert!(!KeyProvider::is_current(&retired, &reference, &request()));
        assert!(!KeyProvider::accepts(&retired, &reference));
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
