//! Writing records in batches: one `GenerateDataKey` for each record, one `BatchWriteItem` for 25
//! of them.

mod prepare;
mod remainder;
mod request;
mod send;

use std::fmt;
use std::time::Duration;

use tracing::Instrument;

use super::OperationFuture;
use super::error::BatchError;
use super::meter::Meter;
use super::patience::Patience;
use crate::key::{CanEncrypt, Capability, Full};
use crate::record::{Batchable, EnvelopeRecord, IntoKey};
use crate::store::Store;
pub(super) use prepare::Pending;
use prepare::prepare;
pub(super) use send::{Progress, send};

/// The time for writes that DynamoDB leaves unprocessed.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// The number of writes that one request takes.
pub(super) const CHUNK: usize = 25;

/// The number of data keys of one batch that are made at the same time.
pub(super) const CONCURRENCY: usize = 16;

/// The number of requests of a bulk load, or of the deletion of a partition, that are sent at the
/// same time.
pub(super) const REQUESTS: usize = 4;

/// Saves and deletions of several record types and tables, ready to be awaited. Created by
/// [`Store::batch_write`].
///
/// Everything is checked and sealed before the first request, with one KMS call for each record and
/// 16 of them at the same time. Each 25 writes are one
/// [BatchWriteItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html).
/// The writes that DynamoDB leaves unprocessed are sent again, as the same bytes, until the
/// [`deadline`](Self::deadline).
///
/// **A batch is not a transaction**: some of its writes may happen and others not, in any order,
/// and a reader sees them one by one. It has no conditions either, so that what needs one does not
/// compile: see [`put_unconditionally`](Self::put_unconditionally).
///
/// A write whose answer was lost is sent again: a second put of the same bytes, or a second
/// deletion, has the same effect, as if it had come later. The versions and times that the library
/// fills in are not returned.
#[must_use = "a batch does nothing until it is awaited"]
pub struct BatchWrite<C = Full> {
    store: Store<C>,
    writes: Vec<Pending<C>>,
    within: Duration,
}

impl<C: Capability> Store<C> {
    /// Begins a batch of saves and deletions. It may hold any number of them, and none is written
    /// before the batch is awaited.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store, user: User, orders: Vec<Order>) -> Result<(), Error> {
    /// store
    ///     .batch_write()
    ///     .put(&user)
    ///     .put_all(&orders)
    ///     .delete::<Order>(("t-1", 17))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "batch_write_item")]
    pub fn batch_write(&self) -> BatchWrite<C> {
        BatchWrite { store: self.clone(), writes: Vec::new(), within: DEADLINE }
    }
}

impl<C: Capability> BatchWrite<C> {
    /// Adds a save. The record is read now.
    pub fn put<R: Batchable>(self, record: &R) -> Self
    where
        C: CanEncrypt,
    {
        self.put_unconditionally(record)
    }

    /// Adds a save of each of these records.
    pub fn put_all<'a, R: Batchable>(self, records: impl IntoIterator<Item = &'a R>) -> Self
    where
        C: CanEncrypt,
    {
        records.into_iter().fold(self, Self::put)
    }

    /// Adds a save of any record, which replaces whatever is stored under its key.
    ///
    /// **It may destroy what others wrote.** If the record has an `#[envelope(version)]`, the
    /// version that is stored is not compared, and a change that another program made since this
    /// record was loaded is lost without a trace. If the record is `plaintext_only`, attributes
    /// that another struct protects are replaced by nothing. Use it for items that nobody else
    /// writes, such as the load of an empty table.
    pub fn put_unconditionally<R: EnvelopeRecord>(mut self, record: &R) -> Self
    where
        C: CanEncrypt,
    {
        self.writes.push(Pending::put(&self.store, record));
        self
    }

    /// Adds the deletion of the record under `key`, if there is one.
    pub fn delete<R: Batchable>(self, key: impl IntoKey<R::Key>) -> Self {
        self.delete_unconditionally::<R>(key)
    }

    /// Adds the deletion of each of the records under these keys:
    /// `.delete_all::<User>(["u-1", "u-2"])`.
    pub fn delete_all<R: Batchable>(self, keys: impl IntoIterator<Item: IntoKey<R::Key>>) -> Self {
        keys.into_iter().fold(self, Self::delete::<R>)
    }

    /// Adds the deletion of whatever is stored under `key`.
    ///
    /// **It may destroy what others wrote**: a record with an `#[envelope(version)]` is deleted
    /// even if another program has just changed it, and in place of a `plaintext_only` one an item
    /// that another struct protects.
    pub fn delete_unconditionally<R: EnvelopeRecord>(mut self, key: impl IntoKey<R::Key>) -> Self {
        self.writes.push(Pending::delete::<R>(&self.store, key.into_key()));
        self
    }

    /// Sends writes that DynamoDB leaves unprocessed again for this long, and then fails with
    /// [`BatchError::Unfinished`]; 30 seconds by default, from the first request on.
    pub fn deadline(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }
}

impl<C: Capability> IntoFuture for BatchWrite<C> {
    type Output = Result<(), BatchError>;
    type IntoFuture = OperationFuture<(), BatchError>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { store, writes, within } = self;
        let tables = prepare::tables(&writes);
        let meter = Meter::new(&store, "batch_write", &tables);
        let span = meter.span();
        let run = async move {
            let taken = u64::try_from(writes.len()).unwrap_or(u64::MAX);
            let writes = prepare(&store, &meter, writes).await?;
            let patience = Patience::of_capacity(store.ticks(), within);
            let progress = send(&store, &meter, writes, patience).await;
            progress.finished(taken, within)
        };
        Box::pin(run.instrument(span))
    }
}

impl<C> fmt::Debug for BatchWrite<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchWrite").field("writes", &self.writes.len()).finish_non_exhaustive()
    }
}
