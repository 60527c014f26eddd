//! Loading a record: one `GetItem`, one Decrypt.

use std::fmt;
use std::marker::PhantomData;

use aws_sdk_dynamodb::operation::get_item::builders::GetItemFluentBuilder;
use tracing::Instrument;

use super::OperationFuture;
use super::fetched::Fetched;
use super::meter::Meter;
use super::read::{read, request};
use super::returned::{Record, WithEnvelope};
use super::target::Target;
use crate::attribute::ConvertError;
use crate::envelope::Loaded;
use crate::key::{Allows, Capability, Full, Scope};
use crate::operation::error::LoadError;
use crate::record::{IntoKey, KeyValues, ProjectionOf, Readable};
use crate::store::Store;

/// A load, ready to be awaited. Created by [`Store::get`] and
/// [`EnvelopeRecord::load`](crate::EnvelopeRecord::load).
///
/// One [GetItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html),
/// and one KMS call if there is an item.
///
/// Its output is `Option<R>`, or `Option<Loaded<R>>` after [`with_envelope`](Get::with_envelope).
#[must_use = "a load does nothing until it is awaited"]
pub struct Get<R, C = Full, T = Record> {
    store: Store<C>,
    key: Result<KeyValues, ConvertError>,
    consistent: bool,
    given: Scope,
    returns: PhantomData<fn() -> (R, T)>,
}

impl<C: Capability> Store<C> {
    /// Loads the record under `key`; `None` if there is none, or its `#[envelope(ttl)]` has
    /// expired.
    #[doc(alias = "get_item")]
    pub fn get<R: Readable>(&self, key: impl IntoKey<R::Key>) -> Get<R, C>
    where
        C: Allows<R::Needs>,
    {
        Get {
            store: self.clone(),
            key: key.into_key(),
            consistent: false,
            given: Scope::default(),
            returns: PhantomData,
        }
    }
}

impl<R: Readable, C: Allows<R::Needs>> Get<R, C> {
    /// Returns the envelope along with the record.
    pub fn with_envelope(self) -> Get<R, C, WithEnvelope> {
        let Self { store, key, consistent, given, returns: _ } = self;
        Get { store, key, consistent, given, returns: PhantomData }
    }
}

impl<R: Readable, C: Allows<R::Needs>, T> Get<R, C, T> {
    /// Makes a strongly consistent read, which costs twice the read units.
    #[doc(alias = "consistent_read")]
    pub fn consistent(mut self) -> Self {
        self.consistent = true;
        self
    }

    /// Reads some of the record's fields: those of the projection `Q`.
    ///
    /// ```no_run
    /// # use envelope_runtime::{EnvelopeProjection, EnvelopeRecord, LoadError, Store};
    /// # #[derive(EnvelopeRecord)]
    /// # #[envelope(table = "users")]
    /// # struct User { #[partition_key] id: String, name: String, #[encrypted] ssn: String }
    /// #[derive(EnvelopeProjection)]
    /// #[envelope(of = User)]
    /// struct UserName {
    ///     name: String,
    /// }
    ///
    /// # async fn example(store: Store) -> Result<(), LoadError> {
    /// let user: Option<UserName> = store.get::<User>("foobar").project::<UserName>().await?;
    /// // The same:
    /// let user: Option<UserName> = store.get::<UserName>("foobar").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "projection_expression")]
    pub fn project<Q: ProjectionOf<R>>(self) -> Get<Q, C, T>
    where
        C: Allows<Q::Needs>,
    {
        let Self { store, key, consistent, given, returns: _ } = self;
        Get { store, key, consistent, given, returns: PhantomData }
    }

    /// Supplies values of context fields that are not part of the key, as attribute names and
    /// texts. They add to those of [`Store::scoped`] and must not differ from them.
    #[doc(alias = "encryption_context")]
    pub fn context<N: Into<String>, V: Into<String>>(
        mut self,
        context: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.given.extend(Scope::new(context));
        self
    }

    /// The SDK's request, ready to be sent, for an option that this builder lacks. Open the item of
    /// the answer with an [`Opener`](crate::Opener).
    ///
    /// What the library does with an answer is then the caller's: an expired record is returned,
    /// costs are not counted, and a projection whose item authenticates more than it fetches is not
    /// read again whole: an `Opener` refuses it as
    /// [`Incomplete`](crate::error::OpenErrorKind::Incomplete). Nothing compares the key that was
    /// asked for with the item's. `Debug` of the request shows the key.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(
    /// #     store: Store,
    /// #     opener: Opener,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
    ///
    /// let request = store.get::<User>("foobar").consistent().into_request()?;
    /// let answer = request.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await?;
    /// if let Some(item) = answer.item {
    ///     let user = opener.open::<User>(Item::try_from(item)?).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`LoadError::Key`] and [`LoadError::Context`], as the load itself.
    pub fn into_request(self) -> Result<GetItemFluentBuilder, LoadError> {
        let Self { store, key, consistent, given, .. } = self;
        let schema = R::SCHEMA;
        let caller = store.caller_context(&schema, given).map_err(LoadError::Context)?;
        let Target { key, .. } = Target::of_key(&schema, &caller, key)?;
        let table = store.physical_table::<R>();
        Ok(request(&store, &schema, table, key.attributes(), consistent))
    }

    /// Loads the record; with `keep`, an update can start from it.
    fn start(self, keep: bool) -> OperationFuture<Option<Loaded<R>>, LoadError> {
        let Self { store, key, consistent, given, .. } = self;
        let schema = R::SCHEMA;
        let meter = Meter::new(&store, "get", store.physical_table::<R>());
        let span = meter.span();
        let run = async move {
            let caller = store.caller_context(&schema, given).map_err(LoadError::Context)?;
            let target = Target::of_key(&schema, &caller, key)?;
            let (table, key) = (store.physical_table::<R>(), target.key.attributes());
            let item = read(&store, &meter, &schema, table, key, consistent).await;
            let Some(item) = item.map_err(LoadError::Request)? else { return Ok(None) };
            Fetched { store: &store, meter: &meter, table, target: &target }.open(item, keep).await
        };
        Box::pin(run.instrument(span))
    }
}

impl<R: Readable, C: Allows<R::Needs>> IntoFuture for Get<R, C> {
    type Output = Result<Option<R>, LoadError>;
    type IntoFuture = OperationFuture<Option<R>, LoadError>;

    fn into_future(self) -> Self::IntoFuture {
        let run = self.start(false);
        Box::pin(async { Ok(run.await?.map(Loaded::into_record)) })
    }
}

impl<R: Readable, C: Allows<R::Needs>> IntoFuture for Get<R, C, WithEnvelope> {
    type Output = Result<Option<Loaded<R>>, LoadError>;
    type IntoFuture = OperationFuture<Option<Loaded<R>>, LoadError>;

    fn into_future(self) -> Self::IntoFuture {
        self.start(true)
    }
}

impl<R, C, T> fmt::Debug for Get<R, C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Get").field("consistent", &self.consistent).finish_non_exhaustive()
    }
}
