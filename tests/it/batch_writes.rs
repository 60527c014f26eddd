//! Batches, bulk loads and deleted partitions, on a DynamoDB.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::types::ScalarAttributeType;
use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, Store};
use envelope_tests::{Fault, KmsRequest, Reaction, Timeout};
use serde_json::Value;
use tokio::sync::Notify;

use crate::support::{User, World};

const INTERNAL: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}"#;
const SECRET: &str = "a note that nobody may read";

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "app", partition_key = "T#{tenant}", sort_key = "LINE#{number:04}")]
struct Line {
    tenant: String,
    number: u32,
    status: String,
    #[encrypted]
    note: String,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "app", partition_key = "T#{tenant}", sort_key = "PROFILE")]
struct Profile {
    tenant: String,
    #[encrypted]
    name: String,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "app", partition_key = "T#{tenant}", sort_key = "DRAFT#{number:04}")]
struct Draft {
    tenant: String,
    number: u32,
    #[encrypted]
    text: String,
    #[envelope(version)]
    version: u64,
}

fn line(tenant: &str, number: u32) -> Line {
    let note = format!("{SECRET}, {number}");
    Line { tenant: tenant.into(), number, status: "open".into(), note }
}

fn draft(number: u32) -> Draft {
    Draft { tenant: "t-1".into(), number, text: SECRET.into(), version: 0 }
}

fn profile() -> Profile {
    Profile { tenant: "t-1".into(), name: SECRET.into() }
}

async fn app() -> (World, Store) {
    let keys = [("PK", ScalarAttributeType::S), ("SK", ScalarAttributeType::S)];
    let world = World::with_keys(&keys).await;
    let store = world.store.clone().map_table::<Line>(&world.table);
    (world, store)
}

/// All items of the table, as they are stored.
async fn items(world: &World) -> Vec<crate::support::Stored> {
    let scan = world.backend.dynamodb.scan().table_name(&world.table).consistent_read(true);
    scan.into_paginator().items().send().try_collect().await.unwrap()
}

#[tokio::test]
async fn records_of_several_types_are_written_sealed_and_deleted_in_one_batch() {
    let (world, store) = app().await;
    let lines: Vec<_> = (0..40).map(|number| line("t-1", number)).collect();
    store.put(&line("t-1", 99)).await.unwrap();
    world.requests.forget();

    let batch = store.batch_write().put(&profile()).put_all(&lines).delete::<Line>(("t-1", 99));
    batch.await.unwrap();

    let found: Vec<Line> = store.query::<Line>("t-1").consistent().all().await.unwrap();
    assert_eq!(found, lines);
    let found: Option<Profile> = store.get("t-1").consistent().await.unwrap();
    assert_eq!(found, Some(profile()));
    let generated = world.requests.take().into_iter();
    let generated = generated.filter(|call| matches!(call, KmsRequest::GenerateDataKey { .. }));
    assert_eq!(generated.count(), 41);
    let items = items(&world).await;
    assert_eq!(items.len(), 41);
    let text = format!("{items:?}");
    assert!(!text.contains("nobody") && text.contains("_envelope"), "{text}");
    // A batch can replace what it wrote, and delete it.
    let closed: Vec<_> =
        lines.into_iter().map(|line| Line { status: "closed".into(), ..line }).collect();
    store.batch_write().put_all(&closed).await.unwrap();
    let keys = (0..40).map(|number| ("t-1", number));
    assert_eq!(
        store.query::<Line>("t-1").filter(|f| f.status.eq("closed")).count().await.unwrap(),
        40
    );
    store.batch_write().delete_all::<Line>(keys).delete::<Profile>("t-1").await.unwrap();
    assert!(self::items(&world).await.is_empty());
}

