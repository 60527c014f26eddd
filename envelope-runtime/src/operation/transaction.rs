//! Transactions: writes of several records that happen together or not at all.

mod action;
mod checking;
pub(super) mod copying;
mod limits;
mod prepared;
mod sending;
mod updating;
mod window;

use std::fmt;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use tracing::Instrument;

use super::OperationFuture;
use super::delete::Delete;
use super::error::{DeleteError, SaveError, TransactionError, WriteError};
use super::meter::{Meter, table_names};
use super::prepared::Write;
use super::returned::Returned;
use super::save::Put;
use super::update::{Options, Running};
use crate::expression::{Condition, Update};
use crate::key::{Allows, CanEncrypt, Capability, Full, Scope};
use crate::operation::error::{PositionedError, Presence};
use crate::record::{
    EnvelopeRecord, IntoKey, Unversioned, VersionNumber, Versioned, version_number,
};
use crate::store::Store;
use action::{Asked, Depending, Key, Preparing, Ready, Subject};
use checking::checked;
use prepared::Prepared;
pub use prepared::PreparedTransaction;
use updating::Updating;

/// The default time for which a transaction is sent again when others are in its way.
const DEADLINE: Duration = Duration::from_secs(5);

/// The number of actions that are prepared at the same time.
const CONCURRENCY: usize = 16;

/// Writes of several records, of any types and tables, that happen together or not at all. Created
/// by [`Store::transaction`].
///
/// One
/// [TransactWriteItems](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html)
/// of at most 100 actions, 4 MB together, and one action an item. It costs twice the write units of
/// the same writes alone. Each save takes one KMS call, as it does alone; each update reads its
/// item first, with a strongly consistent read, and depends on the envelope that it read.
///
/// The records are sealed once. If other transactions are in the way, or an answer is lost, the
/// same bytes are sent again under the same token, which DynamoDB does once. If the item of an
/// update was changed meanwhile, that update is prepared anew, until the
/// [deadline](Self::deadline). If an action is refused, nothing is written, and
/// [`TransactionError::Cancelled`] has the error of each refused action.
///
/// In a [global table](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables_HowItWorks.html),
/// a transaction is atomic in the Region of this client only.
///
/// An empty transaction does nothing.
///
/// ```no_run
/// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
/// # async fn example(store: Store, user: User) -> Result<(), Error> {
/// store
///     .transaction()
///     .create(&user)
///     .update::<User>("inviter", |u| u.add(|f| f.logins, 1).seal(|f| f.email, "a@b.c"))
///     .check::<User>("admin", |f| f.status.eq("active"))
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a transaction does nothing until it is awaited"]
#[doc(alias = "transact_write_items")]
pub struct Transaction<C = Full> {
    store: Store<C>,
    asked: Vec<Asked>,
    within: Duration,
}

impl<C: Capability> Store<C> {
    /// Begins a transaction: writes of several records that happen together or not at all. See
    /// [`Transaction`].
    #[doc(alias = "transact_write_items")]
    pub fn transaction(&self) -> Transaction<C> {
        Transaction { store: self.clone().keeping_data_keys(), asked: Vec::new(), within: DEADLINE }
    }
}

/// The actions. Those on records behave as the methods of [`Store`] with the same names.
impl<C: Capability> Transaction<C> {
    /// Saves a record, whether or not one exists under its key, as [`Store::put`] does.
    pub fn put<R: EnvelopeRecord>(self, record: &R) -> Self
    where
        C: CanEncrypt,
    {
        let put = Put::new(&self.store, record, None);
        self.save(put)
    }

