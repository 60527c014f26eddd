//! Deleting a record: one `DeleteItem`, no KMS call.

use std::fmt;
use std::marker::PhantomData;

use aws_sdk_dynamodb::types::ReturnValue;
use tracing::Instrument;

use super::OperationFuture;
use super::meter::Meter;
use super::returned::open_returned;
use super::sdk::WriteCondition;
use super::write::{Answer, Outcome, Request, Twice, Write};
use crate::attribute::ConvertError;
use crate::envelope::{expected_context, refuse_foreign_key, refuse_protected};
use crate::error::{ConditionError, DeleteError, UnknownOutcomeError, VersionError};
use crate::expression::{Condition, Node};
use crate::key::{CanDecrypt, Capability, Full};
use crate::record::{
    EnvelopeRecord, FieldError, FieldSchema, IntoKey, InvalidKey, KeyValues, RequestKey,
    VersionNumber, stored_version, version_number,
};
use crate::store::Store;

/// A deletion, ready to be awaited. Made by [`Store::delete`], [`Store::delete_version`],
/// [`Store::delete_any_version`] and [`EnvelopeRecord::delete`].
///
/// One [DeleteItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html);
/// without a [`condition`](Self::condition) or a version it succeeds whether or not there was an item.
#[must_use = "a deletion does nothing until it is awaited"]
pub struct Delete<R, C = Full> {
    store: Store<C>,
    key: Result<KeyValues, ConvertError>,
    condition: Option<Node>,
    version: Option<Result<u64, ConvertError>>,
    record: PhantomData<fn() -> R>,
}

/// A deletion that gives back the record that was there. Made by [`Delete::return_old`].
#[must_use = "a deletion does nothing until it is awaited"]
pub struct DeleteReturning<R, C = Full>(Delete<R, C>);

impl<R: EnvelopeRecord, C: Capability> Delete<R, C> {
    pub(crate) fn new(store: Store<C>, key: impl IntoKey<R::Key>) -> Self {
        Self { store, key: key.into_key(), condition: None, version: None, record: PhantomData }
    }

