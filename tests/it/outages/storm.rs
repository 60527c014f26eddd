//! A thousand operations at once, over networks that lose requests and answers.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use envelope_runtime::key::{Cache, KeyProvider, Reuse};
use envelope_runtime::schema::IntoKey;
use envelope_runtime::{EnvelopeRecord, Error, KmsKeyProvider, Store};
use envelope_tests::{Attempt, Backend, Reaction, Turns, scripted_dynamodb};
use tokio::task::JoinSet;

const TASKS: usize = 1_000;
/// The records that several tasks write, of each kind.
const SHARED: usize = 50;
/// The kinds of tasks, in turn.
const KINDS: usize = 8;
const TENANTS: [&str; 4] = ["t-0", "t-1", "t-2", "t-3"];
/// Longer than the default: the machine may be busy, and every task must finish.
const WITHIN: Duration = Duration::from_mins(5);

/// A record that one task writes.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "notes")]
struct Note {
    #[partition_key]
    group: String,
    #[sort_key]
    number: usize,
    #[envelope(context)]
    tenant: String,
    #[encrypted]
    text: String,
}

/// A record to which several tasks add their numbers.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "table")]
struct Ledger {
    #[partition_key]
    id: String,
    #[envelope(context)]
    tenant: String,
    #[encrypted]
    text: String,
    count: usize,
    tasks: Vec<usize>,
}

/// The same, with a version that counts the writes.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "table")]
struct Page {
    #[partition_key]
    id: String,
    #[envelope(context)]
    tenant: String,
    #[encrypted]
    text: String,
    tasks: Vec<usize>,
    #[envelope(version)]
    version: u64,
}

fn tenant(number: usize) -> &'static str {
    TENANTS[number % TENANTS.len()]
}

/// The note of a task. A group has ten or so, all of one tenant.
fn note(group: &str, number: usize) -> Note {
    let (tenant, text) = (tenant(number).to_owned(), format!("text of {number}"));
    Note { group: format!("{group}-{}", number / 80), number, tenant, text }
}

impl Note {
    fn at(&self) -> (&str, usize) {
        (&self.group, self.number)
    }
}

/// Of twenty attempts or so one is throttled, one reset, one answer is lost, and one is slow. All
/// wait for a few turns of other tasks, so that the requests of all tasks mix.
fn faults(mut seed: u64) -> impl FnMut(&Attempt) -> Reaction {
    move |_| {
        // Knuth's linear congruential generator.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let number = u32::try_from(seed >> 40).unwrap();
        let reaction = match number % 20 {
            0 => Reaction::error("ThrottlingException"),
            1 => Reaction::Reset,
            2 => Reaction::Lost,
            3 => return Reaction::Pass.behind(30),
            _ => Reaction::Pass,
        };
        reaction.behind(number / 20 % 8)
    }
}

