//! Records that cannot be changed are reported with their keys, and the others are changed.

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;
use envelope_runtime::error::{MigrateError, OpenErrorKind, SealErrorKind, UpdateError};
use envelope_runtime::{AttributeValue, EnvelopeRecord, Error};
use envelope_tests::Reaction;

use super::{Patient, UNTIL, february, fill, migrating, plaintext};
use crate::support::{World, binary, string};

#[tokio::test]
async fn a_record_that_cannot_be_changed_does_not_hide_the_others() {
    let world = World::in_process().await;
    fill(&world, 3).await;
    let mut no_record = plaintext("no-record");
    no_record.insert("ward".into(), string("four"));
    let mut no_envelope = plaintext("no-envelope");
    no_envelope.insert("_envelope".into(), binary(*b"\x01\x01garbage"));
    let mut is_text = plaintext("text");
    is_text.insert("_envelope".into(), string("garbage"));
    let mut large = plaintext("large");
    large.insert("ssn".into(), string(&"x".repeat(409_500)));
    for item in [&no_record, &no_envelope, &is_text, &large] {
        world.write(item.clone()).await;
    }

    let report = migrating(&world.store).migrate::<Patient>().await.unwrap();

    assert_eq!((report.records, report.changed, report.failed, report.remaining), (7, 3, 4, 0));
    let error = |id: &str| {
        let key = AttributeValue::S(id.into());
        let item = report.problems.iter().find(|item| item.key().attribute("id") == Some(&key));
        item.unwrap().error().unwrap()
    };
    assert!(
        matches!(error("no-record"), Error::Update(UpdateError::Field(error)) if error.attribute() == "ward")
    );
    for id in ["no-envelope", "text"] {
        let Error::Update(UpdateError::Open(error)) = error(id) else { panic!("{report:?}") };
        assert_eq!(error.kind(), OpenErrorKind::MalformedEnvelope);
    }
    let Error::Update(UpdateError::Seal(too_large)) = error("large") else { panic!("{report:?}") };
    assert!(matches!(too_large.kind(), SealErrorKind::ItemTooLarge(_)));
    let text = format!("{report:?}");
    assert!(!text.contains("no-record") && !text.contains("four"), "{text}");
    for (id, before) in [("no-record", no_record), ("large", large), ("text", is_text)] {
        assert!(world.stored(id).await == before, "{id}");
    }
}

/// A newer program has protected more, or somebody has planted a value: neither is sealed.
#[tokio::test]
async fn a_value_beside_an_envelope_that_no_window_accepts_is_reported() {
    let world = World::new().await;
    let store = migrating(&world.store);
    fill(&world, 1).await;
    store.migrate::<Patient>().await.unwrap();
    let mut item = world.stored("p-0").await;
    item.insert("phone".into(), string("planted"));
    world.write(item.clone()).await;

    let report = store.migrate::<Patient>().await.unwrap();

    assert_eq!((report.changed, report.failed), (0, 1));
    let Some(Error::Update(UpdateError::Open(error))) = report.problems[0].error() else {
        panic!("{report:?}")
    };
    assert_eq!((error.kind(), error.attribute()), (OpenErrorKind::NotSealed, Some("phone")));
    assert_eq!((report.fields[1].attribute, report.fields[1].unsealed), ("phone", 1));
    assert_eq!(world.stored("p-0").await, item);
}

/// A load refuses such a record, so that the table is not complete.
#[tokio::test]
async fn a_record_whose_envelope_lacks_an_authenticated_field_is_reported() {
    #[derive(EnvelopeRecord)]
    #[envelope(table = "users")]
    struct Older {
        #[partition_key]
        id: String,
        status: String,
        visits: u64,
        #[encrypted]
        ssn: String,
    }
    let world = World::new().await;
    let (id, status, ssn) = ("p-1".into(), "new".into(), "ssn".into());
    world.store.put(&Older { id, status, visits: 0, ssn }).await.unwrap();
    let before = world.stored("p-1").await;
    let refused = world.store.get::<Patient>("p-1").await.unwrap_err();
    assert_eq!(refused.attribute(), Some("ward"));

    let report = migrating(&world.store).migrate::<Patient>().await.unwrap();

    assert_eq!((report.changed, report.failed, report.is_complete()), (0, 1, false));
    let Some(Error::Update(UpdateError::Open(error))) = report.problems[0].error() else {
        panic!("{report:?}")
    };
    assert_eq!((error.kind(), error.attribute()), (OpenErrorKind::NotAuthenticated, Some("ward")));
    assert_eq!(world.stored("p-1").await, before);
}

#[tokio::test]
async fn only_the_first_hundred_are_kept() {
    let world = World::new().await;
    for number in 0..120 {
        let mut item = plaintext(&format!("p-{number}"));
        item.insert("ward".into(), SdkValue::Bool(true));
        world.write(item).await;
    }
    let report = migrating(&world.store).migrate::<Patient>().await.unwrap();
    assert_eq!((report.failed, report.problems.len()), (120, 100));
}

