//! Deleting the records of a partition: a query of their keys, and deletions in batches or one by
//! one.

mod run;

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use tracing::Instrument;

use super::OperationFuture;
use super::batch_write::DEADLINE;
use super::error::{BatchError, QueryError};
use super::hashed::query_values;
use super::walk::{Gives, Options, Reads, Source};
use crate::attribute::ConvertError;
use crate::expression::KeyCondition;
use crate::key::{Capability, Full, Scope};
use crate::record::{EnvelopeRecord, IntoPartition, KeyValues, OwnSortKey, SortedKey};
use crate::store::Store;
use run::{Way, run};

/// The deletion of the records in a partition, ready to be awaited. Created by
/// [`Store::delete_partition`] and [`Store::delete_whole_partition`].
///
/// The keys are read with strongly consistent requests of
/// [Query](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html), at the
/// price of the whole items, and without a KMS call. Expired records are deleted too. Records of a
/// type without a version are deleted 25 with one
/// [BatchWriteItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html).
/// Those of a type with an `#[envelope(version)]`, or that is `plaintext_only`, are deleted one by
/// one, 16 at the same time, and only if they are still as they were read: see
/// [`only_as_read`](Self::only_as_read).
///
/// **What is written meanwhile may stay or go.** A record that is saved behind the place that the
/// query has reached is found by it, and one that is saved before it is not. Call it again after an
/// error: it deletes what is left.
///
/// # Errors
///
/// [`BatchError::Query`] if the partition cannot be used or read, and [`BatchError::Unfinished`] if
/// some of the deletions are not known to have happened.
#[must_use = "a deletion does nothing until it is awaited"]
pub struct DeletePartition<R, C = Full> {
    store: Store<C>,
    partition: Result<KeyValues, ConvertError>,
    gives: Gives,
    given: Scope,
    only_as_read: bool,
    within: Duration,
    record: PhantomData<fn() -> R>,
}

/// The numbers of items that the deletion of a partition deleted and kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deleted {
    /// The items that were read and are gone.
    pub deleted: u64,
    /// The items that were read and kept: because another program has changed them meanwhile, and
    /// another call may delete them; because the record type is `plaintext_only` and another struct
    /// protects them; or because their fields do not make their keys, so that they are of another
    /// type.
    pub kept: u64,
}

impl<C: Capability> Store<C> {
    /// Deletes the records of the type `R` in a partition: those whose sort key its template can
    /// make. Items of other types in the partition stay.
    ///
    /// ```no_run
    /// # use envelope_runtime::{BatchError, EnvelopeRecord, Store};
    /// #[derive(EnvelopeRecord)]
    /// #[envelope(table = "app", partition_key = "T#{tenant}", sort_key = "ORDER#{number:08}")]
    /// struct Order {
    ///     tenant: String,
    ///     number: u32,
    ///     #[encrypted]
    ///     address: String,
    /// }
    ///
    /// # async fn example(store: Store) -> Result<(), BatchError> {
    /// let orders = store.delete_partition::<Order>("t-1").await?;
    /// println!("{} orders are deleted", orders.deleted);
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete_partition<R: OwnSortKey>(
        &self,
        partition: impl IntoPartition<R::Key>,
    ) -> DeletePartition<R, C>
    where
        R::Key: SortedKey,
    {
        DeletePartition::new(self, partition.into_partition(), Gives::Deleted)
    }

    /// Deletes **every item** in a partition, of whatever record type. `R` says how the key of the
    /// partition is made. If it has context fields, items in which one of them has another value
    /// stay.
    ///
    /// Items of other types are deleted as those of `R` are: in batches, unless `R` has a version
    /// or is `plaintext_only`. Say [`only_as_read`](DeletePartition::only_as_read) if one of the
    /// other types needs it.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// store.delete_whole_partition::<Order>("t-1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete_whole_partition<R: EnvelopeRecord>(
        &self,
        partition: impl IntoPartition<R::Key>,
    ) -> DeletePartition<R, C>
    where
        R::Key: SortedKey,
    {
        DeletePartition::new(self, partition.into_partition(), Gives::Cleared)
    }
}

impl<R: EnvelopeRecord, C: Capability> DeletePartition<R, C> {
    fn new(store: &Store<C>, partition: Result<KeyValues, ConvertError>, gives: Gives) -> Self {
        let schema = R::SCHEMA;
        Self {
            store: store.clone(),
            partition,
            gives,
            given: Scope::default(),
            only_as_read: schema.version().is_some() || schema.is_plaintext_only(),
            within: DEADLINE,
            record: PhantomData,
        }
    }

    /// Deletes each item by itself, on the condition that its envelope and version are those that
    /// were read. Items that have changed meanwhile are kept, and counted in [`Deleted::kept`]. An
    /// item that has neither is deleted whatever it has become: nothing shows a change.
    ///
    /// One [DeleteItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html)
    /// for each. An update of attributes that are not protected does not change the envelope.
    pub fn only_as_read(mut self) -> Self {
        self.only_as_read = true;
        self
    }

    /// Supplies values of context fields that are not part of the partition key, as
    /// [`Get::context`](super::Get::context) does. Records of another context are skipped.
    #[doc(alias = "encryption_context")]
    pub fn context<N: Into<String>, V: Into<String>>(
        mut self,
        context: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.given.extend(Scope::new(context));
        self
    }

    /// Sends the deletions of one request that DynamoDB leaves unprocessed again for this long, and
    /// then fails with [`BatchError::Unfinished`]; 30 seconds by default.
    pub fn deadline(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }

    fn start(self) -> Result<(Reads<C>, Way), QueryError> {
        let Self { store, partition, gives, given, only_as_read, within, record: _ } = self;
        let schema = R::SCHEMA;
        let mut key = schema.query_key(None);
        if gives == Gives::Cleared {
            key.sort.clear();
        }
        let (partition, _) = query_values(&schema, &store, &given, &key, (partition, None))?;
        let condition = KeyCondition::new(&schema, &key, partition, None);
        let condition = condition.map_err(QueryError::Key)?;
        let source = Source::Partition { index: None, key, condition, reverse: false };
        let options = Options { given, gives, consistent: true, ..Options::default() };
        let reads = Reads::new::<R>(store, source, options)?;
        let keeps_protected = schema.is_plaintext_only() && gives == Gives::Deleted;
        Ok((reads, Way { only_as_read, keeps_protected, within }))
    }
}

impl<R: EnvelopeRecord, C: Capability> IntoFuture for DeletePartition<R, C> {
    type Output = Result<Deleted, BatchError>;
    type IntoFuture = OperationFuture<Deleted, BatchError>;

    fn into_future(self) -> Self::IntoFuture {
        match self.start() {
            Ok((reads, way)) => {
                let span = reads.span();
                Box::pin(run(reads, way).instrument(span))
            }
            Err(error) => Box::pin(std::future::ready(Err(BatchError::Query(error)))),
        }
    }
}

impl<R, C> fmt::Debug for DeletePartition<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeletePartition")
            .field("only_as_read", &self.only_as_read)
            .finish_non_exhaustive()
    }
}
