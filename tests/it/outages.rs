//! KMS out of reach, and networks that fail under load.

mod storm;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use envelope_runtime::error::DataKeyErrorKind;
use envelope_runtime::key::{Cache, Cached, KeyProvider, Reuse, Reused};
use envelope_runtime::{
    Clock, EnvelopeRecord, Error, KmsKeyProvider, LoadError, SaveError, Store, UpdateError,
};
use envelope_tests::{Backend, Reaction, Script, unique_table};
use tokio::task::JoinSet;

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "letters")]
struct Letter {
    #[partition_key]
    id: String,
    #[envelope(context)]
    tenant: String,
    status: String,
    #[encrypted]
    text: String,
}

fn letter(id: &str, tenant: &str) -> Letter {
    Letter { id: id.into(), tenant: tenant.into(), status: "new".into(), text: "Dear Zoë".into() }
}

/// A clock that a test moves by hand.
#[derive(Clone)]
struct ByHand {
    start: (SystemTime, Instant),
    passed: Arc<Mutex<Duration>>,
}

impl ByHand {
    fn new() -> Self {
        Self { start: (SystemTime::UNIX_EPOCH, Instant::now()), passed: Arc::default() }
    }

    fn pass(&self, seconds: u64) {
        *self.passed.lock().unwrap() += Duration::from_secs(seconds);
    }
}

impl Clock for ByHand {
    fn wall(&self) -> SystemTime {
        self.start.0 + *self.passed.lock().unwrap()
    }

    fn monotonic(&self) -> Instant {
        self.start.1 + *self.passed.lock().unwrap()
    }
}

type Keys = Cached<Reused<KmsKeyProvider>>;

/// A store whose KMS can go out of reach. A data key seals 5 records within 20 seconds; unwrapped
/// ones are kept for 20 seconds.
struct World {
    store: Store,
    keys: Keys,
    clock: ByHand,
    is_down: Arc<AtomicBool>,
    kms: Script,
    dynamodb: Script,
}

impl World {
    async fn new() -> Self {
        Self::sealing(5).await
    }

    async fn sealing(records: u64) -> Self {
        let (backend, clock) = (Backend::in_process().await, ByHand::new());
        let key = backend.create_kms_key().await;
        let is_down = Arc::new(AtomicBool::new(false));
        let down = Arc::clone(&is_down);
        let (client, kms) = backend.scripted_kms(move |attempt| {
            if !down.load(Ordering::Relaxed) {
                // The answer comes when everybody who is ready has asked.
                return Reaction::Pass.behind(100);
            }
            match attempt.number % 2 {
                0 => Reaction::Refused,
                _ => Reaction::Answer(503, String::new()),
            }
        });
        let age = Duration::from_secs(20);
        let keys = KmsKeyProvider::new(client, key)
            .clock(clock.clone())
            .reuse(Reuse::records(records).for_at_most(age).clock(clock.clone()))
            .cached(Cache::entries(100).for_at_most(age).clock(clock.clone()));
        let (client, dynamodb) = backend.scripted_dynamodb(|_| Reaction::Pass);
        let store = Store::new(client, keys.clone()).clock(clock.clone());
        let store = store.map_table::<Letter>(unique_table());
        store.create_table::<Letter>().await.unwrap();
        Self { store, keys, clock, is_down, kms, dynamodb }
    }

    fn of(&self, tenant: &str) -> Store {
        self.store.scoped([("tenant", tenant)])
    }

    fn breaks(&self) {
        self.is_down.store(true, Ordering::Relaxed);
    }

    fn recovers(&self) {
        self.is_down.store(false, Ordering::Relaxed);
    }
}

/// The number of attempts at an operation.
fn count(attempts: &[String], operation: &str) -> usize {
    attempts.iter().filter(|attempt| *attempt == operation).count()
}

fn assert_out_of_reach(kind: DataKeyErrorKind) {
    assert!(matches!(kind, DataKeyErrorKind::Network | DataKeyErrorKind::Service), "{kind}");
}