/// A random seed, or that of a run to be repeated.
fn seed() -> u64 {
    let given = std::env::var("ENVELOPE_FAULT_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| RandomState::new().hash_one(()));
    println!("ENVELOPE_FAULT_SEED={seed}");
    seed
}

/// A task: its store, and the failures that all tasks have seen.
#[derive(Clone)]
struct Task {
    number: usize,
    store: Store,
    retried: Arc<AtomicUsize>,
    unknown: Arc<AtomicUsize>,
}

/// Far more tries than it takes.
const TRIES: usize = 200;

impl Task {
    /// Does what may be done twice, until it is done.
    async fn again<T, F>(&self, mut operation: impl FnMut() -> F) -> T
    where
        F: Future<Output = Result<T, Error>>,
    {
        for _ in 0..TRIES {
            match operation().await {
                Ok(done) => return done,
                Err(error) => assert!(error.is_retryable(), "{}: {error}", self.number),
            }
            self.retried.fetch_add(1, Ordering::Relaxed);
        }
        panic!("task {} is not done", self.number)
    }

    /// Does what must happen once, until it is done. An error that is retryable says that nothing
    /// was written; after an unknown outcome, the stored record decides.
    async fn once<F, G>(&self, mut write: impl FnMut() -> F, is_there: impl Fn() -> G)
    where
        F: Future<Output = Result<(), Error>>,
        G: Future<Output = bool>,
    {
        for _ in 0..TRIES {
            let Err(error) = write().await else { return };
            let is_there = is_there().await;
            if error.is_unknown_outcome() {
                self.unknown.fetch_add(1, Ordering::Relaxed);
                if is_there {
                    return;
                }
            } else {
                let other = error.is_retryable() || error.is_version_conflict();
                assert!(other && !is_there, "{}: {error}", self.number);
                self.retried.fetch_add(1, Ordering::Relaxed);
            }
        }
        panic!("task {} is not done", self.number)
    }

    async fn load<R: EnvelopeRecord>(&self, key: impl IntoKey<R::Key> + Clone) -> Option<R> {
        self.again(|| async { Ok(self.store.get::<R>(key.clone()).consistent().await?) }).await
    }

    async fn run(self) {
        let (number, store) = (self.number, &self.store);
        let of = number / KINDS % SHARED;
        let (ledger, page) = (format!("ledger-{of}"), format!("page-{of}"));
        let in_ledger = || async {
            self.load::<Ledger>(ledger.as_str()).await.unwrap().tasks.contains(&number)
        };
        let in_page =
            || async { self.load::<Page>(page.as_str()).await.unwrap().tasks.contains(&number) };
        let text = format!("text of {number}");
        match number % KINDS {
            0 => {
                let new = note("put", number);
                self.again(|| async { Ok(store.put(&new).await?) }).await;
                assert_eq!(self.load(new.at()).await, Some(new.clone()));
            }
            1 => {
                let new = note("create", number);
                let is_there = || async { self.load::<Note>(new.at()).await.is_some() };
                self.once(|| async { Ok(store.create(&new).await?) }, is_there).await;
            }
            2 => {
                let add = || store.update::<Ledger>(ledger.as_str()).add(|f| f.count, 1);
                let add = || add().append(|f| f.tasks, vec![number]).deadline(WITHIN);
                self.once(|| async { Ok(add().await?) }, in_ledger).await;
            }
            3 => {
                let seal =
                    || store.update::<Ledger>(ledger.as_str()).seal(|f| f.text, text.as_str());
                let seal = || seal().add(|f| f.count, 1).append(|f| f.tasks, vec![number]);
                self.once(|| async { Ok(seal().deadline(WITHIN).await?) }, in_ledger).await;
            }
            4 => {
                let write = || async {
                    let mut changed: Page = self.load(page.as_str()).await.unwrap();
                    changed.tasks.push(number);
                    changed.text.clone_from(&text);
                    let _ = store.put(&changed).await?;
                    Ok(())
                };
                self.once(write, in_page).await;
            }
            5 => {
                let write = || async {
                    let version = self.load::<Page>(page.as_str()).await.unwrap().version;
                    let update =
                        store.update::<Page>(page.as_str()).version(version).deadline(WITHIN);
                    Ok(update
                        .seal(|f| f.text, text.as_str())
                        .append(|f| f.tasks, vec![number])
                        .await?)
                };
                self.once(write, in_page).await;
            }
            6 => {
                let old = note("delete", number);
                self.again(|| async { Ok(store.delete::<Note>(old.at()).await?) }).await;
                assert_eq!(self.load::<Note>(old.at()).await, None);
            }
            _ => {
                let old = note("keep", number);
                let query = || store.query::<Note>(old.group.as_str()).consistent();
                let found = self.again(|| async { Ok(query().all().await?) }).await;
                let group = (0..TASKS).filter(|task| task % KINDS == number % KINDS);
                let group = group.map(|task| note("keep", task));
                assert!(found.into_iter().eq(group.filter(|note| note.group == old.group)));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_operations_over_failing_networks_all_happen_and_none_twice() {
    let seed = seed();
    let (backend, turns) = (Backend::in_process().await, Turns::new());
    let key = backend.create_kms_key().await;
    let calm = Store::new(turns.onlooker(), KmsKeyProvider::new(backend.kms.clone(), &key));
    let of = |number: usize| calm.scoped([("tenant", tenant(number))]);
    calm.create_table::<Note>().await.unwrap();
    for number in 0..SHARED {
        let (tenant, text) = (tenant(number).to_owned(), String::new());
        let id = format!("ledger-{number}");
        let (count, tasks) = (0, Vec::new());
        let ledger = Ledger { id, tenant: tenant.clone(), text: text.clone(), count, tasks };
        calm.put(&ledger).await.unwrap();
        let (id, tasks) = (format!("page-{number}"), Vec::new());
        let _ = calm.put(&Page { id, tenant, text, tasks, version: 0 }).await.unwrap();
    }
    for number in 0..TASKS {
        match number % KINDS {
            6 => calm.put(&note("delete", number)).await.unwrap(),
            7 => calm.put(&note("keep", number)).await.unwrap(),
            _ => {}
        }
    }

    let (dynamodb, requests) = scripted_dynamodb(&turns.onlooker(), faults(seed));
    let (kms, calls) = backend.scripted_kms_with_retries(faults(!seed));
    let keys = KmsKeyProvider::new(kms, &key).reuse(Reuse::records(20)).cached(Cache::entries(50));
    let store = Store::new(dynamodb, keys);
    let (retried, unknown) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for number in 0..TASKS {
        // Those of one shared record have its tenant.
        let shares = (2..6).contains(&(number % KINDS));
        let tenant = tenant(if shares { number / KINDS % SHARED } else { number });
        let (store, retried) = (store.scoped([("tenant", tenant)]), Arc::clone(&retried));
        let task = Task { number, store, retried, unknown: Arc::clone(&unknown) };
        tasks.spawn(task.run());
    }
    tasks.join_all().await;

    let (mut in_ledgers, mut in_pages) = (BTreeSet::new(), BTreeSet::new());
    for number in 0..SHARED {
        let ledger: Ledger = of(number).get(format!("ledger-{number}")).await.unwrap().unwrap();
        assert_eq!(ledger.count, ledger.tasks.len());
        assert!(ledger.tasks.into_iter().all(|task| in_ledgers.insert(task)));
        let page: Page = of(number).get(format!("page-{number}")).await.unwrap().unwrap();
        assert_eq!(page.version, u64::try_from(page.tasks.len()).unwrap() + 1);
        assert!(page.tasks.into_iter().all(|task| in_pages.insert(task)));
    }
    let expected =
        |kinds: [usize; 2]| (0..TASKS).filter(move |task| kinds.contains(&(task % KINDS)));
    assert!(in_ledgers.into_iter().eq(expected([2, 3])));
    assert!(in_pages.into_iter().eq(expected([4, 5])));
    for number in 0..TASKS {
        let (group, is_there) = match number % KINDS {
            0 => ("put", true),
            1 => ("create", true),
            6 => ("delete", false),
            7 => ("keep", true),
            _ => continue,
        };
        let note = note(group, number);
        let found: Option<Note> = of(number).get(note.at()).await.unwrap();
        assert_eq!(found, is_there.then_some(note.clone()));
    }
    let (requests, calls) = (requests.take().len(), calls.take().len());
    println!("{requests} requests, {calls} calls to KMS, {retried:?} retried, {unknown:?} unknown");
    assert!(unknown.load(Ordering::Relaxed) > 0);
}
