//! What the passes change, and what the report says.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;
use envelope_runtime::error::{OpenErrorKind, UpdateError};
use envelope_runtime::key::{KeyProvider, Reuse};
use envelope_runtime::{AttributeValue, EnvelopeRecord, Error, KmsKeyProvider, Usage};
use envelope_tests::KmsRequest;

use super::{Patient, UNTIL, february, fill, items, migrating, patient, plaintext};
use crate::support::{World, string};

#[tokio::test]
async fn a_table_of_plaintext_is_sealed_and_loads_without_a_window() {
    let world = World::new().await;
    fill(&world, 20).await;
    world.store.put(&patient("sealed")).await.unwrap();
    let store = migrating(&world.store);

    let report = store.migrate::<Patient>().segments(3).await.unwrap();

    assert!(report.is_complete(), "{report:?}");
    let counts =
        (report.records, report.changed, report.remaining, report.reappeared, report.failed);
    assert_eq!(counts, (21, 20, 0, 0, 0));
    let fields: Vec<_> = report
        .fields
        .iter()
        .map(|field| (field.attribute, field.sealed, field.unsealed, field.absent))
        .collect();
    assert_eq!(fields, [("ssn", 21, 0, 0), ("phone", 0, 0, 21), ("ward", 21, 0, 0)]);
    for number in 0..20 {
        let id = format!("p-{number}");
        let loaded: Patient = world.store.get(id.as_str()).await.unwrap().unwrap();
        assert_eq!(loaded, patient(&id));
    }
    // A second time, there is nothing to do.
    let again = store.migrate::<Patient>().await.unwrap();
    assert_eq!((again.changed, again.records, again.is_complete()), (0, 21, true));
}

#[tokio::test]
async fn a_dry_run_writes_nothing_calls_no_key_service_and_says_what_is_to_be_done() {
    let world = World::new().await;
    fill(&world, 5).await;
    let mut unreadable = plaintext("unreadable");
    unreadable.insert("ssn".into(), SdkValue::Bool(true));
    world.write(unreadable).await;
    let before = items(&world).await;
    let usage = Usage::default();
    let store = migrating(&world.store).measured(&usage);

    let report = store.migrate::<Patient>().dry_run().await.unwrap();

    assert_eq!((report.records, report.remaining, report.failed, report.changed), (6, 5, 1, 0));
    assert!(!report.is_complete());
    assert_eq!((report.fields[0].attribute, report.fields[0].unsealed), ("ssn", 6));
    let [item] = report.problems.as_slice() else { panic!("{report:?}") };
    let id = AttributeValue::S("unreadable".into());
    assert_eq!(item.key().attribute("id"), Some(&id));
    assert_eq!(item.error().unwrap().attribute(), Some("ssn"));
    assert_eq!(items(&world).await, before);
    assert_eq!((usage.kms_calls(), world.requests.take().len()), (0, 0));
}

/// Only what is protected is written: the rest is the other programs'.
#[tokio::test]
async fn what_is_not_protected_stays_as_it_is() {
    let world = World::new().await;
    let mut before = plaintext("p-1");
    before.insert("unknown".into(), SdkValue::L(vec![string("x"), SdkValue::Null(true)]));
    before.insert("phone".into(), SdkValue::Null(true));
    world.write(before.clone()).await;

    migrating(&world.store).migrate::<Patient>().await.unwrap();

    let after = world.stored("p-1").await;
    for (name, value) in &before {
        let is_sealed = matches!(name.as_str(), "ssn" | "phone");
        assert_eq!(after.get(name) != Some(value), is_sealed, "{name}");
    }
    assert_eq!(after.len(), before.len() + 1);
    let loaded: Patient = world.store.get("p-1").await.unwrap().unwrap();
    assert_eq!(loaded, patient("p-1"));
}

/// The proof that what replaces the plaintext can be read again.
#[tokio::test]
async fn each_sealed_record_is_opened_before_it_is_written() {
    let world = World::new().await;
    fill(&world, 3).await;

    migrating(&world.store).migrate::<Patient>().parallel(1).await.unwrap();

    let requests = world.requests.take();
    let generated = |request: &&KmsRequest| matches!(request, KmsRequest::GenerateDataKey { .. });
    let decrypted = |request: &&KmsRequest| matches!(request, KmsRequest::Decrypt { .. });
    assert_eq!(requests.iter().filter(generated).count(), 3);
    assert_eq!(requests.iter().filter(decrypted).count(), 3);
}

#[tokio::test]
async fn with_reuse_one_data_key_takes_two_calls_for_all_its_records() {
    let world = World::new().await;
    fill(&world, 30).await;
    let (kms, requests) = world.backend.recorded_kms();
    let provider = KmsKeyProvider::new(kms, &world.key).reuse(Reuse::records(1_000));
    let store = envelope_runtime::Store::new(world.backend.dynamodb.clone(), provider);
    let store = migrating(&store.map_table::<Patient>(&world.table));

    let report = store.migrate::<Patient>().await.unwrap();

    assert_eq!((report.changed, requests.take().len()), (30, 2));
}

