//! Saving a record: one `GenerateDataKey`, one `PutItem`.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue as SdkValue, ReturnValue};

use super::OperationFuture;
use super::sdk::{WriteCondition, from_sdk_item, open_old};
use crate::attribute::AttributeValue;
use crate::envelope::{ContextError, ExpectedContext, Item, context_of_record, seal_record};
use crate::error::{ConditionError, Presence, PresenceError, SaveError, ServiceError};
use crate::expression::{Condition, Node};
use crate::key::{CanDecrypt, CanEncrypt, ContextPairs, Full};
use crate::record::{EnvelopeRecord, FieldError, FieldWriter, RecordSchema, Values};
use crate::store::Store;

/// A save, ready to be awaited. Made by [`Store::put`], [`Store::create`], [`Store::replace`] and
/// [`EnvelopeRecord::save`].
///
/// It replaces the whole item: one KMS call, one
/// [PutItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html). The
/// record was read when the save was made; a retry of the SDK sends the same sealed bytes again.
#[must_use = "a save does nothing until it is awaited"]
pub struct Put<R, C = Full> {
    save: Save<C>,
    record: PhantomData<fn() -> R>,
}

/// A save that gives back the record that it replaced. Made by [`Put::return_old`].
#[must_use = "a save does nothing until it is awaited"]
pub struct PutReturning<R, C = Full>(Put<R, C>);

/// All that is needed; it does not hold the record, which may borrow.
struct Save<C> {
    store: Store<C>,
    schema: RecordSchema,
    table: String,
    values: Result<Values, FieldError>,
    presence: Option<Presence>,
    condition: Option<Node>,
}

impl<R: EnvelopeRecord, C: CanEncrypt> Put<R, C> {
    pub(crate) fn new(store: Store<C>, record: &R) -> Self {
        let mut fields = FieldWriter::new(R::SCHEMA);
        let values = record.write_fields(&mut fields).map(|()| fields.into_values());
        let table = store.physical_table::<R>().to_owned();
        let schema = R::SCHEMA;
        let save = Save { store, schema, table, values, presence: None, condition: None };
        Self { save, record: PhantomData }
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
    /// lost, it may be the record itself.
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
    async fn run(self) -> Result<Option<R>, SaveError> {
        let store = self.0.save.store.clone();
        let sealed = self.0.save.seal().await?;
        let identity = Identity::of(&R::SCHEMA, &sealed.item, store.scope());
        let identity = identity.map_err(SaveError::Context)?;
        let old = sealed.write(Some(ReturnValue::AllOld)).await?;
        let old = open_old(&store, old, Some(&identity.key), identity.context).await;
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
    /// Everything that can fail before DynamoDB is asked.
    async fn seal(self) -> Result<Sealed<C>, SaveError> {
        let Self { store, schema, table, values, presence, condition } = self;
        let by_presence_alone = condition.is_none();
        let values = values.map_err(SaveError::Field)?;
        let node = Node::both(presence.and_then(|presence| presence.node(&schema)), condition);
        let condition = WriteCondition::new(&schema, node).map_err(SaveError::Field)?;
        let item = seal_record(store.provider(), schema, values, store.scope()).await?;
        Ok(Sealed { store, schema, table, item, presence, by_presence_alone, condition })
    }
}

/// A sealed item, and under which condition it is written.
struct Sealed<C> {
    store: Store<C>,
    schema: RecordSchema,
    table: String,
    item: Item,
    presence: Option<Presence>,
    /// There is no condition but the presence.
    by_presence_alone: bool,
    condition: WriteCondition,
}

impl<C: CanEncrypt> Sealed<C> {
    /// Writes the item, and gives the attributes that DynamoDB was asked to return.
    async fn write(
        self,
        returned: Option<ReturnValue>,
    ) -> Result<Option<HashMap<String, SdkValue>>, SaveError> {
        let (schema, condition) = (self.schema, self.condition);
        let item: HashMap<_, _> = self.item.into();
        let ours = item.get(schema.envelope()).cloned();
        let client = self.store.client();
        let request = client.put_item().table_name(&self.table).set_item(Some(item));
        let request = request
            .set_return_values(returned)
            .set_condition_expression(condition.expression)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values)
            .set_return_values_on_condition_check_failure(condition.returned);
        let error = match request.send().await {
            Ok(answer) => return Ok(answer.attributes),
            Err(error) => error,
        };
        let Some(PutItemError::ConditionalCheckFailedException(failed)) = error.as_service_error()
        else {
            return Err(SaveError::Request(ServiceError::new(schema.place(), &self.table, &error)));
        };
        // A lost answer: the SDK sent the request again, and it met its own first write. No other write has
        // this envelope; a record without one cannot be told from another's.
        let envelope = failed.item().and_then(|item| item.get(schema.envelope()));
        if envelope.is_some() && envelope == ours.as_ref() {
            return Ok(None);
        }
        let found = if failed.item().is_some() { Presence::Present } else { Presence::Absent };
        match self.presence {
            Some(wanted) if self.by_presence_alone || wanted != found => {
                let error = PresenceError::new(schema.place(), wanted.opposite());
                Err(SaveError::Presence(error))
            }
            _ => {
                let stored = failed.item().cloned();
                let stored = stored.and_then(|item| from_sdk_item(&schema, item).ok());
                Err(SaveError::Condition(ConditionError::new(schema.place(), stored)))
            }
        }
    }
}

impl Presence {
    fn opposite(self) -> Self {
        match self {
            Self::Present => Self::Absent,
            Self::Absent => Self::Present,
        }
    }

    fn node(self, schema: &RecordSchema) -> Option<Node> {
        let key = schema.keys().next()?.name();
        Some(match self {
            Self::Present => Node::Exists(key),
            Self::Absent => Node::NotExists(key),
        })
    }
}

impl<R: EnvelopeRecord, C: CanEncrypt> IntoFuture for Put<R, C> {
    type Output = Result<(), SaveError>;
    type IntoFuture = OperationFuture<(), SaveError>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.save.seal().await?.write(None).await.map(|_| ()) })
    }
}

impl<R: EnvelopeRecord + 'static, C: CanEncrypt + CanDecrypt> IntoFuture for PutReturning<R, C> {
    type Output = Result<Option<R>, SaveError>;
    type IntoFuture = OperationFuture<Option<R>, SaveError>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<R, C> fmt::Debug for PutReturning<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PutReturning").field(&self.0).finish()
    }
}

impl<R, C> fmt::Debug for Put<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Put").field("table", &self.save.table).finish_non_exhaustive()
    }
}
