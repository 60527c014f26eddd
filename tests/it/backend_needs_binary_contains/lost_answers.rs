//! Updates and deletions whose answer is lost or late.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use envelope_runtime::error::ServiceErrorKind;
use envelope_runtime::key::{
    DataKey, DataKeyRequest, Full, GeneratedDataKey, KeyFuture, KeyProvider, KeyReference,
};
use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, Store, UpdateError};

use crate::support::World;

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Account {
    #[partition_key]
    id: String,
    status: String,
    logins: u64,
    #[envelope(default)]
    tags: Vec<String>,
    #[envelope(ttl)]
    expires: Option<u64>,
    #[encrypted]
    email: Option<String>,
}

fn account() -> Account {
    Account {
        id: "a-1".into(),
        status: "new".into(),
        logins: 3,
        tags: vec!["x".into()],
        expires: None,
        email: None,
    }
}

async fn world() -> World {
    let world = World::new().await;
    world.store.put(&account()).await.unwrap();
    world
}

async fn loaded(store: &Store) -> Account {
    store.get("a-1").consistent().await.unwrap().unwrap()
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_recognised() {
    let world = world().await;
    let store = || world.store_losing_answers();

    store().update::<Account>("a-1").set(|f| f.status, "active").await.unwrap();
    let seal = store().update::<Account>("a-1").seal(|f| f.email, "x").add(|f| f.logins, 1);
    let known = world.store.get::<Account>("a-1").with_envelope().await.unwrap().unwrap();
    // The store's first answer is that of the write.
    let new = seal.based_on(&known).condition(|f| f.logins.eq(3)).return_new().await.unwrap();

    let expected =
        Account { status: "active".into(), email: Some("x".into()), logins: 4, ..account() };
    assert_eq!(new, expected);
    assert_eq!(loaded(&world.store).await, expected);
}

#[tokio::test]
async fn what_is_added_is_never_added_twice() {
    let world = world().await;

    let add = world.store_losing_answers().update::<Account>("a-1").add(|f| f.logins, 1);
    let error = add.await.unwrap_err();

    assert!(matches!(error, UpdateError::UnknownOutcome(_)) && !error.is_retryable(), "{error}");
    assert!(error.to_string().contains("load the record"), "{error}");
    assert_eq!(loaded(&world.store).await.logins, 4);
    let append = world.store_losing_answers().update::<Account>("a-1");
    let error = append.append(|f| f.tags, vec!["y".to_owned()]).await.unwrap_err();
    assert!(matches!(error, UpdateError::UnknownOutcome(_)), "{error}");
    assert_eq!(loaded(&world.store).await.tags, ["x", "y"]);
}

#[tokio::test]
async fn a_lost_answer_to_a_condition_leaves_the_outcome_open() {
    let world = world().await;

    let set = world.store_losing_answers().update::<Account>("a-1").set(|f| f.status, "active");
    let error = set.condition(|f| f.status.eq("new")).await.unwrap_err();

    assert!(matches!(error, UpdateError::UnknownOutcome(_)), "{error}");
    assert_eq!(loaded(&world.store).await.status, "active");
}

#[tokio::test]
async fn an_update_gives_up_at_its_deadline() {
    let world = world().await;
    let provider = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
    let meddling = Meddling { store: world.store.clone(), provider };
    let store = Store::new(world.backend.dynamodb.clone(), meddling);
    let store = store.map_table::<Account>(&world.table);

    let late = store.update::<Account>("a-1").seal(|f| f.email, "late");
    let error = late.deadline(Duration::ZERO).await.unwrap_err();

    assert!(matches!(error, UpdateError::Contended(_)), "{error}");
    assert!(error.is_retryable() && error.is_conflict());
    assert_eq!(loaded(&world.store).await.email.as_deref(), Some("first"));
}

/// Lets another writer in each time, between the read of the item and its write.
struct Meddling {
    store: Store,
    provider: KmsKeyProvider,
}

impl KeyProvider for Meddling {
    type Capability = Full;

    fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        self.provider.generate(request)
    }

    fn decrypt<'a>(
        &'a self,
        reference: &'a KeyReference,
        request: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        Box::pin(async {
            self.store.update::<Account>("a-1").seal(|f| f.email, "first").await.unwrap();
            self.provider.decrypt(reference, request).await
        })
    }

    fn is_current(&self, reference: &KeyReference, request: &DataKeyRequest) -> bool {
        self.provider.is_current(reference, request)
    }

    fn accepts(&self, reference: &KeyReference) -> bool {
        self.provider.accepts(reference)
    }
}

