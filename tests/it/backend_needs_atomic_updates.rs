//! Fifty tasks update one record: no update is lost, and the record can be opened at any time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use envelope_runtime::Readable;
use envelope_runtime::{EnvelopeRecord, Store, UpdateError};
use envelope_tests::{Place, rewrap};
use tokio::task::JoinSet;

use crate::support::{World, string};

macro_rules! record {
    ($name:ident: $($field:ident),*) => {
        #[derive(EnvelopeRecord, Clone, Debug, Default, PartialEq)]
        #[envelope(table = "users")]
        struct $name {
            #[partition_key]
            id: String,
            count: u64,
            #[authenticated]
            ward: u64,
            $(
                #[encrypted]
                $field: String,
            )*
        }
    };
}

record!(Busy: a, b, c, d, e, f, g, h, i, j);
// A program that does not know all fields.
record!(Older: a, b, c);

const TASKS: usize = 50;

type Handles = <Busy as Readable>::Attributes;
type Field = envelope_runtime::schema::Attribute<Busy, envelope_runtime::kind::Encrypted, String>;
type Choose = fn(Handles) -> Field;
type Read = fn(&Busy) -> &String;

const FIELDS: [(Choose, Read); 10] = [
    (|f| f.a, |r| &r.a),
    (|f| f.b, |r| &r.b),
    (|f| f.c, |r| &r.c),
    (|f| f.d, |r| &r.d),
    (|f| f.e, |r| &r.e),
    (|f| f.f, |r| &r.f),
    (|f| f.g, |r| &r.g),
    (|f| f.h, |r| &r.h),
    (|f| f.i, |r| &r.i),
    (|f| f.j, |r| &r.j),
];

/// Longer than the default: the machine may be busy, and every task must finish.
const WITHIN: Duration = Duration::from_mins(1);

async fn world() -> (World, Place) {
    let world = World::new().await;
    let busy = Busy { id: "b-1".into(), ..Busy::default() };
    world.store.put(&busy).await.unwrap();
    let key = [("id".to_owned(), string("b-1"))].into();
    let place = Place { table: world.table.clone(), key };
    (world, place)
}

/// The number of a field, the value that a task replaced in it, and the new value.
type Step = (usize, String, String);

async fn seal(store: Store, task: usize) -> Result<Step, UpdateError> {
    let number = task % FIELDS.len();
    let (choose, read) = FIELDS[number];
    let new = format!("task {task}");
    let update = store.update::<Busy>("b-1").seal(choose, new.as_str());
    let old = update.deadline(WITHIN).return_old().await?.unwrap();
    Ok((number, read(&old).clone(), new))
}

/// Every value that was put into a field was replaced by exactly one task, or is there in the end.
fn assert_nothing_lost(steps: &[Step], last: &Busy) {
    for (number, (_, read)) in FIELDS.iter().enumerate() {
        let of_field = || steps.iter().filter(|(field, ..)| *field == number);
        let mut seen: Vec<_> = of_field().map(|(_, old, _)| old.as_str()).collect();
        seen.push(read(last));
        let mut written: Vec<_> = of_field().map(|(.., new)| new.as_str()).collect();
        written.push("");
        seen.sort_unstable();
        written.sort_unstable();
        assert_eq!(seen, written, "field {number}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_tasks_seal_the_same_and_different_fields_and_nothing_is_lost() {
    let (world, _) = world().await;
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        tasks.spawn(seal(world.store.clone(), task));
    }

    let steps: Vec<_> = tasks.join_all().await.into_iter().map(Result::unwrap).collect();

    let last: Busy = world.store.get("b-1").consistent().await.unwrap().unwrap();
    assert_nothing_lost(&steps, &last);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_among_rewraps_plaintext_updates_and_an_older_program() {
    const COUNTS: usize = 50;
    let (world, place) = world().await;
    let world = Arc::new(world);
    let running = Arc::new(AtomicBool::new(true));

    // Keeps re-wrapping the key, and opens the record as often.
    let (shared, at, go_on) = (Arc::clone(&world), place.clone(), Arc::clone(&running));
    let rewraps = tokio::spawn(async move {
        let context = [("envelope:table", "users"), ("envelope:format", "1")];
        let mut won = 0;
        while go_on.load(Ordering::Relaxed) || won == 0 {
            let (dynamodb, kms) = (&shared.backend.dynamodb, &shared.backend.kms);
            won += usize::from(rewrap(dynamodb, kms, &at, &shared.key, &context).await);
            assert!(shared.store.get::<Busy>("b-1").consistent().await.unwrap().is_some());
        }
        won
    });
    let mut counts = JoinSet::new();
    for _ in 0..COUNTS {
        let store = world.store.clone();
        counts.spawn(async move { store.update::<Older>("b-1").add(|f| f.count, 1).await });
    }
    let mut wards = JoinSet::new();
    for ward in 1..=10_u64 {
        let store = world.store.clone();
        wards.spawn(async move {
            let update = store.update::<Older>("b-1").set(|f| f.ward, ward);
            update.deadline(WITHIN).return_old().await.unwrap().unwrap().ward
        });
    }
    let mut older = JoinSet::new();
    for task in 0..5 {
        let store = world.store.clone();
        older.spawn(async move {
            let new = format!("older {task}");
            let update = store.update::<Older>("b-1").seal(|f| f.a, new.as_str());
            let old = update.deadline(WITHIN).return_old().await.unwrap().unwrap();
            (0, old.a, new)
        });
    }
    let mut seals = JoinSet::new();
    for task in 0..TASKS {
        seals.spawn(seal(world.store.clone(), task));
    }

    let mut steps: Vec<_> = seals.join_all().await.into_iter().map(Result::unwrap).collect();
    steps.extend(older.join_all().await);
    let mut wards: BTreeSet<_> = wards.join_all().await.into_iter().collect();
    assert!(counts.join_all().await.iter().all(Result::is_ok));
    running.store(false, Ordering::Relaxed);
    assert!(rewraps.await.unwrap() > 0);

    let last: Busy = world.store.get("b-1").consistent().await.unwrap().unwrap();
    assert_nothing_lost(&steps, &last);
    assert_eq!(last.count, COUNTS as u64);
    assert!(wards.insert(last.ward));
    assert_eq!(wards, (0..=10).collect());
}