    /// Saves each of these records, as [`put`](Self::put) does.
    pub fn put_all<'a, R: EnvelopeRecord>(self, records: impl IntoIterator<Item = &'a R>) -> Self
    where
        C: CanEncrypt,
    {
        records.into_iter().fold(self, Self::put)
    }

    /// Saves a record if the item stored under its key satisfies a condition.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store, user: User) -> Result<(), Error> {
    /// store.transaction().put_if(&user, |f| f.status.eq("new")).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "condition_expression")]
    pub fn put_if<R: EnvelopeRecord>(
        self,
        record: &R,
        condition: impl FnOnce(R::Attributes) -> Condition<R>,
    ) -> Self
    where
        C: CanEncrypt,
    {
        let put = Put::new(&self.store, record, None).condition(condition);
        self.save(put)
    }

    /// Saves a record if there is none under its key, as [`Store::create`] does.
    pub fn create<R: EnvelopeRecord>(self, record: &R) -> Self
    where
        C: CanEncrypt,
    {
        let put = Put::new(&self.store, record, Some(Presence::Absent));
        self.save(put)
    }

    /// Creates each of these records, as [`create`](Self::create) does.
    pub fn create_all<'a, R: EnvelopeRecord>(self, records: impl IntoIterator<Item = &'a R>) -> Self
    where
        C: CanEncrypt,
    {
        records.into_iter().fold(self, Self::create)
    }

    /// Saves a record if there is one under its key, as [`Store::replace`] does.
    pub fn replace<R: EnvelopeRecord>(self, record: &R) -> Self
    where
        C: CanEncrypt,
    {
        let put = Put::new(&self.store, record, Some(Presence::Present));
        self.save(put)
    }

    /// Changes single attributes of a record, as [`Store::update`] does: plaintext and sealed ones.
    ///
    /// The item is read before, and must be under the same envelope when the transaction happens.
    /// If the record is not there, the transaction fails.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// let promoted = store.transaction().update::<User>("foobar", |u| {
    ///     u.set(|f| f.status, "gold").seal(|f| f.email, "a@b.c").condition(|f| f.logins.ge(10))
    /// });
    /// promoted.await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn update<R: EnvelopeRecord>(
        self,
        key: impl IntoKey<R::Key>,
        changes: impl FnOnce(Update<R>) -> Update<R>,
    ) -> Self
    where
        C: CanEncrypt + Allows<R::Needs>,
    {
        let Update { changes, .. } = changes(Update::of());
        let options = Options {
            key: key.into_key(),
            given: Scope::default(),
            known: None,
            version: None,
            returned: Returned::Nothing,
        };
        let running = Running::<R, C>::new(&self.store, self.store.now(), changes, options);
        let key = running.as_ref().ok().map(|running| running.key().to_vec());
        self.ask::<R>(key, |meter| Box::pin(Updating::prepare(running, meter)))
    }

    /// Deletes the record under `key`, if there is one, as [`Store::delete`] does.
    pub fn delete<R: Unversioned>(self, key: impl IntoKey<R::Key>) -> Self {
        let delete = Delete::<R, C>::new(&self.store, key, None);
        self.delete_by(delete)
    }

    /// Deletes a record if the stored item satisfies a condition.
    #[doc(alias = "condition_expression")]
    pub fn delete_if<R: Unversioned>(
        self,
        key: impl IntoKey<R::Key>,
        condition: impl FnOnce(R::Attributes) -> Condition<R>,
    ) -> Self {
        let delete = Delete::<R, C>::new(&self.store, key, None).condition(condition);
        self.delete_by(delete)
    }

    /// Deletes a record if it still has the version `version`, as [`Store::delete_version`] does.
    pub fn delete_version<R: Versioned>(
        self,
        key: impl IntoKey<R::Key>,
        version: impl VersionNumber,
    ) -> Self {
        let delete = Delete::<R, C>::new(&self.store, key, Some(version_number(version)));
        self.delete_by(delete)
    }

    /// Deletes a record of whatever version, as [`Store::delete_any_version`] does.
    pub fn delete_any_version<R: EnvelopeRecord>(self, key: impl IntoKey<R::Key>) -> Self {
        let delete = Delete::<R, C>::new(&self.store, key, None);
        self.delete_by(delete)
    }

    /// Writes nothing under `key`, and lets the transaction happen only if the item stored there
    /// satisfies a condition.
    #[doc(alias = "condition_check")]
    pub fn check<R: EnvelopeRecord>(
        self,
        key: impl IntoKey<R::Key>,
        condition: impl FnOnce(R::Attributes) -> Condition<R>,
    ) -> Self {
        let condition = condition(R::ATTRIBUTES);
        let check = checked(&self.store, key.into_key(), condition).map_err(WriteError::Check);
        self.ready::<R>(check)
    }

    fn save<R: EnvelopeRecord>(self, put: Put<R, C>) -> Self
    where
        C: CanEncrypt,
    {
        let key = put.key(self.store.scope()).ok().map(|key| key.attributes().to_vec());
        self.ask::<R>(key, |meter| {
            Box::pin(async {
                let save = put.prepare(meter).await.map_err(WriteError::Save)?;
                let ready = Depending {
                    subject: Subject::of_write(save.prepared.map(Write::Put), 0),
                    depends: save.depends,
                    refused: |refusal| WriteError::Save(refusal.into()),
                    failed: |error| WriteError::Save(SaveError::Request(error)),
                };
                Ok(Box::new(ready) as Ready)
            })
        })
    }

    fn delete_by<R: EnvelopeRecord>(self, delete: Delete<R, C>) -> Self {
        let prepared = delete.prepare().map_err(WriteError::Delete);
        let ready = prepared.map(|(_, prepared, depends)| {
            let ready = Depending {
                subject: Subject::of_write(prepared.with(Write::Delete), 0),
                depends,
                refused: |refusal| WriteError::Delete(refusal.into()),
                failed: |error| WriteError::Delete(DeleteError::Request(error)),
            };
            Box::new(ready) as Ready
        });
        self.ready::<R>(ready)
    }

    /// Adds an action that is prepared.
    fn ready<R: EnvelopeRecord>(self, ready: Result<Ready, WriteError>) -> Self {
        let subject = ready.as_ref().ok().map(|ready| ready.subject());
        let key = subject.map(|subject| subject.key.attributes().to_vec());
        self.ask::<R>(key, |_| Box::pin(std::future::ready(ready)))
    }

    /// Adds an action on the item under `key`, if that is one. Otherwise preparing fails.
    fn ask<R: EnvelopeRecord>(
        mut self,
        key: Option<Key>,
        prepare: impl for<'a> FnOnce(&'a Meter) -> Preparing<'a, Ready> + Send + 'static,
    ) -> Self {
        let table = self.store.physical_table::<R>().to_owned();
        let (schema, prepare) = (R::SCHEMA, Box::new(prepare));
        self.asked.push(Asked { schema, table, key, prepare });
        self
    }
}

