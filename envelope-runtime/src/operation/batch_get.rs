//! Loading many records of one type: `BatchGetItem`.

use std::fmt;
use std::iter;
use std::marker::PhantomData;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tracing::Instrument;

use super::OperationFuture;
use super::error::QueryError;
use super::fetched::{CONCURRENCY, Fetched};
use super::meter::Meter;
use super::patience::Patience;
use super::read::batch::{Batch, MAX_KEYS, Wanted};
use super::target::Target;
use crate::attribute::ConvertError;
use crate::key::{Allows, Capability, Full, Scope};
use crate::record::{IntoKey, KeyValues, ProjectionOf, Readable};
use crate::store::Store;

/// The time until which unprocessed keys are asked for again, by default.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// A load of many records, ready to be awaited. Created by [`Store::batch_get`].
///
/// Its output is a `Vec<Option<P>>` in the order of the keys. One that there is no record for, or
/// whose record has expired, is `None`.
///
/// One
/// [BatchGetItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html)
/// for each 100 keys, one after the other, and one KMS call for each data key of the records. By
/// default, each record with protected attributes has its own. Up to 16 of them are made at the
/// same time. A key that is given several times is read once, and its record is opened each time.
///
/// The records are not read at one moment: see [`Store::read_transaction`].
///
/// # Errors
///
/// One item that cannot be opened fails the whole call, with [`QueryError::Item`], which has its
/// key. All keys are checked before the first request.
#[must_use = "a batch get does nothing until it is awaited"]
pub struct BatchGet<P, C = Full> {
    store: Store<C>,
    keys: Vec<Result<KeyValues, ConvertError>>,
    consistent: bool,
    given: Scope,
    deadline: Duration,
    returns: PhantomData<fn() -> P>,
}

impl<C: Capability> Store<C> {
    /// Loads the records under many keys, in their order.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// let users: Vec<Option<User>> = store.batch_get::<User>(["u-1", "u-2"]).await?;
    /// let orders = store.batch_get::<Order>((1..=250).map(|number| ("t-1", number))).await?;
    /// assert_eq!(orders.len(), 250);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A key of another record's type does not compile:
    ///
    /// ```compile_fail,E0277
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// let users = store.batch_get::<User>([("t-1", 7)]).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "batch_get_item")]
    pub fn batch_get<P: Readable>(
        &self,
        keys: impl IntoIterator<Item: IntoKey<P::Key>>,
    ) -> BatchGet<P, C>
    where
        C: Allows<P::Needs>,
    {
        BatchGet {
            store: self.clone(),
            keys: keys.into_iter().map(IntoKey::into_key).collect(),
            consistent: false,
            given: Scope::default(),
            deadline: DEADLINE,
            returns: PhantomData,
        }
    }
}

impl<P: Readable, C: Allows<P::Needs>> BatchGet<P, C> {
    /// Makes strongly consistent reads, which cost twice the read units.
    #[doc(alias = "consistent_read")]
    pub fn consistent(mut self) -> Self {
        self.consistent = true;
        self
    }

    /// Reads some of the fields of each record: those of the projection `Q`.
    #[doc(alias = "projection_expression")]
    pub fn project<Q: ProjectionOf<P>>(self) -> BatchGet<Q, C>
    where
        C: Allows<Q::Needs>,
    {
        let Self { store, keys, consistent, given, deadline, returns: _ } = self;
        BatchGet { store, keys, consistent, given, deadline, returns: PhantomData }
    }

    /// Supplies values of context fields that are not part of the key, as
    /// [`Get::context`](super::Get::context) does. They are those of all the records.
    #[doc(alias = "encryption_context")]
    pub fn context<N: Into<String>, V: Into<String>>(
        mut self,
        context: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.given.extend(Scope::new(context));
        self
    }

    /// Asks again for keys that DynamoDB leaves unprocessed until this time after the start; 30
    /// seconds by default. Then the call fails with [`QueryError::Unprocessed`].
    ///
    /// DynamoDB leaves keys unprocessed if the table's capacity is used up, and if their items have
    /// more than 16 MB. The waits are random, and longer each time that no item comes. The deadline
    /// does not end a request, and opening the records takes the time that it takes.
    #[doc(alias = "unprocessed_keys")]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }
}

impl<P: Readable, C: Allows<P::Needs>> IntoFuture for BatchGet<P, C> {
    type Output = Result<Vec<Option<P>>, QueryError>;
    type IntoFuture = OperationFuture<Vec<Option<P>>, QueryError>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { store, keys, consistent, given, deadline, returns: _ } = self;
        let schema = P::SCHEMA;
        let meter = Meter::new(&store, "batch_get", store.physical_table::<P>());
        let span = meter.span();
        let run = async move {
            let caller = store.caller_context(&schema, given).map_err(QueryError::Context)?;
            let target = |key| Target::of_key(&schema, &caller, key);
            let targets = keys.into_iter().map(target).collect::<Result<Vec<_>, _>>()?;
            let keys = targets.iter().map(|target| target.key.attributes());
            let wanted = Wanted::distinct(keys.enumerate());
            let store = store.keeping_data_keys();
            let (store, meter, table) = (&store, &meter, store.physical_table::<P>());
            let batch = Batch { store, meter, schema: &schema, table, consistent };
            let mut patience = Patience::of_capacity(store.ticks(), deadline);
            let mut records: Vec<Option<P>> =
                iter::repeat_with(|| None).take(targets.len()).collect();
            let (of, mut later) = (wanted.len(), wanted.len());
            for wanted in wanted.chunks(MAX_KEYS) {
                later -= wanted.len();
                let found = batch.read(wanted, &mut patience).await;
                let mut found = found.map_err(|unread| unread.into_error(&schema, later, of))?;
                found.sort_unstable_by_key(|(place, _)| *place);
                let opened = found.into_iter().filter_map(|(place, item)| {
                    let target = targets.get(place)?;
                    let fetched = Fetched { store, meter, table, target };
                    Some(async move { (place, fetched.open_one::<P>(item).await) })
                });
                let mut opened = stream::iter(opened).buffered(CONCURRENCY);
                while let Some((place, record)) = opened.next().await {
                    if let Some(at) = records.get_mut(place) {
                        *at = record?;
                    }
                }
            }
            Ok(records)
        };
        Box::pin(run.instrument(span))
    }
}

impl<P, C> fmt::Debug for BatchGet<P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchGet")
            .field("keys", &self.keys.len())
            .field("consistent", &self.consistent)
            .finish_non_exhaustive()
    }
}
