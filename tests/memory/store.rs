//! Whole operations with the SDK's clients and the emulators, which see ciphertext only.

use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::task::Poll;

use aws_sdk_dynamodb::types::ScalarAttributeType;
use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, Store};
use envelope_tests::Backend;

use crate::spy::freed_by;
use crate::{KEYS, PATIENT, Patient, assert_wiped, values_behind_pointers};

/// Runs on one thread, so memory freed while the test looks is freed by the operation or by an
/// emulator.
async fn store() -> Store {
    let backend = Backend::in_process().await;
    let table = backend.create_table(&[("id", ScalarAttributeType::S)]).await;
    let key = backend.create_kms_key().await;
    Store::new(backend.dynamodb.clone(), KmsKeyProvider::new(backend.kms.clone(), key))
        .map_table::<Patient>(table)
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The test's future holds user structs, and is never freed.
pub(crate) fn block_on<F: Future>(runtime: &tokio::runtime::Runtime, future: F) -> F::Output {
    let mut future = Box::pin(future);
    let output = runtime.block_on(&mut future);
    mem::forget(future);
    output
}

#[test]
fn t22_saving_and_loading_leave_no_value() {
    let runtime = runtime();
    let store = runtime.block_on(store());

    let ((), freed) = freed_by(|| {
        block_on(&runtime, async {
            PATIENT.save(&store).await.unwrap();
            mem::forget(Patient::load(&store, "p-1").consistent().await.unwrap().unwrap());
            mem::forget(store.get::<Patient>("p-1").with_envelope().await.unwrap().unwrap());
            store.create(&*PATIENT).await.unwrap_err();
            Patient::delete(&store, "p-1").await.unwrap();
            store.replace(&*PATIENT).await.unwrap_err();
        });
    });

    assert_wiped(&freed, &values_behind_pointers());
}

/// Changes of entries, which own their names and values.
fn entries(store: &Store) -> envelope_runtime::Update<Patient, envelope_runtime::operation::AtKey> {
    let (name, value) = PATIENT.map.first_key_value().unwrap();
    let update = store.update::<Patient>("p-1").seal_entry(|f| f.map, "other", value);
    update.seal_entry(|f| f.map, name.clone(), value.clone()).seal_entry(
        |f| f.by_number,
        KEYS,
        true,
    )
}

#[test]
fn t22_changes_of_entries_leave_no_name_and_no_value() {
    let runtime = runtime();
    let store = runtime.block_on(store());
    runtime.block_on(PATIENT.save(&store).into_future()).unwrap();

    let (steps, freed) = freed_by(|| {
        drop(entries(&store));
        block_on(&runtime, async {
            entries(&store).await.unwrap();
            entries(&store).condition(|f| f.id.ne("p-1")).await.unwrap_err();
            let (name, _) = PATIENT.map.first_key_value().unwrap();
            let update = || store.update::<Patient>("p-1").remove_entry(|f| f.map, name);
            drop(update().remove_entry(|f| f.map, name));
            update().remove_entry(|f| f.map, name).await.unwrap_err();
            update().remove_entry(|f| f.by_number, KEYS).await.unwrap();
            give_up_at_each_step(|| entries(&store).into_future()).await
        })
    });

    assert!(steps >= 3, "{steps}");
    assert_wiped(&freed, &values_behind_pointers());
}

/// An update that owns its values.
fn owned(store: &Store) -> envelope_runtime::Update<Patient, envelope_runtime::operation::AtKey> {
    let update = store.update::<Patient>("p-1").seal(|f| f.text, PATIENT.text.clone());
    update.seal(|f| f.bytes, PATIENT.bytes.clone())
}

fn update(store: &Store) -> envelope_runtime::Update<Patient, envelope_runtime::operation::AtKey> {
    let update = store.update::<Patient>("p-1").seal(|f| f.text, PATIENT.text.as_str());
    let update = update.seal(|f| f.bytes, PATIENT.bytes.as_slice());
    update.seal(|f| f.map, &PATIENT.map).seal(|f| f.number, &PATIENT.number)
}

#[test]
fn t22_updates_leave_no_value() {
    let runtime = runtime();
    let store = runtime.block_on(store());
    runtime.block_on(PATIENT.save(&store).into_future()).unwrap();

    let (steps, freed) = freed_by(|| {
        drop(update(&store));
        drop(owned(&store));
        block_on(&runtime, async {
            owned(&store).await.unwrap();
            update(&store).await.unwrap();
            mem::forget(update(&store).return_old().await.unwrap());
            mem::forget(update(&store).return_new().await.unwrap());
            let loaded = store.get::<Patient>("p-1").with_envelope().await.unwrap().unwrap();
            update(&store).based_on(&loaded).await.unwrap();
            // The record has changed since.
            update(&store).based_on(&loaded).await.unwrap_err();
            mem::forget(loaded);
            update(&store).seal(|f| f.text, "again").await.unwrap_err();
            update(&store).condition(|f| f.id.ne("p-1")).await.unwrap_err();
            let steps = give_up_at_each_step(|| update(&store).into_future()).await;
            Patient::delete(&store, "p-1").await.unwrap();
            update(&store).await.unwrap_err();
            steps
        })
    });

    // It reads, asks KMS and writes.
    assert!(steps >= 3, "{steps}");
    assert_wiped(&freed, &values_behind_pointers());
}

#[test]
fn t22_operations_that_are_given_up_leave_no_value() {
    let runtime = runtime();
    let store = runtime.block_on(store());
    runtime.block_on(PATIENT.save(&store).into_future()).unwrap();

    let (steps, freed) = freed_by(|| {
        drop(PATIENT.save(&store));
        block_on(&runtime, async {
            let save = give_up_at_each_step(|| PATIENT.save(&store).into_future()).await;
            let load = give_up_at_each_step(|| Patient::load(&store, "p-1").into_future()).await;
            [save, load]
        })
    });

    // Each waits for at least two services.
    assert!(steps.iter().all(|steps| *steps >= 2), "{steps:?}");
    assert_wiped(&freed, &values_behind_pointers());
}

/// Drops an operation at its first wait, at its second, and so on, until it completes. Returns the
/// number of waits.
async fn give_up_at_each_step<F: Future + Unpin>(start: impl Fn() -> F) -> usize {
    for steps in 0.. {
        let (mut operation, mut waited) = (start(), 0);
        let done = poll_fn(|cx| match Pin::new(&mut operation).poll(cx) {
            Poll::Ready(output) => {
                mem::forget(output);
                Poll::Ready(true)
            }
            Poll::Pending if waited == steps => Poll::Ready(false),
            Poll::Pending => {
                waited += 1;
                Poll::Pending
            }
        });
        if done.await {
            return steps;
        }
    }
    0
}
