//! Reading several records as of one moment: `TransactGetItems`.

mod joins;
mod request;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use tracing::Instrument;

use super::OperationFuture;
use super::error::QueryError;
use super::fetched::{CONCURRENCY, Fetched};
use super::meter::{Meter, table_names};
use crate::attribute::ConvertError;
use crate::key::{Allows, Capability, Full, Scope};
use crate::record::{IntoKey, KeyValues, Readable, RecordSchema};
use crate::store::Store;
pub use joins::Joins;
use request::{Answer, Answers, Request};

/// The time until which a cancelled transaction is sent again, by default.
const DEADLINE: Duration = Duration::from_secs(5);

/// Reads several records as of one moment. Created by [`Store::read_transaction`].
///
/// Its output is the tuple of what each [`get`](Self::get) gives, in their order, or the `Vec` of
/// [`get_all`](ReadTransaction::get_all). Without any, no request is made.
///
/// One
/// [TransactGetItems](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactGetItems.html),
/// which costs twice the read units of strongly consistent reads, and one KMS call for each data
/// key of the records, of which each has its own by default. Up to 16 calls are made at the same
/// time. In a global table, the moment is one of the Region that is asked: a transaction of another
/// Region may have arrived in part.
///
/// # Errors
///
/// DynamoDB takes at most 100 keys and no key twice: [`QueryError::ReadTransaction`], before any
/// request. One item that cannot be opened fails the whole call, with [`QueryError::Item`], which
/// has its key.
#[must_use = "a read transaction does nothing until it is awaited"]
pub struct ReadTransaction<C = Full, G = ()> {
    store: Store<C>,
    asked: Vec<Asked>,
    given: Scope,
    deadline: Duration,
    open: Open<C, G>,
}

/// A key that is asked for.
struct Asked {
    schema: RecordSchema,
    table: String,
    key: Result<KeyValues, ConvertError>,
}

/// Opens the answers, of which it takes its own from the front.
type Open<C, G> =
    Box<dyn FnOnce(&Arc<Shared<C>>, &mut Answers) -> BoxFuture<'static, Opened<G>> + Send + Sync>;

type Opened<T> = Result<T, QueryError>;

/// The common ground of the records that are opened.
struct Shared<C> {
    store: Store<C>,
    meter: Meter,
}

impl<C: Capability> Store<C> {
    /// Begins to read several records as of one moment, of several types and tables.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// let (user, order) = store
    ///     .read_transaction()
    ///     .get::<User>("u-1")
    ///     .get::<Order>(("t-1", 7))
    ///     .await?;
    /// let users = store.read_transaction().get_all::<User>(["u-1", "u-2"]).await?;
    /// # let (_, _, _): (Option<User>, Option<Order>, Vec<Option<User>>) = (user, order, users);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "transact_get_items")]
    pub fn read_transaction(&self) -> ReadTransaction<C> {
        ReadTransaction {
            store: self.clone(),
            asked: Vec::new(),
            given: Scope::default(),
            deadline: DEADLINE,
            open: Box::new(|_, _| Box::pin(std::future::ready(Ok(())))),
        }
    }
}

