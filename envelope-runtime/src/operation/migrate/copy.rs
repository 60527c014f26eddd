//! One record that goes into another table: opened, converted, sealed, and written if the record is
//! as it was read and has no copy yet.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;

use super::blame::{chooses_context, holds_for_others, is_of_the_item};
use super::checkpoint::of_records;
use super::engine::{Engine, Fate, Work};
use super::run::describe;
use crate::crypto::sha256;
use crate::envelope::{Asked, Item, SealError, SealErrorKind, is_of_other_scope};
use crate::expression::Expression;
use crate::key::Allows;
use crate::operation::dependence::Dependence;
use crate::operation::error::{
    ContendedError, Error, LoadError, MigrateError, Presence, ProblemReason, SaveError,
    TransactionError,
};
use crate::operation::fetched::Fetched;
use crate::operation::open::Reading;
use crate::operation::patience::Patience;
use crate::operation::prepared::{Prepared, Write};
use crate::operation::read::read;
use crate::operation::sdk::from_sdk_item;
use crate::operation::seal::{as_it_is, seal_record, target_of};
use crate::operation::target::Target;
use crate::operation::transaction::copying::{Source, copy};
use crate::operation::update::DEADLINE;
use crate::record::{EnvelopeRecord, FieldSchema, RecordSchema, RequestKey, Values};
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

/// What there is to be said of a record after one look at both tables.
enum Seen {
    Final(Fate),
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

    async fn destination(engine: &Engine<C, Self>) -> Result<String, MigrateError> {
        let Self { target, table, .. } = &engine.work;
        let (id, _) = describe(target, &engine.meter, &B::SCHEMA, table).await?;
        let records = of_records(&B::SCHEMA, target.scope());
        let secret = target.scope().secret().map_or("", |secret| secret.name());
        let parts = [id, records, secret.to_owned()].join("\n");
        Ok(data_encoding::HEXLOWER.encode(&sha256(&[parts.as_bytes()])))
    }

