//! The store: a DynamoDB client, a key provider and names of tables.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;

use crate::error::Presence;
use crate::key::{CanDecrypt, CanEncrypt, Capability, ContextPairs, Full, KeyProvider};
use crate::operation::{Delete, Get, Put};
use crate::record::{EnvelopeRecord, IntoKey};

/// Saves and loads records. Cloning is cheap, and constructing makes no call.
///
/// Every operation is a builder: set its options, then `.await` it. Its future is `Send`, owns all
/// it needs and never blocks.
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
    /// Physical table names by logical ones, where they differ.
    tables: Arc<HashMap<&'static str, String>>,
    scope: ContextPairs,
}

impl<C: Capability> Store<C> {
    /// A store over a DynamoDB client and a provider of data keys.
    ///
    /// The SDK client brings its own Region, credentials, retries and timeouts.
    pub fn new(client: Client, provider: impl KeyProvider<Capability = C>) -> Self {
        Self {
            client,
            provider: Arc::new(provider),
            tables: Arc::default(),
            scope: ContextPairs::default(),
        }
    }

    /// Keeps the records of `R`'s logical table in the DynamoDB table `physical`:
    /// `store.table_name::<User>("prod-users")`.
    ///
    /// The logical name is the one in `#[envelope(table = "…")]` and is sealed into every record;
    /// the physical name is not, so that a restored or copied table can be read under its new name.
    #[must_use]
    pub fn table_name<R: EnvelopeRecord>(mut self, physical: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.tables).insert(R::SCHEMA.table(), physical.into());
        self
    }

    /// A store for one context: attribute names and texts of `#[envelope(context)]` fields.
    ///
    /// Records of another context are neither saved nor loaded through it.
    #[must_use]
    pub fn scoped<N: Into<String>, V: Into<String>>(
        &self,
        context: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut store = self.clone();
        store.scope.extend(ContextPairs::new(context));
        store
    }

    /// Saves a record, whether or not one is there, under a fresh data key.
    pub fn put<R: EnvelopeRecord>(&self, record: &R) -> Put<R, C>
    where
        C: CanEncrypt,
    {
        Put::new(self.clone(), record)
    }

    /// Saves a record as [`put`](Self::put) does, but only if there is none under its key.
    ///
    /// Otherwise nothing is written, and [`SaveError::is_conflict`](crate::SaveError::is_conflict)
    /// is true of the error.
    pub fn create<R: EnvelopeRecord>(&self, record: &R) -> Put<R, C>
    where
        C: CanEncrypt,
    {
        self.put(record).only_if(Presence::Absent)
    }

    /// Saves a record as [`put`](Self::put) does, but only if there is one under its key.
    ///
    /// Otherwise nothing is written, and [`SaveError::is_not_found`](crate::SaveError::is_not_found)
    /// is true of the error.
    pub fn replace<R: EnvelopeRecord>(&self, record: &R) -> Put<R, C>
    where
        C: CanEncrypt,
    {
        self.put(record).only_if(Presence::Present)
    }

    /// Loads the record under `key`; `None` if there is none.
    pub fn get<R: EnvelopeRecord>(&self, key: impl IntoKey<R::Key>) -> Get<R, C>
    where
        C: CanDecrypt,
    {
        Get::new(self.clone(), key)
    }

    /// Deletes the record under `key`, if it is there.
    pub fn delete<R: EnvelopeRecord>(&self, key: impl IntoKey<R::Key>) -> Delete<R, C> {
        Delete::new(self.clone(), key)
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn provider(&self) -> &dyn KeyProvider<Capability = C> {
        self.provider.as_ref()
    }

    pub(crate) fn scope(&self) -> &ContextPairs {
        &self.scope
    }

    pub(crate) fn physical_table<R: EnvelopeRecord>(&self) -> &str {
        let logical = R::SCHEMA.table();
        self.tables.get(logical).map_or(logical, String::as_str)
    }
}

impl<C> Clone for Store<C> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            provider: Arc::clone(&self.provider),
            tables: Arc::clone(&self.tables),
            scope: self.scope.clone(),
        }
    }
}

impl<C> fmt::Debug for Store<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("tables", &self.tables).finish_non_exhaustive()
    }
}