impl<C: Capability> Transaction<C> {
    /// Sends the transaction again for this long if others are in its way or an answer is lost,
    /// counted from its first sending; 5 seconds by default. Each
    /// [`send`](PreparedTransaction::send) of a prepared one begins anew. Then it fails with
    /// [`TransactionError::Contended`] or [`TransactionError::UnknownOutcome`]. A request that is
    /// running is not cut off.
    pub fn deadline(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }

    /// Seals the records, and reads the items of updates, without writing anything. The outcome can
    /// be sent, and sent again if it is not known whether it happened: see
    /// [`PreparedTransaction`].
    ///
    /// # Errors
    ///
    /// [`TransactionError::Unprepared`] names the action that cannot be prepared, and
    /// [`TransactionError::Limit`] the limit that all of them together exceed.
    #[must_use = "a transaction does nothing until it is awaited"]
    pub fn prepare(self) -> OperationFuture<PreparedTransaction<C>, TransactionError> {
        let meter = Meter::new(&self.store, "prepare_transaction", &self.tables());
        let span = meter.span();
        let run = async move {
            let (store, within) = (self.store.clone(), self.within);
            let prepared = self.prepared(&meter).await?;
            Ok(PreparedTransaction::new(store, prepared, within))
        };
        Box::pin(run.instrument(span))
    }

    async fn prepared(self, meter: &Meter) -> Result<Option<Prepared>, TransactionError> {
        limits::check_keys(&self.asked)?;
        let tables = self.tables();
        let asked = self.asked.into_iter();
        let preparing: Vec<_> = asked.map(|asked| (asked.prepare)(meter)).collect();
        let mut ready = stream::iter(preparing).buffered(CONCURRENCY).enumerate();
        let mut actions = Vec::new();
        while let Some((position, action)) = ready.next().await {
            let error = |error| TransactionError::Unprepared(PositionedError::new(position, error));
            actions.push(action.map_err(error)?);
        }
        limits::check_size(&actions)?;
        Prepared::new(actions, tables)
    }

    /// The names of the physical tables.
    fn tables(&self) -> String {
        table_names(self.asked.iter().map(|asked| asked.table.as_str()))
    }
}

impl<C: Capability> IntoFuture for Transaction<C> {
    type Output = Result<(), TransactionError>;
    type IntoFuture = OperationFuture<(), TransactionError>;

    fn into_future(self) -> Self::IntoFuture {
        let meter = Meter::new(&self.store, "transaction", &self.tables());
        let span = meter.span();
        let run = async move {
            let (store, within) = (self.store.clone(), self.within);
            match self.prepared(&meter).await? {
                Some(prepared) => prepared.run(&store, &meter, within).await,
                None => Ok(()),
            }
        };
        Box::pin(run.instrument(span))
    }
}

impl<C> fmt::Debug for Transaction<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Transaction");
        debug.field("actions", &self.asked.len()).finish_non_exhaustive()
    }
}
