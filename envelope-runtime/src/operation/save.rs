//! Saving a record: one `GenerateDataKey`, one `PutItem`.

use std::fmt;

use super::OperationFuture;
use crate::attribute::AttributeValue;
use crate::envelope::seal_record;
use crate::error::{SaveError, ServiceError};
use crate::key::{CanEncrypt, Full};
use crate::record::{EnvelopeRecord, FieldError, FieldWriter, RecordSchema};
use crate::store::Store;

/// A save, ready to be awaited. Made by [`Store::put`] and [`EnvelopeRecord::save`].
///
/// It replaces the whole item: one KMS call, one
/// [PutItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html). The
/// record was read when the save was made; a retry of the SDK sends the same sealed bytes again.
#[must_use = "a save does nothing until it is awaited"]
pub struct Put<C = Full> {
    store: Store<C>,
    schema: RecordSchema,
    table: String,
    values: Result<Vec<Option<AttributeValue>>, FieldError>,
}

impl<C: CanEncrypt> Put<C> {
    pub(crate) fn new<R: EnvelopeRecord>(store: Store<C>, record: &R) -> Self {
        let mut fields = FieldWriter::new(R::SCHEMA);
        let values = record.write_fields(&mut fields).map(|()| fields.into_values());
        let table = store.physical_table::<R>().to_owned();
        Self { store, schema: R::SCHEMA, table, values }
    }

    async fn run(self) -> Result<(), SaveError> {
        let values = self.values.map_err(SaveError::Field)?;
        let store = &self.store;
        let item = seal_record(store.provider(), self.schema, values, store.scope()).await?;
        let request = store.client().put_item().table_name(&self.table);
        match request.set_item(Some(item.into())).send().await {
            Ok(_) => Ok(()),
            Err(error) => {
                let error = ServiceError::new(self.schema.place(), &self.table, &error);
                Err(SaveError::Request(error))
            }
        }
    }
}

impl<C: CanEncrypt> IntoFuture for Put<C> {
    type Output = Result<(), SaveError>;
    type IntoFuture = OperationFuture<(), SaveError>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<C> fmt::Debug for Put<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Put").field("table", &self.table).finish_non_exhaustive()
    }
}
