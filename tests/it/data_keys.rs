//! Calls to KMS, counted at the SDK: data keys that several records share, and kept ones.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::ScalarAttributeType;
use envelope_runtime::key::{Cache, KeyProvider, Reuse};
use envelope_runtime::operation::{BatchWrite, Transaction};
use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, Store, Usage};
use envelope_tests::{Backend, KmsRequest, KmsRequests, Layout, Turns};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::support::{User, World, bytes};

const AGE: Duration = Duration::from_mins(5);

/// A store whose provider keeps and shares data keys, and its requests to KMS.
fn sharing(world: &World, records: u64) -> (Store, KmsRequests) {
    let (kms, requests) = world.backend.recorded_kms();
    let provider = KmsKeyProvider::new(kms, &world.key)
        .reuse(Reuse::records(records).for_at_most(AGE))
        .cached(Cache::entries(1_000).for_at_most(AGE));
    let store = Store::new(world.backend.dynamodb.clone(), provider);
    (store.map_table::<User>(&world.table).map_table::<Note>(&world.table), requests)
}

/// The numbers of `GenerateDataKey` and of Decrypt.
fn counts(requests: &KmsRequests) -> (usize, usize) {
    let requests = requests.take();
    let of = |is: fn(&&KmsRequest) -> bool| requests.iter().filter(is).count();
    let generated = of(|request| matches!(request, KmsRequest::GenerateDataKey { .. }));
    let decrypted = of(|request| matches!(request, KmsRequest::Decrypt { .. }));
    assert_eq!(generated + decrypted, requests.len(), "{requests:?}");
    (generated, decrypted)
}

/// The number of stored records under each data key.
async fn shares(world: &World) -> BTreeMap<Vec<u8>, u64> {
    let scan = world.backend.dynamodb.scan().table_name(&world.table).consistent_read(true);
    let items = scan.into_paginator().items().send();
    let items: Vec<_> = items.collect::<Result<_, _>>().await.unwrap();
    let mut shares = BTreeMap::new();
    for item in items {
        let envelope = bytes(&item, "_envelope");
        let reference = envelope[Layout::of(&envelope).reference].to_vec();
        *shares.entry(reference).or_default() += 1;
    }
    shares
}

