//! Querying one partition of a table, or of one of its indexes.

use std::fmt;
use std::marker::PhantomData;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;

use super::OperationFuture;
use super::cursor::{After, IntoCursor};
use super::error::QueryError;
use super::hashed::query_values;
use super::walk::{Bounds, Gives, Options, Page, Reads, Records, Source, Start};
use crate::attribute::ConvertError;
use crate::expression::{Condition, KeyCondition, Node};
use crate::key::{Allows, Capability, Full, Scope};
use crate::record::{
    Consistent, ContextInKey, EnvelopeRecord, IndexHandle, IndexSchema, IntoPartition, KeyError,
    KeyErrorKind, KeyValues, Keys, Narrows, OnTable, OwnedKey, Place, Readable, Sort,
    SortCondition, SortValues, SortedKey,
};
use crate::store::Store;

/// A query of one partition of a table, or of the index that `I` says. Created by [`Store::query`]
/// and [`Store::query_index`]. Set its options, then choose an ending: [`all`](Self::all),
/// [`page`](Self::page), [`first`](Self::first), [`one`](Self::one), [`count`](Self::count) or
/// [`stream`](Self::stream).
///
/// It gives out the records of the type `P`, in the order of their sort keys. In a table of several
/// record types, the text of a key that a template makes decides the type, and items of other types
/// are skipped; begin the templates of a table with different texts. Keys that are fields tell no
/// types. Expired records are left out.
///
/// A query is not a future, so that nobody reads a whole partition by a forgotten word:
///
/// ```compile_fail,E0277
/// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
/// # async fn example(store: Store) {
/// let orders = store.query::<Order>("t-1").await;
/// # }
/// ```
///
/// Each page is one
/// [Query](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html) of at most
/// 1 MB, and one KMS call for each data key of the records given out. By default, each record with
/// protected attributes has its own. Up to 16 calls are made at the same time.
///
/// Every record is verified as a load verifies it. **Which** records there are is DynamoDB's
/// answer: whoever writes the table can delete records, and the filter is about values before they
/// are verified.
#[must_use = "a query does nothing until one of its endings is awaited: `all`, `page`, `first`, `one`, \
              `count`, `stream`"]
pub struct Query<P: Readable, C = Full, I = OnTable<<P as Readable>::Key>> {
    store: Store<C>,
    index: Option<&'static IndexSchema>,
    partition: Result<KeyValues, ConvertError>,
    sort: Option<Result<SortValues, ConvertError>>,
    options: Options,
    bounds: Bounds,
    reverse: bool,
    after: After,
    returns: PhantomData<fn() -> (P, I)>,
}

impl<C: Capability> Store<C> {
    /// Queries the records in one partition: `store.query::<Order>("t-1").all().await?`.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// let newest: Vec<Order> = store
    ///     .query::<Order>("t-1")
    ///     .sort(|s| s.ge(1_000))
    ///     .filter(|f| f.status.eq("open"))
    ///     .reverse()
    ///     .take(10)
    ///     .all()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn query<P: Readable>(&self, partition: impl IntoPartition<P::Key>) -> Query<P, C>
    where
        P::Key: SortedKey,
    {
        Query::new(self, None, partition.into_partition())
    }

    /// Queries the records in one partition of an index:
    /// `store.query_index(Order::INDEXES.by_status, "open").all().await?`.
    ///
    /// The options and endings are those of a query of the table. The partition and the condition
    /// on the sort key are the index's own.
    ///
    /// A record is verified as if it came from the table. That it is in this partition is verified
    /// as far as the fields of the index's partition key are protected: see the option `index` of
    /// [`EnvelopeRecord`](macro@crate::EnvelopeRecord). Of keys that templates make, a record whose
    /// own fields do not make them is skipped, and counted in
    /// [`stale_items`](crate::Usage::stale_items): a program that does not know the index has
    /// changed it.
    ///
    /// DynamoDB copies a write to a global index a moment later. So a query may give out a record
    /// as it was before, and lack a new one.
    ///
    /// ```no_run
    /// # use envelope_runtime::{EnvelopeRecord, QueryError, Store};
    /// #[derive(EnvelopeRecord)]
    /// #[envelope(
    ///     table = "orders",
    ///     index(by_customer(partition = "customer", sort = "placed_at"))
    /// )]
    /// struct Order {
    ///     #[partition_key]
    ///     id: String,
    ///     #[authenticated]
    ///     customer: String,
    ///     placed_at: u64,
    ///     #[encrypted]
    ///     address: String,
    /// }
    ///
    /// # async fn example(store: Store) -> Result<(), QueryError> {
    /// let newest: Vec<Order> = store
    ///     .query_index(Order::INDEXES.by_customer, "c-1")
    ///     .sort(|s| s.ge(1_800_000_000))
    ///     .reverse()
    ///     .take(10)
    ///     .all()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "index_name")]
    pub fn query_index<H: IndexHandle>(
        &self,
        index: H,
        partition: impl IntoPartition<<H::Place as Place>::Key>,
    ) -> Query<H::Reads, C, H::Place> {
        Query::new(self, Some(index.schema()), partition.into_partition())
    }
}

