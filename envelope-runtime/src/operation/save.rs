//! Saving a record: one `GenerateDataKey`, one `PutItem`.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld as ALL_OLD;

use super::OperationFuture;
use crate::envelope::seal_record;
use crate::error::{Presence, PresenceError, SaveError, ServiceError};
use crate::key::{CanEncrypt, Full};
use crate::record::{EnvelopeRecord, FieldError, FieldWriter, RecordSchema, Values};
use crate::store::Store;

/// A save, ready to be awaited. Made by [`Store::put`], [`Store::create`], [`Store::replace`] and
/// [`EnvelopeRecord::save`].
///
/// It replaces the whole item: one KMS call, one
/// [PutItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html). The
/// record was read when the save was made; a retry of the SDK sends the same sealed bytes again.
#[must_use = "a save does nothing until it is awaited"]
pub struct Put<C = Full> {
    store: Store<C>,
    schema: RecordSchema,
    table: String,
    values: Result<Values, FieldError>,
    condition: Option<Presence>,
}

impl<C: CanEncrypt> Put<C> {
    pub(crate) fn new<R: EnvelopeRecord>(store: Store<C>, record: &R) -> Self {
        let mut fields = FieldWriter::new(R::SCHEMA);
        let values = record.write_fields(&mut fields).map(|()| fields.into_values());
        let table = store.physical_table::<R>().to_owned();
        Self { store, schema: R::SCHEMA, table, values, condition: None }
    }

    /// Saves only if the record's presence is as given.
    pub(crate) fn only_if(mut self, presence: Presence) -> Self {
        self.condition = Some(presence);
        self
    }

    async fn run(self) -> Result<(), SaveError> {
        let values = self.values.map_err(SaveError::Field)?;
        let (store, schema) = (&self.store, self.schema);
        let item = seal_record(store.provider(), schema, values, store.scope()).await?;
        let item: HashMap<_, _> = item.into();
        let ours = item.get(schema.envelope()).cloned();

        let mut request = store.client().put_item().table_name(&self.table).set_item(Some(item));
        if let (Some(presence), Some(key)) = (self.condition, schema.keys().next()) {
            request = request
                .condition_expression(presence.expression())
                .expression_attribute_names("#key", key.name())
                .return_values_on_condition_check_failure(ALL_OLD);
        }
        let Err(error) = request.send().await else { return Ok(()) };

        match (error.as_service_error(), self.condition) {
            (Some(PutItemError::ConditionalCheckFailedException(failed)), Some(presence)) => {
                let stored = failed.item().and_then(|item| item.get(schema.envelope()));
                // A lost answer: the SDK sent the request again, and it met its own first write.
                if stored.is_some() && stored == ours.as_ref() {
                    return Ok(());
                }
                Err(SaveError::Presence(PresenceError::new(schema.place(), presence.opposite())))
            }
            _ => Err(SaveError::Request(ServiceError::new(schema.place(), &self.table, &error))),
        }
    }
}

impl Presence {
    fn expression(self) -> &'static str {
        match self {
            Self::Present => "attribute_exists(#key)",
            Self::Absent => "attribute_not_exists(#key)",
        }
    }

    fn opposite(self) -> Self {
        match self {
            Self::Present => Self::Absent,
            Self::Absent => Self::Present,
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
