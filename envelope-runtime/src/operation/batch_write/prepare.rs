//! Everything that happens before the first request of a batch.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::super::batched::{Batched, RemainingWrite};
use super::super::error::{
    BatchError, DeleteError, PositionedError, SameKeyError, SaveError, WriteError,
};
use super::super::meter::{Meter, table_names};
use super::super::seal::{seal_record, target_of, written};
use super::CONCURRENCY;
use crate::attribute::ConvertError;
use crate::envelope::{Item, refuse_foreign_key};
use crate::key::{CanEncrypt, Capability, KeyCounts};
use crate::operation::hashed::request_key;
use crate::record::{EnvelopeRecord, FieldError, KeyValues, RecordSchema, RequestKey, Values};
use crate::store::Store;

/// A write of a batch, before anything of it is checked.
pub(in crate::operation) struct Pending<C> {
    schema: RecordSchema,
    table: String,
    action: Action<C>,
}

enum Action<C> {
    Put(Result<Values, FieldError>, Seal<C>),
    Delete(Result<KeyValues, ConvertError>),
}

/// Seals a record. A store that cannot encrypt has no such function, and can still delete.
type Seal<C> = for<'a> fn(
    &'a Store<C>,
    RecordSchema,
    Values,
    Arc<KeyCounts>,
) -> BoxFuture<'a, Result<Item, SaveError>>;

fn seal<C: CanEncrypt>(
    store: &Store<C>,
    schema: RecordSchema,
    values: Values,
    counts: Arc<KeyCounts>,
) -> BoxFuture<'_, Result<Item, SaveError>> {
    Box::pin(async move {
        let sealed = seal_record(store.provider(), schema, values, store.scope(), counts).await;
        sealed.map(|(item, _)| item)
    })
}

impl<C: Capability> Pending<C> {
    pub(in crate::operation) fn put<R: EnvelopeRecord>(store: &Store<C>, record: &R) -> Self
    where
        C: CanEncrypt,
    {
        let values = written(record, store.now()).map(|(values, _)| values);
        let table = store.physical_table::<R>().to_owned();
        Self { schema: R::SCHEMA, table, action: Action::Put(values, seal) }
    }

    pub(super) fn delete<R: EnvelopeRecord>(
        store: &Store<C>,
        key: Result<KeyValues, ConvertError>,
    ) -> Self {
        let table = store.physical_table::<R>().to_owned();
        Self { schema: R::SCHEMA, table, action: Action::Delete(key) }
    }
}

/// The names of the physical tables, for the span.
pub(super) fn tables<C>(writes: &[Pending<C>]) -> String {
    table_names(writes.iter().map(|write| write.table.as_str()))
}

/// A write whose key and context are good.
pub(in crate::operation) struct Checked<C> {
    write: Batched,
    values: Option<(Values, Seal<C>)>,
}

impl<C: Capability> Pending<C> {
    pub(in crate::operation) fn checked(
        self,
        position: usize,
        store: &Store<C>,
    ) -> Result<Checked<C>, BatchError> {
        let Self { schema, table, action } = self;
        let (key, values) = match action {
            Action::Put(values, seal) => {
                let saved = saved(&schema, store, values);
                let (key, values) = saved.map_err(|error| {
                    BatchError::Unprepared(PositionedError::new(position, WriteError::Save(error)))
                })?;
                (key, Some((values, seal)))
            }
            Action::Delete(key) => {
                let key = deleted(&schema, store, key);
                (
                    key.map_err(|error| {
                        BatchError::Unprepared(PositionedError::new(
                            position,
                            WriteError::Delete(error),
                        ))
                    })?,
                    None,
                )
            }
        };
        let key = key.attributes().iter();
        let key = key.map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Ok(Checked { write: Batched { position, schema, table, key, item: None }, values })
    }
}

impl<C: Capability> Checked<C> {
    pub(in crate::operation) async fn sealed(
        self,
        store: &Store<C>,
        meter: &Meter,
    ) -> Result<RemainingWrite, BatchError> {
        let Self { mut write, values } = self;
        if let Some((values, seal)) = values {
            let item = seal(store, write.schema, values, meter.key_counts()).await;
            let at = |error| {
                BatchError::Unprepared(PositionedError::new(
                    write.position,
                    WriteError::Save(error),
                ))
            };
            write.item = Some(item.map_err(at)?);
        }
        Ok(RemainingWrite::new(write))
    }
}

/// Checks all writes, and then seals their records.
pub(super) async fn prepare<C: Capability>(
    store: &Store<C>,
    meter: &Meter,
    writes: Vec<Pending<C>>,
) -> Result<Vec<RemainingWrite>, BatchError> {
    let checked = writes.into_iter().enumerate();
    let checked = checked.map(|(position, write)| write.checked(position, store));
    let checked = checked.collect::<Result<Vec<_>, _>>()?;
    refuse_same_keys(&checked)?;
    let sealed = checked.into_iter().map(|checked| checked.sealed(store, meter));
    stream::iter(sealed).buffered(CONCURRENCY).try_collect().await
}

/// Checks a record's key and context, before its sealing does.
fn saved<C: Capability>(
    schema: &RecordSchema,
    store: &Store<C>,
    values: Result<Values, FieldError>,
) -> Result<(RequestKey, Values), SaveError> {
    let values = values.map_err(SaveError::Field)?;
    Ok((target_of(schema, &values, store.scope())?.key, values))
}

fn deleted<C: Capability>(
    schema: &RecordSchema,
    store: &Store<C>,
    key: Result<KeyValues, ConvertError>,
) -> Result<RequestKey, DeleteError> {
    let key = request_key(schema, store.scope(), key)?;
    refuse_foreign_key(schema, &key, store.scope()).map_err(DeleteError::Context)?;
    Ok(key)
}

/// Refuses two writes of one item. DynamoDB refuses them in one request, and in several ones nobody
/// knows which comes last.
fn refuse_same_keys<C>(writes: &[Checked<C>]) -> Result<(), BatchError> {
    let mut seen = BTreeMap::new();
    for Checked { write, .. } in writes {
        let key: Vec<_> = write.key.iter().collect();
        if let Some(first) = seen.insert((write.table.as_str(), key), write.position) {
            let place = write.schema.place();
            let place = match write.schema.key_names().next() {
                Some(name) => place.attribute(name),
                None => place,
            };
            return Err(BatchError::SameKey(SameKeyError::new(place, first, write.position)));
        }
    }
    Ok(())
}