    /// Deletes only if the stored item fulfils a condition; a second one must hold as well. Otherwise
    /// nothing is deleted, and the error is [`DeleteError::Condition`], which holds the stored item.
    ///
    /// ```no_run
    /// # use envelope_runtime::{DeleteError, EnvelopeRecord, Store};
    /// # #[derive(EnvelopeRecord)]
    /// # #[envelope(table = "users")]
    /// # struct User {
    /// #     #[partition_key]
    /// #     id: String,
    /// #     status: String,
    /// #     #[encrypted]
    /// #     ssn: String,
    /// # }
    /// # async fn example(store: Store) -> Result<(), DeleteError> {
    /// store.delete::<User>("foobar").condition(|f| f.status.eq("closed")).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn condition(mut self, condition: impl FnOnce(R::Attributes) -> Condition<R>) -> Self {
        let condition = condition(R::attributes()).into_node();
        self.condition = Node::both(self.condition, Some(condition));
        self
    }

    /// Gives back the record that was there, opened: one KMS call more, and a provider that can decrypt. `None`
    /// if there was none, or if the SDK sent the request again because the answer to the first was lost.
    ///
    /// Where what was there cannot be loaded it is deleted all the same, and the error is
    /// [`DeleteError::Unreadable`].
    pub fn return_old(self) -> DeleteReturning<R, C>
    where
        C: CanDecrypt,
    {
        DeleteReturning(self)
    }

    /// Deletes only the version `version`.
    pub(crate) fn at_version(mut self, version: impl VersionNumber) -> Self {
        self.version = Some(version_number(version));
        self
    }

    fn meter(&self) -> Meter {
        Meter::new(&self.store, "delete", self.store.physical_table::<R>())
    }

    fn start(self) -> OperationFuture<(), DeleteError> {
        let meter = self.meter();
        let span = meter.span();
        let run = async move {
            let key = self.checked_key()?;
            self.request(&meter, &key, None).await.map(|_| ())
        };
        Box::pin(run.instrument(span))
    }

    fn checked_key(&self) -> Result<RequestKey, DeleteError> {
        let key = self.key.clone().map_err(|error| InvalidKey::convert(&R::SCHEMA, error));
        let key = key.and_then(|key| key.checked(&R::SCHEMA)).map_err(DeleteError::Key)?;
        refuse_foreign_key(&R::SCHEMA, &key, self.store.scope()).map_err(DeleteError::Context)?;
        Ok(key)
    }

    /// Deletes, and gives the attributes that DynamoDB was asked to return.
    async fn request(
        self,
        meter: &Meter,
        key: &RequestKey,
        returned: Option<ReturnValue>,
    ) -> Result<Answer, DeleteError> {
        let (schema, now) = (R::SCHEMA, self.store.now());
        let version = self.version.transpose().map_err(|error| {
            let name = schema.version().map_or("", FieldSchema::name);
            DeleteError::Field(FieldError::new(&schema, name, error))
        })?;
        let at_version = version.and_then(|version| Node::version(&schema, version, now));
        let conditional = self.condition.is_some();
        let node = Node::both(at_version, self.condition);
        let node = Node::both(Node::unprotected(&schema), node);
        let condition = WriteCondition::new(&schema, node).map_err(DeleteError::Field)?;

        let is_free = version.is_none() && !conditional;
        let write = Write {
            schema,
            table: self.store.physical_table::<R>().to_owned(),
            key: key.attributes().to_vec(),
            request: Request::Delete,
            condition,
            returned,
            ours: None,
            twice: if is_free { Twice::Same } else { Twice::Else },
        };
        let refused = match write.send(&self.store, meter).await {
            Outcome::Written(answer) => return Ok(answer),
            // It leaves no envelope to be known by.
            Outcome::Recognised(_) => return Ok(None),
            Outcome::Failed(error) => return Err(DeleteError::Request(error)),
            Outcome::Refused(refused) if !refused.after_a_loss => refused,
            Outcome::Refused(_) | Outcome::Unknown => {
                let unknown = UnknownOutcomeError::new(schema.place());
                return Err(DeleteError::UnknownOutcome(unknown));
            }
        };
        let stored = refused.stored.ok().flatten();
        if let Some(stored) = &stored {
            refuse_protected(&schema, stored).map_err(DeleteError::Open)?;
        }
        if let (Some(expected), Some(field)) = (version, schema.version()) {
            let found =
                stored.as_ref().and_then(|item| stored_version(item.attribute(field.name())));
            if found != Some(expected) || !conditional {
                let error = VersionError::new(schema.place(), expected, found, stored);
                return Err(DeleteError::Version(error));
            }
        }
        Err(DeleteError::Condition(ConditionError::new(schema.place(), stored)))
    }
}

impl<R: EnvelopeRecord, C: CanDecrypt> DeleteReturning<R, C> {
    async fn run(self, meter: Meter) -> Result<Option<R>, DeleteError> {
        let schema = R::SCHEMA;
        let key = self.0.checked_key()?;
        let store = self.0.store.clone();
        let expected = expected_context(&schema, |name| key.part(name), store.scope())
            .map_err(DeleteError::Context)?;

        let old = self.0.request(&meter, &key, Some(ReturnValue::AllOld)).await?;
        let asked = Some(key.attributes());
        let old = open_returned(&store, &meter, old, asked, expected).await;
        old.map_err(|error| DeleteError::Unreadable(Box::new(error)))
    }
}

impl<R: EnvelopeRecord, C: Capability> IntoFuture for Delete<R, C> {
    type Output = Result<(), DeleteError>;
    type IntoFuture = OperationFuture<(), DeleteError>;

    fn into_future(self) -> Self::IntoFuture {
        self.start()
    }
}

impl<R: EnvelopeRecord, C: CanDecrypt> IntoFuture for DeleteReturning<R, C> {
    type Output = Result<Option<R>, DeleteError>;
    type IntoFuture = OperationFuture<Option<R>, DeleteError>;

    fn into_future(self) -> Self::IntoFuture {
        let meter = self.0.meter();
        let span = meter.span();
        Box::pin(self.run(meter).instrument(span))
    }
}

impl<R, C> fmt::Debug for DeleteReturning<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DeleteReturning").field(&self.0).finish()
    }
}

impl<R, C> fmt::Debug for Delete<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delete").finish_non_exhaustive()
    }
}
