//! A program that knows two tables while its records are copied from one into the other: the code
//! that the guide shows.

#[path = "../../examples/src/two_tables.rs"]
pub(crate) mod code;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use envelope_runtime::{IndexSecret, LocalKeyProvider, Store};
use envelope_tests::{Backend, Reaction, unique_table};
use futures_util::TryStreamExt as _;
use tokio::task::JoinSet;

use self::code::{Account, create, delete, find, old, rename};

const DIGITS: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

struct World {
    backend: Backend,
    tables: [String; 2],
    store: Store,
}

impl World {
    /// With this many accounts in the old table.
    async fn with_old(accounts: usize) -> Self {
        let backend = Backend::in_process().await;
        let tables = [unique_table(), unique_table()];
        let store = store(backend.dynamodb.clone(), &tables);
        store.create_table::<old::Account>().await.unwrap();
        store.create_table::<Account>().await.unwrap();
        for number in 0..accounts {
            store.put(&account(&email(number))).await.unwrap();
        }
        Self { backend, tables, store }
    }
}

fn store(client: aws_sdk_dynamodb::Client, [before, after]: &[String; 2]) -> Store {
    let store = Store::new(client, LocalKeyProvider::from_hex(DIGITS).unwrap());
    let store = store.index_secret(IndexSecret::from_hex("tests", DIGITS).unwrap());
    store.map_table::<old::Account>(before).map_table::<Account>(after)
}

fn email(number: usize) -> String {
    format!("User-{number}@Example.com")
}

fn account(email: &str) -> old::Account {
    old::Account { email: email.into(), name: "start".into(), visits: 1 }
}

#[test]
fn the_guide_shows_the_code_that_is_tested_here() {
    let read = |path: &str| {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
    };
    let code = read("examples/src/two_tables.rs");
    let (_, code) = code.split_once("reason = \"read in the guide\")]\n\n").unwrap();

    assert!(read("docs/guide/src/another-table.md").contains(code));
}

/// Runs the copy until DynamoDB has had this many requests, and kills it.
async fn killed_copy(world: &World, requests: u32, file: &Path) {
    let killed = std::sync::Arc::new(tokio::sync::Notify::new());
    let kill = std::sync::Arc::clone(&killed);
    let (client, _) = world.backend.scripted_dynamodb(move |attempt| {
        if attempt.number < requests as usize {
            return Reaction::Pass;
        }
        kill.notify_one();
        Reaction::Hang
    });
    let store = store(client, &world.tables);
    let copying = store.migrate_into::<old::Account, Account>(&store, Account::from);
    tokio::select! {
        report = copying.segments(4).checkpoint(file) => { report.unwrap(); }
        () = killed.notified() => {}
    }
}

/// A copy that is killed again and again, beside a program that writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_the_copy_is_killed_and_resumed_and_programs_write() {
    const OLD: usize = 60;
    let world = World::with_old(OLD).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copied");
    let mut tasks = JoinSet::new();
    // Each of these has its own accounts: every fifth is renamed, deleted, created or left alone.
    for number in 0..OLD + 10 {
        let store = world.store.clone();
        tasks.spawn(async move {
            let email = email(number);
            let found = find(&store, &email).await.unwrap();
            assert_eq!(found.is_some(), number < OLD, "{email}");
            let name = match number % 5 {
                _ if number >= OLD => {
                    let account = Account { email: email.clone(), name: "new".into(), visits: 1 };
                    create(&store, &account).await.unwrap();
                    Some("new")
                }
                0 => {
                    rename(&store, &email, "renamed").await.unwrap();
                    Some("renamed")
                }
                1 => {
                    delete(&store, &email).await.unwrap();
                    None
                }
                2 => {
                    let account = Account { email: email.clone(), name: "no".into(), visits: 1 };
                    let error = create(&store, &account).await.unwrap_err();
                    assert!(error.is_conflict(), "{error}");
                    Some("start")
                }
                _ => Some("start"),
            };
            let found = find(&store, &email).await.unwrap();
            assert_eq!(found.as_ref().map(|account| &*account.name), name, "{email}");
            (email, name)
        });
    }
    for requests in [9, 30, 50] {
        killed_copy(&world, requests, &file).await;
    }
    let expected: BTreeMap<_, _> = tasks
        .join_all()
        .await
        .into_iter()
        .filter_map(|(email, name)| Some((email, name?)))
        .collect();

    let copying = world.store.migrate_into::<old::Account, Account>(&world.store, Account::from);
    let report = copying.segments(4).checkpoint(&file).await.unwrap();

    assert!(report.is_complete(), "{report:?}");
    assert_eq!(report.records, 48);
    let found: Vec<Account> = world.store.scan().stream().try_collect().await.unwrap();
    let found: BTreeMap<_, _> =
        found.iter().map(|account| (account.email.clone(), &*account.name)).collect();
    assert_eq!(found, expected);
}

