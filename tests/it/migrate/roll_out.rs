//! The roll-out of a program that seals, step by step, beside the program that it replaces; and what
//! happens where a step is left out.

use std::time::{Duration, SystemTime};

use envelope_runtime::{EnvelopeRecord, Store};
use serde::{Deserialize, Serialize};

use super::{UNTIL, february};
use crate::support::{World, string};

/// The record in the old program, which stores it with `serde_dynamo`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Old {
    id: String,
    status: String,
    #[serde(with = "serde_bytes")]
    photo: Vec<u8>,
}

/// The same record in the new program.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct New {
    #[partition_key]
    id: String,
    status: String,
    #[encrypted]
    photo: Vec<u8>,
}

const PHOTO: &[u8] = b"a photo of a face";

fn march() -> SystemTime {
    february() + Duration::from_hours(28 * 24)
}

async fn old_load(world: &World, id: &str) -> Old {
    serde_dynamo::from_item(world.stored(id).await).unwrap()
}

async fn old_save(world: &World, record: &Old) {
    world.write(serde_dynamo::to_item(record).unwrap()).await;
}

async fn with_old_records() -> World {
    let world = World::new().await;
    for number in 0..5 {
        let old = Old { id: format!("r-{number}"), status: "new".into(), photo: PHOTO.into() };
        old_save(&world, &old).await;
    }
    world
}

fn new(id: &str) -> New {
    New { id: id.into(), status: "new".into(), photo: PHOTO.into() }
}

fn with_window(world: &World, now: fn() -> SystemTime) -> Store {
    world.store.clone().clock(now).accept_unsealed::<New>(UNTIL)
}

#[tokio::test]
async fn step_by_step_every_program_reads_what_is_stored() {
    let world = with_old_records().await;

    // 1. Readers that accept both, beside the old program, which writes.
    let reader = with_window(&world, february);
    for number in 0..5 {
        let id = format!("r-{number}");
        assert_eq!(reader.get::<New>(id.as_str()).await.unwrap().unwrap(), new(&id));
    }
    old_save(&world, &Old { status: "seen".into(), ..old_load(&world, "r-0").await }).await;
    let seen: New = reader.get("r-0").await.unwrap().unwrap();
    assert_eq!((seen.status.as_str(), seen.photo.as_slice()), ("seen", PHOTO));

    // 2. Writers that seal. The old program is gone.
    let writer = with_window(&world, february);
    writer.put(&new("r-5")).await.unwrap();
    writer.update::<New>("r-1").seal(|f| f.photo, b"another".as_slice()).await.unwrap();
    let loaded = reader.get::<New>("r-1").with_envelope().await.unwrap().unwrap();
    assert_eq!((loaded.was_unsealed(), loaded.photo.as_slice()), (false, b"another".as_slice()));

    // 3. The rest is sealed, while both go on.
    let report = writer.migrate::<New>().await.unwrap();
    assert_eq!((report.records, report.changed, report.is_complete()), (6, 4, true));

    // 4. The window is closed, by its date or because the line is gone.
    for store in [world.store.clone(), with_window(&world, march)] {
        for number in [0, 2, 3, 4, 5] {
            let id = format!("r-{number}");
            let loaded: New = store.get(id.as_str()).await.unwrap().unwrap();
            assert_eq!(loaded.photo, PHOTO);
        }
    }
}

/// The one step that destroys data.
#[tokio::test]
async fn without_step_0_an_old_program_stores_ciphertext_as_data() {
    let world = with_old_records().await;
    world.store.put(&new("r-0")).await.unwrap();

    let loaded = old_load(&world, "r-0").await;
    assert_ne!(loaded.photo, PHOTO);
    old_save(&world, &Old { status: "seen".into(), ..loaded }).await;

    // The envelope is gone, and nothing can open the photo any more.
    let stored = world.stored("r-0").await;
    assert!(!stored.contains_key("_envelope"));
    let found: New = with_window(&world, february).get("r-0").await.unwrap().unwrap();
    assert_ne!(found.photo, PHOTO);
    // Even the new program takes it for data, as long as the window is open. Without one, it does
    // not.
    assert!(world.store.get::<New>("r-0").await.unwrap_err().is_unsealed());
}

