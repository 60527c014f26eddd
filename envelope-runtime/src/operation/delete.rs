//! Deleting a record: one `DeleteItem`, no KMS call.

use std::fmt;
use std::marker::PhantomData;

use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemFluentBuilder;
use tracing::Instrument;

use super::OperationFuture;
use super::dependence::{Dependence, Refusal};
use super::hashed::request_key;
use super::meter::Meter;
use super::prepared::{Prepared, Write};
use super::returned::{Nothing, Old, Returned, open_returned};
use super::target::Target;
use super::write::{Answer, Outcome};
use crate::attribute::ConvertError;
use crate::envelope::refuse_foreign_key;
use crate::expression::{Condition, Node};
use crate::key::{Allows, Capability, Full};
use crate::operation::error::{DeleteError, UnknownOutcomeError};
use crate::record::{
    EnvelopeRecord, FieldError, FieldSchema, IntoKey, KeyValues, Unversioned, VersionNumber,
    Versioned, version_number,
};
use crate::store::Store;

/// A deletion, ready to be awaited. Created by [`Store::delete`], [`Store::delete_version`],
/// [`Store::delete_any_version`] and [`EnvelopeRecord::delete`].
///
/// One [DeleteItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html).
/// Without a [`condition`](Self::condition) or a version, it succeeds whether or not there was an
/// item.
///
/// Its output is `()`, or the deleted record after [`return_old`](Delete::return_old).
#[must_use = "a deletion does nothing until it is awaited"]
pub struct Delete<R, C = Full, T = Nothing> {
    store: Store<C>,
    key: Result<KeyValues, ConvertError>,
    condition: Option<Node>,
    version: Option<Result<u64, ConvertError>>,
    returns: PhantomData<fn() -> (R, T)>,
}

impl<C: Capability> Store<C> {
    /// Deletes the record under `key`, if there is one. A record with an `#[envelope(version)]` is
    /// deleted with [`delete_version`](Self::delete_version) or
    /// [`delete_any_version`](Self::delete_any_version), so that the compiler makes the caller
    /// choose.
    #[doc(alias = "delete_item")]
    pub fn delete<R: Unversioned>(&self, key: impl IntoKey<R::Key>) -> Delete<R, C> {
        Delete::new(self, key, None)
    }

    /// Deletes the record under `key` if it still has the version `version`, the one that was
    /// loaded. 0 stands for a record without a version, or for no record. If another version is
    /// stored, nothing is deleted, and the error is
    /// [`DeleteError::Version`](crate::DeleteError::Version).
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store, document: Document) -> Result<(), Error> {
    /// store.delete_version::<Document>(&document.id, document.version).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "delete_item")]
    pub fn delete_version<R: Versioned>(
        &self,
        key: impl IntoKey<R::Key>,
        version: impl VersionNumber,
    ) -> Delete<R, C> {
        Delete::new(self, key, Some(version_number(version)))
    }

    /// Deletes the record under `key`, if there is one, whatever its version: even if another
    /// program has just changed it.
    #[doc(alias = "delete_item")]
    pub fn delete_any_version<R: EnvelopeRecord>(&self, key: impl IntoKey<R::Key>) -> Delete<R, C> {
        Delete::new(self, key, None)
    }
}

impl<R: EnvelopeRecord, C: Capability> Delete<R, C> {
    pub(super) fn new(
        store: &Store<C>,
        key: impl IntoKey<R::Key>,
        version: Option<Result<u64, ConvertError>>,
    ) -> Self {
        let (store, key) = (store.clone(), key.into_key());
        Self { store, key, condition: None, version, returns: PhantomData }
    }

    /// Returns the deleted record, opened. Costs one more KMS call and needs a provider that can
    /// decrypt. `None` if there was no record, or if the SDK sent the request again because the
    /// answer to the first was lost.
    ///
    /// If the deleted item cannot be opened, the deletion has still happened, and the error is
    /// [`DeleteError::Unreadable`].
    #[doc(alias = "return_values")]
    pub fn return_old(self) -> Delete<R, C, Old>
    where
        C: Allows<R::Needs>,
    {
        let Self { store, key, condition, version, returns: _ } = self;
        Delete { store, key, condition, version, returns: PhantomData }
    }
}

impl<R: EnvelopeRecord, C: Capability, T> Delete<R, C, T> {
    /// Deletes only if the stored item satisfies a condition. If called again, both conditions must
    /// hold. Otherwise nothing is deleted, and the error is [`DeleteError::Condition`], which holds
    /// the stored item.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// store.delete::<User>("foobar").condition(|f| f.status.eq("closed")).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "condition_expression")]
    pub fn condition(mut self, condition: impl FnOnce(R::Attributes) -> Condition<R>) -> Self {
        let condition = condition(R::ATTRIBUTES).into_node();
        self.condition = Node::both(self.condition, Some(condition));
        self
    }

