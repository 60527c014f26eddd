//! The part that all migrations share, and the outcome for one item.

use std::collections::HashMap;
use std::future::Future;

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;
use tracing::Instrument;

use super::{MigrationReport, Options};
use crate::envelope::{ContextError, ExpectedContext, Item, context_of_record, expected_context};
use crate::key::Capability;
use crate::operation::OperationFuture;
use crate::operation::error::{MigrateError, ProblemReason};
use crate::operation::meter::Meter;
use crate::operation::sdk::some_from_sdk;
use crate::record::{EnvelopeRecord, KeyAttribute, RecordSchema};
use crate::store::{Pace, Store};

/// A table, the records in it, and the work on each of them. It takes a schema, so that there is
/// little of it for each type of records.
pub(super) struct Engine<C, W> {
    pub(super) store: Store<C>,
    pub(super) schema: RecordSchema,
    pub(super) table: String,
    pub(super) meter: Meter,
    pub(super) is_dry: bool,
    pub(super) items: Option<Pace>,
    pub(super) work: W,
}

/// The work on each record.
pub(super) trait Work<C>: Sized + Send + Sync + 'static {
    /// The name of the operation.
    fn verb(&self) -> &'static str;

    /// The second pass changes what it still finds, too: there is nothing that somebody could
    /// plant.
    fn is_repeated(&self) -> bool {
        false
    }

    /// Identifies the table that the records are copied to; empty if they stay. `from` is the id of
    /// the table that they are in.
    fn destination(
        engine: &Engine<C, Self>,
        from: &str,
    ) -> impl Future<Output = Result<String, MigrateError>> + Send {
        let _ = (engine, from);
        std::future::ready(Ok(String::new()))
    }

    /// Changes an item that was read if it needs that, and if `may_change` says so. Other writers
    /// may change it meanwhile. An error holds for other items too.
    fn process(
        engine: &Engine<C, Self>,
        item: HashMap<String, SdkValue>,
        may_change: bool,
    ) -> impl Future<Output = Result<Fate, ProblemReason>> + Send;
}

/// The outcome for an item.
pub(super) enum Fate {
    /// It is of another type or context.
    Other,
    /// Somebody has deleted it, or it has expired.
    Gone,
    /// It is as it is to be.
    Done { item: Item, changed: bool },
    /// It was copied, and the copy has other values now.
    Differs { item: Item },
    /// It could be changed, and was not.
    Left { item: Item },
    /// It cannot be changed. `is_final` says that it fails as often as it is tried.
    Failed { item: Option<Item>, reason: ProblemReason, is_final: bool },
}

impl<C: Capability, W: Work<C>> Engine<C, W> {
    pub(super) fn new<R: EnvelopeRecord>(store: Store<C>, work: W, options: &Options) -> Self {
        let table = store.physical_table::<R>().to_owned();
        Self {
            schema: R::SCHEMA,
            meter: Meter::new(&store, work.verb(), &table),
            table,
            store,
            is_dry: options.is_dry,
            items: options.items_per_second.map(Pace::new),
            work,
        }
    }

    pub(super) fn start(self, options: Options) -> OperationFuture<MigrationReport, MigrateError> {
        let span = self.meter.span();
        Box::pin(async move { self.run(&options).await }.instrument(span))
    }
}

impl<C: Capability, W> Engine<C, W> {
    /// The context of an item. With an envelope, it is never what the item says of itself; whoever
    /// wrote one without chose its context.
    pub(super) fn context(&self, item: &Item) -> Result<ExpectedContext, ContextError> {
        let (schema, scope) = (&self.schema, self.store.scope());
        if item.attribute(schema.envelope()).is_none() {
            return context_of_record(schema, scope, |name| item.attribute(name));
        }
        let names = schema.key_parts();
        let in_key = |name: &str| item.attribute(name).filter(|_| names.contains(&name));
        expected_context(schema, in_key, scope)
    }

    /// Returns whether an item's key is one of the record's.
    pub(super) fn is_of_type(&self, item: &HashMap<String, SdkValue>) -> bool {
        let key = self.key_of(item);
        let is_made = |attribute: KeyAttribute| {
            key.attribute(attribute.name()).is_some_and(|value| attribute.makes(value))
        };
        self.schema.keys().all(is_made)
    }

    /// The key attributes of an item.
    pub(super) fn key_of(&self, item: &HashMap<String, SdkValue>) -> Item {
        some_from_sdk(self.schema.key_names(), item)
    }
}