/// The record and its copy go together, or a later copy would bring the record back.
#[tokio::test]
async fn a_deletion_that_crashes_leaves_both_records_or_none() {
    for requests in 0..6 {
        let world = World::with_old(1).await;
        let crash = std::sync::Arc::new(tokio::sync::Notify::new());
        let crashes = std::sync::Arc::clone(&crash);
        let (client, _) = world.backend.scripted_dynamodb(move |attempt| {
            if attempt.number < requests {
                return Reaction::Pass;
            }
            crashes.notify_one();
            Reaction::Hang
        });
        let crashing = store(client, &world.tables);

        let address = email(0);
        let is_done = tokio::select! {
            result = delete(&crashing, &address) => { result.unwrap(); true }
            () = crash.notified() => false,
        };

        // It reads both tables, copies, reads the copy, and deletes both.
        assert_eq!(is_done, requests == 5);
        assert_eq!(find(&world.store, &address).await.unwrap().is_none(), is_done, "{requests}");
        delete(&world.store, &address).await.unwrap();
        let copying =
            world.store.migrate_into::<old::Account, Account>(&world.store, Account::from);
        assert_eq!(copying.await.unwrap().records, 0);
        assert!(find(&world.store, &address).await.unwrap().is_none(), "{requests}");
    }
}

#[tokio::test]
async fn a_copied_account_is_deleted_by_every_spelling_and_does_not_come_back() {
    let world = World::with_old(1).await;
    rename(&world.store, &email(0), "copied").await.unwrap();

    delete(&world.store, &email(0).to_uppercase()).await.unwrap();

    assert_eq!(find(&world.store, &email(0)).await.unwrap(), None);
    let copying = world.store.migrate_into::<old::Account, Account>(&world.store, Account::from);
    assert_eq!(copying.await.unwrap().records, 0);
}

/// Step 4 of the guide: programs that still know both tables run beside new ones.
#[tokio::test]
async fn a_program_that_deletes_in_the_new_table_alone_too_early_has_deleted_nothing() {
    let world = World::with_old(1).await;
    rename(&world.store, &email(0), "copied").await.unwrap();

    world.store.delete::<Account>(email(0)).await.unwrap();

    let found = find(&world.store, &email(0)).await.unwrap().unwrap();
    assert_eq!(found.name, "start");
}

/// What the guide says of each step that is left out.
#[tokio::test]
async fn a_program_that_still_writes_the_old_table_is_found_out() {
    let world = World::with_old(3).await;
    let file = tempfile::tempdir().unwrap();
    let copy = || {
        let copying =
            world.store.migrate_into::<old::Account, Account>(&world.store, Account::from);
        copying.checkpoint(file.path().join("copied"))
    };
    assert!(copy().await.unwrap().is_complete());

    world.store.put(&account("new@example.com")).await.unwrap();
    world.store.update::<old::Account>(email(1)).add(|f| f.visits, 1).await.unwrap();
    world.store.delete::<old::Account>(email(2)).await.unwrap();

    let report = copy().await.unwrap();
    assert_eq!((report.reappeared, report.differing, report.records), (1, 1, 3));
    // What it has deleted is still there.
    assert!(find(&world.store, &email(2)).await.unwrap().is_some());
}

#[tokio::test]
async fn without_a_copy_before_it_a_write_of_the_new_table_alone_is_refused_or_hides_the_record() {
    let world = World::with_old(1).await;

    let update = world.store.update::<Account>(email(0)).add(|f| f.visits, 1);
    assert!(update.await.unwrap_err().is_not_found());
    let other = Account { email: email(0), name: "other".into(), visits: 0 };
    world.store.create(&other).await.unwrap();

    assert_eq!(find(&world.store, &email(0)).await.unwrap(), Some(other));
}