impl<P: Readable, C: Capability, I> Query<P, C, I> {
    fn new(
        store: &Store<C>,
        index: Option<&'static IndexSchema>,
        partition: Result<KeyValues, ConvertError>,
    ) -> Self {
        Self {
            store: store.clone(),
            index,
            partition,
            sort: None,
            options: Options::default(),
            bounds: Bounds::default(),
            reverse: false,
            after: After::Nothing,
            returns: PhantomData,
        }
    }

    fn returning<Q: Readable>(self) -> Query<Q, C, I> {
        let Self { store, index, partition, sort, options, bounds, reverse, after, returns: _ } =
            self;
        let returns = PhantomData;
        Query { store, index, partition, sort, options, bounds, reverse, after, returns }
    }
}

impl<R: EnvelopeRecord, C: Capability, I: Place> Query<Keys<R>, C, I>
where
    R::Key: OwnedKey,
{
    /// Reads the records whole from the table, by the keys that the index gives: strongly
    /// consistent, with one
    /// [BatchGetItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html)
    /// for each 100 of them. A record that is gone, or no longer has the keys that the index says,
    /// is left out. Keys that DynamoDB leaves unprocessed are asked for again for 30 seconds; then
    /// the query fails with [`QueryError::Unprocessed`].
    #[doc(alias = "batch_get_item")]
    pub fn load(mut self) -> Query<R, C, I> {
        self.options.gives = Gives::Loaded;
        self.returning()
    }
}

impl<P: Readable, C: Capability, I: Place> Query<P, C, I> {
    /// Only records whose sort key satisfies a condition: see [`Sort`]. A later one replaces it.
    #[doc(alias = "key_condition_expression")]
    pub fn sort(mut self, condition: impl FnOnce(Sort<I::Key>) -> SortCondition<I::Key>) -> Self {
        self.sort = Some(condition(Sort::new()).into_values());
        self
    }

    /// Only records whose attributes satisfy a condition, and those of earlier calls.
    ///
    /// DynamoDB filters what it has read, so a filter saves no read units: a page may hold few
    /// records, or none, and still have a cursor. Values are compared before they are verified.
    #[doc(alias = "filter_expression")]
    pub fn filter(mut self, condition: impl FnOnce(P::Attributes) -> Condition<P::Of>) -> Self {
        let node = condition(P::ATTRIBUTES).into_node();
        self.options.filter = Node::both(self.options.filter, Some(node));
        self
    }

    /// From the highest sort key to the lowest.
    #[doc(alias = "scan_index_forward")]
    pub fn reverse(mut self) -> Self {
        self.reverse = true;
        self
    }

    /// Reads some of the fields of each record: those of the projection `Q`.
    #[doc(alias = "projection_expression")]
    pub fn project<Q: Readable>(self) -> Query<Q, C, I>
    where
        P: Narrows<Q>,
    {
        self.returning()
    }

    /// Makes strongly consistent reads, which cost twice the read units. Global indexes have none.
    #[doc(alias = "consistent_read")]
    pub fn consistent(mut self) -> Self
    where
        I: Consistent,
    {
        self.options.consistent = true;
        self
    }

    /// Gives out at most this many records.
    pub fn take(mut self, records: usize) -> Self {
        self.bounds.take = Some(records);
        self
    }

    /// Lets DynamoDB look at this many items for one page, before the filter.
    #[doc(alias = "limit")]
    pub fn page_size(mut self, items: usize) -> Self {
        self.bounds.page_size = Some(items.max(1));
        self
    }

    /// Lets DynamoDB look at this many items in all. If it stops there, the query fails with
    /// [`QueryError::ReadLimit`], even if no more items follow, which DynamoDB does not say;
    /// [`page`](Self::page) returns what it has, with a cursor.
    pub fn read_at_most(mut self, items: usize) -> Self {
        self.bounds.read_at_most = Some(items);
        self
    }

    /// Goes on behind a cursor: a [`Cursor`](super::Cursor), a
    /// [`SealedCursor`](super::SealedCursor), or an `Option` of one.
    #[doc(alias = "exclusive_start_key")]
    pub fn after(mut self, cursor: impl IntoCursor) -> Self {
        self.after = cursor.into_cursor();
        self
    }