#[tokio::test]
async fn items_of_other_types_and_contexts_are_left_alone() {
    #[derive(EnvelopeRecord)]
    #[envelope(table = "users", partition_key = "T#{tenant}#{name}", partition_key_name = "id")]
    struct Tenants {
        #[envelope(context)]
        tenant: String,
        name: String,
        #[encrypted]
        secret: String,
    }
    let world = World::new().await;
    fill(&world, 2).await;
    for tenant in ["a", "b"] {
        let pairs = [("tenant", tenant), ("name", "n"), ("secret", "s")];
        let id = format!("T#{tenant}#n");
        let item = pairs.into_iter().chain([("id", id.as_str())]);
        world.write(item.map(|(name, value)| (name.to_owned(), string(value))).collect()).await;
    }
    let store = world.store.clone().clock(february).accept_unsealed::<Tenants>(UNTIL);

    let report = store.scoped([("tenant", "a")]).migrate::<Tenants>().await.unwrap();

    assert_eq!((report.records, report.other_items, report.changed), (1, 3, 1));
    let contexts: Vec<_> = world.requests.take();
    assert!(contexts.iter().all(|call| call.context().unwrap()["tenant"] == "a"), "{contexts:?}");
    let report = store.migrate::<Tenants>().await.unwrap();
    assert_eq!((report.records, report.other_items, report.changed), (2, 2, 1));
    assert_eq!(world.stored("p-0").await, plaintext("p-0"));
}

#[tokio::test]
async fn a_field_with_a_window_is_sealed_and_listed_where_it_is_absent() {
    #[derive(EnvelopeRecord, Debug, PartialEq)]
    #[envelope(table = "users")]
    struct Before {
        #[partition_key]
        id: String,
        #[encrypted]
        ssn: String,
        phone: Option<String>,
        role: Option<String>,
    }
    #[derive(EnvelopeRecord, Debug, PartialEq)]
    #[envelope(table = "users")]
    struct After {
        #[partition_key]
        id: String,
        #[encrypted]
        ssn: String,
        #[encrypted]
        #[envelope(unsealed_until = "2027-03-01")]
        phone: Option<String>,
        #[authenticated]
        #[envelope(since = 2)]
        role: Option<String>,
    }
    #[derive(EnvelopeRecord, Debug, PartialEq)]
    #[envelope(table = "users")]
    struct Closed {
        #[partition_key]
        id: String,
        #[encrypted]
        ssn: String,
        #[encrypted]
        phone: Option<String>,
        #[authenticated]
        role: Option<String>,
    }
    let world = World::new().await;
    for (id, phone) in [("with", Some("+49 89 1")), ("without", None)] {
        let (ssn, role) = ("078-05-1120".to_owned(), Some("nurse".to_owned()));
        let before = Before { id: id.into(), ssn, phone: phone.map(str::to_owned), role };
        world.store.put(&before).await.unwrap();
    }
    let store = world.store.clone().clock(february);
    let planted = async |id: &str| {
        let update = world.backend.dynamodb.update_item().table_name(&world.table);
        let update = update.key("id", string(id)).update_expression("SET phone = :p");
        update.expression_attribute_values(":p", string("planted")).send().await.unwrap();
    };

    let report = store.migrate::<After>().await.unwrap();

    assert_eq!((report.changed, report.is_complete()), (2, true));
    let [_, phone, role] = report.fields.as_slice() else { panic!("{report:?}") };
    assert_eq!((phone.sealed, phone.absent, role.sealed), (1, 1, 2));
    let with: Closed = world.store.get("with").await.unwrap().unwrap();
    assert_eq!(with.phone.as_deref(), Some("+49 89 1"));
    // Both rows are closed, although the window is still open.
    for id in ["with", "without"] {
        planted(id).await;
        let error = store.get::<After>(id).await.unwrap_err();
        assert!(error.is_tampered(), "{error}");
    }
}

#[tokio::test]
async fn the_keys_of_an_index_are_written_without_a_call_to_the_key_service() {
    #[derive(EnvelopeRecord)]
    #[envelope(table = "users")]
    #[envelope(index(by_status(
        partition_key = "STATUS#{status}",
        partition_key_name = "status_pk",
        unprotected_partition
    )))]
    struct Indexed {
        #[partition_key]
        id: String,
        status: String,
        #[encrypted]
        ssn: String,
    }
    let world = World::new().await;
    world.store.put(&patient("sealed")).await.unwrap();
    let mut item = plaintext("plain");
    item.remove("ward");
    world.write(item).await;
    let before = world.stored("sealed").await;
    let _ = world.requests.take();

    let report = world.store.migrate::<Indexed>().await.unwrap();
    let after = world.stored("sealed").await;
    assert_eq!((report.changed, report.failed), (1, 1));
    assert_eq!(after["status_pk"], string("STATUS#new"));
    assert_eq!(after["_envelope"], before["_envelope"]);
    assert_eq!(world.requests.take(), []);

    let store = world.store.clone().clock(february).accept_unsealed::<Indexed>(UNTIL);
    let report = store.migrate::<Indexed>().await.unwrap();
    assert_eq!((report.changed, report.is_complete()), (1, true));
    assert_eq!(world.stored("plain").await["status_pk"], string("STATUS#new"));
}

