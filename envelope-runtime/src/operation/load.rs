//! Loading a record: one `GetItem`, one Decrypt.

use std::fmt;
use std::marker::PhantomData;

use tracing::Instrument;

use super::OperationFuture;
use super::meter::Meter;
use super::sdk::{from_sdk_item, to_sdk_key};
use crate::attribute::ConvertError;
use crate::envelope::{Loaded, expected_context, open_item};
use crate::error::{LoadError, ServiceError};
use crate::key::{CanDecrypt, ContextPairs, Full};
use crate::record::{EnvelopeRecord, IntoKey, InvalidKey, KeyValues};
use crate::store::Store;

/// A load, ready to be awaited. Made by [`Store::get`] and [`EnvelopeRecord::load`]; gives
/// `Option<R>`.
///
/// One [GetItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html),
/// and one KMS call if there is an item.
#[must_use = "a load does nothing until it is awaited"]
pub struct Get<R, C = Full> {
    store: Store<C>,
    key: Result<KeyValues, ConvertError>,
    consistent: bool,
    given: ContextPairs,
    record: PhantomData<fn() -> R>,
}

/// A load that gives the record together with its envelope. Made by [`Get::with_envelope`].
#[must_use = "a load does nothing until it is awaited"]
pub struct GetWithEnvelope<R, C = Full>(Get<R, C>);

impl<R: EnvelopeRecord, C: CanDecrypt> Get<R, C> {
    pub(crate) fn new(store: Store<C>, key: impl IntoKey<R::Key>) -> Self {
        Self {
            store,
            key: key.into_key(),
            consistent: false,
            given: ContextPairs::default(),
            record: PhantomData,
        }
    }

    /// Reads what the last acknowledged write left, at twice the price in read units.
    pub fn consistent(mut self) -> Self {
        self.consistent = true;
        self
    }

    /// Gives values of context fields that are not part of the key: attribute names and texts. They
    /// add to those of [`Store::scoped`] and must not differ from them.
    pub fn context<N: Into<String>, V: Into<String>>(
        mut self,
        context: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.given.extend(ContextPairs::new(context));
        self
    }

    /// Gives the envelope along with the record.
    pub fn with_envelope(self) -> GetWithEnvelope<R, C> {
        GetWithEnvelope(self)
    }

    fn start(self, keep: bool) -> OperationFuture<Option<Loaded<R>>, LoadError> {
        let meter = Meter::new(&self.store, "get", self.store.physical_table::<R>());
        let span = meter.span();
        Box::pin(self.run(meter, keep).instrument(span))
    }

    async fn run(self, meter: Meter, keep: bool) -> Result<Option<Loaded<R>>, LoadError> {
        let schema = R::SCHEMA;
        let key = self.key.map_err(|error| InvalidKey::convert(&schema, error));
        let key = key.and_then(|key| key.checked(&schema)).map_err(LoadError::Key)?;
        let caller = self.store.caller_context(&schema, self.given).map_err(LoadError::Context)?;
        let expected = expected_context(&schema, |name| key.part(name), &caller)
            .map_err(LoadError::Context)?;

        let table = self.store.physical_table::<R>();
        let request = self.store.client().get_item().table_name(table);
        let request = request
            .set_key(Some(to_sdk_key(key.attributes())))
            .consistent_read(self.consistent)
            .set_return_consumed_capacity(meter.capacity())
            .customize()
            .interceptor(meter.reads());
        let answer = request.send().await.map_err(|error| {
            LoadError::Request(ServiceError::new(schema.place(), table, &error))
        })?;
        meter.has_read(answer.consumed_capacity());

        let Some(item) = answer.item else { return Ok(None) };
        let item = from_sdk_item(&schema, item).map_err(LoadError::Open)?;
        // DynamoDB takes up to some days to delete it.
        if schema.is_expired(self.store.now(), |name| item.attribute(name)) {
            return Ok(None);
        }
        let (provider, asked) = (self.store.provider(), Some(key.attributes()));
        open_item(provider, item, asked, &expected, meter.kms_calls(), keep).await.map(Some)
    }
}

impl<R: EnvelopeRecord, C: CanDecrypt> IntoFuture for Get<R, C> {
    type Output = Result<Option<R>, LoadError>;
    type IntoFuture = OperationFuture<Option<R>, LoadError>;

    fn into_future(self) -> Self::IntoFuture {
        let run = self.start(false);
        Box::pin(async { Ok(run.await?.map(Loaded::into_record)) })
    }
}

impl<R: EnvelopeRecord, C: CanDecrypt> IntoFuture for GetWithEnvelope<R, C> {
    type Output = Result<Option<Loaded<R>>, LoadError>;
    type IntoFuture = OperationFuture<Option<Loaded<R>>, LoadError>;

    fn into_future(self) -> Self::IntoFuture {
        self.0.start(true)
    }
}

impl<R, C> fmt::Debug for Get<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Get").field("consistent", &self.consistent).finish_non_exhaustive()
    }
}

impl<R, C> fmt::Debug for GetWithEnvelope<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GetWithEnvelope").field(&self.0).finish()
    }
}
