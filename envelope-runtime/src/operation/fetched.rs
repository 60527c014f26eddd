//! Opening an item that was fetched by its key.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;

use super::error::{ItemError, LoadError, QueryError};
use super::meter::Meter;
use super::open::Reading;
use super::read::complete;
use super::sdk::from_sdk_item;
use super::target::Target;
use crate::envelope::{Asked, Item, Loaded, OpenError};
use crate::key::{Allows, Capability};
use crate::record::Readable;
use crate::store::Store;

/// The number of data keys of one operation that are unwrapped at the same time.
pub(super) const CONCURRENCY: usize = 16;

/// The place from which an item was fetched.
pub(super) struct Fetched<'a, C> {
    pub(super) store: &'a Store<C>,
    pub(super) meter: &'a Meter,
    pub(super) table: &'a str,
    pub(super) target: &'a Target,
}

impl<C: Capability> Fetched<'_, C> {
    /// The record; `None` if it has expired, or had to be read again and was gone. With `keep`, an
    /// update can start from it.
    pub(super) async fn open<R: Readable>(
        &self,
        item: HashMap<String, SdkValue>,
        keep: bool,
    ) -> Result<Option<Loaded<R>>, LoadError>
    where
        C: Allows<R::Needs>,
    {
        let Self { store, meter, table, target } = *self;
        let schema = R::SCHEMA;
        let item = from_sdk_item(&schema, item).map_err(LoadError::Open)?;
        let item = complete(store, meter, &schema, table, target.key.attributes(), item).await?;
        let Some(item) = item else { return Ok(None) };
        self.open_complete(item, keep).await
    }

    /// The record alone. The error names the item's key.
    pub(super) async fn open_one<R: Readable>(
        &self,
        item: HashMap<String, SdkValue>,
    ) -> Result<Option<R>, QueryError>
    where
        C: Allows<R::Needs>,
    {
        self.named(self.open(item, false).await)
    }

    /// The record of an item that needs not be read again. The error names the item's key.
    pub(super) async fn open_whole<R: Readable>(
        &self,
        item: Result<Item, OpenError>,
    ) -> Result<Option<R>, QueryError>
    where
        C: Allows<R::Needs>,
    {
        self.named(match item {
            Ok(item) => self.open_complete(item, false).await,
            Err(error) => Err(LoadError::Open(error)),
        })
    }

    /// The record of an item of which everything was fetched that is needed.
    async fn open_complete<R: Readable>(
        &self,
        item: Item,
        keep: bool,
    ) -> Result<Option<Loaded<R>>, LoadError>
    where
        C: Allows<R::Needs>,
    {
        let Self { store, meter, target, .. } = *self;
        // DynamoDB takes up to a few days to delete an expired item.
        if R::SCHEMA.is_expired(store.now(), |name| item.attribute(name)) {
            return Ok(None);
        }
        let (provider, asked) = (store.provider(), Asked::Key(target.key.attributes()));
        let (context, counts) = (&target.context, meter.key_counts());
        let windows = store.windows::<R>();
        let reading = Reading { provider, asked, context, windows, counts };
        let loaded = reading.open(item, keep).await?;
        meter.has_opened(&loaded);
        Ok(Some(loaded))
    }

    /// An error that names the key.
    fn named<R>(
        &self,
        loaded: Result<Option<Loaded<R>>, LoadError>,
    ) -> Result<Option<R>, QueryError> {
        match loaded {
            Ok(loaded) => Ok(loaded.map(Loaded::into_record)),
            Err(error) => {
                let key = self.target.key.attributes().iter();
                let key = key.map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
                Err(QueryError::Item(ItemError::new(key, error)))
            }
        }
    }
}
