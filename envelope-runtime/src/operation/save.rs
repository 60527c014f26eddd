//! Saving a record: one `GenerateDataKey`, one `PutItem`.

use std::fmt;
use std::marker::PhantomData;

use aws_sdk_dynamodb::types::ReturnValue;
use tracing::Instrument;

use super::OperationFuture;
use super::meter::Meter;
use super::returned::open_returned;
use super::sdk::WriteCondition;
use super::write::{Answer, Outcome, Refused, Request, Twice, Write};
use crate::attribute::AttributeValue;
use crate::envelope::{Item, context_of_record, refuse_protected, seal_record};
use crate::error::{
    ConditionError, Presence, PresenceError, SaveError, UnknownOutcomeError, VersionError,
};
use crate::expression::{Condition, Node};
use crate::key::{CanDecrypt, CanEncrypt, Full};
use crate::record::{
    EnvelopeRecord, FieldError, FieldWriter, Now, RecordSchema, Values, stored_version,
};
use crate::store::Store;

/// A save, ready to be awaited. Made by [`Store::put`], [`Store::create`], [`Store::replace`] and
/// [`EnvelopeRecord::save`].
///
/// It replaces the whole item: one KMS call, one
/// [PutItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html). The
/// record was read when the save was made; a retry of the SDK sends the same sealed bytes again. A save that depends
/// on what is stored is not sent again after its answer was lost: a strongly consistent read tells whether it was
/// done, and if that does not, the error is [`SaveError::UnknownOutcome`].
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
        let key = own_key(&R::SCHEMA, &sealed.item);
        let own = |name: &str| sealed.item.attribute(name);
        let context = context_of_record(&R::SCHEMA, store.scope(), own);
        let context = context.map_err(SaveError::Context)?;
        let old = sealed.write(&meter, Some(ReturnValue::AllOld)).await?;
        let old = open_returned(&store, &meter, old, Some(&key), context).await;
        old.map_err(|error| SaveError::Unreadable(Box::new(error)))
    }
}

fn own_key(schema: &RecordSchema, item: &Item) -> Vec<(&'static str, AttributeValue)> {
    let own = |name: &'static str| Some((name, item.attribute(name)?.clone()));
    schema.key_names().filter_map(own).collect()
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
        let rest = Wanted { schema, table, presence, version, conditional, now };
        Ok(Sealed { store, item, condition, rest })
    }
}

/// A sealed item, and under which condition it is written.
struct Sealed<C> {
    store: Store<C>,
    item: Item,
    condition: WriteCondition,
    rest: Wanted,
}

/// What the save depends on.
struct Wanted {
    schema: RecordSchema,
    table: String,
    presence: Option<Presence>,
    version: Option<u64>,
    /// There is a condition of the caller's.
    conditional: bool,
    now: Now,
}

impl<C: CanEncrypt> Sealed<C> {
    /// Writes the item, and gives the attributes that DynamoDB was asked to return.
    async fn write(
        self,
        meter: &Meter,
        returned: Option<ReturnValue>,
    ) -> Result<Answer, SaveError> {
        let Self { store, item, condition, rest } = self;
        let schema = rest.schema;
        let is_free = rest.presence.is_none() && rest.version.is_none() && !rest.conditional;
        let write = Write {
            schema,
            table: rest.table.clone(),
            key: own_key(&schema, &item),
            ours: item.attribute(schema.envelope()).cloned(),
            request: Request::Put(item),
            condition,
            returned,
            twice: if is_free { Twice::Same } else { Twice::Else },
        };
        match write.send(&store, meter).await {
            Outcome::Written(answer) => Ok(answer),
            Outcome::Recognised(_) => Ok(None),
            Outcome::Refused(refused) => Err(rest.refused(refused)),
            Outcome::Unknown => {
                Err(SaveError::UnknownOutcome(UnknownOutcomeError::new(schema.place())))
            }
            Outcome::Failed(error) => Err(SaveError::Request(error)),
        }
    }
}

impl Wanted {
    /// What a refusal means.
    fn refused(self, refused: Refused) -> SaveError {
        let schema = &self.schema;
        let Refused { stored, after_a_loss } = refused;
        let is_there = !matches!(stored, Ok(None));
        let stored = stored.ok().flatten();
        if after_a_loss {
            return SaveError::UnknownOutcome(UnknownOutcomeError::new(schema.place()));
        }
        if let Some(Err(error)) = stored.as_ref().map(|stored| refuse_protected(schema, stored)) {
            return SaveError::Open(error);
        }
        let attribute = |name: &str| stored.as_ref()?.attribute(name);
        let live = is_there && !schema.is_expired(self.now, attribute);
        let found = if live { Presence::Present } else { Presence::Absent };
        let place = schema.place();
        if let Some(wanted) = self.presence
            && (wanted != found || (!self.conditional && self.version.is_none()))
        {
            return SaveError::Presence(PresenceError::new(place, wanted.opposite()));
        }
        if let (Some(expected), Some(field)) = (self.version, schema.version()) {
            let version = if live { stored_version(attribute(field.name())) } else { None };
            if version.unwrap_or_default() != expected || !self.conditional {
                return SaveError::Version(VersionError::new(place, expected, version, stored));
            }
        }
        SaveError::Condition(ConditionError::new(place, stored))
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
