//! A migration that is killed goes on where it was, and what turns up behind it is reported.

use std::fs;
use std::path::PathBuf;

use envelope_runtime::error::{CheckpointErrorKind, MigrateError};
use envelope_runtime::{EnvelopeRecord, Store};
use envelope_tests::{Reaction, unique_table};
use tempfile::TempDir;

use super::{Patient, UNTIL, february, fill, migrating, patient, plaintext};
use crate::support::{User, World, string};

/// A checkpoint in a directory of its own.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("users.checkpoint")
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&fs::read(self.path()).unwrap()).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn refusal(error: &MigrateError) -> CheckpointErrorKind {
    let MigrateError::Checkpoint(error) = error else { panic!("{error}") };
    assert!(error.to_string().contains("users.checkpoint"), "{error}");
    error.kind()
}

#[tokio::test]
async fn what_is_done_is_not_looked_at_again_by_the_first_pass() {
    let world = World::new().await;
    fill(&world, 12).await;
    let place = Place::new();
    let (client, script) = world.backend.scripted_dynamodb(|_| Reaction::Pass);
    let store = migrating(&world.store_over(client));
    let migrate = || store.migrate::<Patient>().segments(4).parallel(1).checkpoint(place.path());
    // The third segment cannot be read.
    script.react({
        let mut scans = 0;
        move |attempt| {
            scans += usize::from(attempt.operation == "Scan");
            match (attempt.operation.as_str(), scans) {
                ("Scan", 3) => Reaction::error("AccessDeniedException"),
                _ => Reaction::Pass,
            }
        }
    });
    let error = migrate().await.unwrap_err();
    assert!(error.is_access_denied(), "{error}");
    assert_eq!(place.json()["done"], serde_json::json!([0, 1]));
    let _ = script.take();
    script.react(|_| Reaction::Pass);

    let report = migrate().await.unwrap();

    // Two segments, and then all four.
    let scans = script.take().into_iter().filter(|operation| operation == "Scan").count();
    assert_eq!((scans, report.is_complete(), report.records), (2 + 4, true, 12));
    assert_eq!(place.json()["done"], serde_json::json!([0, 1, 2, 3]));
    assert_eq!(place.names(), ["users.checkpoint"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(place.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let text = fs::read_to_string(place.path()).unwrap();
    assert!(!text.contains("p-1") && !text.contains("ssn"), "{text}");
}

/// Otherwise the migration would make a forgery genuine.
#[tokio::test]
async fn t27_what_reappears_behind_a_checkpoint_is_reported_and_left() {
    let world = World::new().await;
    fill(&world, 3).await;
    let place = Place::new();
    let store = migrating(&world.store);
    store.migrate::<Patient>().checkpoint(place.path()).await.unwrap();
    let mut stripped = world.stored("p-1").await;
    stripped.remove("_envelope");
    stripped.insert("ssn".into(), string("planted"));
    world.write(stripped.clone()).await;
    world.write(plaintext("planted")).await;

    let report = store.migrate::<Patient>().checkpoint(place.path()).await.unwrap();

    let counts =
        (report.records, report.changed, report.remaining, report.reappeared, report.failed);
    assert_eq!(counts, (4, 0, 2, 2, 0));
    assert!(!report.is_complete() && report.problems.len() == 2);
    assert!(report.problems.iter().all(|item| item.error().is_none()));
    let text = format!("{report:?}");
    assert!(text.contains("find out who wrote it") && !text.contains("p-1"), "{text}");
    assert_eq!(world.stored("p-1").await, stripped);

    let migration = store.migrate::<Patient>().checkpoint(place.path()).accept_reappeared();
    let report = migration.await.unwrap();
    assert_eq!((report.changed, report.reappeared, report.remaining), (2, 2, 0));
    let loaded: Patient = world.store.get("planted").await.unwrap().unwrap();
    assert_eq!(loaded, patient("planted"));
}

#[tokio::test]
async fn a_checkpoint_of_something_else_is_refused_before_anything_is_done() {
    #[derive(EnvelopeRecord)]
    #[envelope(table = "users")]
    struct More {
        #[partition_key]
        id: String,
        #[encrypted]
        status: String,
        #[encrypted]
        ssn: String,
    }
    let world = World::new().await;
    fill(&world, 1).await;
    let place = Place::new();
    let store = migrating(&world.store);
    store.migrate::<Patient>().segments(4).checkpoint(place.path()).await.unwrap();
    let written = fs::read(place.path()).unwrap();
    world.write(plaintext("later")).await;

    let error = store.migrate::<Patient>().segments(5).checkpoint(place.path()).await;
    assert_eq!(refusal(&error.unwrap_err()), CheckpointErrorKind::OtherSegments(4));
    let error = store.migrate::<More>().segments(4).checkpoint(place.path()).await;
    assert_eq!(refusal(&error.unwrap_err()), CheckpointErrorKind::OtherSchema);
    let error = store.unseal::<Patient>().segments(4).checkpoint(place.path()).await;
    assert_eq!(refusal(&error.unwrap_err()), CheckpointErrorKind::OtherSchema);

    let filtered = store.migrate::<Patient>().segments(4).filter(|f| f.status.eq("new"));
    let error = filtered.checkpoint(place.path()).await;
    assert_eq!(refusal(&error.unwrap_err()), CheckpointErrorKind::OtherSchema);

    let other = store.clone().map_table::<User>(unique_table());
    other.create_table::<User>().await.unwrap();
    let error = other.migrate::<Patient>().segments(4).checkpoint(place.path()).await;
    assert_eq!(refusal(&error.unwrap_err()), CheckpointErrorKind::OtherTable);

    for text in ["", "{}", "[]", "users", "\u{0}"] {
        fs::write(place.path(), text).unwrap();
        let error = store.migrate::<Patient>().segments(4).checkpoint(place.path()).await;
        assert_eq!(refusal(&error.unwrap_err()), CheckpointErrorKind::Malformed, "{text}");
    }
    let beyond = String::from_utf8(written).unwrap().replace("[0,1,2,3]", "[0,1,2,4]");
    fs::write(place.path(), beyond).unwrap();
    let error = store.migrate::<Patient>().segments(4).checkpoint(place.path()).await;
    assert_eq!(refusal(&error.unwrap_err()), CheckpointErrorKind::Malformed);
    assert_eq!(world.stored("later").await, plaintext("later"));
}

#[tokio::test]
async fn a_dry_run_neither_reads_nor_writes_a_checkpoint() {
    let world = World::new().await;
    fill(&world, 1).await;
    let place = Place::new();
    fs::write(place.path(), "no checkpoint").unwrap();
    let dry = async |store: &Store| {
        let migration = store.migrate::<Patient>().checkpoint(place.path());
        migration.dry_run().await.unwrap().remaining
    };

    assert_eq!(dry(&migrating(&world.store)).await, 1);
    assert_eq!(fs::read_to_string(place.path()).unwrap(), "no checkpoint");
}

#[tokio::test]
async fn a_checkpoint_that_cannot_be_written_ends_the_migration_with_its_path() {
    let world = World::new().await;
    fill(&world, 1).await;
    let place = Place::new();
    let nowhere = place.0.path().join("nowhere").join("users.checkpoint");

    let error = migrating(&world.store).migrate::<Patient>().checkpoint(nowhere).await;

    let kind = CheckpointErrorKind::Io(std::io::ErrorKind::NotFound);
    assert_eq!(refusal(&error.unwrap_err()), kind);
}

/// Otherwise whoever plants such a record would keep its part of the table open, and have sealed
/// what they plant there later.
#[tokio::test]
async fn t27_a_record_that_always_fails_keeps_no_segment_open() {
    let world = World::new().await;
    fill(&world, 3).await;
    let mut failing = plaintext("failing");
    failing.insert("ward".into(), string("four"));
    world.write(failing.clone()).await;
    let place = Place::new();
    let store = migrating(&world.store);
    let migrate = || store.migrate::<Patient>().segments(1).checkpoint(place.path());
    let report = migrate().await.unwrap();
    assert_eq!((report.changed, report.failed, report.remaining), (3, 1, 0));
    assert_eq!(place.json()["done"], serde_json::json!([0]));
    world.write(plaintext("planted")).await;

    let report = migrate().await.unwrap();

    assert_eq!((report.changed, report.failed, report.reappeared), (0, 1, 1));
    assert_eq!(world.stored("planted").await, plaintext("planted"));
    // The same record with other values is not the one that failed.
    world.write(plaintext("failing")).await;
    assert_eq!(migrate().await.unwrap().reappeared, 2);
}

/// A window that was forgotten is no reason to leave the records for good.
#[tokio::test]
async fn a_run_without_a_window_does_no_segment() {
    let world = World::new().await;
    fill(&world, 3).await;
    let place = Place::new();
    let migrate = |store: &Store| store.migrate::<Patient>().checkpoint(place.path());
    assert_eq!(migrate(&world.store).await.unwrap().failed, 3);

    let report = migrate(&migrating(&world.store)).await.unwrap();
    assert_eq!((report.changed, report.is_complete()), (3, true));
}

/// Otherwise the records of the second tenant would count as planted ones, and be left.
#[tokio::test]
async fn a_checkpoint_of_one_tenant_is_not_one_of_another() {
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
    let world = World::new().await;
    for tenant in ["a", "b"] {
        let item = [("id", tenant), ("tenant", tenant), ("secret", "s")];
        world.write(item.map(|(name, value)| (name.to_owned(), string(value))).into()).await;
    }
    let place = Place::new();
    let store = world.store.clone().clock(february).accept_unsealed::<Tenants>(UNTIL);
    let of = |tenant: &str| store.scoped([("tenant", tenant)]);
    let migrate = async |store: Store| store.migrate::<Tenants>().checkpoint(place.path()).await;

    assert_eq!(migrate(of("a")).await.unwrap().changed, 1);
    for store in [of("b"), store.clone()] {
        let error = migrate(store).await.unwrap_err();
        assert_eq!(refusal(&error), CheckpointErrorKind::OtherSchema);
        assert!(error.to_string().contains("of another scope"), "{error}");
    }
    // A scope may hold more names than one record type needs.
    let more = of("a").scoped([("city", "x")]);
    assert!(migrate(more).await.unwrap().is_complete());
    assert!(world.stored("b").await["secret"].is_s());
}
