//! Saving a record: one `GenerateDataKey`, one `PutItem`.

use std::fmt;
use std::marker::PhantomData;

use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use tracing::Instrument;

use super::OperationFuture;
use super::dependence::Dependence;
use super::meter::Meter;
use super::prepared::{Prepared, Write};
use super::returned::{Nothing, Old, Returned, open_returned};
use super::seal::{seal_record, target_of, written};
use super::target::Target;
use super::write::{Answer, Outcome};
use crate::envelope::{ExpectedContext, Item};
use crate::expression::{Condition, Node};
use crate::key::{Allows, CanEncrypt, Capability, Full, Scope};
use crate::operation::error::{Presence, SaveError, UnknownOutcomeError};
use crate::record::{EnvelopeRecord, FieldError, Now, RequestKey, Values};
use crate::store::Store;

/// A save, ready to be awaited. Created by [`Store::put`], [`Store::create`], [`Store::replace`]
/// and [`EnvelopeRecord::save`].
///
/// It replaces the whole item: one KMS call, one
/// [PutItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html). The
/// record is read when the save is created; a retry by the SDK sends the same sealed bytes again.
///
/// A save that depends on the stored item is not sent again after its answer was lost. A strongly
/// consistent read then tells whether the save happened. If the read is inconclusive, the error is
/// [`SaveError::UnknownOutcome`].
///
/// Its output is [`EnvelopeRecord::Saved`], or the replaced record after
/// [`return_old`](Put::return_old).
#[must_use = "a save does nothing until it is awaited"]
pub struct Put<R: EnvelopeRecord, C = Full, T = Nothing> {
    store: Store<C>,
    /// The record itself is not kept, so it need not be `Send`.
    values: Result<(Values, R::Saved), FieldError>,
    presence: Option<Presence>,
    condition: Option<Node>,
    now: Now,
    returns: PhantomData<fn() -> (R, T)>,
}

impl<C: Capability> Store<C> {
    /// Saves a record under a fresh data key, whether or not one exists under its key. A record
    /// with an `#[envelope(version)]` is saved only over the version that it was loaded with.
    #[doc(alias = "put_item")]
    pub fn put<R: EnvelopeRecord>(&self, record: &R) -> Put<R, C>
    where
        C: CanEncrypt,
    {
        Put::new(self, record, None)
    }

    /// Saves a record as [`put`](Self::put) does, but only if there is none under its key.
    ///
    /// Otherwise nothing is written, and [`SaveError::is_conflict`](crate::SaveError::is_conflict)
    /// is true of the error.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store, user: User) -> Result<(), Error> {
    /// store.create(&user).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "put_item")]
    #[doc(alias = "attribute_not_exists")]
    pub fn create<R: EnvelopeRecord>(&self, record: &R) -> Put<R, C>
    where
        C: CanEncrypt,
    {
        Put::new(self, record, Some(Presence::Absent))
    }

    /// Saves a record as [`put`](Self::put) does, but only if there is one under its key.
    ///
    /// Otherwise nothing is written, and
    /// [`SaveError::is_not_found`](crate::SaveError::is_not_found) is true of the error.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store, user: User) -> Result<(), Error> {
    /// store.replace(&user).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "put_item")]
    #[doc(alias = "attribute_exists")]
    pub fn replace<R: EnvelopeRecord>(&self, record: &R) -> Put<R, C>
    where
        C: CanEncrypt,
    {
        Put::new(self, record, Some(Presence::Present))
    }
}

impl<R: EnvelopeRecord, C: CanEncrypt> Put<R, C> {
    pub(super) fn new(store: &Store<C>, record: &R, presence: Option<Presence>) -> Self {
        let (store, returns, now) = (store.clone(), PhantomData, store.now());
        let values = written(record, now);
        Self { store, values, presence, condition: None, now, returns }
    }

    /// The request of the SDK, with the sealed item and the conditions of this save, for what this
    /// library does not offer.
    ///
    /// The caller handles the answer. A lost answer is not recognised. A failed condition is
    /// the SDK's error, also if the SDK itself sent the request again after it was done. `Debug` of
    /// the request shows the key and the plaintext values.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # use aws_sdk_dynamodb::types::ReturnItemCollectionMetrics;
    /// # async fn example(store: Store, user: User) -> Result<(), Box<dyn std::error::Error>> {
    /// let request = store.put(&user).into_request().await?;
    /// request.return_item_collection_metrics(ReturnItemCollectionMetrics::Size).send().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`SaveError`] if the record cannot be sealed.
    #[must_use = "a save does nothing until it is awaited"]
    pub fn into_request(self) -> OperationFuture<PutItemFluentBuilder, SaveError> {
        let meter = self.meter();
        let span = meter.span();
        let run = async move {
            let Save { store, prepared, .. } = self.prepare(&meter).await?;
            let (mut prepared, item) = prepared.apart();
            Ok(prepared.put(store.client(), item, Returned::Nothing))
        };
        Box::pin(run.instrument(span))
    }

    /// Returns the replaced record, opened. Costs one more KMS call and needs a provider that can
    /// decrypt. `None` if there was no record. If the SDK sent the request again because the answer
    /// to the first was lost, the output may be the saved record itself, or `None` after a save
    /// that depends on the stored item.
    ///
    /// The output lacks the version and times that this save fills in: load the record to continue
    /// with it.
    ///
    /// If the replaced item cannot be opened, the save has still happened, and the error is
    /// [`SaveError::Unreadable`].
    #[doc(alias = "return_values")]
    pub fn return_old(self) -> Put<R, C, Old>
    where
        C: Allows<R::Needs>,
    {
        let Self { store, values, presence, condition, now, returns: _ } = self;
        Put { store, values, presence, condition, now, returns: PhantomData }
    }
}