    async fn process(
        engine: &Engine<C, Self>,
        item: HashMap<String, SdkValue>,
        may_change: bool,
    ) -> Result<Fate, Error> {
        let schema = &engine.schema;
        if !engine.is_of_type(&item) {
            return Ok(Fate::Other);
        }
        let failed = |item, error| {
            let scope = engine.work.target.scope();
            if holds_for_others(&error, chooses_context(&B::SCHEMA, scope)) {
                return Err(error);
            }
            let is_final = is_of_the_item(&error);
            Ok(Fate::Failed { item, reason: ProblemReason::Failed(error), is_final })
        };
        let not_open = |error| Error::Load(LoadError::Open(error));
        let mut item = match from_sdk_item(schema, item) {
            Ok(item) => item,
            Err(error) => return failed(None, not_open(error)),
        };
        let mut patience = Patience::of_writers(engine.store.ticks(), DEADLINE);
        loop {
            match engine.look(&item, may_change).await {
                Ok(Seen::Final(fate)) => return Ok(fate),
                Ok(Seen::Changed) => {}
                Err(error) => return failed(Some(item), error),
            }
            if !patience.wait(&engine.store).await {
                let error = TransactionError::Contended(ContendedError::new(schema.place()));
                return failed(Some(item), Error::Transaction(error));
            }
            item = match engine.again(&item).await {
                Ok(Some(now)) => now,
                Ok(None) => return Ok(Fate::Gone),
                Err(error) => return failed(Some(item), error),
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
        let scope = self.store.scope();
        if is_of_other_scope(schema, scope, item) {
            return Ok(Seen::Final(Fate::Other));
        }
        if schema.is_expired(self.store.now(), |name| item.attribute(name)) {
            return Ok(Seen::Final(Fate::Gone));
        }
        if !schema.catches_all()
            && let Some((name, _)) = item.iter().find(|(name, _)| !schema.knows(name))
        {
            let reason = ProblemReason::UnknownAttribute(schema.place().attribute(name));
            return Ok(Seen::Final(failed(item, reason)));
        }
        let (values, place) = self.converted(item).await?;
        if let Some(copied) = self.copied(&place).await? {
            let pairs = || B::SCHEMA.fields().zip(values.fields.iter().zip(&copied.fields));
            let hashed: Vec<_> = pairs().filter_map(|(field, _)| field.hashed()).collect();
            let is_hashed =
                |field: &FieldSchema| hashed.iter().any(|of| of.attribute == field.name());
            if pairs().any(|(field, (here, there))| is_hashed(field) && here != there) {
                let reason = ProblemReason::Taken(B::SCHEMA.place());
                return Ok(Seen::Final(failed(item, reason)));
            }
            let is_same =
                pairs().all(|(_, (here, there))| here == there) && values.others == copied.others;
            let item = item.clone();
            return Ok(Seen::Final(if is_same {
                Fate::Done { item, changed: false }
            } else {
                Fate::Differs { item }
            }));
        }
        if !may_change {
            // It may have been deleted in both tables meanwhile.
            return Ok(Seen::Final(match self.again(item).await? {
                Some(_) => Fate::Left { item: item.clone() },
                None => Fate::Gone,
            }));
        }

        let condition = Expression::as_read(item, known_names(schema));
        if condition.is_too_long(None) {
            let kind = SealErrorKind::TooManyAttributes;
            return Err(Error::Save(SaveError::Seal(SealError::new(schema.place(), kind))));
        }
        let key = RequestKey::of_record(schema, |name| item.attribute(name));
        let key = key.map_err(|error| Error::Load(LoadError::Key(error)))?;
        let source = Source { schema: *schema, table: self.table.clone(), key, condition };
        let (provider, counts) = (target.provider(), self.meter.key_counts());
        let sealed = seal_record(provider, B::SCHEMA, values, target.scope(), counts).await;
        let (sealed, _) = sealed.map_err(Error::Save)?;
        let depends = Dependence {
            presence: Some(Presence::Absent),
            takes_expired_for_none: true,
            ..Dependence::nothing(target.now())
        };
        let condition = depends.expression(&B::SCHEMA);
        let prepared = Prepared {
            schema: B::SCHEMA,
            table: self.work.table.clone(),
            key: place.key,
            ours: sealed.attribute(B::SCHEMA.envelope()).cloned(),
            write: Write::Put(sealed),
            condition: condition.map_err(|error| Error::Save(SaveError::Field(error)))?,
            twice: depends.twice(),
        };
        let copied = copy(target, &self.meter, source, prepared, depends).await;
        Ok(if copied.map_err(Error::Transaction)? {
            Seen::Final(Fate::Done { item: item.clone(), changed: true })
        } else {
            Seen::Changed
        })
    }

    /// Opens and converts a record, and returns its values and the place of its copy.
    async fn converted(&self, item: &Item) -> Result<(Values, Target), Error> {
        let context = self.context(item);
        let context = context.map_err(|error| Error::Load(LoadError::Context(error)))?;
        let reading = Reading {
            provider: self.store.provider(),
            asked: Asked::Table,
            context: &context,
            windows: self.store.windows::<R>(),
            counts: self.meter.key_counts(),
        };
        let loaded = reading.open::<R>(item.clone(), false).await.map_err(Error::Load)?;
        self.meter.has_opened(&loaded);
        let values = as_it_is(&(self.work.convert)(loaded.into_record()));
        let values = values.map_err(|error| Error::Save(SaveError::Field(error)))?;
        let place = target_of(&B::SCHEMA, &values, self.work.target.scope());
        Ok((values, place.map_err(Error::Save)?))
    }

    /// The values of the copy, if there is one.
    async fn copied(&self, place: &Target) -> Result<Option<Values>, Error> {
        let Copying { target: store, table, .. } = &self.work;
        let stored = read(store, &self.meter, &B::SCHEMA, table, place.key.attributes(), true);
        let Some(stored) = stored.await.map_err(|error| Error::Load(LoadError::Request(error)))?
        else {
            return Ok(None);
        };
        let fetched = Fetched { store, meter: &self.meter, table, target: place };
        let Some(copy) = fetched.open::<B>(stored, false).await.map_err(Error::Load)? else {
            return Ok(None);
        };
        let values = as_it_is(&copy.into_record());
        values.map(Some).map_err(|error| Error::Save(SaveError::Field(error)))
    }

    /// The record as it is stored now.
    async fn again(&self, item: &Item) -> Result<Option<Item>, Error> {
        let schema = &self.schema;
        let key = RequestKey::of_record(schema, |name| item.attribute(name));
        let key = key.map_err(|error| Error::Load(LoadError::Key(error)))?;
        let now = read(&self.store, &self.meter, schema, &self.table, key.attributes(), true);
        let now = now.await.map_err(|error| Error::Load(LoadError::Request(error)))?;
        let now = now.map(|item| from_sdk_item(schema, item)).transpose();
        now.map_err(|error| Error::Load(LoadError::Open(error)))
    }
}

/// An item that fails as often as it is tried.
fn failed(item: &Item, reason: ProblemReason) -> Fate {
    Fate::Failed { item: Some(item.clone()), reason, is_final: true }
}

/// The names under which an attribute of a record may be stored.
fn known_names(schema: &RecordSchema) -> impl Iterator<Item = &'static str> {
    let made = schema.made_names();
    schema.fields().flat_map(FieldSchema::names).chain(made).chain([schema.envelope()])
}