#[tokio::test]
async fn a_partition_is_deleted_beside_other_types_and_other_partitions() {
    let (world, store) = app().await;
    let lines = (0..60).map(|number| line("t-1", number)).chain([line("t-2", 1)]);
    store.bulk_put(lines.collect::<Vec<_>>()).await.unwrap();
    store.put(&profile()).await.unwrap();
    let _ = store.put(&draft(1)).await.unwrap();
    let _ = store.put(&draft(2)).await.unwrap();

    let done = store.delete_partition::<Line>("t-1").await.unwrap();
    assert_eq!((done.deleted, done.kept), (60, 0));
    assert_eq!(store.query::<Line>("t-1").count().await.unwrap(), 0);
    assert_eq!(items(&world).await.len(), 4);
    let done = store.delete_partition::<Draft>("t-1").await.unwrap();
    assert_eq!((done.deleted, done.kept), (2, 0));
    // A deletion that is called again finds nothing.
    assert_eq!(store.delete_partition::<Draft>("t-1").await.unwrap().deleted, 0);
    assert_eq!(store.get::<Profile>("t-1").await.unwrap(), Some(profile()));

    let done = store.delete_whole_partition::<Line>("t-1").await.unwrap();
    assert_eq!((done.deleted, done.kept), (1, 0));
    assert_eq!(store.get::<Line>(("t-2", 1)).await.unwrap(), Some(line("t-2", 1)));
    assert_eq!(items(&world).await.len(), 1);
}

#[tokio::test]
async fn a_record_that_a_rival_has_changed_is_kept() {
    let (world, store) = app().await;
    let _ = store.put(&draft(1)).await.unwrap();
    store.put(&line("t-1", 1)).await.unwrap();
    let proxy = world.backend.faulty_proxy().await;
    let client = proxy.client(&world.backend.dynamodb, Timeout::Attempt, RetryConfig::standard());
    let provider = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
    let slow = Store::new(client, provider).map_table::<Line>(&world.table);

    // The first attempt at the deletion does not arrive, and the rival writes.
    let rival = store.clone();
    proxy.fail("DeleteItem", [Fault::ResetBefore]);
    proxy.meanwhile(async move {
        rival.update::<Draft>(("t-1", 1)).seal(|f| f.text, "new").await.unwrap();
    });
    let done = slow.delete_partition::<Draft>("t-1").await.unwrap();
    assert_eq!((done.deleted, done.kept), (0, 1));
    let kept: Draft = store.get(("t-1", 1)).consistent().await.unwrap().unwrap();
    assert_eq!((kept.text.as_str(), kept.version), ("new", 2));

    let rival = store.clone();
    proxy.fail("DeleteItem", [Fault::ResetBefore]);
    proxy.meanwhile(async move { rival.put(&line("t-1", 1)).await.unwrap() });
    let done = slow.delete_partition::<Line>("t-1").only_as_read().await.unwrap();
    assert_eq!((done.deleted, done.kept), (0, 1));
    // An answer that is lost is not taken for a change.
    proxy.fail("DeleteItem", [Fault::ResetAfter]);
    let done = slow.delete_partition::<Line>("t-1").only_as_read().await.unwrap();
    assert_eq!((done.deleted, done.kept), (1, 0));
}

/// The puts of all attempts at batches: the items, by the record's id.
#[derive(Clone, Debug, Default)]
struct Wire(Arc<Mutex<BTreeMap<String, Vec<Value>>>>);

impl Intercept for Wire {
    fn name(&self) -> &'static str {
        "Wire"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body: Value = serde_json::from_slice(context.request().body().bytes().unwrap())?;
        let tables = body["RequestItems"].as_object().into_iter().flatten();
        let mut sent = self.0.lock().unwrap();
        for write in tables.flat_map(|(_, writes)| writes.as_array().unwrap()) {
            let item = write["PutRequest"]["Item"].clone();
            sent.entry(item["id"]["S"].as_str().unwrap().into()).or_default().push(item);
        }
        Ok(())
    }
}

