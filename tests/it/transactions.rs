//! Writes that happen together, over several record types in their own tables.

pub(crate) mod prepared;
mod refused;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use envelope_runtime::error::{
    CancelledError, PositionedError, TransactionLimitErrorKind, WriteError,
};
use envelope_runtime::{
    Clock, EnvelopeRecord, KmsKeyProvider, SaveError, Sealer, Store, TransactionError, UpdateError,
    Usage,
};
use envelope_tests::{Attempt, Backend, KmsRequests, Reaction, Script, unique_table};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
pub(crate) struct User {
    #[partition_key]
    id: String,
    status: String,
    pub(crate) points: u64,
    #[authenticated]
    role: String,
    #[encrypted]
    ssn: String,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "orders")]
struct Order {
    #[partition_key]
    customer: String,
    #[sort_key]
    number: u64,
    total: u64,
    #[encrypted]
    address: String,
    #[envelope(version)]
    version: u64,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "audit", plaintext_only)]
pub(crate) struct Audit {
    #[partition_key]
    id: String,
    text: String,
    seen: u64,
}

pub(crate) fn user(id: &str) -> User {
    User {
        id: id.into(),
        status: "new".into(),
        points: 7,
        role: "patient".into(),
        ssn: "078-05-1120".into(),
    }
}

fn order(number: u64) -> Order {
    let (customer, address) = ("zoe".into(), "Elm 1".into());
    Order { customer, number, total: 30, address, version: 0 }
}

pub(crate) fn audit(id: &str) -> Audit {
    Audit { id: id.into(), text: "made".into(), seen: 0 }
}

/// Three tables, and a store over them.
pub(crate) struct World {
    backend: Backend,
    key: String,
    tables: [String; 3],
    requests: KmsRequests,
    pub(crate) store: Store,
}

impl World {
    pub(crate) async fn new() -> Self {
        let backend = Backend::start().await;
        let key = backend.create_kms_key().await;
        let tables = [unique_table(), unique_table(), unique_table()];
        let (kms, requests) = backend.recorded_kms();
        let store = Store::new(backend.dynamodb.clone(), KmsKeyProvider::new(kms, &key));
        let world = Self { store: mapped(store, &tables), backend, key, tables, requests };
        world.store.create_table::<User>().await.unwrap();
        world.store.create_table::<Order>().await.unwrap();
        world.store.create_table::<Audit>().await.unwrap();
        world
    }

    /// A store over the same tables, each of whose attempts the script decides.
    pub(crate) fn scripted(
        &self,
        react: impl FnMut(&Attempt) -> Reaction + Send + 'static,
    ) -> (Store, Script) {
        let (client, script) = self.backend.scripted_dynamodb(react);
        let provider = KmsKeyProvider::new(self.backend.kms.clone(), &self.key);
        (mapped(Store::new(client, provider), &self.tables), script)
    }

    pub(crate) async fn user(&self, id: &str) -> Option<User> {
        self.store.get(id).consistent().await.unwrap()
    }

    async fn order(&self, number: u64) -> Option<Order> {
        self.store.get(("zoe", number)).consistent().await.unwrap()
    }

    async fn audit(&self, id: &str) -> Option<Audit> {
        self.store.get(id).consistent().await.unwrap()
    }
}

fn mapped(store: Store, [users, orders, audit]: &[String; 3]) -> Store {
    store.map_table::<User>(users).map_table::<Order>(orders).map_table::<Audit>(audit)
}

fn cancelled(error: TransactionError) -> CancelledError {
    let TransactionError::Cancelled(error) = error else { panic!("{error}") };
    error
}

#[tokio::test]
async fn records_of_several_types_and_tables_are_written_together() {
    let world = World::new().await;
    let store = &world.store;
    store.put(&user("zoe")).await.unwrap();
    store.put(&user("old")).await.unwrap();
    drop(store.put(&order(2)).await.unwrap());
    drop(store.put(&order(3)).await.unwrap());
    store.put(&audit("a")).await.unwrap();

    let all = store
        .transaction()
        .create(&user("new"))
        .update::<User>("zoe", |u| {
            u.set(|f| f.status, "gold").add(|f| f.points, 3).seal(|f| f.ssn, "219-09-9999")
        })
        .update::<Order>(("zoe", 3), |u| u.add(|f| f.total, 5))
        .update::<Audit>("a", |u| u.add(|f| f.seen, 1))
        .delete::<User>("old")
        .delete_version::<Order>(("zoe", 2), 1)
        .create(&order(1))
        .put(&audit("b"))
        .check::<User>("nobody", |f| f.ssn.not_exists());
    all.await.unwrap();

    assert_eq!(world.user("new").await, Some(user("new")));
    let zoe = world.user("zoe").await.unwrap();
    assert_eq!((zoe.status.as_str(), zoe.points, zoe.ssn.as_str()), ("gold", 10, "219-09-9999"));
    assert_eq!(world.user("old").await, None);
    assert_eq!(world.order(1).await.map(|order| order.version), Some(1));
    assert_eq!(world.order(2).await, None);
    let third = world.order(3).await.unwrap();
    assert_eq!((third.total, third.version), (35, 2));
    assert_eq!(world.audit("a").await.map(|audit| audit.seen), Some(1));
    assert_eq!(world.audit("b").await, Some(audit("b")));
}

