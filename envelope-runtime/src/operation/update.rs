//! Updating single attributes. Plaintext ones: one `UpdateItem`. Protected ones: read, verify,
//! seal, and write if the envelope is still the one that was read.

mod or_create;
mod run;

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use tracing::Instrument;

use super::OperationFuture;
use super::meter::Meter;
use super::patience::Patience;
use super::returned::{New, Nothing, Old, Returned};
use crate::attribute::{ConvertError, ConvertErrorKind};
use crate::envelope::{Item, Loaded};
use crate::expression::Update;
use crate::key::{Allows, CanEncrypt, Capability, Full, Scope};
use crate::operation::error::{UnknownOutcomeError, UpdateError};
use crate::record::{
    EnvelopeRecord, IntoKey, KeyValues, VersionNumber, Versioned, stored_version, version_number,
};
use crate::store::Store;
pub use or_create::{Upsert, Upserted};
pub(super) use run::{Basis, Held, Options, Running, stays};

/// The default time for which an update retries when other writers were faster.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);

/// The record that an [`Update`] changes, its store and, as `T`, the output of the update.
pub struct AtKey<C = Full, T = Nothing> {
    store: Store<C>,
    key: Result<KeyValues, ConvertError>,
    given: Scope,
    /// The part of the item that was read earlier.
    known: Option<Item>,
    version: Option<Result<u64, ConvertError>>,
    within: Duration,
    returns: PhantomData<fn() -> T>,
}

impl<C: Capability> Store<C> {
    /// Changes single attributes of the record under `key`, and leaves the others alone: see
    /// [`Update`].
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// store.update::<User>("foobar").set(|f| f.status, "new").seal(|f| f.email, "a@b.c").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "update_item")]
    pub fn update<R: EnvelopeRecord>(&self, key: impl IntoKey<R::Key>) -> Update<R, AtKey<C>>
    where
        C: CanEncrypt + Allows<R::Needs>,
    {
        Update::at(AtKey {
            store: self.clone(),
            key: key.into_key(),
            given: Scope::default(),
            known: None,
            version: None,
            within: DEADLINE,
            returns: PhantomData,
        })
    }
}

impl<C, T> AtKey<C, T> {
    fn returning<U>(self) -> AtKey<C, U> {
        let Self { store, key, given, known, version, within, returns: _ } = self;
        AtKey { store, key, given, known, version, within, returns: PhantomData }
    }
}

impl<R: EnvelopeRecord, C: Capability> Update<R, AtKey<C>> {
    /// Returns the record as it was before, opened. Costs one more KMS call. `None` if the SDK sent
    /// the request again because the answer to the first was lost.
    #[doc(alias = "return_values")]
    pub fn return_old(self) -> Update<R, AtKey<C, Old>> {
        self.at_other(AtKey::returning)
    }

    /// Returns the record as it is after the update, opened. Costs one more KMS call.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// let user = store.update::<User>("foobar").add(|f| f.logins, 1).return_new().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "return_values")]
    pub fn return_new(self) -> Update<R, AtKey<C, New>> {
        self.at_other(AtKey::returning)
    }
}

impl<R: EnvelopeRecord, C: Capability, T> Update<R, AtKey<C, T>> {
    /// Updates the record only if it still has the version `version`, the one that was loaded.
    /// Otherwise nothing is changed, and the error is [`UpdateError::Version`]. Without this call,
    /// any version is updated, and it is counted up too.
    pub fn version(mut self, version: impl VersionNumber) -> Self
    where
        R: Versioned,
    {
        self.target.version = Some(version_number(version));
        self
    }

