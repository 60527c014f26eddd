//! The records of a table are copied into another one: under hashed keys, or another secret.

mod refused;
mod runs;
mod windows;

use std::sync::Arc;

use envelope_runtime::{EnvelopeRecord, IndexSecret, KmsKeyProvider, Store};
use envelope_tests::{Backend, KmsRequests, unique_table};
use futures_util::TryStreamExt as _;

use crate::support::{Stored, string};

/// The record as it was: its key is readable.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "old")]
struct Old {
    #[partition_key]
    email: String,
    #[encrypted]
    name: String,
    visits: u32,
    #[envelope(ttl)]
    until: Option<u64>,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "new")]
struct New {
    #[partition_key]
    #[envelope(hashed(hex, trim, lowercase))]
    email: String,
    #[encrypted]
    name: String,
    visits: u32,
    #[envelope(ttl)]
    until: Option<u64>,
}

impl From<Old> for New {
    fn from(Old { email, name, visits, until }: Old) -> Self {
        Self { email, name, visits, until }
    }
}

/// Both tables behind one store.
struct World {
    backend: Backend,
    provider: Arc<KmsKeyProvider>,
    requests: KmsRequests,
    store: Store,
    old: String,
    new: String,
}

impl World {
    async fn new() -> Self {
        let world = Self::on(Backend::start().await).await;
        world.store.create_table::<Old>().await.unwrap();
        world.store.create_table::<New>().await.unwrap();
        world
    }

    async fn on(backend: Backend) -> Self {
        let key = backend.create_kms_key().await;
        let (kms, requests) = backend.recorded_kms();
        let provider = Arc::new(KmsKeyProvider::new(kms, &key));
        let (old, new) = (unique_table(), unique_table());
        let store = Store::new(backend.dynamodb.clone(), Arc::clone(&provider));
        let store = store.map_table::<Old>(&old).map_table::<New>(&new).index_secret(secret(1));
        Self { backend, provider, requests, store, old, new }
    }

    async fn with_old(records: usize) -> Self {
        let world = Self::new().await;
        for number in 0..records {
            world.store.put(&old(number)).await.unwrap();
        }
        world.requests.forget();
        world
    }

    async fn all<R>(&self) -> Vec<R>
    where
        R: EnvelopeRecord<Needs = envelope_runtime::key::Decrypt> + Send + 'static,
    {
        self.store.scan::<R>().stream().try_collect().await.unwrap()
    }

    /// The stored items of a table, by their names for themselves.
    async fn items(&self, table: &str) -> Vec<Stored> {
        let scan = self.backend.dynamodb.scan().table_name(table).consistent_read(true);
        let mut items = scan.send().await.unwrap().items.unwrap_or_default();
        items.sort_by_key(|item| format!("{:?}", item.get("email")));
        items
    }

    /// Writes an item of the old table verbatim.
    async fn write(&self, item: Stored) {
        let put = self.backend.dynamodb.put_item().table_name(&self.old);
        put.set_item(Some(item)).send().await.unwrap();
    }

    /// The stored item of a record of the old table.
    async fn stored(&self, email: &str) -> Stored {
        let get = self.backend.dynamodb.get_item().table_name(&self.old);
        get.key("email", string(email)).send().await.unwrap().item.unwrap()
    }
}

fn secret(byte: u8) -> IndexSecret {
    IndexSecret::from_hex("tests", &format!("{byte:02x}").repeat(32)).unwrap()
}

fn email(number: usize) -> String {
    format!("User-{number}@Example.com")
}

fn old(number: usize) -> Old {
    let visits = u32::try_from(number).unwrap();
    Old { email: email(number), name: format!("user {number}"), visits, until: None }
}

fn new(number: usize) -> New {
    New::from(old(number))
}
