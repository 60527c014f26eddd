//! Saving a record: one `GenerateDataKey`, one `PutItem`.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::mem;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue as SdkValue, ReturnValue};

use tracing::Instrument;

use super::OperationFuture;
use super::meter::Meter;
use super::returned::open_returned;
use super::sdk::{WriteCondition, from_sdk_item};
use crate::attribute::AttributeValue;
use crate::envelope::{
    ContextError, ExpectedContext, Item, context_of_record, refuse_protected, seal_record,
};
use crate::error::{
    ConditionError, Presence, PresenceError, SaveError, ServiceError, UnknownOutcomeError,
    VersionError,
};
use crate::expression::{Condition, Node};
use crate::key::{CanDecrypt, CanEncrypt, ContextPairs, Full};
use crate::record::{
    EnvelopeRecord, FieldError, FieldWriter, Now, RecordSchema, Values, stored_version,
};
use crate::store::Store;

/// A save, ready to be awaited. Made by [`Store::put`], [`Store::create`], [`Store::replace`] and
/// [`EnvelopeRecord::save`].
///
/// It replaces the whole item: one KMS call, one
/// [PutItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html). The
/// record was read when the save was made; a retry of the SDK sends the same sealed bytes again.
///
/// It gives back [`EnvelopeRecord::Saved`]: the record with what was filled in, where it has an
/// `#[envelope(version)]`, `created_at` or `updated_at`; go on with that one. Elsewhere `()`.
#[must_use = "a save does nothing until it is awaited"]
pub struct Put<R: EnvelopeRecord, C = Full> {
    save: Save<C>,
    saved: Result<R::Saved, FieldError>,
    record: PhantomData<fn() -> R>,
}

/// A save that gives back the record that it replaced. Made by [`Put::return_old`].
#[must_use = "a save does nothing until it is awaited"]
pub struct PutReturning<R: EnvelopeRecord, C = Full>(Put<R, C>);

/// All that is needed; it does not hold the record, which need not be `Send`.
struct Save<C> {
    store: Store<C>,
    schema: RecordSchema,
    table: String,
    values: Result<Values, FieldError>,
    presence: Option<Presence>,
    condition: Option<Node>,
    now: Now,
}

impl<R: EnvelopeRecord, C: CanEncrypt> Put<R, C> {
    pub(crate) fn new(store: Store<C>, record: &R) -> Self {
        let (schema, now) = (R::SCHEMA, store.now());
        let mut fields = FieldWriter::new(schema, now);
        let values = record.write_fields(&mut fields).map(|()| fields.into_values());
        let saved = record.saved(now).map_err(|error| FieldError::new(&schema, "", error));
        let table = store.physical_table::<R>().to_owned();
        let save = Save { store, schema, table, values, presence: None, condition: None, now };
        Self { save, saved, record: PhantomData }
    }

    /// Saves only if the record's presence is as given.
    pub(crate) fn only_if(mut self, presence: Presence) -> Self {
        self.save.presence = Some(presence);
        self
    }

    /// Saves only if the item that is stored under the record's key fulfils a condition; a second one
    /// must hold as well. Otherwise nothing is written, and the error is
    /// [`SaveError::Condition`], which holds the stored item.
    ///
    /// ```no_run
    /// # use envelope_runtime::{EnvelopeRecord, SaveError, Store};
    /// # #[derive(EnvelopeRecord)]
    /// # #[envelope(table = "users")]
    /// # struct User {
    /// #     #[partition_key]
    /// #     id: String,
    /// #     status: String,
    /// #     #[encrypted]
    /// #     ssn: String,
    /// # }
    /// # async fn example(store: Store, user: User) -> Result<(), SaveError> {
    /// store.put(&user).condition(|f| f.status.eq("new").and(f.ssn.not_exists())).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn condition(mut self, condition: impl FnOnce(R::Attributes) -> Condition<R>) -> Self {
        let condition = condition(R::attributes()).into_node();
        self.save.condition = Node::both(self.save.condition, Some(condition));
        self
    }

    /// Gives back the record that was replaced, opened: one KMS call more, and a provider that can decrypt.
    /// `None` if there was none. Where the SDK sent the request again because the answer to the first was
    /// lost, it may be the record itself, or `None` after a save that depends on something.
    ///
    /// What the library has filled in (a version, a time) is not given back with it: load the record to go on.
    ///
    /// Where what was there cannot be loaded it is replaced all the same, and the error is
    /// [`SaveError::Unreadable`].
    pub fn return_old(self) -> PutReturning<R, C>
    where
        C: CanDecrypt,
    {
        PutReturning(self)
    }
}

