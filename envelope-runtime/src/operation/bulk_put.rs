//! Loading many records: sealed ahead, and written in batches.

mod flow;

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use futures_core::Stream;
use futures_core::stream::BoxStream;
use futures_util::stream::{self, StreamExt};
use tracing::Instrument;

use super::OperationFuture;
use super::batch_write::{DEADLINE, Pending};
use super::error::BatchError;
use super::meter::Meter;
use crate::key::{CanEncrypt, Capability, Full};
use crate::record::Batchable;
use crate::store::Store;
use flow::{Flow, OnProgress};

/// A load of many records, ready to be awaited. Created by [`Store::bulk_put`] and
/// [`Store::bulk_put_stream`]. Its output is the number of records that were written.
///
/// It takes records from its input as it goes, and holds at most 141 of them. Data keys are made 16
/// at a time, one KMS call for each record unless data keys are
/// [reused](crate::key::KeyProvider::reuse), and no more in a second than
/// [`kms_rate`](Store::kms_rate) allows. Each 25 records are one
/// [BatchWriteItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html),
/// and up to 4 of them are sent at the same time.
///
/// Each record replaces what is stored under its key. Of two records with one key, the later one
/// wins, as for two saves one after the other. Records with different keys are written in any
/// order.
///
/// # Errors
///
/// After an error, no more records are taken from the input.
///
/// [`BatchError::Unprepared`] if a record cannot be sealed: those before its
/// [`position`](crate::error::PositionedError::position) are written, and no others.
/// [`BatchError::Unfinished`] if records could not be written: the error holds them, sealed. Those
/// from [`taken`](crate::error::UnfinishedError::taken) on were not touched, so that a load goes on
/// with `.skip(…)`.
///
/// If the future is dropped, the last 141 records that were taken may be written or not.
#[must_use = "a bulk load does nothing until it is awaited"]
pub struct BulkPut<R, C = Full> {
    store: Store<C>,
    table: String,
    records: BoxStream<'static, Pending<C>>,
    on_progress: Option<OnProgress>,
    within: Duration,
    record: PhantomData<fn() -> R>,
}

impl<C: Capability> Store<C> {
    /// Saves many records, taken from an iterator as they are written.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store, users: Vec<User>) -> Result<(), Error> {
    /// let written = store
    ///     .bulk_put(users)
    ///     .on_progress(|written| println!("{written} users are written"))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "batch_write_item")]
    pub fn bulk_put<R, I>(&self, records: I) -> BulkPut<R, C>
    where
        R: Batchable,
        I: IntoIterator<Item = R, IntoIter: Send + 'static>,
        C: CanEncrypt,
    {
        self.bulk_put_stream(stream::iter(records))
    }

    /// Saves many records, taken from a [`Stream`] as they are written. Records that wait for
    /// others of their batch are written when the stream ends at the latest.
    #[doc(alias = "batch_write_item")]
    pub fn bulk_put_stream<R, S>(&self, records: S) -> BulkPut<R, C>
    where
        R: Batchable,
        S: Stream<Item = R> + Send + 'static,
        C: CanEncrypt,
    {
        let store = self.clone();
        BulkPut {
            store: self.clone(),
            table: self.physical_table::<R>().to_owned(),
            records: records.map(move |record| Pending::put(&store, &record)).boxed(),
            on_progress: None,
            within: DEADLINE,
            record: PhantomData,
        }
    }
}

impl<R, C> BulkPut<R, C> {
    /// Calls a function after each request of up to 25 records, with the number of records that are
    /// written so far.
    pub fn on_progress(mut self, tell: impl FnMut(u64) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(tell));
        self
    }

    /// Sends the records of one request that DynamoDB leaves unprocessed again for this long, and
    /// then fails with [`BatchError::Unfinished`]; 30 seconds by default.
    pub fn deadline(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }
}

impl<R: Batchable, C: CanEncrypt> IntoFuture for BulkPut<R, C> {
    type Output = Result<u64, BatchError>;
    type IntoFuture = OperationFuture<u64, BatchError>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { store, table, records, on_progress, within, record: _ } = self;
        let meter = Meter::new(&store, "bulk_put", &table);
        let span = meter.span();
        let run = async move {
            let store = store.at_kms_rate();
            Flow::new(&store, &meter, records, on_progress, within).run().await
        };
        Box::pin(run.instrument(span))
    }
}

impl<R, C> fmt::Debug for BulkPut<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkPut").field("table", &self.table).finish_non_exhaustive()
    }
}