async fn assert_not_saved(world: &World, id: &str, tenant: &str) {
    let _ = world.dynamodb.take();

    let error = world.of(tenant).put(&letter(id, tenant)).await.unwrap_err();

    assert!(error.is_retryable() && !error.is_tampered(), "{error}");
    let SaveError::GenerateDataKey(error) = error else { panic!("{error}") };
    assert_out_of_reach(error.kind());
    assert_eq!(world.dynamodb.take(), [""; 0]);
}

async fn assert_not_loaded(world: &World, id: &str, tenant: &str) {
    let error = world.of(tenant).get::<Letter>(id).await.unwrap_err();

    assert!(error.is_retryable() && !error.is_tampered(), "{error}");
    let LoadError::DecryptDataKey(error) = error else { panic!("{error}") };
    assert_out_of_reach(error.kind());
}

#[tokio::test]
async fn saves_go_on_for_the_records_of_the_data_key_and_then_write_nothing() {
    let world = World::new().await;
    let store = world.of("t-1");
    store.put(&letter("l-1", "t-1")).await.unwrap();

    world.breaks();
    for id in ["l-2", "l-3", "l-4", "l-5"] {
        world.clock.pass(2);
        store.put(&letter(id, "t-1")).await.unwrap();
    }
    assert_not_saved(&world, "l-6", "t-1").await;
    // A tenant without a data key has nothing to go on with.
    assert_not_saved(&world, "l-7", "t-2").await;
    world.clock.pass(22);

    world.recovers();
    assert_eq!(store.get::<Letter>("l-6").await.unwrap(), None);
    store.put(&letter("l-6", "t-1")).await.unwrap();
    assert_eq!(store.get("l-5").await.unwrap(), Some(letter("l-5", "t-1")));
}

#[tokio::test]
async fn saves_go_on_for_the_age_of_the_data_key_and_then_write_nothing() {
    let world = World::new().await;
    let store = world.of("t-1");
    store.put(&letter("l-1", "t-1")).await.unwrap();

    world.breaks();
    world.clock.pass(19);
    store.put(&letter("l-2", "t-1")).await.unwrap();
    world.clock.pass(1);
    assert_not_saved(&world, "l-3", "t-1").await;
    assert_eq!(world.keys.inner().keys_alive(), 0);
    world.clock.pass(10);

    world.recovers();
    store.put(&letter("l-3", "t-1")).await.unwrap();
}

#[tokio::test]
async fn records_of_kept_data_keys_load_for_their_age_and_others_fail_at_once() {
    let world = World::new().await;
    let store = world.of("t-1");
    store.put(&letter("l-1", "t-1")).await.unwrap();
    store.put(&letter("l-2", "t-1")).await.unwrap();
    world.of("t-2").put(&letter("l-3", "t-2")).await.unwrap();
    store.get::<Letter>("l-1").await.unwrap().unwrap();

    world.breaks();
    world.clock.pass(19);
    // They share a data key.
    assert_eq!(store.get("l-1").await.unwrap(), Some(letter("l-1", "t-1")));
    assert_eq!(store.get("l-2").await.unwrap(), Some(letter("l-2", "t-1")));
    assert_not_loaded(&world, "l-3", "t-2").await;
    world.clock.pass(1);
    assert_not_loaded(&world, "l-1", "t-1").await;
    assert_eq!(world.keys.keys_alive(), 0);
    world.clock.pass(10);

    world.recovers();
    let _ = world.kms.take();
    for id in ["l-1", "l-2"] {
        assert_eq!(store.get(id).await.unwrap(), Some(letter(id, "t-1")));
    }
    assert_eq!(world.kms.take(), ["Decrypt"]);
}