impl<R: EnvelopeRecord, C: CanEncrypt, T> Put<R, C, T> {
    /// Saves only if the item stored under the record's key satisfies a condition. If called again,
    /// both conditions must hold. Otherwise nothing is written, and the error is
    /// [`SaveError::Condition`], which holds the stored item.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store, user: User) -> Result<(), Error> {
    /// store.put(&user).condition(|f| f.status.eq("new").and(f.ssn.not_exists())).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "condition_expression")]
    pub fn condition(mut self, condition: impl FnOnce(R::Attributes) -> Condition<R>) -> Self {
        let condition = condition(R::ATTRIBUTES).into_node();
        self.condition = Node::both(self.condition, Some(condition));
        self
    }

    /// The key of the record, if it is one of the caller's context.
    pub(super) fn key(&self, caller: &Scope) -> Result<RequestKey, SaveError> {
        match &self.values {
            Ok((values, _)) => Ok(target_of(&R::SCHEMA, values, caller)?.key),
            Err(error) => Err(SaveError::Field(error.clone())),
        }
    }

    pub(super) fn now(&self) -> Now {
        self.now
    }

    fn meter(&self) -> Meter {
        let verb = match self.presence {
            None => "put",
            Some(Presence::Absent) => "create",
            Some(Presence::Present) => "replace",
        };
        Meter::new(&self.store, verb, self.store.physical_table::<R>())
    }

    /// Does everything that can fail before a request to DynamoDB.
    pub(super) async fn prepare(self, meter: &Meter) -> Result<Save<R, C>, SaveError> {
        let Self { store, values, presence, condition, now, .. } = self;
        let schema = R::SCHEMA;
        let (values, saved) = values.map_err(SaveError::Field)?;
        // A record to be created has no version yet, whatever version it had when it was deleted.
        let version = values.version.filter(|_| presence != Some(Presence::Absent));
        let depends =
            Dependence { presence, version, condition, now, takes_expired_for_none: true };
        let condition = depends.expression(&schema).map_err(SaveError::Field)?;
        let (provider, counts) = (store.provider(), meter.key_counts());
        let (item, context) = seal_record(provider, schema, values, store.scope(), counts).await?;
        let key = RequestKey::of_record(&schema, |name| item.attribute(name));
        let prepared = Prepared {
            schema,
            table: store.physical_table::<R>().to_owned(),
            key: key.map_err(SaveError::Key)?,
            ours: item.attribute(schema.envelope()).cloned(),
            write: item,
            condition,
            twice: depends.twice(),
        };
        Ok(Save { store, prepared, depends, context, saved })
    }
}

/// A save whose record is sealed.
pub(super) struct Save<R: EnvelopeRecord, C> {
    store: Store<C>,
    pub(super) prepared: Prepared<Item>,
    pub(super) depends: Dependence,
    context: ExpectedContext,
    saved: R::Saved,
}

impl<R: EnvelopeRecord, C: CanEncrypt> Save<R, C> {
    /// Writes the item, and returns the answer that was requested from DynamoDB.
    async fn send(
        self,
        meter: &Meter,
        returned: Returned,
    ) -> Result<(Answer, ExpectedContext, R::Saved), SaveError> {
        let Self { store, prepared, depends, context, saved } = self;
        let schema = R::SCHEMA;
        match prepared.map(Write::Put).send(&store, meter, returned).await {
            Outcome::Written(answer) => Ok((answer, context, saved)),
            Outcome::Recognised(_) => Ok((None, context, saved)),
            Outcome::Failed(error) => Err(SaveError::Request(error)),
            Outcome::Refused(refused) if !refused.after_a_loss => {
                Err(depends.refusal(&schema, refused.stored).into())
            }
            Outcome::Refused(_) | Outcome::Unknown => {
                Err(SaveError::UnknownOutcome(UnknownOutcomeError::new(schema.place())))
            }
        }
    }
}

impl<R: EnvelopeRecord, C: CanEncrypt> IntoFuture for Put<R, C> {
    type Output = Result<R::Saved, SaveError>;
    type IntoFuture = OperationFuture<R::Saved, SaveError>;

    fn into_future(self) -> Self::IntoFuture {
        let meter = self.meter();
        let span = meter.span();
        let run = async move {
            let save = self.prepare(&meter).await?;
            let (_, _, saved) = save.send(&meter, Returned::Nothing).await?;
            Ok(saved)
        };
        Box::pin(run.instrument(span))
    }
}

impl<R: EnvelopeRecord, C: CanEncrypt + Allows<R::Needs>> IntoFuture for Put<R, C, Old> {
    type Output = Result<Option<R>, SaveError>;
    type IntoFuture = OperationFuture<Option<R>, SaveError>;

    fn into_future(self) -> Self::IntoFuture {
        let meter = self.meter();
        let span = meter.span();
        let run = async move {
            let save = self.prepare(&meter).await?;
            let store = save.store.clone();
            let key = save.prepared.key.clone();
            let (old, context, _) = save.send(&meter, Returned::Old).await?;
            let target = Target { key, context };
            let old = open_returned(&store, &meter, old, &target).await;
            old.map_err(|error| SaveError::Unreadable(Box::new(error)))
        };
        Box::pin(run.instrument(span))
    }
}

impl<R: EnvelopeRecord, C: Capability, T> fmt::Debug for Put<R, C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.store.physical_table::<R>();
        f.debug_struct("Put").field("table", &table).finish_non_exhaustive()
    }
}
