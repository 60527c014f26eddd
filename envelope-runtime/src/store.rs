//! The store: a DynamoDB client, a key provider and table names.

mod pace;
mod paced;
mod windows;

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::AsyncSleep;

use crate::clock::{Clock, SystemClock};
use crate::envelope::{Accepted, ContextError, refuse_unknown};
use crate::key::{Cache, Cached, Capability, Full, IndexSecret, KeyProvider, Scope};
use crate::record::{Now, Readable, RecordSchema};
use crate::usage::Usage;
pub(crate) use pace::Pace;
use paced::Paced;
use windows::Warned;

/// The number of data keys that an operation over many items keeps.
const KEPT: usize = 1_000;
/// The time for which it keeps each.
const KEPT_FOR: Duration = Duration::from_mins(1);

/// Saves and loads records. Cloning is cheap, and constructing makes no call.
///
/// Every operation is a builder: set its options, then `.await` it. Its future is `Send`, owns
/// everything it needs and never blocks.
///
/// ```no_run
/// use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, Store};
///
/// #[derive(EnvelopeRecord)]
/// #[envelope(table = "users")]
/// struct User {
///     #[partition_key]
///     id: String,
///     #[encrypted]
///     ssn: String,
/// }
///
/// # async fn example(
/// #     dynamodb: aws_sdk_dynamodb::Client,
/// #     kms: aws_sdk_kms::Client,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// let store = Store::new(dynamodb, KmsKeyProvider::new(kms, "alias/users"));
///
/// store.put(&User { id: "foobar".into(), ssn: "078-05-1120".into() }).await?;
/// let user: Option<User> = store.get("foobar").consistent().await?;
/// store.delete::<User>("foobar").await?;
/// # Ok(())
/// # }
/// ```
pub struct Store<C = Full> {
    client: Client,
    provider: Arc<dyn KeyProvider<Capability = C>>,
    /// Physical table names by logical ones, if they differ.
    tables: Arc<HashMap<&'static str, String>>,
    scope: Scope,
    usage: Option<Usage>,
    clock: Arc<dyn Clock>,
    /// Of the KMS calls of scans and bulk loads, in this store and its clones.
    pace: Arc<Pace>,
    accepted: Accepted,
    warned: Arc<Warned>,
}

impl<C: Capability> Store<C> {
    /// A store over a DynamoDB client and a provider of data keys.
    ///
    /// The SDK client determines the Region, credentials, retries and timeouts.
    pub fn new(client: Client, provider: impl KeyProvider<Capability = C>) -> Self {
        Self {
            client,
            provider: Arc::new(provider),
            tables: Arc::default(),
            scope: Scope::default(),
            usage: None,
            clock: Arc::new(SystemClock),
            pace: Arc::default(),
            accepted: Accepted::default(),
            warned: Arc::default(),
        }
    }