#[tokio::test]
async fn the_progress_tells_of_both_passes() {
    let world = World::new().await;
    fill(&world, 10).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let migration = migrating(&world.store).migrate::<Patient>().segments(4);
    let migration = migration.on_progress(move |progress| tell.lock().unwrap().push(progress));

    migration.items_per_second(1_000_000).await.unwrap();

    let told = told.lock().unwrap();
    for pass in [1, 2] {
        let last = told.iter().rfind(|progress| progress.pass == pass).unwrap();
        let seen = (last.segments_done, last.segments, last.items_read, last.changed);
        assert_eq!(seen, (4, 4, 10, 10));
    }
    assert!(told.len() >= 8);
}

/// A window is narrow: without one, nothing is sealed.
#[tokio::test]
async fn without_an_open_window_an_unsealed_item_fails_and_stays() {
    let world = World::new().await;
    fill(&world, 1).await;
    let march = || february() + std::time::Duration::from_hours(28 * 24);
    let closed = world.store.clone().clock(march).accept_unsealed::<Patient>(UNTIL);

    for store in [&world.store, &closed] {
        let report = store.migrate::<Patient>().await.unwrap();
        assert_eq!((report.changed, report.failed, report.is_complete()), (0, 1, false));
        let Some(Error::Update(UpdateError::Open(error))) = report.problems[0].error() else {
            panic!("{report:?}")
        };
        assert_eq!(error.kind(), OpenErrorKind::NoEnvelope);
        assert!(error.to_string().contains("accept_unsealed"), "{error}");
    }
    assert_eq!(world.stored("p-0").await, plaintext("p-0"));
    assert_eq!(world.requests.take(), []);
}

/// The keys of many tables are plain fields, which do not tell the types apart.
#[tokio::test]
async fn a_filter_tells_the_types_of_a_table_apart() {
    #[derive(EnvelopeRecord)]
    #[envelope(table = "users")]
    struct Entry {
        #[partition_key]
        id: String,
        kind: String,
        #[encrypted]
        ssn: String,
    }
    let world = World::new().await;
    for kind in ["user", "order"] {
        let pairs = [("id", kind), ("kind", kind), ("ssn", "078-05-1120")];
        world.write(pairs.map(|(name, value)| (name.to_owned(), string(value))).into()).await;
    }
    let order = world.stored("order").await;
    let store = world.store.clone().clock(february).accept_unsealed::<Entry>(UNTIL);

    let report = store.migrate::<Entry>().filter(|f| f.kind.eq("user")).await.unwrap();

    assert_eq!((report.records, report.changed, report.is_complete()), (1, 1, true));
    assert!(world.stored("user").await.contains_key("_envelope"));
    assert_eq!(world.stored("order").await, order);
    let report = store.unseal::<Entry>().filter(|f| f.kind.eq("order")).await.unwrap();
    assert_eq!((report.records, report.changed), (1, 0));
}

/// Keys that are written otherwise would hide everything.
#[tokio::test]
async fn a_table_in_which_no_record_is_found_is_not_complete() {
    #[derive(EnvelopeRecord)]
    #[envelope(table = "users", partition_key = "USER#{name}", partition_key_name = "id")]
    struct Other {
        name: String,
        #[encrypted]
        ssn: String,
    }
    let world = World::new().await;
    let empty = world.store.migrate::<Other>().await.unwrap();
    assert!(empty.is_complete(), "{empty:?}");
    fill(&world, 2).await;
    let report = world.store.migrate::<Other>().await.unwrap();
    assert_eq!((report.records, report.other_items, report.is_complete()), (0, 2, false));
}

/// A save with the version that was read before still succeeds.
#[tokio::test]
async fn versions_and_times_stay_as_they_are() {
    #[derive(EnvelopeRecord, Clone)]
    #[envelope(table = "users")]
    struct Timed {
        #[partition_key]
        id: String,
        #[envelope(version)]
        version: u64,
        #[envelope(updated_at)]
        updated: u64,
        #[encrypted]
        ssn: String,
    }
    let world = World::new().await;
    let number = |number: &str| SdkValue::N(number.into());
    let pairs = [
        ("id", string("t-1")),
        ("version", number("3")),
        ("updated", number("1700000000")),
        ("ssn", string("078-05-1120")),
    ];
    world.write(pairs.map(|(name, value)| (name.to_owned(), value)).into()).await;
    let store = world.store.clone().clock(february).accept_unsealed::<Timed>(UNTIL);
    let before: Timed = store.get("t-1").await.unwrap().unwrap();

    assert!(store.migrate::<Timed>().await.unwrap().is_complete());

    let after: Timed = store.get("t-1").await.unwrap().unwrap();
    assert_eq!((after.version, after.updated), (3, 1_700_000_000));
    let saved = world.store.put(&before).await.unwrap().into_inner();
    assert_eq!(saved.version, 4);
}
