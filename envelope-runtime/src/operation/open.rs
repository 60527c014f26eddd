//! Opening an item: one call to the provider, and none for an item that is rejected without a key.

use std::sync::Arc;

use crate::envelope::{
    Asked, ExpectedContext, Item, Loaded, Opening, plain_core, plaintext_values,
};
use crate::key::{Allows, Capability, DataKeyRequest, KeyCounts, KeyProvider};
use crate::operation::error::LoadError;
use crate::record::{FieldReader, Readable};

/// A provider of data keys, and the key and context that an item must match before it is opened.
pub(crate) struct Reading<'a, C> {
    pub(crate) provider: &'a dyn KeyProvider<Capability = C>,
    pub(crate) asked: Asked<'a>,
    pub(crate) context: &'a ExpectedContext,
    pub(crate) counts: Arc<KeyCounts>,
}

impl<C: Capability> Reading<'_, C> {
    /// Opens an item. With `keep`, the record keeps everything that an update can start from.
    pub(crate) async fn open<R: Readable>(
        self,
        item: Item,
        keep: bool,
    ) -> Result<Loaded<R>, LoadError>
    where
        C: Allows<R::Needs>,
    {
        let schema = R::SCHEMA;
        let ttl = schema.stored_ttl(|name| item.attribute(name)).cloned();
        let (values, envelope, core) = if schema.is_read_without_key() {
            let core = keep.then(|| plain_core(&schema, &item));
            let values = plaintext_values(schema, item, self.asked, self.context);
            let values = values.map_err(LoadError::Open)?;
            (values, None, core)
        } else {
            let opening = Opening::new(schema, item, self.asked, self.context);
            let opening = opening.map_err(LoadError::Open)?;
            let core = keep.then(|| opening.core());
            let context = self.context.encryption_context(&schema);
            let request = DataKeyRequest::counting(context, 0, self.counts);
            let data_key = self.provider.decrypt(opening.reference(), &request).await;
            let data_key =
                data_key.map_err(|error| LoadError::DecryptDataKey(error.at(schema.place())))?;
            let verified = opening.verified(&data_key).map_err(LoadError::Open)?;
            let (values, envelope) = verified.into_values().map_err(LoadError::Open)?;
            (values, Some(envelope), core)
        };
        let record = R::read_fields(&mut FieldReader::new(schema, values));
        let record = record.map_err(LoadError::Field)?;
        Ok(Loaded::new(record, envelope, core.unwrap_or_default(), ttl))
    }
}