    /// Supplies values of context fields that are not part of the partition key, as
    /// [`Get::context`](super::Get::context) does.
    #[doc(alias = "encryption_context")]
    pub fn context<N: Into<String>, V: Into<String>>(
        mut self,
        context: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.options.given.extend(Scope::new(context));
        self
    }

    /// Reads records of every context. Each one's context is what its key says, so that the key
    /// service is asked for many contexts.
    ///
    /// An attacker who can write the table chooses which contexts are asked for, though not what is
    /// opened under them: a record opens only in its own context.
    pub fn every_context(mut self) -> Self
    where
        P::Of: ContextInKey,
    {
        self.options.every_context = true;
        self
    }

    /// The number of records that the query would give out. It reads them, without opening or
    /// verifying any, and makes no call to the key service. Of an index that does not hold whole
    /// records, it is the number of entries.
    #[must_use = "a query does nothing until it is awaited"]
    pub fn count(mut self) -> OperationFuture<u64, QueryError> {
        self.options.gives = Gives::Counted;
        Start::count(self.start())
    }

    /// The SDK's request for the first page, ready to be sent. Open the items of its answer with an
    /// [`Opener`](crate::Opener): see [`Scan::into_request`](super::Scan::into_request) for what is
    /// then the caller's. So are the items on the upper end of a range that a template makes, and
    /// the stale items of an index. Behind [`load`](Query::load) it is the request of the index.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(
    /// #     store: Store,
    /// #     opener: Opener,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// let request = store.query::<Order>("t-1").sort(|s| s.ge(1_000)).into_request()?;
    /// let mut items = request.into_paginator().items().send();
    /// while let Some(item) = items.next().await {
    ///     let order = opener.open::<Order>(Item::try_from(item?)?).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`QueryError`], as from the endings before their first request.
    pub fn into_request(self) -> Result<QueryFluentBuilder, QueryError> {
        let (index, reverse) = (self.index, self.reverse);
        self.start()?.into_query(index, reverse)
    }

    fn start(self) -> Result<Start<C>, QueryError> {
        let Self { store, index, partition, sort, options, bounds, reverse, after, .. } = self;
        let schema = P::SCHEMA;
        let key = schema.query_key(index);
        let given = &options.given;
        let (partition, sort) = query_values(&schema, &store, given, &key, (partition, sort))?;
        let condition = KeyCondition::new(&schema, &key, partition, sort);
        let condition = condition.map_err(QueryError::Key)?;
        let filtered = options.filter.as_ref().map(Node::all_names).unwrap_or_default();
        if let Some(key) = key.all().find(|key| filtered.contains(&key.name())) {
            let error = KeyError::new(&schema, key.name(), KeyErrorKind::Filtered);
            return Err(QueryError::Key(error));
        }
        let source = Source::Partition { index, key, condition, reverse };
        Ok(Start { reads: Reads::new::<P>(store, source, options)?, after, bounds })
    }
}

impl<P: Readable, C: Allows<P::Needs>, I: Place> Query<P, C, I> {
    /// All records. They are all in memory: see [`stream`](Self::stream).
    ///
    /// # Errors
    ///
    /// [`QueryError::Item`] if one of them cannot be opened.
    #[must_use = "a query does nothing until it is awaited"]
    pub fn all(self) -> OperationFuture<Vec<P>, QueryError> {
        Start::all(self.start())
    }

    /// One page. With [`take`](Self::take), it holds that many records, if there are as many, and
    /// its cursor is behind the last of them. Without, it is one page of DynamoDB's.
    ///
    /// # Errors
    ///
    /// [`QueryError::Item`] if one of its records cannot be opened.
    #[must_use = "a query does nothing until it is awaited"]
    pub fn page(self) -> OperationFuture<Page<P>, QueryError> {
        Start::page(self.start())
    }

    /// The first record, if there is one. It reads on until it finds one: see
    /// [`read_at_most`](Self::read_at_most).
    ///
    /// # Errors
    ///
    /// [`QueryError::Item`] if it cannot be opened.
    #[must_use = "a query does nothing until it is awaited"]
    pub fn first(self) -> OperationFuture<Option<P>, QueryError> {
        Start::first(self.take(1).start())
    }

    /// The only record, if there is one. It reads on until it finds a second one or the end: see
    /// [`read_at_most`](Self::read_at_most).
    ///
    /// # Errors
    ///
    /// [`QueryError::Several`] if there are two; [`QueryError::Item`] if one cannot be opened.
    #[must_use = "a query does nothing until it is awaited"]
    pub fn one(self) -> OperationFuture<Option<P>, QueryError> {
        Start::one(self.take(2).start())
    }

    /// All records as a stream, with one page in memory.
    pub fn stream(self) -> Records<P> {
        Start::records(self.start())
    }
}

impl<P: Readable, C, I> fmt::Debug for Query<P, C, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}