async fn save_users(store: &Store, number: usize, tasks: usize) {
    let saves = (0..number).map(|number| {
        let store = store.clone();
        tokio::spawn(async move { User::new(&format!("u-{number}")).save(&store).await })
    });
    let saves = stream::iter(saves).buffer_unordered(tasks);
    saves.for_each(async |saved| saved.unwrap().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_saves_of_64_tasks_make_as_many_data_keys_as_the_limit_says() {
    let world = World::new().await;
    for (limit, data_keys) in [(500, 2), (1_000, 1), (300, 4)] {
        let (store, requests) = sharing(&world, limit);
        let usage = Usage::default();

        save_users(&store.measured(&usage), 1_000, 64).await;

        assert_eq!(counts(&requests), (data_keys, 0), "{limit}");
        let shares = shares(&world).await;
        assert_eq!((shares.len(), shares.values().sum::<u64>()), (data_keys, 1_000));
        assert!(shares.values().all(|records| *records <= limit), "{shares:?}");
        let data_keys = u64::try_from(data_keys).unwrap();
        assert_eq!((usage.kms_calls(), usage.key_hits() + usage.key_misses()), (data_keys, 1_000));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_of_a_thousand_records_under_ten_data_keys_makes_ten_calls() {
    let world = World::new().await;
    let (store, requests) = sharing(&world, 100);
    save_users(&store, 1_000, 64).await;
    assert_eq!(counts(&requests), (10, 0));

    let scan = async |store: Store| {
        let usage = Usage::default();
        let all: Vec<User> =
            store.measured(&usage).scan::<User>().stream().try_collect().await.unwrap();
        assert_eq!(all.len(), 1_000);
        (usage.key_hits(), usage.key_misses())
    };
    // Within one scan, the data keys are kept by any store.
    world.requests.forget();
    assert_eq!(scan(world.store.clone()).await, (990, 0));
    assert_eq!(counts(&world.requests), (0, 10));
    assert_eq!(scan(world.store.clone()).await, (990, 0));
    assert_eq!(counts(&world.requests), (0, 10));
    // This store keeps them from one scan to the next.
    assert_eq!(scan(store.clone()).await, (990, 10));
    assert_eq!(counts(&requests), (0, 10));
    assert_eq!(scan(store.clone()).await, (1_000, 0));
    assert_eq!(counts(&requests), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_concurrent_loads_of_one_cold_data_key_make_one_call() {
    // Without sockets, of which a busy machine opens a thousand too slowly.
    let backend = Backend::in_process().await;
    let (dynamodb, key) = (Turns::new().onlooker(), backend.create_kms_key().await);
    let (kms, requests) = backend.recorded_kms();
    let provider = KmsKeyProvider::new(kms, &key).cached(Cache::entries(10));
    let store = Store::new(dynamodb, provider).map_table::<User>("table");
    User::new("foobar").save(&store).await.unwrap();
    requests.forget();

    let loads: Vec<_> = (0..1_000)
        .map(|_| {
            let load = User::load(&store, "foobar");
            tokio::spawn(async move { load.await })
        })
        .collect();
    for load in loads {
        assert_eq!(load.await.unwrap().unwrap(), Some(User::new("foobar")));
    }

    assert_eq!(counts(&requests), (0, 1));
}

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "notes")]
struct Note {
    #[partition_key]
    shelf: String,
    #[sort_key]
    number: u32,
    title: String,
    #[encrypted]
    text: String,
}

const KEYS: [(&str, ScalarAttributeType); 2] =
    [("shelf", ScalarAttributeType::S), ("number", ScalarAttributeType::N)];

fn notes() -> Vec<Note> {
    let note = |number| Note { shelf: "a".into(), number, title: "t".into(), text: "x".into() };
    (0..10).map(note).collect()
}

/// What is done with ten records.
#[derive(Clone, Copy, Debug)]
enum Act {
    Put,
    Get,
    Query,
    Scan,
    BatchGet,
    ReadTransaction,
    BatchPut,
    BulkPut,
    TransactPut,
    TransactSeal,
    Seal,
    SetPlaintext,
    PutReturningOld,
    Delete,
    DeletePartition,
}

impl Act {
    async fn on(self, store: &Store) {
        let keys = (0..10).map(|number| ("a", number));
        match self {
            Self::Put => each(notes(), async |note| note.save(store).await.unwrap()).await,
            Self::Get => {
                each(keys, async |key| drop(store.get::<Note>(key).await.unwrap().unwrap())).await;
            }
            Self::Query => assert_eq!(store.query::<Note>("a").all().await.unwrap().len(), 10),
            Self::Scan => {
                let all: Vec<Note> = store.scan::<Note>().stream().try_collect().await.unwrap();
                assert_eq!(all.len(), 10);
            }
            Self::BatchGet => {
                let all = store.batch_get::<Note>(keys).await.unwrap();
                assert_eq!(all.into_iter().flatten().count(), 10);
            }
            Self::ReadTransaction => {
                let all = store.read_transaction().get_all::<Note>(keys).await.unwrap();
                assert_eq!(all.into_iter().flatten().count(), 10);
            }
            Self::BatchPut => {
                let batch = store.batch_write();
                notes().iter().fold(batch, BatchWrite::put).await.unwrap();
            }
            Self::BulkPut => drop(store.bulk_put(notes()).await.unwrap()),
            Self::TransactPut => {
                let all = store.transaction();
                notes().iter().fold(all, Transaction::put).await.unwrap();
            }
            Self::TransactSeal => {
                let all = store.transaction();
                let seal = |all: Transaction, key| {
                    all.update::<Note>(key, |update| update.seal(|f| f.text, "y"))
                };
                keys.fold(all, seal).await.unwrap();
            }
            Self::Seal => {
                each(keys, async |key| {
                    store.update::<Note>(key).seal(|f| f.text, "y").await.unwrap();
                })
                .await;
            }
            Self::SetPlaintext => {
                each(keys, async |key| {
                    store.update::<Note>(key).set(|f| f.title, "u").await.unwrap();
                })
                .await;
            }
            Self::PutReturningOld => {
                each(notes(), async |note| {
                    assert!(store.put(&note).return_old().await.unwrap().is_some());
                })
                .await;
            }
            Self::Delete => {
                each(keys, async |key| store.delete::<Note>(key).await.unwrap()).await;
            }
            Self::DeletePartition => {
                let deleted = store.delete_whole_partition::<Note>("a").await.unwrap();
                assert_eq!(deleted.deleted, 10);
            }
        }
    }
}

async fn each<T>(all: impl IntoIterator<Item = T>, act: impl AsyncFn(T)) {
    for one in all {
        act(one).await;
    }
}

const GUIDE: &str = include_str!("../../docs/guide/src/cost.md");

/// The rows of the guide's table of calls: the operation, and the counts of the other columns.
fn documented() -> Vec<(&'static str, Vec<usize>)> {
    let table = GUIDE.split("## Calls to KMS").nth(1).expect("a section");
    let rows = table.lines().skip_while(|line| !line.starts_with("| ---")).skip(1);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let cells = |row: &'static str| row.trim_matches('|').split('|').map(str::trim);
    let numbers = |row| cells(row).skip(1).map(|cell| cell.parse().unwrap()).collect();
    rows.map(|row| (cells(row).next().unwrap(), numbers(row))).collect()
}

#[tokio::test]
async fn each_operation_makes_the_calls_that_the_guide_says() {
    let acts = [
        ("save", Act::Put),
        ("load", Act::Get),
        ("query", Act::Query),
        ("scan", Act::Scan),
        ("batch get", Act::BatchGet),
        ("read transaction", Act::ReadTransaction),
        ("batch", Act::BatchPut),
        ("bulk load", Act::BulkPut),
        ("transaction of saves", Act::TransactPut),
        ("transaction of updates of protected attributes", Act::TransactSeal),
        ("update of protected attributes", Act::Seal),
        ("update of plaintext attributes", Act::SetPlaintext),
        ("save with `.return_old()`", Act::PutReturningOld),
        ("delete", Act::Delete),
        ("delete a partition", Act::DeletePartition),
    ];
    let world = Arc::new(World::with_keys(&KEYS).await);
    let plain = |world: &World| {
        let (kms, requests) = world.backend.recorded_kms();
        let provider = KmsKeyProvider::new(kms, &world.key);
        let store = Store::new(world.backend.dynamodb.clone(), provider);
        (store.map_table::<Note>(&world.table), requests)
    };
    let mut measured = Vec::new();
    for (name, act) in acts {
        let mut row = Vec::new();
        for shares in [false, true] {
            let fresh = || if shares { sharing(&world, 1_000) } else { plain(&world) };
            let (seed, _) = fresh();
            seed.bulk_put(notes()).await.unwrap();
            // As a process that has just started.
            let (store, requests) = fresh();

            act.on(&store).await;

            let (generated, decrypted) = counts(&requests);
            row.extend([generated, decrypted]);
        }
        measured.push((name, row));
    }
    assert_eq!(measured, documented());
}

#[tokio::test]
async fn records_under_one_data_key_cost_one_call_within_an_operation_of_any_store() {
    let world = World::with_keys(&KEYS).await;
    let (seed, _) = sharing(&world, 1_000);
    let (kms, requests) = world.backend.recorded_kms();
    let provider = KmsKeyProvider::new(kms, &world.key);
    let plain = Store::new(world.backend.dynamodb.clone(), provider);
    let plain = plain.map_table::<Note>(&world.table);
    for (act, calls) in [
        (Act::Query, 1),
        (Act::Scan, 1),
        (Act::BatchGet, 1),
        (Act::ReadTransaction, 1),
        (Act::TransactSeal, 1),
        (Act::Get, 10),
        // They stay under the data key that they share.
        (Act::Seal, 10),
    ] {
        seed.bulk_put(notes()).await.unwrap();

        act.on(&plain).await;

        assert_eq!(counts(&requests), (0, calls), "{act:?}");
        Act::Query.on(&plain).await;
        assert_eq!(counts(&requests), (0, 1), "{act:?}");
    }
}