#[tokio::test]
async fn a_save_costs_one_call_to_kms_a_sealed_update_one_and_the_rest_none() {
    let world = World::new().await;
    world.store.put(&user("zoe")).await.unwrap();
    world.store.put(&user("max")).await.unwrap();
    drop(world.store.put(&order(1)).await.unwrap());
    let usage = Usage::default();
    drop(world.requests.take());

    world
        .store
        .measured(&usage)
        .transaction()
        .create(&user("new"))
        .update::<User>("zoe", |u| u.seal(|f| f.ssn, "219-09-9999"))
        .update::<User>("max", |u| u.add(|f| f.points, 1))
        .delete_any_version::<Order>(("zoe", 1))
        .check::<User>("nobody", |f| f.points.not_exists())
        .await
        .unwrap();

    assert_eq!(usage.kms_calls(), 2);
    // Two reads before the updates, and the transaction.
    assert_eq!(usage.requests(), 3);
    let calls = world.requests.take();
    assert_eq!(calls.len(), 2, "{calls:?}");
}

#[tokio::test]
async fn nothing_is_written_if_an_action_cannot_be_prepared_and_it_is_named() {
    let world = World::new().await;
    let nameless = User { id: String::new(), ..user("") };

    let error = world.store.transaction().create(&user("zoe")).put(&nameless).await.unwrap_err();

    let TransactionError::Unprepared(action) = &error else { panic!("{error}") };
    assert_eq!(action.position(), 1);
    assert!(matches!(action.error(), WriteError::Save(SaveError::Key(_))));
    assert_eq!(error.attribute(), Some("id"));
    assert_eq!(world.user("zoe").await, None);

    let changes = world
        .store
        .transaction()
        .create(&user("zoe"))
        .update::<User>("nobody", |u| u.seal(|f| f.ssn, "219-09-9999"));
    let error = changes.await.unwrap_err();
    let TransactionError::Unprepared(action) = &error else { panic!("{error}") };
    assert!(matches!(action.error(), WriteError::Update(UpdateError::NotFound(_))));
    assert!(error.is_not_found());
    assert_eq!(world.user("zoe").await, None);
}

#[tokio::test]
async fn t32_limits_of_dynamodb_are_refused_by_name_before_the_request() {
    let world = World::new().await;
    let (store, script) = world.scripted(|attempt| panic!("{}", attempt.operation));
    let kind = |error: TransactionError| match error {
        TransactionError::Limit(error) => error.kind(),
        other => panic!("{other}"),
    };

    let mut many = store.transaction();
    for number in 0..=100 {
        many = many.delete_any_version::<Order>(("zoe", number));
    }
    let error = many.await.unwrap_err();
    assert_eq!(kind(error), TransactionLimitErrorKind::TooMany(101));

    // The same item twice, whatever the actions are.
    let twice = store
        .transaction()
        .delete::<User>("zoe")
        .put(&order(1))
        .check::<Order>(("zoe", 1), |f| f.total.ge(1));
    let error = twice.await.unwrap_err();
    assert!(error.to_string().contains("actions 1 and 2"), "{error}");
    assert_eq!(kind(error), TransactionLimitErrorKind::SameKey(1, 2));
    assert_eq!(script.take(), [""; 0]);
}

#[tokio::test]
async fn four_megabytes_are_sent_and_one_byte_more_is_refused() {
    const LIMIT: usize = 4 * 1024 * 1024;
    const MOST: usize = 380 * 1024;
    let world = World::new().await;
    let big = |number: usize, length: usize| Audit {
        id: format!("{number:02}"),
        text: "x".repeat(length),
        seen: 0,
    };
    let provider = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
    let rest = Sealer::new(provider).seal(&big(0, 0)).await.unwrap().size();
    let of_size = |size: usize| {
        let sizes = (0..).map(|number| size.saturating_sub(number * MOST).min(MOST));
        let sizes = sizes.take_while(|size| *size > 0).enumerate();
        sizes.fold(world.store.transaction(), |all, (number, size)| {
            all.put(&big(number, size - rest))
        })
    };

    let error = of_size(LIMIT + 1).await.unwrap_err();
    let TransactionError::Limit(error) = error else { panic!("{error}") };
    assert_eq!(error.kind(), TransactionLimitErrorKind::TooLarge(LIMIT + 1));
    assert!(world.audit("00").await.is_none());

    of_size(LIMIT).await.unwrap();
    assert!(world.audit("00").await.is_some());
}

#[tokio::test]
async fn an_empty_transaction_does_nothing() {
    let world = World::new().await;
    let (store, script) = world.scripted(|attempt| panic!("{}", attempt.operation));

    store.transaction().await.unwrap();
    let prepared = store.transaction().prepare().await.unwrap();
    prepared.send().await.unwrap();

    assert_eq!(script.take(), [""; 0]);
}

#[tokio::test]
async fn a_store_of_another_tenant_writes_nothing_of_this_one() {
    #[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
    #[envelope(table = "users")]
    struct Patient {
        #[partition_key]
        #[envelope(context)]
        id: String,
        #[encrypted]
        ssn: String,
    }
    let world = World::new().await;
    let patient = Patient { id: "zoe".into(), ssn: "078-05-1120".into() };
    world.store.put(&patient).await.unwrap();
    let other = world.store.scoped([("id", "max")]);

    let put = other.transaction().put(&patient).await.unwrap_err();
    let deleted = other.transaction().delete::<Patient>("zoe").await.unwrap_err();
    let updated = other.transaction().update::<Patient>("zoe", |u| u.seal(|f| f.ssn, "x"));
    let updated = updated.await.unwrap_err();
    let checked = other.transaction().check::<Patient>("zoe", |f| f.ssn.exists());
    let checked = checked.await.unwrap_err();

    for error in [put, deleted, updated, checked] {
        assert!(matches!(error, TransactionError::Unprepared(_)), "{error}");
        assert_eq!(error.attribute(), Some("id"));
    }
    let stored: Option<Patient> = world.store.get("zoe").await.unwrap();
    assert_eq!(stored, Some(patient));
}