    /// Keeps the records of `R`'s logical table in the DynamoDB table `physical`:
    /// `store.map_table::<User>("prod-users")`.
    ///
    /// The logical name is the one in `#[envelope(table = "…")]` and is sealed into every record.
    /// The physical name is not, so a restored or copied table can be read under its new name.
    #[must_use]
    #[doc(alias = "table_name")]
    pub fn map_table<R: Readable>(mut self, physical: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.tables).insert(R::SCHEMA.table(), physical.into());
        self
    }

    /// A store for one context: attribute names and texts of `#[envelope(context)]` fields.
    ///
    /// Records of another context can be neither saved nor loaded through it.
    #[must_use]
    #[doc(alias = "encryption_context")]
    pub fn scoped<N: Into<String>, V: Into<String>>(
        &self,
        context: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut store = self.clone();
        store.scope.extend(Scope::new(context));
        store
    }

    /// Hashes the keys of `#[envelope(hashed)]` fields under a secret. Without it, operations on
    /// such records fail with [`NoSecret`](crate::error::KeyErrorKind::NoSecret).
    ///
    /// ```no_run
    /// use envelope_runtime::{EnvelopeRecord, IndexSecret, KmsKeyProvider, Store};
    ///
    /// #[derive(EnvelopeRecord)]
    /// #[envelope(table = "accounts")]
    /// struct Account {
    ///     #[partition_key]
    ///     #[envelope(hashed(trim, lowercase, nfc))]
    ///     email: String,
    ///     #[encrypted]
    ///     name: String,
    /// }
    ///
    /// # async fn example(
    /// #     dynamodb: aws_sdk_dynamodb::Client,
    /// #     kms: KmsKeyProvider,
    /// #     text: &str,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// let secret = IndexSecret::unwrap(&kms, text).await?;
    /// let store = Store::new(dynamodb, kms).index_secret(secret);
    ///
    /// let account: Option<Account> = store.get(" Zoe@example.com").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The records of a table have one secret for their life: under another, no load finds them.
    #[must_use]
    pub fn index_secret(mut self, secret: IndexSecret) -> Self {
        self.scope.set_secret(secret);
        self
    }

    /// A store whose operations add their costs to `usage`, and request the consumed capacity from
    /// DynamoDB.
    #[must_use]
    #[doc(alias = "return_consumed_capacity")]
    pub fn measured(&self, usage: &Usage) -> Self {
        Self { usage: Some(usage.clone()), ..self.clone() }
    }

    /// Takes the time from `clock` instead of the operating system, for tests of expiry, of
    /// `#[envelope(created_at)]` and of `#[envelope(updated_at)]`.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Limits the calls to the key service that scans and bulk loads make per second through this
    /// store and its clones: 500 by default, so that they leave most of the account's quota to
    /// others.
    ///
    /// A record with protected attributes takes one call, unless its data key is
    /// [reused](crate::key::KeyProvider::reuse) or [kept](crate::key::KeyProvider::cached). Other
    /// operations are not limited.
    #[must_use]
    pub fn kms_rate(mut self, calls_per_second: NonZeroU32) -> Self {
        self.pace = Arc::new(Pace::new(calls_per_second));
        self
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn provider(&self) -> &dyn KeyProvider<Capability = C> {
        self.provider.as_ref()
    }

    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(crate) fn now(&self) -> Now {
        Now::new(self.clock.wall())
    }

    /// The store's scope, extended by the context of one operation.
    pub(crate) fn caller_context(
        &self,
        schema: &RecordSchema,
        given: Scope,
    ) -> Result<Scope, ContextError> {
        refuse_unknown(schema, &given, self.scope())?;
        let mut caller = self.scope().clone();
        caller.extend(given);
        Ok(caller)
    }

    /// A store for one operation over many items: those under one data key take one call.
    pub(crate) fn keeping_data_keys(self) -> Self {
        let cache = Cache::entries(KEPT).for_at_most(KEPT_FOR).clock_of(&self.clock);
        let provider = Cached::within_operation(self.provider, cache);
        Self { provider: Arc::new(provider), ..self }
    }

    /// A store whose calls to the key service keep to the rate of scans and bulk loads.
    pub(crate) fn at_kms_rate(self) -> Self {
        Self { provider: Arc::new(Paced(self.clone())), ..self }
    }

    /// A store for one operation over many items, at the rate that is set for those.
    pub(crate) fn for_many(self) -> Self {
        self.at_kms_rate().keeping_data_keys()
    }

    pub(crate) fn physical_table<R: Readable>(&self) -> &str {
        let logical = R::SCHEMA.table();
        self.tables.get(logical).map_or(logical, String::as_str)
    }
}

impl<C> Store<C> {
    pub(crate) fn ticks(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Waits in the client's own way, if its configuration sets one.
    pub(crate) async fn wait(&self, delay: Duration) {
        match self.client.config().sleep_impl() {
            Some(sleep) => sleep.sleep(delay).await,
            None => tokio::time::sleep(delay).await,
        }
    }

    pub(crate) fn usage(&self) -> Option<&Usage> {
        self.usage.as_ref()
    }
}

impl<C> Clone for Store<C> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            provider: Arc::clone(&self.provider),
            tables: Arc::clone(&self.tables),
            scope: self.scope.clone(),
            usage: self.usage.clone(),
            clock: Arc::clone(&self.clock),
            pace: Arc::clone(&self.pace),
            accepted: self.accepted.clone(),
            warned: Arc::clone(&self.warned),
        }
    }
}

impl<C> fmt::Debug for Store<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("tables", &self.tables).finish_non_exhaustive()
    }
}
