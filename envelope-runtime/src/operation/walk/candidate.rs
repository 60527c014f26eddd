//! The items of a page that are given out, and the opening of each.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;

use super::super::error::{ItemError, LoadError};
use super::super::open::Reading;
use super::super::read::complete;
use super::super::sdk::{from_sdk_item, key_from_sdk};
use super::reads::{Contexts, Reads, Source};
use crate::envelope::{Asked, Item, Loaded, OpenError, expected_context, makes_its_key};
use crate::key::{
    Allows, Capability, DataKey, DataKeyRequest, GeneratedDataKey, KeyFuture, KeyProvider,
    KeyReference,
};
use crate::record::{Now, Readable};
use crate::store::Store;

/// An item that is to be given out.
pub(super) struct Candidate {
    key: Item,
    item: Result<Item, OpenError>,
}

impl Candidate {
    pub(super) fn key(&self) -> &Item {
        &self.key
    }
}

impl<C: Capability> Reads<C> {
    /// An item that is to be given out: one whose key is of this record type and in the range, that
    /// is of the store's scope and has not expired. Nothing of that is verified, and nothing else
    /// is concluded from it.
    pub(super) fn candidate(&self, item: HashMap<String, SdkValue>, now: Now) -> Option<Candidate> {
        let key = key_from_sdk(&self.schema, &item);
        for (index, attribute) in self.schema.keys().enumerate() {
            let Some(value) = key.attribute(attribute.name()) else { continue };
            if !attribute.makes(value) {
                self.meter.has_skipped();
                return None;
            }
            if let Source::Partition { condition, .. } = &self.source
                && index > 0
                && condition.leaves_out(value)
            {
                return None;
            }
        }
        let item = from_sdk_item(&self.schema, item);
        if let Ok(item) = &item {
            if self.is_of_another_context(item) {
                self.meter.has_skipped();
                return None;
            }
            if self.schema.is_expired(now, |name| item.attribute(name)) {
                self.meter.has_expired();
                return None;
            }
        }
        Some(Candidate { key, item })
    }

    /// Returns whether an item is openly of another context than that of the operation. One whose
    /// attributes do not make its key, or of another partition, is not skipped but refused.
    fn is_of_another_context(&self, item: &Item) -> bool {
        let Contexts::One(context) = &self.context else { return false };
        if context.differs(|name| item.attribute(name)).is_none() {
            return false;
        }
        let is_here = match &self.source {
            Source::Partition { condition, .. } => {
                let partition = self.schema.key_names().next();
                partition.and_then(|name| item.attribute(name)) == Some(condition.partition())
            }
            Source::Table { .. } => true,
        };
        is_here && makes_its_key(&self.schema, item)
    }

    /// Opens an item. `None` if it had to be read again, and was gone or has expired.
    pub(super) async fn open<P: Readable>(
        &self,
        candidate: Candidate,
    ) -> Result<Option<P>, ItemError>
    where
        C: Allows<P::Needs>,
    {
        let Candidate { key, item } = candidate;
        match self.opened(&key, item).await {
            Ok(record) => Ok(record),
            Err(error) => Err(ItemError::new(key, error)),
        }
    }

    async fn opened<P: Readable>(
        &self,
        key: &Item,
        item: Result<Item, OpenError>,
    ) -> Result<Option<P>, LoadError>
    where
        C: Allows<P::Needs>,
    {
        let item = item.map_err(LoadError::Open)?;
        let names = self.schema.key_names();
        let key: Vec<_> =
            names.filter_map(|name| Some((name, key.attribute(name)?.clone()))).collect();
        let Self { store, meter, schema, table, .. } = self;
        let item = complete(store, meter, schema, table, &key, item).await?;
        let Some(item) = item else { return Ok(None) };
        if schema.is_expired(store.now(), |name| item.attribute(name)) {
            meter.has_expired();
            return Ok(None);
        }
        let of_key;
        let context = match &self.context {
            Contexts::One(context) => context,
            Contexts::OfKey(caller) => {
                let parts = self.schema.key_parts();
                let in_key = |name: &str| item.attribute(name).filter(|_| parts.contains(&name));
                let expected = expected_context(&self.schema, in_key, caller);
                of_key = expected.map_err(LoadError::Context)?;
                &of_key
            }
        };
        let calls = self.meter.kms_calls();
        let (paced, provider, asked);
        match &self.source {
            Source::Partition { condition, .. } => {
                (provider, asked) = (store.provider(), Asked::Partition(condition.partition()));
            }
            Source::Table { .. } => {
                paced = Paced(store.clone());
                (provider, asked) = (&paced as &dyn KeyProvider<Capability = C>, Asked::Table);
            }
        }
        let reading = Reading { provider, asked, context, calls };
        let loaded: Loaded<P> = reading.open(item, false).await?;
        Ok(Some(loaded.into_record()))
    }
}

/// The store's provider, at the rate of scans. An item that is refused without a data key does not
/// wait.
struct Paced<C>(Store<C>);

impl<C: Capability> KeyProvider for Paced<C> {
    type Capability = C;

    fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        self.0.provider().generate(request)
    }

    fn decrypt<'a>(
        &'a self,
        reference: &'a KeyReference,
        request: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        Box::pin(async move {
            self.0.wait_for_kms().await;
            self.0.provider().decrypt(reference, request).await
        })
    }

    fn is_current(&self, reference: &KeyReference, request: &DataKeyRequest) -> bool {
        self.0.provider().is_current(reference, request)
    }
}
