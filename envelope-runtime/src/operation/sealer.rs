//! Sealing and opening without DynamoDB.

use std::fmt;
use std::sync::Arc;

use super::open::Reading;
use super::seal::{seal_record, written};
use crate::clock::{Clock, SystemClock};
use crate::envelope::{Accepted, Asked, Item, Loaded, expected_context};
use crate::key::Decrypt;
use crate::key::{Allows, CanEncrypt, Capability, Full, IndexSecret, KeyProvider, Scope};
use crate::operation::error::{LoadError, SaveError};
use crate::record::{EnvelopeRecord, Now, Readable, Until};

/// Seals records into items, for exports and other stores. The items are those that
/// [`Store::put`](crate::Store::put) would write at this moment, with the next version and the
/// current time.
///
/// ```
/// use envelope_runtime::{AttributeValue, EnvelopeRecord, LocalKeyProvider, Opener, Sealer};
///
/// #[derive(EnvelopeRecord)]
/// #[envelope(table = "users")]
/// struct User {
///     #[partition_key]
///     id: String,
///     #[encrypted]
///     ssn: String,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// let sealer = Sealer::new(LocalKeyProvider::from_hex(key)?);
/// let opener = Opener::new(LocalKeyProvider::from_hex(key)?);
/// let user = User { id: "foobar".into(), ssn: "078-05-1120".into() };
///
/// let item = sealer.seal(&user).await?;
/// assert!(matches!(item.attribute("ssn"), Some(AttributeValue::B(_))));
///
/// let user = opener.open::<User>(item).await?;
/// assert_eq!(user.ssn, "078-05-1120");
/// # Ok(())
/// # }
/// ```
pub struct Sealer<C = Full> {
    provider: Arc<dyn KeyProvider<Capability = C>>,
    scope: Scope,
    clock: Arc<dyn Clock>,
}

/// Opens items into records, for stream images, exports and other stores.
///
/// The record's identity is the item's own primary key. Values of context fields come from
/// [`scoped`](Self::scoped) only. A record whose TTL has expired is opened like any other: when
/// DynamoDB deletes an expired item, the stream's old image is of such a record. See [`Sealer`] for
/// an example.
pub struct Opener<C = Full> {
    provider: Arc<dyn KeyProvider<Capability = C>>,
    scope: Scope,
    clock: Arc<dyn Clock>,
    accepted: Accepted,
}

impl<C: Capability> Sealer<C> {
    /// A sealer that takes its data keys from `provider`.
    pub fn new(provider: impl KeyProvider<Capability = C>) -> Self {
        let (provider, scope) = (Arc::new(provider), Scope::default());
        Self { provider, scope, clock: Arc::new(SystemClock) }
    }

    /// Takes the time from `clock` instead of the operating system, for tests of fields that the
    /// library fills in.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Hashes the keys of `#[envelope(hashed)]` fields, as
    /// [`Store::index_secret`](crate::Store::index_secret) does.
    #[must_use]
    pub fn index_secret(mut self, secret: IndexSecret) -> Self {
        self.scope.set_secret(secret);
        self
    }

    /// A sealer that rejects records whose context fields differ from `context`, given as attribute
    /// names and texts.
    #[doc(alias = "encryption_context")]
    #[must_use]
    pub fn scoped<N: Into<String>, V: Into<String>>(
        &self,
        context: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut scoped = self.clone();
        scoped.scope.extend(Scope::new(context));
        scoped
    }

    /// Seals a record into the item that [`Store::put`](crate::Store::put) would write.
    ///
    /// # Errors
    ///
    /// [`SaveError`] if a field cannot be stored or there is no data key.
    #[cfg_attr(
        not(feature = "aws"),
        expect(rustdoc::broken_intra_doc_links, reason = "needs `aws`")
    )]
    pub fn seal<R: EnvelopeRecord>(
        &self,
        record: &R,
    ) -> impl Future<Output = Result<Item, SaveError>> + Send + use<R, C>
    where
        C: CanEncrypt,
    {
        let written = written(record, Now::new(self.clock.wall())).map(|(values, _)| values);
        let (provider, scope) = (Arc::clone(&self.provider), self.scope.clone());
        async move {
            let values = written.map_err(SaveError::Field)?;
            let sealed = seal_record(provider.as_ref(), R::SCHEMA, values, &scope, Arc::default());
            sealed.await.map(|(item, _)| item)
        }
    }
}