/// Its part of the table is done then, and what is planted there is left.
#[tokio::test]
async fn a_record_that_a_transaction_holds_is_tried_again() {
    let world = World::new().await;
    fill(&world, 1).await;
    let (client, script) = world.backend.scripted_dynamodb(|attempt| {
        let is_first = attempt.operation == "UpdateItem" && attempt.number < 4;
        if is_first { Reaction::error("TransactionConflictException") } else { Reaction::Pass }
    });
    let store = migrating(&world.store_over(client));

    let report = store.migrate::<Patient>().segments(1).await.unwrap();

    assert_eq!((report.changed, report.failed, report.records), (1, 0, 1));
    // In the first pass.
    let operations = script.take();
    assert!(operations.ends_with(&["UpdateItem".into(), "Scan".into()]), "{operations:?}");
}

/// It has not reappeared, although the second pass does not try it again.
#[tokio::test]
async fn what_fails_behind_the_key_service_is_reported_with_its_error() {
    #[derive(EnvelopeRecord)]
    #[envelope(table = "users")]
    struct Newer {
        #[partition_key]
        id: String,
        #[encrypted]
        #[envelope(unsealed_until = "2027-03-01")]
        status: String,
        #[encrypted]
        ssn: String,
        #[authenticated]
        ward: u8,
    }
    let world = World::new().await;
    let store = migrating(&world.store);
    fill(&world, 2).await;
    store.migrate::<Patient>().await.unwrap();
    let mut tampered = world.stored("p-1").await;
    tampered.insert("ward".into(), SdkValue::N("5".into()));
    world.write(tampered.clone()).await;

    let report = store.migrate::<Newer>().await.unwrap();

    assert_eq!((report.changed, report.failed, report.remaining, report.reappeared), (1, 1, 0, 0));
    assert!(report.problems[0].error().is_some_and(Error::is_tampered), "{report:?}");
    assert_eq!(world.stored("p-1").await, tampered);
}

/// The next thousands would fail too, and take a call each.
#[tokio::test]
async fn without_data_keys_the_migration_ends() {
    let world = World::in_process().await;
    fill(&world, 50).await;
    let (kms, _script) = world.backend.scripted_kms(|attempt| match attempt.operation.as_str() {
        "GenerateDataKey" => Reaction::error("AccessDeniedException"),
        _ => Reaction::Pass,
    });
    let provider = envelope_runtime::KmsKeyProvider::new(kms, &world.key);
    let store = migrating(&world.store_with(provider));

    let error = store.migrate::<Patient>().segments(1).await.unwrap_err();

    assert!(matches!(error, MigrateError::Item(_)), "{error}");
    assert!(error.is_access_denied());
    assert!(error.to_string().starts_with("not migrated: "), "{error}");
}

/// Whoever writes an item chooses its context, and must not end the run by one.
#[tokio::test]
async fn a_context_for_which_there_are_no_data_keys_does_not_hide_the_others() {
    #[derive(EnvelopeRecord)]
    #[envelope(table = "users")]
    struct Tenants {
        #[partition_key]
        id: String,
        #[envelope(context)]
        tenant: String,
        #[encrypted]
        secret: String,
    }
    for kind in ["AccessDeniedException", "ValidationException"] {
        let world = World::in_process().await;
        for (id, tenant) in [("1", "a"), ("2", "planted"), ("3", "b"), ("4", "planted")] {
            let item = [("id", id), ("tenant", tenant), ("secret", "s")];
            world.write(item.map(|(name, value)| (name.to_owned(), string(value))).into()).await;
        }
        let (kms, _script) = world.backend.scripted_kms(move |attempt| {
            let is_refused = attempt.body.contains("planted");
            if is_refused { Reaction::error(kind) } else { Reaction::Pass }
        });
        let provider = envelope_runtime::KmsKeyProvider::new(kms, &world.key);
        let store = world.store_with(provider).clock(february).accept_unsealed::<Tenants>(UNTIL);

        let report = store.migrate::<Tenants>().segments(1).await.unwrap();

        assert_eq!((report.changed, report.failed, report.records), (2, 2, 4), "{kind}");
        assert_eq!(world.stored("2").await["secret"], string("s"));
    }
}

/// Who may seal and not open would make data that nobody can read.
#[tokio::test]
async fn what_cannot_be_opened_again_is_not_written() {
    let world = World::in_process().await;
    fill(&world, 3).await;
    let (kms, _script) = world.backend.scripted_kms(|attempt| match attempt.operation.as_str() {
        "Decrypt" => Reaction::error("AccessDeniedException"),
        _ => Reaction::Pass,
    });
    let provider = envelope_runtime::KmsKeyProvider::new(kms, &world.key);
    let store = migrating(&world.store_with(provider));

    let report = store.migrate::<Patient>().await.unwrap();

    assert_eq!((report.changed, report.failed), (0, 3));
    assert!(report.problems[0].error().unwrap().is_access_denied());
    assert_eq!(world.stored("p-0").await, plaintext("p-0"));
}
