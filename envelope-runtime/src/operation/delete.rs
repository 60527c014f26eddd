//! Deleting a record: one `DeleteItem`, no KMS call.

use std::fmt;
use std::marker::PhantomData;

use super::OperationFuture;
use crate::attribute::ConvertError;
use crate::envelope::refuse_foreign_key;
use crate::error::{DeleteError, ServiceError};
use crate::key::{Capability, Full};
use crate::record::{EnvelopeRecord, IntoKey, InvalidKey, KeyValues};
use crate::store::Store;

/// A deletion, ready to be awaited. Made by [`Store::delete`] and [`EnvelopeRecord::delete`].
///
/// One [DeleteItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html);
/// it succeeds whether or not there was an item.
#[must_use = "a deletion does nothing until it is awaited"]
pub struct Delete<R, C = Full> {
    store: Store<C>,
    key: Result<KeyValues, ConvertError>,
    record: PhantomData<fn() -> R>,
}

impl<R: EnvelopeRecord, C: Capability> Delete<R, C> {
    pub(crate) fn new(store: Store<C>, key: impl IntoKey<R::Key>) -> Self {
        Self { store, key: key.into_key(), record: PhantomData }
    }

    async fn run(self) -> Result<(), DeleteError> {
        let schema = R::SCHEMA;
        let key = self.key.map_err(|error| InvalidKey::convert(&schema, error));
        let key = key.and_then(|key| key.checked(&schema)).map_err(DeleteError::Key)?;
        refuse_foreign_key(&schema, &key, self.store.scope()).map_err(DeleteError::Context)?;

        let table = self.store.physical_table::<R>();
        let mut request = self.store.client().delete_item().table_name(table);
        for (name, value) in key.attributes() {
            request = request.key(*name, value.clone().into());
        }
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => {
                Err(DeleteError::Request(ServiceError::new(schema.place(), table, &error)))
            }
        }
    }
}

impl<R: EnvelopeRecord + 'static, C: Capability> IntoFuture for Delete<R, C> {
    type Output = Result<(), DeleteError>;
    type IntoFuture = OperationFuture<(), DeleteError>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<R, C> fmt::Debug for Delete<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delete").finish_non_exhaustive()
    }
}