    /// Updates the record only if it is still as it was loaded
    /// [`with_envelope`](crate::operation::Get::with_envelope). Saves the read of an update that
    /// seals a value.
    ///
    /// If an `#[encrypted]` or `#[authenticated]` attribute has changed since, or the record was
    /// saved again, nothing is changed, and the error is [`UpdateError::Condition`]. If the record
    /// has a version, that is compared too, and the error is [`UpdateError::Version`]. Without a
    /// version, changes of plaintext attributes go unnoticed.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// if let Some(user) = store.get::<User>("foobar").with_envelope().await? {
    ///     let email = user.email.to_lowercase();
    ///     store.update("foobar").based_on(&user).seal(|f| f.email, email).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn based_on(mut self, loaded: &Loaded<R>) -> Self {
        let core = loaded.core();
        if let (Some(field), None) = (R::SCHEMA.version(), &self.target.version) {
            let version = stored_version(core.attribute(field.name()));
            self.target.version = Some(version.ok_or(ConvertError::new(ConvertErrorKind::Version)));
        }
        self.target.known = Some(core.clone());
        self
    }

    /// Supplies values of context fields that are not part of the key, as attribute names and
    /// texts. They add to those of [`Store::scoped`] and must not differ from them.
    #[doc(alias = "encryption_context")]
    pub fn context<N: Into<String>, V: Into<String>>(
        mut self,
        context: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.target.given.extend(Scope::new(context));
        self
    }

    /// Retries for this long if other writers change the record meanwhile, and then fails with
    /// [`UpdateError::Contended`]; 5 seconds by default.
    pub fn deadline(mut self, time: Duration) -> Self {
        self.target.within = time;
        self
    }

    /// The request of the SDK, with the changes and the conditions of this update, for what this
    /// library does not offer. Values to seal are sealed over the item that is stored now.
    ///
    /// The caller handles the answer. A failed condition is the SDK's error, also if another
    /// writer changed the record meanwhile. The SDK sends a request again if its answer is lost.
    /// Forbid that for an update that adds or counts a version up, as here. `Debug` of the request
    /// shows the key and the plaintext values.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Box<dyn std::error::Error>> {
    /// use aws_sdk_dynamodb::config::{Config, retry::RetryConfig};
    ///
    /// let request = store.update::<User>("foobar").add(|f| f.logins, 1).into_request().await?;
    /// let once = Config::builder().retry_config(RetryConfig::disabled());
    /// request.customize().config_override(once).send().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`UpdateError`] if a change cannot be made, or the record cannot be opened or is not there.
    #[must_use = "an update does nothing until it is awaited"]
    pub fn into_request(self) -> OperationFuture<UpdateItemFluentBuilder, UpdateError>
    where
        C: CanEncrypt + Allows<R::Needs>,
    {
        let Self { changes, target, .. } = self;
        let AtKey { store, key, given, known, version, .. } = target;
        let meter = Meter::new(&store, "update", store.physical_table::<R>());
        let span = meter.span();
        let run = async move {
            let returned = Returned::Nothing;
            let options = Options { key, given, known, version, returned };
            let running = Running::<R, C>::new(&store, store.now(), changes, options)?;
            let (attempt, _, _) = running.over_stored(&meter, &mut Held::None).await?;
            let (mut attempt, text) = attempt.apart();
            Ok(attempt.update(store.client(), text, returned))
        };
        Box::pin(run.instrument(span))
    }

    fn start<U: 'static>(
        self,
        returned: Returned,
        then: impl FnOnce(Option<R>) -> Result<U, UpdateError> + Send + 'static,
    ) -> OperationFuture<U, UpdateError>
    where
        C: CanEncrypt + Allows<R::Needs>,
    {
        let Self { changes, target, .. } = self;
        let AtKey { store, key, given, known, version, within, returns: _ } = target;
        let meter = Meter::new(&store, "update", store.physical_table::<R>());
        let span = meter.span();
        let run = async move {
            let options = Options { key, given, known, version, returned };
            let running = Running::<R, C>::new(&store, store.now(), changes, options)?;
            let mut patience = Patience::of_writers(store.ticks(), within);
            then(running.run(&meter, &mut patience).await?)
        };
        Box::pin(run.instrument(span))
    }
}

impl<R, C> IntoFuture for Update<R, AtKey<C>>
where
    R: EnvelopeRecord,
    C: CanEncrypt + Allows<R::Needs>,
{
    type Output = Result<(), UpdateError>;
    type IntoFuture = OperationFuture<(), UpdateError>;

    fn into_future(self) -> Self::IntoFuture {
        self.start(Returned::Nothing, |_| Ok(()))
    }
}

impl<R, C> IntoFuture for Update<R, AtKey<C, Old>>
where
    R: EnvelopeRecord,
    C: CanEncrypt + Allows<R::Needs>,
{
    type Output = Result<Option<R>, UpdateError>;
    type IntoFuture = OperationFuture<Option<R>, UpdateError>;

    fn into_future(self) -> Self::IntoFuture {
        self.start(Returned::Old, Ok)
    }
}

impl<R, C> IntoFuture for Update<R, AtKey<C, New>>
where
    R: EnvelopeRecord,
    C: CanEncrypt + Allows<R::Needs>,
{
    type Output = Result<R, UpdateError>;
    type IntoFuture = OperationFuture<R, UpdateError>;

    fn into_future(self) -> Self::IntoFuture {
        self.start(Returned::New, |record| {
            // DynamoDB returns the item of every update that requests it.
            let unknown = || UnknownOutcomeError::new(R::SCHEMA.place());
            record.ok_or_else(|| UpdateError::UnknownOutcome(unknown()))
        })
    }
}

impl<C, T> fmt::Debug for AtKey<C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtKey").field("within", &self.within).finish_non_exhaustive()
    }
}
