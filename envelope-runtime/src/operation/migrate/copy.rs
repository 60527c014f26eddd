//! One record that goes into another table: opened, converted, sealed, and written if the record is
//! as it was read and has no copy yet.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;

use super::blame::{chooses_context, holds_for_others, is_of_the_item};
use super::checkpoint::of_records;
use super::engine::{Engine, Fate, Work};
use super::report::Listed;
use super::run::describe;
use crate::envelope::{Asked, Item, SealError, SealErrorKind, is_of_other_scope};
use crate::expression::Expression;
use crate::key::Allows;
use crate::operation::error::{
    ContendedError, ElsewhereError, Error, LoadError, MigrateError, ProblemReason, SaveError,
    TransactionError,
};
use crate::operation::open::Reading;
use crate::operation::patience::Patience;
use crate::operation::read::read;
use crate::operation::sdk::from_sdk_item;
use crate::operation::seal::{as_it_is, planned, seal_plan, target_of};
use crate::operation::target::Target;
use crate::operation::transaction::copying::{Place, copy};
use crate::operation::update::DEADLINE;
use crate::record::{
    EnvelopeRecord, FieldSchema, HashOf, KeyAttribute, KeyError, KeyErrorKind, RequestKey, Values,
};
use crate::store::Store;

/// The other table, and the way there.
pub(super) struct Copying<R, B> {
    target: Store,
    /// The physical table.
    table: String,
    convert: Convert<R, B>,
    /// The name of the operation.
    verb: &'static str,
}

pub(super) type Convert<R, B> = Arc<dyn Fn(R) -> B + Send + Sync>;

/// The outcome of one look at a record in both tables.
enum Seen {
    Final(Fate),
    /// No record can be copied.
    End(ProblemReason),
    /// Another writer was faster, or nothing is known.
    Changed,
}

impl<R, B: EnvelopeRecord> Copying<R, B> {
    pub(super) fn new(target: Store, convert: Convert<R, B>, verb: &'static str) -> Self {
        let table = target.physical_table::<B>().to_owned();
        Self { target, table, convert, verb }
    }
}

impl<R, B, C> Work<C> for Copying<R, B>
where
    R: EnvelopeRecord,
    B: EnvelopeRecord,
    C: Allows<R::Needs>,
{
    fn verb(&self) -> &'static str {
        self.verb
    }

    async fn destination(engine: &Engine<C, Self>, from: &str) -> Result<String, MigrateError> {
        let Self { target, table, .. } = &engine.work;
        let place = engine.schema.place();
        let (seen, _) = describe(target, &engine.meter, &engine.schema, &engine.table).await?;
        if seen != from {
            return Err(MigrateError::Elsewhere(ElsewhereError::new(place, &engine.table)));
        }
        let (id, _) = describe(target, &engine.meter, &B::SCHEMA, table).await?;
        Ok([id, of_records(&B::SCHEMA, target.scope())].join(" "))
    }

    async fn process(
        engine: &Engine<C, Self>,
        item: HashMap<String, SdkValue>,
        may_change: bool,
    ) -> Result<Fate, ProblemReason> {
        let schema = &engine.schema;
        if !engine.is_of_type(&item) {
            return Ok(Fate::Other);
        }
        let mut item = match from_sdk_item(schema, item) {
            Ok(item) => item,
            Err(error) => return engine.failed(None, LoadError::Open(error)),
        };
        let mut patience = Patience::of_writers(engine.store.ticks(), DEADLINE);
        loop {
            match engine.look(&item, may_change).await {
                Ok(Seen::Final(fate)) => return Ok(fate),
                Ok(Seen::End(reason)) => return Err(reason),
                Ok(Seen::Changed) => {}
                Err(error) => return engine.failed(Some(item), error),
            }
            if !patience.wait(&engine.store).await {
                let error = TransactionError::Contended(ContendedError::new(schema.place()));
                return engine.failed(Some(item), error);
            }
            item = match engine.again(&item).await {
                Ok(Some(now)) => now,
                Ok(None) => return Ok(Fate::Gone),
                Err(error) => return engine.failed(Some(item), error),
            };
        }
    }
}

