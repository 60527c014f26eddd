//! Hashed keys: the table holds a hash, the value is sealed beside it, and every operation takes
//! the value.

mod beside;
mod ranges;

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use envelope_runtime::error::{KeyErrorKind, OpenErrorKind};
use envelope_runtime::key::Decrypt;
use envelope_runtime::{
    EnvelopeProjection, EnvelopeRecord, IndexSecret, Keys, KmsKeyProvider, LoadError, Opener,
    QueryError, SaveError, Store,
};
use envelope_tests::{Backend, KmsRequests, unique_table};

use futures_util::TryStreamExt as _;

use crate::support::Stored;

const CANARY: &str = "zoe.canary@example.com";

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "accounts")]
struct Account {
    #[partition_key]
    #[envelope(hashed(trim, lowercase, nfc))]
    email: String,
    #[encrypted]
    name: String,
    visits: u32,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Account)]
struct AccountName {
    name: String,
}

/// A hashed sort key, and a tenant that the data key and the hash are bound to.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "members")]
struct Member {
    #[partition_key]
    #[envelope(context)]
    tenant: String,
    #[sort_key]
    #[envelope(hashed(hex, name = "who"))]
    email: String,
    #[encrypted]
    name: String,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "app", partition_key = "USER#{email_hash}", sort_key = "ORDER#{number:04}")]
struct Order {
    #[encrypted]
    #[envelope(hashed(lowercase))]
    email: String,
    number: u16,
    #[encrypted]
    address: String,
}

/// A store over new tables, with a secret of its own.
struct World {
    backend: Backend,
    store: Store,
    requests: KmsRequests,
    provider: Arc<KmsKeyProvider>,
    text: String,
    tables: [String; 3],
}

impl World {
    async fn new() -> Self {
        let backend = Backend::start().await;
        let key = backend.create_kms_key().await;
        let (kms, requests) = backend.recorded_kms();
        let provider = Arc::new(KmsKeyProvider::new(kms, &key));
        let text = IndexSecret::generate(&*provider, "tests").await.unwrap();
        let secret = IndexSecret::unwrap(&*provider, &text).await.unwrap();
        let tables = [unique_table(), unique_table(), unique_table()];
        let store = Store::new(backend.dynamodb.clone(), Arc::clone(&provider));
        let store = on(store, &tables).index_secret(secret);
        store.create_table::<Account>().await.unwrap();
        store.create_table::<Member>().await.unwrap();
        store.create_table::<Order>().await.unwrap();
        Self { backend, store, requests, provider, text, tables }
    }

    /// The same tables without a secret.
    fn without_secret(&self) -> Store {
        on(Store::new(self.backend.dynamodb.clone(), Arc::clone(&self.provider)), &self.tables)
    }

    async fn other_secret(&self) -> Store {
        let text = IndexSecret::generate(&*self.provider, "others").await.unwrap();
        let secret = IndexSecret::unwrap(&*self.provider, &text).await.unwrap();
        self.without_secret().index_secret(secret)
    }

    async fn items(&self, table: usize) -> Vec<Stored> {
        let scan = self.backend.dynamodb.scan().table_name(&self.tables[table]);
        scan.consistent_read(true).send().await.unwrap().items.unwrap_or_default()
    }
}

fn on(store: Store, [accounts, members, orders]: &[String; 3]) -> Store {
    store.map_table::<Account>(accounts).map_table::<Member>(members).map_table::<Order>(orders)
}

async fn scanned<R: EnvelopeRecord<Needs = Decrypt>>(store: &Store) -> Result<Vec<R>, QueryError> {
    store.scan::<R>().stream().try_collect().await
}

fn account(email: &str) -> Account {
    Account { email: email.into(), name: "Zoë".into(), visits: 1 }
}

fn member(tenant: &str, email: &str) -> Member {
    Member { tenant: tenant.into(), email: email.into(), name: "Zoë".into() }
}

