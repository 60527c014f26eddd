//! The way back, for who leaves.

use envelope_runtime::error::{OpenErrorKind, UpdateError};
use envelope_runtime::{EnvelopeRecord, Error, KmsKeyProvider, Usage};

use super::{Patient, fill, items, migrating, patient};
use crate::support::{World, string};

#[tokio::test]
async fn what_was_sealed_is_plaintext_again_as_it_was() {
    let world = World::new().await;
    fill(&world, 10).await;
    let before = items(&world).await;
    let store = migrating(&world.store);
    store.migrate::<Patient>().await.unwrap();
    assert_ne!(items(&world).await, before);

    let found = world.store.unseal::<Patient>().dry_run().await.unwrap();
    assert_eq!((found.remaining, found.changed, found.fields[0].sealed), (10, 0, 10));
    let report = world.store.unseal::<Patient>().segments(2).await.unwrap();

    assert_eq!((report.changed, report.is_complete()), (10, true));
    assert_eq!((report.fields[0].sealed, report.fields[0].unsealed), (0, 10));
    assert_eq!(items(&world).await, before);
    let again = world.store.unseal::<Patient>().await.unwrap();
    assert_eq!((again.changed, again.records), (0, 10));
}

#[tokio::test]
async fn attributes_that_the_record_does_not_know_are_unsealed_by_name_only() {
    #[derive(EnvelopeRecord)]
    #[envelope(table = "users")]
    struct Older {
        #[partition_key]
        id: String,
        #[encrypted]
        ssn: String,
    }
    let world = World::new().await;
    let with_phone = Patient { phone: Some("+49 89 1".into()), ..patient("p-1") };
    world.store.put(&with_phone).await.unwrap();
    let before = world.stored("p-1").await;

    let report = world.store.unseal::<Older>().await.unwrap();
    assert_eq!((report.changed, report.failed), (0, 1));
    let Some(Error::Update(UpdateError::Open(error))) = report.problems[0].error() else {
        panic!("{report:?}")
    };
    assert_eq!((error.kind(), error.attribute()), (OpenErrorKind::Sealed, Some("phone")));
    assert_eq!(world.stored("p-1").await, before);

    let report = world.store.unseal::<Older>().unknown_attributes().await.unwrap();
    assert_eq!((report.changed, report.is_complete()), (1, true));
    let after = world.stored("p-1").await;
    assert_eq!(after["phone"].as_s().unwrap(), "+49 89 1");
    assert!(!after.contains_key("_envelope"));
}

#[tokio::test]
async fn a_record_that_was_tampered_with_is_not_unsealed() {
    let world = World::new().await;
    world.store.put(&patient("p-1")).await.unwrap();
    world.store.put(&patient("p-2")).await.unwrap();
    let mut item = world.stored("p-1").await;
    let other = world.stored("p-2").await;
    item.insert("ssn".into(), other["ssn"].clone());
    world.write(item.clone()).await;
    let usage = Usage::default();

    let report = world.store.measured(&usage).unseal::<Patient>().await.unwrap();

    assert_eq!((report.changed, report.failed, report.records), (1, 1, 2));
    assert!(report.problems[0].error().unwrap().is_tampered());
    assert_eq!(world.stored("p-1").await, item);
    assert!(usage.kms_calls() >= 2);
}

/// A load refuses the value. Without the envelope, nothing would tell it from one that was sealed.
#[tokio::test]
async fn t27_a_value_beside_an_envelope_that_does_not_list_it_is_not_made_genuine() {
    let world = World::new().await;
    world.store.put(&patient("p-1")).await.unwrap();
    let mut item = world.stored("p-1").await;
    item.insert("phone".into(), string("planted"));
    world.write(item.clone()).await;

    let report = world.store.unseal::<Patient>().await.unwrap();

    assert_eq!((report.changed, report.failed, report.records), (0, 1, 1));
    let Some(Error::Update(UpdateError::Open(error))) = report.problems[0].error() else {
        panic!("{report:?}")
    };
    assert_eq!((error.kind(), error.attribute()), (OpenErrorKind::NotSealed, Some("phone")));
    assert_eq!(world.stored("p-1").await, item);
}

/// The key service is not asked about each of them, and whoever plants some must not end the run.
#[tokio::test]
async fn records_of_an_unknown_key_do_not_hide_the_others() {
    let world = World::new().await;
    let alias = world.backend.create_alias(&world.key).await;
    let foreign =
        KmsKeyProvider::new(world.backend.kms.clone(), world.backend.create_kms_key().await);
    let foreign = world.store_with(foreign);
    for number in 0..4 {
        foreign.put(&patient(&format!("foreign-{number}"))).await.unwrap();
        world.store.put(&patient(&format!("p-{number}"))).await.unwrap();
    }
    let store = world.store_with(KmsKeyProvider::new(world.backend.kms.clone(), alias));

    let report = store.unseal::<Patient>().parallel(1).await.unwrap();

    assert_eq!((report.changed, report.failed, report.records), (4, 4, 8));
}