/// The same for a single attribute: the item cannot be read any more.
#[tokio::test]
async fn without_step_0_an_old_update_of_a_sealed_attribute_makes_the_item_unreadable() {
    let world = World::new().await;
    world.store.put(&new("r-0")).await.unwrap();
    let update = world.backend.dynamodb.update_item().table_name(&world.table);
    let update = update.key("id", string("r-0")).update_expression("SET photo = :p");
    let plaintext = crate::support::binary(*b"plaintext");
    update.expression_attribute_values(":p", plaintext).send().await.unwrap();

    for store in [world.store.clone(), with_window(&world, february)] {
        assert!(store.get::<New>("r-0").await.unwrap_err().is_tampered());
    }
}

#[tokio::test]
async fn without_step_1_a_reader_refuses_what_is_not_sealed_yet() {
    let world = with_old_records().await;
    let error = world.store.get::<New>("r-0").await.unwrap_err();
    assert!(error.is_unsealed() && !error.is_tampered(), "{error}");
    assert!(error.to_string().contains("accept_unsealed"), "{error}");
    let error = world.store.update::<New>("r-0").seal(|f| f.photo, b"x".as_slice()).await;
    assert!(error.unwrap_err().is_unsealed());
}

/// The migration never ends: it says so.
#[tokio::test]
async fn without_step_2_the_records_of_an_old_writer_reappear() {
    let world = with_old_records().await;
    let folder = tempfile::TempDir::new().unwrap();
    let store = with_window(&world, february);
    let migrate = || store.migrate::<New>().checkpoint(folder.path().join("c"));
    assert!(migrate().await.unwrap().is_complete());
    let late = Old { id: "late".into(), status: "new".into(), photo: PHOTO.into() };
    old_save(&world, &late).await;

    let report = migrate().await.unwrap();

    assert_eq!((report.reappeared, report.left, report.is_complete()), (1, 1, false));
    assert!(world.store.get::<New>("late").await.unwrap_err().is_unsealed());
    assert!(migrate().accept_reappeared().await.unwrap().is_complete());
    assert_eq!(world.store.get::<New>("late").await.unwrap().unwrap(), new("late"));
}

#[tokio::test]
async fn without_step_3_what_nobody_has_written_is_refused_when_the_window_closes() {
    let world = with_old_records().await;
    with_window(&world, february).put(&new("r-0")).await.unwrap();

    let closed = with_window(&world, march);
    assert_eq!(closed.get::<New>("r-0").await.unwrap().unwrap(), new("r-0"));
    assert!(closed.get::<New>("r-1").await.unwrap_err().is_unsealed());
    // Nothing is lost: the window is opened again, and the rest is sealed.
    let april = envelope_runtime::Until::date(2027, 4, 1);
    let again = world.store.clone().clock(march).accept_unsealed::<New>(april);
    assert!(again.migrate::<New>().await.unwrap().is_complete());
    assert_eq!(closed.get::<New>("r-1").await.unwrap().unwrap(), new("r-1"));
}

#[tokio::test]
async fn without_step_4_a_record_can_be_planted_until_the_date() {
    let world = with_old_records().await;
    let open = with_window(&world, february);
    open.migrate::<New>().await.unwrap();
    let planted = Old { id: "r-0".into(), status: "admin".into(), photo: b"planted".into() };
    old_save(&world, &planted).await;

    let loaded = open.get::<New>("r-0").with_envelope().await.unwrap().unwrap();
    assert!(loaded.was_unsealed() && loaded.photo == b"planted");
    assert!(with_window(&world, march).get::<New>("r-0").await.unwrap_err().is_unsealed());
}

/// A backup from before step 3 holds plaintext.
#[tokio::test]
async fn a_restored_backup_is_migrated_again_with_a_new_checkpoint() {
    let world = with_old_records().await;
    let folder = tempfile::TempDir::new().unwrap();
    let checkpoint = || folder.path().join("c");
    let backup = world.stored("r-0").await;
    let store = with_window(&world, february);
    store.migrate::<New>().checkpoint(checkpoint()).await.unwrap();
    world.write(backup).await;

    assert_eq!(store.migrate::<New>().checkpoint(checkpoint()).await.unwrap().reappeared, 1);
    std::fs::remove_file(checkpoint()).unwrap();
    let report = store.migrate::<New>().checkpoint(checkpoint()).await.unwrap();
    assert_eq!((report.changed, report.is_complete()), (1, true));
}