    /// The request of the SDK, with the key and the conditions of this deletion, for what this
    /// library does not offer.
    ///
    /// The caller handles the answer. A failed condition is the SDK's error, also if the SDK
    /// itself sent the request again after it was done. `Debug` of the request shows the key.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Box<dyn std::error::Error>> {
    /// store.delete::<User>("foobar").into_request()?.send().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`DeleteError`] if the key or the condition cannot be used.
    pub fn into_request(self) -> Result<DeleteItemFluentBuilder, DeleteError> {
        let (store, mut prepared, _) = self.prepare()?;
        Ok(prepared.delete(store.client(), Returned::Nothing))
    }

    fn meter(&self) -> Meter {
        Meter::new(&self.store, "delete", self.store.physical_table::<R>())
    }

    /// Does everything that can fail before the request.
    pub(super) fn prepare(self) -> Result<(Store<C>, Prepared<()>, Dependence), DeleteError> {
        let Self { store, key, condition, version, returns: _ } = self;
        let schema = R::SCHEMA;
        let key = request_key(&schema, store.scope(), key)?;
        // A deletion makes no KMS call: it needs no context but what the key and its hashes need.
        refuse_foreign_key(&schema, &key, store.scope()).map_err(DeleteError::Context)?;
        let version = version.transpose().map_err(|error| {
            let name = schema.version().map_or("", FieldSchema::name);
            DeleteError::Field(FieldError::new(&schema, name, error))
        })?;
        let depends = Dependence {
            presence: None,
            version,
            condition,
            now: store.now(),
            takes_expired_for_none: false,
        };
        let prepared = Prepared {
            schema,
            table: store.physical_table::<R>().to_owned(),
            key,
            write: (),
            condition: depends.expression(&schema).map_err(DeleteError::Field)?,
            // A deletion leaves no envelope to recognise it by.
            ours: None,
            twice: depends.twice(),
        };
        Ok((store, prepared, depends))
    }

    /// Deletes, and returns the attributes that were requested from DynamoDB.
    async fn send(self, meter: &Meter, returned: Returned) -> Result<Answer, DeleteError> {
        let schema = R::SCHEMA;
        let (store, prepared, depends) = self.prepare()?;
        match prepared.with(Write::Delete).send(&store, meter, returned).await {
            Outcome::Written(answer) => Ok(answer),
            Outcome::Recognised(_) => Ok(None),
            Outcome::Failed(error) => Err(DeleteError::Request(error)),
            Outcome::Refused(refused) if !refused.after_a_loss => {
                Err(depends.refusal(&schema, refused.stored).into())
            }
            Outcome::Refused(_) | Outcome::Unknown => {
                Err(DeleteError::UnknownOutcome(UnknownOutcomeError::new(schema.place())))
            }
        }
    }
}

impl From<Refusal> for DeleteError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Protected(error) => Self::Open(error),
            Refusal::Presence(error) => Self::Condition(error.into()),
            Refusal::Version(error) => Self::Version(error),
            Refusal::Condition(error) => Self::Condition(error),
        }
    }
}

impl<R: EnvelopeRecord, C: Capability> IntoFuture for Delete<R, C> {
    type Output = Result<(), DeleteError>;
    type IntoFuture = OperationFuture<(), DeleteError>;

    fn into_future(self) -> Self::IntoFuture {
        let meter = self.meter();
        let span = meter.span();
        let run = async move { self.send(&meter, Returned::Nothing).await.map(drop) };
        Box::pin(run.instrument(span))
    }
}

impl<R: EnvelopeRecord, C: Allows<R::Needs>> IntoFuture for Delete<R, C, Old> {
    type Output = Result<Option<R>, DeleteError>;
    type IntoFuture = OperationFuture<Option<R>, DeleteError>;

    fn into_future(self) -> Self::IntoFuture {
        let meter = self.meter();
        let span = meter.span();
        let run = async move {
            let store = self.store.clone();
            let target = Target::of_key(&R::SCHEMA, store.scope(), self.key.clone())?;
            let old = self.send(&meter, Returned::Old).await?;
            let old = open_returned(&store, &meter, old, &target).await;
            old.map_err(|error| DeleteError::Unreadable(Box::new(error)))
        };
        Box::pin(run.instrument(span))
    }
}

impl<R, C, T> fmt::Debug for Delete<R, C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delete").finish_non_exhaustive()
    }
}