#[tokio::test]
async fn protected_updates_need_both_data_keys_and_plaintext_ones_need_none() {
    let world = World::new().await;
    let store = world.of("t-1");
    store.put(&letter("l-1", "t-1")).await.unwrap();
    store.get::<Letter>("l-1").await.unwrap().unwrap();
    let seal = |text| store.update::<Letter>("l-1").seal(|f| f.text, text);

    world.breaks();
    world.clock.pass(19);
    seal("Dear Ann").await.unwrap();
    world.clock.pass(1);
    let _ = world.dynamodb.take();
    let error = seal("Dear Bob").await.unwrap_err();
    assert!(error.is_retryable() && matches!(error, UpdateError::DecryptDataKey(_)), "{error}");
    assert_eq!(world.dynamodb.take(), ["GetItem"]);

    // No data key is needed for these.
    store.update::<Letter>("l-1").set(|f| f.status, "sent").await.unwrap();
    assert_eq!(store.scan::<Letter>().count().await.unwrap(), 1);
    world.clock.pass(10);
    world.recovers();
    let found: Letter = store.get("l-1").await.unwrap().unwrap();
    assert_eq!((found.text.as_str(), found.status.as_str()), ("Dear Ann", "sent"));
    world.breaks();
    store.delete::<Letter>("l-1").await.unwrap();
}

/// A protected update of a record under an older data key needs a new one.
#[tokio::test]
async fn a_protected_update_that_cannot_move_to_a_new_data_key_writes_nothing() {
    let world = World::new().await;
    let store = world.of("t-1");
    store.put(&letter("l-1", "t-1")).await.unwrap();
    world.clock.pass(15);
    store.get::<Letter>("l-1").await.unwrap().unwrap();

    world.breaks();
    world.clock.pass(10);
    // Its data key is kept to load it, and too old to seal under.
    assert_eq!(store.get("l-1").await.unwrap(), Some(letter("l-1", "t-1")));
    let _ = world.dynamodb.take();
    let error = store.update::<Letter>("l-1").seal(|f| f.text, "Dear Bob").await.unwrap_err();

    assert!(error.is_retryable() && matches!(error, UpdateError::GenerateDataKey(_)), "{error}");
    assert_eq!(world.dynamodb.take(), ["GetItem"]);
}

/// A task of the crowd: half of them save a record, half load one.
async fn take_part(task: usize, tenant: &'static str, store: Store) -> Result<(), Error> {
    if task % 8 < 4 {
        return Ok(store.put(&letter(&format!("new-{task}"), tenant)).await?);
    }
    let old = format!("{tenant}-{}", task % 3);
    let found: Option<Letter> = store.get(old.as_str()).await?;
    assert_eq!(found, Some(letter(&old, tenant)));
    Ok(())
}

/// The data keys of all four tenants are too old when KMS goes out of reach.
#[tokio::test]
async fn two_hundred_tasks_that_waited_make_one_call_for_each_data_key_and_context() {
    const TASKS: usize = 200;
    let tenants = ["t-1", "t-2", "t-3", "t-4"];
    let world = World::sealing(1_000).await;
    for tenant in tenants {
        for number in 0..3 {
            let letter = letter(&format!("{tenant}-{number}"), tenant);
            world.of(tenant).put(&letter).await.unwrap();
        }
    }
    let crowd = || {
        let mut tasks = JoinSet::new();
        for task in 0..TASKS {
            let tenant = tenants[task % tenants.len()];
            tasks.spawn(take_part(task, tenant, world.of(tenant)));
        }
        tasks.join_all()
    };

    world.breaks();
    world.clock.pass(30);
    let failed = crowd().await;
    assert!(failed.iter().all(|done| done.as_ref().is_err_and(Error::is_retryable)));
    let _ = (world.kms.take(), world.dynamodb.take());
    world.recovers();
    let done = crowd().await;

    assert!(done.iter().all(Result::is_ok), "{done:?}");
    let calls = world.kms.take();
    let per_tenant = (count(&calls, "GenerateDataKey"), count(&calls, "Decrypt"));
    assert_eq!(per_tenant, (tenants.len(), tenants.len()), "{calls:?}");
    assert_eq!(count(&world.dynamodb.take(), "PutItem"), TASKS / 2);
}