impl<R: EnvelopeRecord, C: CanEncrypt + CanDecrypt> PutReturning<R, C> {
    async fn run(self, meter: Meter) -> Result<Option<R>, SaveError> {
        let store = self.0.save.store.clone();
        let sealed = self.0.save.seal(&meter).await?;
        let identity = Identity::of(&R::SCHEMA, &sealed.item, store.scope());
        let identity = identity.map_err(SaveError::Context)?;
        let old = sealed.write(&meter, Some(ReturnValue::AllOld)).await?;
        let old = open_returned(&store, &meter, old, Some(&identity.key), identity.context).await;
        old.map_err(|error| SaveError::Unreadable(Box::new(error)))
    }
}

/// What tells the item under one key from others.
struct Identity {
    key: Vec<(&'static str, AttributeValue)>,
    context: ExpectedContext,
}

impl Identity {
    fn of(schema: &RecordSchema, item: &Item, scope: &ContextPairs) -> Result<Self, ContextError> {
        let context = context_of_record(schema, scope, |name| item.attribute(name))?;
        let keys = schema.keys().filter_map(|key| {
            let value = item.attribute(key.name())?;
            Some((key.name(), value.clone()))
        });
        Ok(Self { key: keys.collect(), context })
    }
}

impl<C: CanEncrypt> Save<C> {
    fn meter(&self) -> Meter {
        let verb = match self.presence {
            None => "put",
            Some(Presence::Absent) => "create",
            Some(Presence::Present) => "replace",
        };
        Meter::new(&self.store, verb, &self.table)
    }