/// A fault of every third request or so, by a seed. None of them hangs: the proxy does not know
/// which of several requests should time out.
fn faults(mut seed: u64) -> Vec<Fault> {
    let all = [
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::BrokenBody,
        Fault::AnsweredAfter(503, ""),
        Fault::Answered(500, INTERNAL),
        Fault::AnsweredAfter(500, INTERNAL),
    ];
    let mut faults = Vec::new();
    for _ in 0..60 {
        // Knuth's linear congruential generator.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let number = usize::try_from(seed >> 40).unwrap();
        faults.push(if number % 3 == 0 { all[number / 3 % all.len()] } else { Fault::None });
    }
    faults
}

/// A random seed, or that of a run to be repeated.
fn seed() -> u64 {
    let given = std::env::var("ENVELOPE_FAULT_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| RandomState::new().hash_one(()));
    println!("ENVELOPE_FAULT_SEED={seed}");
    seed
}

#[tokio::test]
async fn a_thousand_records_are_loaded_over_a_network_that_fails() {
    let seed = seed();
    let world = World::new().await;
    let proxy = world.backend.faulty_proxy().await;
    let retries = RetryConfig::standard().with_max_attempts(20);
    let client = proxy.client(&world.backend.dynamodb, Timeout::Attempt, retries);
    let wire = Wire::default();
    let config = client.config().to_builder().interceptor(wire.clone()).build();
    let store = world.store_over(Client::from_conf(config));
    proxy.fail("BatchWriteItem", faults(seed));

    let users = (0..1000).map(|number| User::new(&format!("u-{number}")));
    assert_eq!(store.bulk_put(users).await.unwrap(), 1000);

    let items = items(&world).await;
    assert_eq!(items.len(), 1000);
    for id in ["u-0", "u-499", "u-999"] {
        assert_eq!(world.store.get::<User>(id).await.unwrap(), Some(User::new(id)));
    }
    let sent = wire.0.lock().unwrap();
    assert_eq!(sent.len(), 1000);
    for (id, attempts) in &*sent {
        assert!(attempts.iter().all(|attempt| *attempt == attempts[0]), "{id}");
    }
    assert!(sent.values().any(|attempts| attempts.len() > 1));
    // What is stored is what was sent.
    for item in items {
        let envelope = data_encoding::BASE64.encode(&crate::support::bytes(&item, "_envelope"));
        let id = item["id"].as_s().unwrap();
        assert_eq!(sent[id][0]["_envelope"]["B"], envelope);
    }
}

/// The process ends while a request is under way, served or not, and the next one begins anew.
#[tokio::test]
async fn a_load_that_is_killed_is_begun_again_and_nothing_is_lost() {
    let seed = seed();
    let world = World::new().await;
    let (last, is_served) = (usize::try_from(seed % 19).unwrap(), seed & 64 == 0);
    let killed = Arc::new(Notify::new());
    let kill = Arc::clone(&killed);
    let (client, script) = world.backend.scripted_dynamodb(move |attempt| {
        if attempt.number < last {
            return Reaction::Pass;
        }
        kill.notify_one();
        if is_served && attempt.number == last { Reaction::Lost } else { Reaction::Hang }
    });
    let store = world.store_over(client);
    let users = || (0..500).map(|number| User::new(&format!("u-{number}")));
    {
        let mut load = store.bulk_put(users()).into_future();
        tokio::select! {
            biased;
            () = killed.notified() => {}
            done = &mut load => panic!("{done:?}"),
        }
    }
    assert!(items(&world).await.len() < 500);

    script.react(|_| Reaction::Pass);
    assert_eq!(store.bulk_put(users()).await.unwrap(), 500);

    assert_eq!(items(&world).await.len(), 500);
    let ids: Vec<_> = users().map(|user| user.id).collect();
    let found = store.batch_get::<User>(&ids).consistent().await.unwrap();
    assert!(found.into_iter().eq(users().map(Some)));
}
