//! A migration beside programs that keep writing, and one that is killed again and again.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_dynamodb::types::AttributeValue;
use envelope_runtime::key::{KeyProvider, Reuse};
use envelope_runtime::{KmsKeyProvider, MigrationReport, Store};
use envelope_tests::Reaction;
use tempfile::TempDir;
use tokio::sync::Notify;

use super::scale;
use crate::migrate::{Patient, fill, migrating, patient};
use crate::support::{World, string};

/// A random seed, or that of a run to be repeated.
fn seed() -> u64 {
    let given = std::env::var("ENVELOPE_KILL_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| RandomState::new().hash_one(()));
    println!("ENVELOPE_KILL_SEED={seed}");
    seed
}

/// A provider of a process that has just started.
fn store(world: &World, dynamodb: aws_sdk_dynamodb::Client) -> Store {
    let provider = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
    let store = Store::new(dynamodb, provider.reuse(Reuse::records(100)));
    migrating(&store.map_table::<Patient>(&world.table).kms_rate(NonZeroU32::MAX))
}

/// Runs the migration until DynamoDB has seen so many requests of it, and then drops it, as the end
/// of a process would.
async fn killed_after(world: &World, requests: usize, checkpoint: &TempDir) {
    let killed = Arc::new(Notify::new());
    let kill = Arc::clone(&killed);
    let (client, _script) = world.backend.scripted_dynamodb(move |attempt| {
        if attempt.number < requests {
            return Reaction::Pass;
        }
        kill.notify_one();
        // Some of the last requests are served, although nobody waits for them.
        if attempt.number.is_multiple_of(2) { Reaction::Pass } else { Reaction::Hang }
    });
    let store = store(world, client);
    let migration = store.migrate::<Patient>().segments(32).parallel(2);
    tokio::select! {
        report = migration.checkpoint(checkpoint.path().join("c")) => {
            panic!("not killed: {report:?}")
        }
        () = killed.notified() => {}
    }
}

/// A program without encryption: it counts visits, and knows nothing of envelopes. Returns the
/// acknowledged visits of each record.
async fn old_program(world: &World, scale: usize, ends: &AtomicBool) -> HashMap<String, u64> {
    let mut acknowledged = HashMap::new();
    for turn in 0.. {
        if ends.load(Ordering::Relaxed) {
            break;
        }
        let id = format!("p-{}", turn * 7 % scale);
        let update = world.backend.dynamodb.update_item().table_name(&world.table);
        let update = update
            .key("id", string(&id))
            .update_expression("ADD visits :one SET #s = :s")
            .condition_expression("attribute_exists(id)")
            .expression_attribute_names("#s", "status")
            .expression_attribute_values(":one", AttributeValue::N("1".into()))
            .expression_attribute_values(":s", string("seen"));
        update.send().await.unwrap();
        *acknowledged.entry(id).or_default() += 1;
    }
    acknowledged
}

/// A program that seals: it changes sealed attributes, and saves new records. Returns the phones
/// that were acknowledged.
async fn new_program(world: &World, scale: usize, ends: &AtomicBool) -> HashMap<String, String> {
    let store = store(world, world.backend.dynamodb.clone());
    let mut acknowledged = HashMap::new();
    for turn in 0.. {
        if ends.load(Ordering::Relaxed) {
            break;
        }
        let phone = format!("phone {turn}");
        let id = format!("p-{}", turn * 11 % scale);
        store.update::<Patient>(id.as_str()).seal(|f| f.phone, phone.as_str()).await.unwrap();
        acknowledged.insert(id, phone.clone());
        if turn % 8 == 0 {
            let id = format!("new-{turn}");
            let new = Patient { phone: Some(phone.clone()), ..patient(&id) };
            store.put(&new).await.unwrap();
            acknowledged.insert(id, phone);
        }
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t27_a_table_in_use_is_sealed_by_a_migration_that_is_killed_three_times() {
    let scale = usize::try_from(scale()).unwrap();
    let world = Arc::new(World::new().await);
    fill(&world, scale).await;
    let checkpoint = TempDir::new().unwrap();
    let ends = Arc::new(AtomicBool::new(false));
    let (old, new) = {
        let (world, ends) = ((world.clone(), world.clone()), (ends.clone(), ends.clone()));
        let old = tokio::spawn(async move { old_program(&world.0, scale, &ends.0).await });
        let new = tokio::spawn(async move { new_program(&world.1, scale, &ends.1).await });
        (old, new)
    };

    let mut seed = seed();
    for _ in 0..3 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let requests = 2 + usize::try_from(seed >> 40).unwrap() % (scale / 4);
        killed_after(&world, requests, &checkpoint).await;
    }
    let store = store(&world, world.backend.dynamodb.clone());
    let migration = store.migrate::<Patient>().segments(32);
    let report: MigrationReport = migration.checkpoint(checkpoint.path().join("c")).await.unwrap();
    ends.store(true, Ordering::Relaxed);
    let (visits, phones) = (old.await.unwrap(), new.await.unwrap());

    assert!(report.is_complete() && report.reappeared == 0, "{report:?}");
    assert!(report.records >= scale as u64);
    let new = phones.keys().filter(|id| id.starts_with("new-")).count();
    let ids = (0..scale).map(|number| format!("p-{number}"));
    let ids: Vec<_> =
        ids.chain(phones.keys().filter(|id| id.starts_with("new-")).cloned()).collect();
    assert_eq!(ids.len(), scale + new);
    for id in ids {
        // Without a window.
        let found: Patient = world.store.get(id.as_str()).consistent().await.unwrap().unwrap();
        assert_eq!(found.phone.as_ref(), phones.get(&id), "{id}");
        assert_eq!(found.visits, visits.get(&id).copied().unwrap_or_default(), "{id}");
        assert_eq!(found.ssn, format!("ssn of {id}"));
    }
    println!("{} visits, {} phones and {new} new records", visits.len(), phones.len() - new);
}