    /// Everything that can fail before DynamoDB is asked.
    async fn seal(self, meter: &Meter) -> Result<Sealed<C>, SaveError> {
        let Self { store, schema, table, values, presence, condition, now } = self;
        let conditional = condition.is_some();
        let values = values.map_err(SaveError::Field)?;
        let version = values.version;
        let there = presence.and_then(|presence| match presence {
            Presence::Present => Node::present(&schema, now),
            Presence::Absent => Node::absent(&schema, now),
        });
        // A record to be created has no version yet, whatever version it was deleted in.
        let version = version.filter(|_| presence != Some(Presence::Absent));
        let at_version = version.and_then(|version| Node::version(&schema, version, now));
        let node = Node::both(Node::both(there, at_version), condition);
        let node = Node::both(Node::unprotected(&schema), node);
        let condition = WriteCondition::new(&schema, node).map_err(SaveError::Field)?;
        let (provider, calls) = (store.provider(), meter.kms_calls());
        let item = seal_record(provider, schema, values, store.scope(), calls).await?;
        Ok(Sealed { store, schema, table, item, presence, version, conditional, condition, now })
    }
}

/// A sealed item, and under which condition it is written.
struct Sealed<C> {
    store: Store<C>,
    schema: RecordSchema,
    table: String,
    item: Item,
    presence: Option<Presence>,
    version: Option<u64>,
    /// There is a condition of the caller's.
    conditional: bool,
    condition: WriteCondition,
    now: Now,
}

impl<C: CanEncrypt> Sealed<C> {
    /// Writes the item, and gives the attributes that DynamoDB was asked to return.
    async fn write(
        mut self,
        meter: &Meter,
        returned: Option<ReturnValue>,
    ) -> Result<Option<HashMap<String, SdkValue>>, SaveError> {
        let (item, condition) = (mem::take(&mut self.item), mem::take(&mut self.condition));
        let Self { store, schema, table, .. } = &self;
        let ours = item.attribute(schema.envelope()).cloned();
        let request = store.client().put_item().table_name(table);
        let request = request
            .set_item(Some(item.into()))
            .set_return_values(returned)
            .set_return_consumed_capacity(meter.capacity())
            .set_condition_expression(condition.expression)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values)
            .set_return_values_on_condition_check_failure(condition.returned);
        let error = match request.customize().interceptor(meter.attempts()).send().await {
            Ok(answer) => {
                meter.has_written(answer.consumed_capacity());
                return Ok(answer.attributes);
            }
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                let stored = failed.item().cloned();
                let stored = stored.and_then(|item| from_sdk_item(schema, item).ok());
                self.refused(meter, ours.as_ref(), stored, failed.item().is_some())
            }
            _ => Err(SaveError::Request(ServiceError::new(schema.place(), table, &error))),
        }
    }

    /// What a refusal means. After a lost answer the SDK sent the request again, and it may have met its
    /// own first write.
    fn refused(
        self,
        meter: &Meter,
        ours: Option<&AttributeValue>,
        stored: Option<Item>,
        is_there: bool,
    ) -> Result<Option<HashMap<String, SdkValue>>, SaveError> {
        let schema = &self.schema;
        // No other write has this envelope. A record without one cannot be told from another's.
        let envelope = stored.as_ref().and_then(|item| item.attribute(schema.envelope()));
        if envelope.is_some() && envelope == ours {
            return Ok(None);
        }
        if meter.lost_an_answer() {
            return Err(SaveError::UnknownOutcome(UnknownOutcomeError::new(schema.place())));
        }
        if let Some(stored) = &stored {
            refuse_protected(schema, stored).map_err(SaveError::Open)?;
        }
        let attribute = |name: &str| stored.as_ref()?.attribute(name);
        let live = is_there && !schema.is_expired(self.now, attribute);
        let found = if live { Presence::Present } else { Presence::Absent };
        let place = schema.place();
        if let Some(wanted) = self.presence
            && (wanted != found || (!self.conditional && self.version.is_none()))
        {
            return Err(SaveError::Presence(PresenceError::new(place, wanted.opposite())));
        }
        if let (Some(expected), Some(field)) = (self.version, schema.version()) {
            let version = if live { stored_version(attribute(field.name())) } else { None };
            if version.unwrap_or_default() != expected || !self.conditional {
                return Err(SaveError::Version(VersionError::new(
                    place, expected, version, stored,
                )));
            }
        }
        Err(SaveError::Condition(ConditionError::new(place, stored)))
    }
}

impl Presence {
    fn opposite(self) -> Self {
        match self {
            Self::Present => Self::Absent,
            Self::Absent => Self::Present,
        }
    }
}

impl<R: EnvelopeRecord, C: CanEncrypt> IntoFuture for Put<R, C> {
    type Output = Result<R::Saved, SaveError>;
    type IntoFuture = OperationFuture<R::Saved, SaveError>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { save, saved, .. } = self;
        let meter = save.meter();
        let span = meter.span();
        let run = async move {
            let sealed = save.seal(&meter).await?;
            let saved = saved.map_err(SaveError::Field)?;
            sealed.write(&meter, None).await?;
            Ok(saved)
        };
        Box::pin(run.instrument(span))
    }
}

impl<R: EnvelopeRecord, C: CanEncrypt + CanDecrypt> IntoFuture for PutReturning<R, C> {
    type Output = Result<Option<R>, SaveError>;
    type IntoFuture = OperationFuture<Option<R>, SaveError>;

    fn into_future(self) -> Self::IntoFuture {
        let meter = self.0.save.meter();
        let span = meter.span();
        Box::pin(self.run(meter).instrument(span))
    }
}

impl<R: EnvelopeRecord, C> fmt::Debug for PutReturning<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PutReturning").field(&self.0).finish()
    }
}

impl<R: EnvelopeRecord, C> fmt::Debug for Put<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Put").field("table", &self.save.table).finish_non_exhaustive()
    }
}
