//! Opening an item: one call to the provider, and none for an item that is rejected without a key.

use std::sync::Arc;

use crate::envelope::{
    Asked, ExpectedContext, Item, Loaded, Opening, Unsealed, Windows, plain_core, plaintext_values,
};
use crate::key::{Allows, Capability, DataKeyRequest, KeyCounts, KeyProvider};
use crate::operation::error::LoadError;
use crate::record::{FieldReader, Readable};

/// A provider of data keys, and the key and context that an item must match before it is opened.
pub(crate) struct Reading<'a, C> {
    pub(crate) provider: &'a dyn KeyProvider<Capability = C>,
    pub(crate) asked: Asked<'a>,
    pub(crate) context: &'a ExpectedContext,
    pub(crate) windows: Windows,
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
        let Self { provider, asked, context, windows, counts } = self;
        let schema = R::SCHEMA;
        let ttl = schema.stored_ttl(|name| item.attribute(name)).cloned();
        let (values, envelope, was_unsealed, core) = if windows.let_in(&schema, &item) {
            // Nothing is verified, so that an update must find everything as it was.
            let core = keep.then(|| item.clone());
            let unsealed = Unsealed::new(schema, item, asked, context, windows);
            (unsealed.map_err(LoadError::Open)?.into_values(), None, true, core)
        } else if schema.is_read_without_key() {
            let core = keep.then(|| plain_core(&schema, &item));
            let values = plaintext_values(schema, item, asked, context);
            (values.map_err(LoadError::Open)?, None, false, core)
        } else {
            let opening = Opening::new(schema, item, asked, context, windows);
            let opening = opening.map_err(LoadError::Open)?;
            let core = keep.then(|| opening.core());
            let context = context.encryption_context(&schema);
            let request = DataKeyRequest::counting(context, 0, counts);
            let data_key = provider.decrypt(opening.reference(), &request).await;
            let data_key =
                data_key.map_err(|error| LoadError::DecryptDataKey(error.at(schema.place())))?;
            let verified = opening.verified(&data_key).map_err(LoadError::Open)?;
            let was_unsealed = verified.lets_in_any();
            let (values, envelope) = verified.into_values().map_err(LoadError::Open)?;
            (values, Some(envelope), was_unsealed, core)
        };
        context.check_hashes(&schema, &values).map_err(LoadError::Open)?;
        let record = R::read_fields(&mut FieldReader::new(schema, values));
        let record = record.map_err(LoadError::Field)?;
        Ok(Loaded::new(record, envelope, was_unsealed, core.unwrap_or_default(), ttl))
    }
}