impl<R, B, C> Engine<C, Copying<R, B>>
where
    R: EnvelopeRecord,
    B: EnvelopeRecord,
    C: Allows<R::Needs>,
{
    /// Looks at the copy of a record, and makes it if there is none.
    async fn look(&self, item: &Item, may_change: bool) -> Result<Seen, Error> {
        let (schema, target) = (&self.schema, &self.work.target);
        if is_of_other_scope(schema, self.store.scope(), item) {
            return Ok(Seen::Final(Fate::Other));
        }
        if schema.is_expired(self.store.now(), |name| item.attribute(name)) {
            return Ok(Seen::Final(Fate::Gone));
        }
        let mut unknown = item.iter().map(|(name, _)| name).filter(|name| !schema.knows(name));
        if !schema.catches_all()
            && let Some(name) = unknown.next()
        {
            let place = schema.place().attribute(name);
            return Ok(self.problem(item, ProblemReason::UnknownAttribute(place)));
        }
        let (values, place) = self.converted(item).await?;
        if B::SCHEMA.is_expired(target.now(), |name| values.value(&B::SCHEMA, name)) {
            return Ok(Seen::Final(Fate::Gone));
        }
        if self.is_of_the_source(&place.key) {
            return Ok(Seen::End(ProblemReason::OwnTable(B::SCHEMA.place())));
        }
        match self.copied(&place).await {
            Ok(None) => {}
            Ok(Some(copy)) => return Ok(self.compared(item, &values, &copy)),
            Err(error) if self.holds_for_others(&error) => return Err(error),
            Err(error) => return Ok(self.problem(item, ProblemReason::Failed(error))),
        }
        let Some(source) = self.as_read(item)? else {
            let error = SealError::new(schema.place(), SealErrorKind::TooManyAttributes);
            let error = Error::Save(SaveError::Seal(error));
            return Ok(self.problem(item, ProblemReason::Failed(error)));
        };
        let (plan, context) = planned(B::SCHEMA, values, target.scope())?;
        if !may_change {
            // It may have been deleted in both tables meanwhile.
            return Ok(Seen::Final(match self.again(item).await? {
                Some(_) => Fate::Left { item: item.clone() },
                None => Fate::Gone,
            }));
        }
        let sealed = seal_plan(target.provider(), plan, &context, self.meter.key_counts()).await?;
        let (schema, table) = (B::SCHEMA, self.work.table.clone());
        let place = Place { schema, table, key: place.key };
        let is_done = copy(target, &self.meter, source, (place, sealed)).await?;
        let item = item.clone();
        Ok(if is_done { Seen::Final(Fate::Done { item, changed: true }) } else { Seen::Changed })
    }

    /// Opens and converts a record, and returns its values and the place of its copy.
    async fn converted(&self, item: &Item) -> Result<(Values, Target), Error> {
        let mut hashed = self.schema.fields().filter_map(FieldSchema::hashed);
        if let (Some(of), None) = (hashed.next(), self.store.scope().secret()) {
            let error = KeyError::new(&self.schema, of.attribute, KeyErrorKind::NoSecret);
            return Err(LoadError::Key(error).into());
        }
        let context = self.context(item).map_err(LoadError::Context)?;
        let reading = Reading {
            provider: self.store.provider(),
            asked: Asked::Table,
            context: &context,
            windows: self.store.windows::<R>(),
            counts: self.meter.key_counts(),
        };
        let loaded = reading.open::<R>(item.clone(), false).await?;
        self.meter.has_opened(&loaded);
        let values = as_it_is(&(self.work.convert)(loaded.into_record()));
        let values = values.map_err(SaveError::Field)?;
        let place = target_of(&B::SCHEMA, &values, self.work.target.scope())?;
        Ok((values, place))
    }

    /// The values of what is stored in the place of the copy, expired or not. No window accepts it:
    /// copies are sealed.
    async fn copied(&self, place: &Target) -> Result<Option<Values>, Error> {
        let Copying { target, table, .. } = &self.work;
        let key = place.key.attributes();
        let stored = read(target, &self.meter, &B::SCHEMA, table, key, true).await;
        let Some(stored) = stored.map_err(LoadError::Request)? else { return Ok(None) };
        let reading = Reading {
            provider: target.provider(),
            asked: Asked::Key(key),
            context: &place.context,
            windows: target.windows::<B>().without_items(),
            counts: self.meter.key_counts(),
        };
        let stored = from_sdk_item(&B::SCHEMA, stored).map_err(LoadError::Open)?;
        let copy = reading.open::<B>(stored, false).await?.into_record();
        Ok(Some(as_it_is(&copy).map_err(SaveError::Field)?))
    }

    /// Tells a record's copy from what a program has made of it, and from another record's.
    fn compared(&self, item: &Item, values: &Values, copy: &Values) -> Seen {
        let mut hashed = B::SCHEMA.fields().filter_map(FieldSchema::hashed);
        if hashed.any(|HashOf { attribute, .. }| {
            values.value(&B::SCHEMA, attribute) != copy.value(&B::SCHEMA, attribute)
        }) {
            return self.problem(item, ProblemReason::Taken(B::SCHEMA.place()));
        }
        let item = item.clone();
        Seen::Final(if values.fields == copy.fields && values.others == copy.others {
            Fate::Done { item, changed: false }
        } else {
            Fate::Differs { item }
        })
    }

    /// The condition that a record is as it was read; `None` if it has too many attributes.
    fn as_read(&self, item: &Item) -> Result<Option<(Place, Expression)>, Error> {
        let schema = self.schema;
        let key = RequestKey::of_record(&schema, |name| item.attribute(name));
        let key = key.map_err(LoadError::Key)?;
        // No program changes what the envelope lists, and leaves the envelope.
        let listed = Listed::of(&schema, item).map_err(LoadError::Open)?;
        let made = schema.made_names();
        let names = schema.fields().flat_map(FieldSchema::names).chain(made);
        let condition = Expression::as_read(
            item.iter().filter(|(name, _)| !listed.0.contains_key(*name)),
            names
                .chain([schema.envelope()])
                .filter(|name| item.attribute(name).is_none() && !listed.0.contains_key(*name)),
        );
        let place = Place { schema, table: self.table.clone(), key };
        Ok((!condition.is_too_long(None)).then_some((place, condition)))
    }

    /// Returns whether the copy would be one of the records that are copied.
    fn is_of_the_source(&self, key: &RequestKey) -> bool {
        let made = |attribute: KeyAttribute| {
            let mut own = key.attributes().iter();
            own.any(|(name, value)| *name == attribute.name() && attribute.makes(value))
        };
        self.table == self.work.table && self.schema.keys().all(made)
    }

    /// The record as it is stored now.
    async fn again(&self, item: &Item) -> Result<Option<Item>, Error> {
        let schema = &self.schema;
        let key = RequestKey::of_record(schema, |name| item.attribute(name));
        let key = key.map_err(LoadError::Key)?;
        let now = read(&self.store, &self.meter, schema, &self.table, key.attributes(), true);
        let now = now.await.map_err(LoadError::Request)?;
        let now = now.map(|item| from_sdk_item(schema, item)).transpose();
        Ok(now.map_err(LoadError::Open)?)
    }

    /// Ends the work on a record, or on all of them.
    fn failed(&self, item: Option<Item>, error: impl Into<Error>) -> Result<Fate, ProblemReason> {
        let error = error.into();
        if self.holds_for_others(&error) {
            return Err(ProblemReason::Failed(error));
        }
        let is_final = self.has_window() && is_of_the_item(&error);
        Ok(Fate::Failed { item, reason: ProblemReason::Failed(error), is_final })
    }

    /// A record that fails because of what it holds.
    fn problem(&self, item: &Item, reason: ProblemReason) -> Seen {
        let (item, is_final) = (Some(item.clone()), self.has_window());
        Seen::Final(Fate::Failed { item, reason, is_final })
    }

    /// Returns whether somebody without a key could plant a record. Otherwise, nothing is lost if a
    /// segment stays open because of a record that fails, and the cure is the next run.
    fn has_window(&self) -> bool {
        self.store.windows::<R>().open(&self.schema).next().is_some()
    }

    fn holds_for_others(&self, error: &Error) -> bool {
        holds_for_others(error, chooses_context(&B::SCHEMA, self.work.target.scope()))
    }
}