/// The SDK gave up, and nobody can say whether the write happened.
#[tokio::test]
async fn what_must_not_happen_twice_is_not_said_to_be_retryable() {
    let world = world().await;
    let known = world.store.get::<Account>("a-1").with_envelope().await.unwrap().unwrap();
    let store = || world.store_losing_an_answer_for_good();

    // The stored envelope tells.
    let update = store().update("a-1").based_on(&known).seal(|f| f.email, "x").add(|f| f.logins, 1);
    update.await.unwrap();
    assert_eq!(loaded(&world.store).await.logins, 4);

    let error = store().update::<Account>("a-1").add(|f| f.logins, 1).await.unwrap_err();
    assert!(matches!(error, UpdateError::UnknownOutcome(_)) && !error.is_retryable(), "{error}");
    assert_eq!(loaded(&world.store).await.logins, 5);

    // If the update may happen twice, the error is that of the request.
    let error = store().update::<Account>("a-1").set(|f| f.status, "x").await.unwrap_err();
    assert!(matches!(error, UpdateError::Request(_)), "{error}");
}

#[tokio::test]
async fn an_update_after_which_the_record_is_gone_is_not_said_to_have_found_none() {
    let world = world().await;
    let known = world.store.get::<Account>("a-1").with_envelope().await.unwrap().unwrap();
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() - 10;

    let update = world.store_losing_answers().update("a-1").based_on(&known);
    update.set(|f| f.expires, seconds).seal(|f| f.email, "x").await.unwrap();
    world.store.create(&account()).await.unwrap();
    let update = world.store_losing_answers().update::<Account>("a-1");
    let error = update.set(|f| f.expires, seconds).await.unwrap_err();
    assert!(matches!(error, UpdateError::UnknownOutcome(_)), "{error}");
}

/// A lost answer to a read says nothing about a write.
#[tokio::test]
async fn a_record_that_was_read_to_be_gone_is_not_there() {
    let world = World::new().await;
    let past = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() - 10;
    world.store.put(&Account { expires: Some(past), ..account() }).await.unwrap();

    let update = world.store_losing_answers().update::<Account>("a-1").seal(|f| f.email, "x");
    assert!(update.await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn an_old_record_that_may_be_the_new_one_is_not_given_back() {
    let world = world().await;

    let update = world.store_losing_answers().update::<Account>("a-1").set(|f| f.status, "x");
    assert_eq!(update.return_old().await.unwrap(), None);
    assert_eq!(loaded(&world.store).await.status, "x");
}

#[tokio::test]
async fn what_is_added_waits_for_a_throttled_table_until_its_deadline() {
    let world = world().await;
    let failing = envelope_tests::failing_dynamodb("ThrottlingException");
    let store =
        Store::new(failing, envelope_runtime::LocalKeyProvider::insecure_ephemeral().unwrap());

    let add =
        store.update::<Account>("a-1").add(|f| f.logins, 1).deadline(Duration::from_millis(30));
    let error = add.await.unwrap_err();

    let UpdateError::Request(request) = &error else { panic!("{error}") };
    assert_eq!(request.kind(), ServiceErrorKind::Throttled);
    assert!(error.is_retryable() && !error.is_conflict());
    assert_eq!(loaded(&world.store).await.logins, 3);
}
