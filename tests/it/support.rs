//! The common ground of most tests.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, Store};
use envelope_tests::{Backend, KmsRequests, unique_table};

pub(crate) type Stored = HashMap<String, AttributeValue>;

/// The record that most tests save: shaped like the one of the README.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
pub(crate) struct User {
    #[partition_key]
    pub(crate) id: String,
    pub(crate) nickname: String,
    #[encrypted]
    pub(crate) ssn: String,
    #[encrypted]
    pub(crate) email: Option<String>,
    #[authenticated]
    pub(crate) role: String,
}

impl User {
    pub(crate) fn new(id: &str) -> Self {
        Self {
            id: id.into(),
            nickname: "zoë".into(),
            ssn: "078-05-1120".into(),
            email: Some("zoe@example.com".into()),
            role: "patient".into(),
        }
    }
}

/// Stand-ins for the other logical tables, which share one physical table with the users.
macro_rules! logical_tables {
    ($($name:ident: $table:literal),*) => {$(
        #[derive(EnvelopeRecord)]
        #[envelope(table = $table)]
        struct $name {
            #[partition_key]
            id: String,
            #[encrypted]
            secret: String,
        }
    )*};
}

logical_tables!(People: "people", Orders: "orders", Gallery: "gallery");

/// A store over one table whose partition key is the string `id`, and ways to look behind it.
pub(crate) struct World {
    pub(crate) backend: Backend,
    pub(crate) table: String,
    pub(crate) key: String,
    pub(crate) requests: KmsRequests,
    pub(crate) store: Store,
}

impl World {
    pub(crate) async fn new() -> Self {
        let world = Self::on(Backend::start().await, unique_table()).await;
        world.store.create_table::<User>().await.unwrap();
        world
    }

    /// The same on emulators in this process, for scripted services.
    pub(crate) async fn in_process() -> Self {
        let world = Self::on(Backend::in_process().await, unique_table()).await;
        world.store.create_table::<User>().await.unwrap();
        world
    }

    pub(crate) async fn with_keys(keys: &[(&str, ScalarAttributeType)]) -> Self {
        Self::over(Backend::start().await, keys).await
    }

    pub(crate) async fn over(backend: Backend, keys: &[(&str, ScalarAttributeType)]) -> Self {
        let table = backend.create_table(keys).await;
        Self::on(backend, table).await
    }

    async fn on(backend: Backend, table: String) -> Self {
        let key = backend.create_kms_key().await;
        let (kms, requests) = backend.recorded_kms();
        let store = Store::new(backend.dynamodb.clone(), KmsKeyProvider::new(kms, &key));
        let store = store
            .map_table::<User>(&table)
            .map_table::<People>(&table)
            .map_table::<Orders>(&table)
            .map_table::<Gallery>(&table);
        Self { backend, table, key, requests, store }
    }

    /// A store over the same table with another provider, as a fresh process would have.
    pub(crate) fn store_with(&self, provider: KmsKeyProvider) -> Store {
        Store::new(self.backend.dynamodb.clone(), provider).map_table::<User>(&self.table)
    }

    /// A store over the same table whose first answer from DynamoDB is lost. The SDK retries.
    pub(crate) fn store_losing_answers(&self) -> Store {
        self.store_over(self.backend.dynamodb_losing_an_answer())
    }

    /// The same, without retries.
    pub(crate) fn store_losing_an_answer_for_good(&self) -> Store {
        self.store_over(self.backend.dynamodb_losing_an_answer_for_good())
    }

    pub(crate) fn store_over(&self, dynamodb: aws_sdk_dynamodb::Client) -> Store {
        let provider = KmsKeyProvider::new(self.backend.kms.clone(), &self.key);
        Store::new(dynamodb, provider).map_table::<User>(&self.table)
    }

    /// The item under the id `id`, as DynamoDB stores it.
    pub(crate) async fn stored(&self, id: &str) -> Stored {
        self.stored_at([("id".to_owned(), AttributeValue::S(id.into()))]).await
    }

    pub(crate) async fn stored_at<const N: usize>(
        &self,
        key: [(String, AttributeValue); N],
    ) -> Stored {
        let call = self.backend.dynamodb.get_item().table_name(&self.table).consistent_read(true);
        let answer = call.set_key(Some(key.into())).send().await.unwrap();
        answer.item.unwrap()
    }

    /// Writes an item verbatim, as anyone with write access to the table can.
    pub(crate) async fn write(&self, item: Stored) {
        let call = self.backend.dynamodb.put_item().table_name(&self.table);
        call.set_item(Some(item)).send().await.unwrap();
    }
}

pub(crate) fn bytes(item: &Stored, name: &str) -> Vec<u8> {
    item[name].as_b().unwrap().as_ref().to_vec()
}

pub(crate) fn binary(bytes: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(aws_sdk_dynamodb::primitives::Blob::new(bytes.into()))
}

pub(crate) fn string(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}