impl<C: Capability> Opener<C> {
    /// An opener that takes its data keys from `provider`.
    pub fn new(provider: impl KeyProvider<Capability = C>) -> Self {
        let (provider, scope) = (Arc::new(provider), Scope::default());
        Self { provider, scope, clock: Arc::new(SystemClock), accepted: Accepted::default() }
    }

    /// Takes the time from `clock` instead of the operating system, for tests of windows.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Accepts items of the record `R` without an envelope until a date: see
    /// [`Store::accept_unsealed`](crate::Store::accept_unsealed).
    ///
    /// Give it whole items alone. An item that was read without its envelope looks like one that
    /// has none, and the bytes of its sealed attributes like values.
    #[cfg_attr(
        not(feature = "aws"),
        expect(rustdoc::broken_intra_doc_links, reason = "needs `aws`")
    )]
    #[must_use]
    pub fn accept_unsealed<R: EnvelopeRecord<Needs = Decrypt>>(mut self, until: Until) -> Self {
        self.accepted.accept::<R>(until);
        self
    }

    /// Compares the keys of `#[envelope(hashed)]` fields with their opened values: see
    /// [`UnknownSecret`](crate::error::OpenErrorKind::UnknownSecret). Without a secret, an opener
    /// opens them all the same, since the record tag binds the one to the other.
    #[must_use]
    pub fn index_secret(mut self, secret: IndexSecret) -> Self {
        self.scope.set_secret(secret);
        self
    }

    /// An opener that knows the required values of context fields, given as attribute names and
    /// texts.
    #[doc(alias = "encryption_context")]
    #[must_use]
    pub fn scoped<N: Into<String>, V: Into<String>>(
        &self,
        context: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut scoped = self.clone();
        scoped.scope.extend(Scope::new(context));
        scoped
    }

    /// Opens an item.
    ///
    /// # Errors
    ///
    /// [`LoadError`] if a context value is missing, the item is not the one that was sealed, there
    /// is no data key, or a value does not fit its field.
    pub fn open<R: Readable>(
        &self,
        item: Item,
    ) -> impl Future<Output = Result<Loaded<R>, LoadError>> + Send + use<R, C>
    where
        C: Allows<R::Needs>,
    {
        let (provider, scope) = (Arc::clone(&self.provider), self.scope.clone());
        let windows = self.accepted.windows::<R>(Now::new(self.clock.wall()));
        async move {
            let context =
                expected_context(&R::SCHEMA, |_| None, &scope).map_err(LoadError::Context)?;
            let (provider, asked) = (provider.as_ref(), Asked::ItemsOwn);
            let (context, counts) = (&context, Arc::default());
            let reading = Reading { provider, asked, context, windows, counts };
            // Updates, which are DynamoDB's, can start from the record.
            reading.open(item, cfg!(feature = "aws")).await
        }
    }
}

impl<C> Clone for Sealer<C> {
    fn clone(&self) -> Self {
        let (provider, clock) = (Arc::clone(&self.provider), Arc::clone(&self.clock));
        Self { provider, scope: self.scope.clone(), clock }
    }
}

impl<C> Clone for Opener<C> {
    fn clone(&self) -> Self {
        let (provider, clock) = (Arc::clone(&self.provider), Arc::clone(&self.clock));
        let (scope, accepted) = (self.scope.clone(), self.accepted.clone());
        Self { provider, scope, clock, accepted }
    }
}

impl<C> fmt::Debug for Sealer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

impl<C> fmt::Debug for Opener<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").finish_non_exhaustive()
    }
}