fn order(email: &str, number: u16) -> Order {
    Order { email: email.into(), number, address: "1 Main St".into() }
}

#[tokio::test]
async fn a_record_is_saved_loaded_updated_and_deleted_by_its_value() {
    let World { store, .. } = &World::new().await;
    let saved = account("Zoe@Example.com");
    store.create(&saved).await.unwrap();

    // As it was saved, and as it is normalised.
    for email in ["Zoe@Example.com", " zoe@example.COM\n"] {
        assert_eq!(store.get::<Account>(email).await.unwrap().as_ref(), Some(&saved));
    }
    assert_eq!(store.get::<Account>(&"zoe@example.org".to_owned()).await.unwrap(), None);
    let name = store.get::<AccountName>("ZOE@example.com").await.unwrap();
    assert_eq!(name, Some(AccountName { name: "Zoë".into() }));

    store.update::<Account>("zoe@example.com").add(|f| f.visits, 1).await.unwrap();
    store.update::<Account>("zoe@example.com").seal(|f| f.name, "Z").await.unwrap();
    let expected = Account { name: "Z".into(), visits: 2, ..saved };
    assert_eq!(store.get::<Account>("zoe@example.com").await.unwrap().as_ref(), Some(&expected));

    // Another spelling is the same account.
    let again = store.create(&account("zoe@example.com")).await.unwrap_err();
    assert!(again.to_string().contains("already a record"), "{again}");
    store.delete::<Account>("zoe@example.com").await.unwrap();
    assert_eq!(store.get::<Account>("zoe@example.com").await.unwrap(), None);
}

#[tokio::test]
async fn t17_the_table_holds_a_hash_and_nothing_holds_the_value() {
    let world = World::new().await;
    world.store.create(&account(CANARY)).await.unwrap();

    let [item] = world.items(0).await.try_into().unwrap();
    assert_eq!(item["email_hash"].as_b().unwrap().as_ref().len(), 32);
    assert!(item["email"].is_b() && item["name"].is_b());
    assert_no_canary(&item);
    let requests = world.requests.take();
    assert!(!requests.is_empty() && !format!("{requests:?}").contains("canary"), "{requests:?}");

    let get = || world.store.get::<Account>(CANARY);
    assert!(!format!("{:?} {:?}", get(), get().into_request().unwrap()).contains("canary"));
}

fn assert_no_canary(item: &Stored) {
    let mut texts = item.iter().map(|(name, value)| match value {
        AttributeValue::B(bytes) => format!("{name} {}", String::from_utf8_lossy(bytes.as_ref())),
        other => format!("{name} {other:?}"),
    });
    assert!(texts.all(|text| !text.contains("canary")));
}

#[tokio::test]
async fn hashing_makes_no_call_once_the_secret_is_unwrapped() {
    let World { store, requests, .. } = &World::new().await;
    store.create(&account("a@example.com")).await.unwrap();

    requests.forget();
    store.get::<Account>("b@example.com").await.unwrap();
    store.delete::<Account>("b@example.com").await.unwrap();
    assert_eq!(requests.take().len(), 0);
    store.get::<Account>("a@example.com").await.unwrap();
    assert_eq!(requests.take().len(), 1);
}

#[tokio::test]
async fn a_secret_is_wrapped_under_its_own_purpose_and_name() {
    let world = World::new().await;
    let requests = world.requests.take();
    assert_eq!(requests.len(), 2);
    for request in &requests {
        let context = request.context().unwrap();
        let pairs: Vec<_> = context.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(pairs, [("envelope:purpose", "lookup"), ("envelope:secret", "tests")]);
    }
    assert!(world.text.starts_with("tests."));
}