impl<C: Capability, G: Send + 'static> ReadTransaction<C, G> {
    /// Reads the record under `key`: `None` if there is none, or its `#[envelope(ttl)]` has
    /// expired. `P` may be a projection.
    ///
    /// A transaction gives a tuple of at most eight records; a ninth does not compile:
    ///
    /// ```compile_fail,E0277
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// let read = store.read_transaction().get::<User>("1").get::<User>("2").get::<User>("3");
    /// let read = read.get::<User>("4").get::<User>("5").get::<User>("6").get::<User>("7");
    /// let nine = read.get::<User>("8").get::<User>("9").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn get<P: Readable + Joins<G>>(
        self,
        key: impl IntoKey<P::Key>,
    ) -> ReadTransaction<C, P::With>
    where
        C: Allows<P::Needs>,
    {
        let Self { store, mut asked, given, deadline, open } = self;
        asked.push(Asked::new::<P, C>(&store, key));
        let open: Open<C, P::With> = Box::new(|shared, answers| {
            let before = open(shared, answers);
            let last = answers.next();
            let shared = Arc::clone(shared);
            Box::pin(async move {
                let last = async {
                    match last {
                        Some(answer) => shared.open::<P>(answer).await,
                        None => Ok(None),
                    }
                };
                let (before, last) = join(before, last).await;
                let before = before?;
                Ok(P::join(last?, before))
            })
        });
        ReadTransaction { store, asked, given, deadline, open }
    }

    /// Supplies values of context fields that are not part of the key, as
    /// [`Get::context`](super::Get::context) does. Each is for the record types that have the
    /// field.
    #[doc(alias = "encryption_context")]
    pub fn context<N: Into<String>, V: Into<String>>(
        mut self,
        context: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.given.extend(Scope::new(context));
        self
    }

    /// Sends the transaction again until this time after the start if another one is writing to one
    /// of its items, or a table's capacity is used up; 5 seconds by default. Then the call fails
    /// with [`QueryError::Request`].
    ///
    /// The waits are random, and longer each time.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }
}

impl<C: Capability> ReadTransaction<C> {
    /// Reads the records under many keys, in their order.
    pub fn get_all<P: Readable>(
        self,
        keys: impl IntoIterator<Item: IntoKey<P::Key>>,
    ) -> ReadTransaction<C, Vec<Option<P>>>
    where
        C: Allows<P::Needs>,
    {
        let Self { store, given, deadline, .. } = self;
        let asked = keys.into_iter().map(|key| Asked::new::<P, C>(&store, key)).collect();
        let open: Open<C, Vec<Option<P>>> = Box::new(|shared, answers| {
            let shared = Arc::clone(shared);
            let answers: Vec<_> = answers.collect();
            let opened = stream::iter(answers).map(move |answer| {
                let shared = Arc::clone(&shared);
                async move { shared.open::<P>(answer).await }
            });
            Box::pin(opened.buffered(CONCURRENCY).try_collect())
        });
        ReadTransaction { store, asked, given, deadline, open }
    }
}

impl Asked {
    fn new<P: Readable, C: Capability>(store: &Store<C>, key: impl IntoKey<P::Key>) -> Self {
        let table = store.physical_table::<P>().to_owned();
        Self { schema: P::SCHEMA, table, key: key.into_key() }
    }
}

impl<C: Capability> Shared<C> {
    async fn open<P: Readable>(&self, answer: Answer) -> Opened<Option<P>>
    where
        C: Allows<P::Needs>,
    {
        let Answer { target, table, item } = answer;
        let Some(item) = item else { return Ok(None) };
        let fetched =
            Fetched { store: &self.store, meter: &self.meter, table: &table, target: &target };
        fetched.open_whole(item).await
    }
}

impl<C: Capability, G: Send + 'static> IntoFuture for ReadTransaction<C, G> {
    type Output = Result<G, QueryError>;
    type IntoFuture = OperationFuture<G, QueryError>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { store, asked, given, deadline, open } = self;
        let tables = table_names(asked.iter().map(|asked| asked.table.as_str()));
        let meter = Meter::new(&store, "read_transaction", &tables);
        let span = meter.span();
        let run = async move {
            let mut answers = match asked.first() {
                None => Vec::new().into_iter(),
                Some(&Asked { schema, .. }) => {
                    let request = Request::new(&store, &schema, asked, &given, tables)?;
                    request.answers(&store, &meter, deadline).await?
                }
            };
            let shared = Arc::new(Shared { store: store.keeping_data_keys(), meter });
            open(&shared, &mut answers).await
        };
        Box::pin(run.instrument(span))
    }
}

impl<C, G> fmt::Debug for ReadTransaction<C, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadTransaction").field("keys", &self.asked.len()).finish_non_exhaustive()
    }
}