#[tokio::test]
async fn a_hashed_sort_key_is_found_in_its_partition() {
    let world = World::new().await;
    let store = world.store.scoped([("tenant", "t-1")]);
    for email in ["a@example.com", "b@example.com"] {
        store.create(&member("t-1", email)).await.unwrap();
    }

    let all = store.query::<Member>("t-1").all().await.unwrap();
    assert_eq!(all.len(), 2);
    let one = store.query::<Member>("t-1").sort(|s| s.eq("b@example.com")).all().await.unwrap();
    assert_eq!(one, [member("t-1", "b@example.com")]);
    let got = store.get::<Member>(("t-1", "b@example.com")).await.unwrap();
    assert_eq!(got.as_ref(), one.first());

    // The stored hash is a key, too.
    let keys = store.query::<Keys<Member>>("t-1").all().await.unwrap();
    for key in keys.into_iter().map(Keys::into_key) {
        assert_eq!(format!("{:?}", key.1), "HashedKey([REDACTED])");
        assert!(store.get::<Member>(key.clone()).await.unwrap().is_some());
        store.delete::<Member>(key).await.unwrap();
    }
    assert!(world.items(1).await.is_empty());
}

#[tokio::test]
async fn t17_equal_values_of_two_tenants_have_unrelated_hashes() {
    let world = World::new().await;
    for tenant in ["t-1", "t-2"] {
        world.store.create(&member(tenant, CANARY)).await.unwrap();
    }
    let items = world.items(1).await;
    let hash = |item: &Stored| item["who"].as_s().unwrap().clone();
    let [one, two] = [hash(&items[0]), hash(&items[1])];
    assert_ne!(one, two);
    for hash in [one, two] {
        assert_eq!(hash.len(), 64);
        assert!(hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    }
}

#[tokio::test]
async fn a_hash_is_a_part_of_a_key_template() {
    let World { store, .. } = &World::new().await;
    for number in [1, 2, 30] {
        store.create(&order("Zoe@example.com", number)).await.unwrap();
    }
    store.create(&order("adam@example.com", 1)).await.unwrap();

    let got = store.get::<Order>(("zoe@example.com", 2)).await.unwrap();
    assert_eq!(got, Some(order("Zoe@example.com", 2)));
    let numbers = |orders: Vec<Order>| orders.iter().map(|it| it.number).collect::<Vec<_>>();
    let all = store.query::<Order>("ZOE@example.com").all().await.unwrap();
    assert_eq!(numbers(all), [1, 2, 30]);
    let range = store.query::<Order>("zoe@example.com").sort(|s| s.ge(2)).all().await.unwrap();
    assert_eq!(numbers(range), [2, 30]);
    assert_eq!(scanned::<Order>(store).await.unwrap().len(), 4);

    store.delete_partition::<Order>("zoe@example.com").await.unwrap();
    let rest = scanned::<Order>(store).await.unwrap();
    assert_eq!(rest, [order("adam@example.com", 1)]);
}

#[tokio::test]
async fn batches_and_transactions_take_the_value() {
    let World { store, .. } = &World::new().await;
    let batch = ["a", "b", "c"].map(account);
    let mut write = store.batch_write();
    for account in &batch {
        write = write.put(account);
    }
    write.await.unwrap();
    store.batch_write().delete::<Account>(" C ").await.unwrap();

    let found = store.batch_get::<Account>(["B", "c", "a"]).await.unwrap();
    assert_eq!(found, [Some(account("b")), None, Some(account("a"))]);
    let twice = store.batch_write().put(&account("a")).delete::<Account>("A ").await.unwrap_err();
    assert!(
        twice.to_string().contains("email_hash") || twice.to_string().contains("key"),
        "{twice}"
    );

    let transaction = store.transaction().create(&account("d"));
    let transaction = transaction.update::<Account>("A", |update| update.add(|f| f.visits, 1));
    transaction.delete::<Account>("B").await.unwrap();
    let (a, b, d) = store
        .read_transaction()
        .get::<Account>("a")
        .get::<Account>("b")
        .get::<Account>("d")
        .await
        .unwrap();
    assert_eq!(a.map(|it| it.visits), Some(2));
    assert_eq!((b, d), (None, Some(account("d"))));
}

#[tokio::test]
async fn without_a_secret_nothing_is_sent() {
    let world = World::new().await;
    world.store.create(&account("a@example.com")).await.unwrap();
    let store = world.without_secret();
    world.requests.forget();

    let saved = store.put(&account(CANARY)).await.unwrap_err();
    let loaded = store.get::<Account>(CANARY).await.unwrap_err();
    let queried = store.query::<Order>(CANARY).all().await.unwrap_err();
    let SaveError::Key(of_save) = &saved else { panic!("{saved}") };
    let LoadError::Key(of_load) = &loaded else { panic!("{loaded}") };
    for error in [of_save, of_load] {
        assert_eq!(error.kind(), &KeyErrorKind::NoSecret);
        assert_eq!(error.attribute(), Some("email"));
    }
    for text in [saved.to_string(), loaded.to_string(), queried.to_string()] {
        assert!(text.contains("`index_secret(…)`") && !text.contains("canary"), "{text}");
    }
    assert!(world.requests.take().is_empty());

    // What needs no hash of a value needs no secret.
    assert_eq!(scanned::<Account>(&store).await.unwrap(), [account("a@example.com")]);
}

#[tokio::test]
async fn under_another_secret_no_record_is_found_and_a_scan_says_why() {
    let world = World::new().await;
    world.store.create(&account(CANARY)).await.unwrap();
    let other = world.other_secret().await;

    assert_eq!(other.get::<Account>(CANARY).await.unwrap(), None);
    let scanned = scanned::<Account>(&other).await.unwrap_err().to_string();
    assert!(scanned.contains("another index secret") && !scanned.contains("canary"), "{scanned}");
}

#[tokio::test]
async fn a_value_that_cannot_be_hashed_is_refused() {
    let World { store, .. } = &World::new().await;
    for (email, kind) in [
        ("", KeyErrorKind::Empty),
        (" \u{2003}", KeyErrorKind::Empty),
        ("a\u{378}", KeyErrorKind::Unassigned),
    ] {
        let Err(SaveError::Key(error)) = store.put(&account(email)).await else { panic!() };
        assert_eq!(error.kind(), &kind, "{email:?}");
        let Err(LoadError::Key(error)) = store.get::<Account>(email).await else { panic!() };
        assert_eq!(error.kind(), &kind, "{email:?}");
    }
}

#[tokio::test]
async fn t01_a_swapped_or_planted_hash_is_refused() {
    let World { store, backend, tables, provider, text, .. } = &World::new().await;
    store.create(&account("a@example.com")).await.unwrap();
    store.create(&account("victim@example.com")).await.unwrap();
    let get = backend.dynamodb.scan().table_name(&tables[0]).send().await.unwrap();
    let items = get.items.unwrap();
    let names: Vec<_> = items.iter().map(|item| item["email_hash"].clone()).collect();

    // The attacker stores their own record under the victim's hash, and the reverse.
    for (mut item, hash) in items.into_iter().zip(names.into_iter().rev()) {
        item.insert("email_hash".into(), hash);
        let put = backend.dynamodb.put_item().table_name(&tables[0]).set_item(Some(item.clone()));
        put.send().await.unwrap();
        let secret = IndexSecret::unwrap(&**provider, text).await.unwrap();
        for opener in [
            Opener::new(Arc::clone(provider)).index_secret(secret),
            Opener::new(Arc::clone(provider)),
        ] {
            let opened = opener.open::<Account>(item.clone().try_into().unwrap()).await;
            let Err(LoadError::Open(error)) = opened else { panic!("opened") };
            assert_eq!(error.kind(), OpenErrorKind::Tampered);
        }
    }
    for email in ["a@example.com", "victim@example.com"] {
        let Err(LoadError::Open(error)) = store.get::<Account>(email).await else { panic!() };
        assert!(error.is_tampered(), "{error}");
    }
}
