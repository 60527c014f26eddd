//! Two writers of entries of the same maps, in every order of their requests: no entry is lost, and
//! none comes back.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, Store, UpdateError};
use envelope_tests::{Backend, Schedules, Turns};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "table")]
struct Case {
    #[partition_key]
    id: String,
    lines: Option<BTreeMap<String, usize>>,
    #[authenticated]
    limits: Option<BTreeMap<String, usize>>,
    #[encrypted]
    notes: Option<BTreeMap<String, usize>>,
}

/// The one action of a writer, on entries that no other writer sets.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    SetLine,
    /// The entry from the beginning.
    RemoveLine,
    RemoveLines,
    SetLimit,
    SealNote,
    RemoveNote,
    RemoveNotes,
    /// In one write with an entry of the plaintext map.
    SealNoteAndSetLine,
}

const ACTS: [Act; 8] = [
    Act::SetLine,
    Act::RemoveLine,
    Act::RemoveLines,
    Act::SetLimit,
    Act::SealNote,
    Act::RemoveNote,
    Act::RemoveNotes,
    Act::SealNoteAndSetLine,
];

/// Returns whether the act is one request, which may be repeated.
fn is_plaintext(act: Act) -> bool {
    matches!(act, Act::SetLine | Act::RemoveLine | Act::RemoveLines)
}

/// Returns whether the two write the same attributes: those of the envelope, or the plaintext map.
fn meet(first: Act, second: Act) -> bool {
    let both = |act| act == Act::SealNoteAndSetLine;
    is_plaintext(first) == is_plaintext(second) || both(first) || both(second)
}

struct World {
    turns: Arc<Turns>,
    backend: Backend,
    key: String,
    played: usize,
}

impl World {
    async fn new() -> Self {
        let backend = Backend::in_process().await;
        let key = backend.create_kms_key().await;
        Self { turns: Turns::new(), backend, key, played: 0 }
    }

    fn store(&self, client: aws_sdk_dynamodb::Client) -> Store {
        Store::new(client, KmsKeyProvider::new(self.backend.kms.clone(), &self.key))
    }

    /// Plays every schedule of two writers, the first of which may lose an answer.
    async fn play_all(&mut self, acts: [Act; 2], has_maps: bool, loses: bool) {
        let onlooker = self.store(self.turns.onlooker());
        let mut schedules = Schedules::default();
        loop {
            self.played += 1;
            let id = format!("c-{}", self.played);
            let map = has_maps.then(|| BTreeMap::from([("start".to_owned(), 9)]));
            let mut expected =
                Case { id: id.clone(), lines: map.clone(), limits: map.clone(), notes: map };
            onlooker.put(&expected).await.unwrap();

            let writers = acts.into_iter().enumerate();
            let writers = writers.map(|(number, act)| self.act(number, act, &id)).collect();
            let look = async || drop(onlooker.get::<Case>(id.as_str()).await.unwrap());
            let losing = vec![loses, false];
            let played = self.turns.play(&mut schedules, losing, writers, look).await;

            let told = format!("{acts:?} {has_maps} {loses} {played:?}");
            for number in &played.writes {
                apply(&mut expected, *number, acts[*number]);
            }
            let found = onlooker.get::<Case>(id.as_str()).await.unwrap();
            assert_eq!(found.as_ref(), Some(&expected), "{told}");
            for (number, act) in acts.into_iter().enumerate() {
                let count = played.writes.iter().filter(|writer| **writer == number).count();
                let loses = loses && number == 0;
                let is_true = if played.outcomes[number] {
                    count == 1 || (loses && is_plaintext(act) && count == 2)
                } else {
                    loses && count == 1
                };
                assert!(is_true, "{told}");
            }
            if !schedules.advance() {
                return;
            }
        }
    }

    /// Returns `false` if the outcome is unknown.
    fn act(&self, number: usize, act: Act, id: &str) -> Pin<Box<dyn Future<Output = bool> + Send>> {
        let store = self.store(self.turns.writer(number));
        let (id, name) = (id.to_owned(), format!("writer {number}"));
        Box::pin(async move {
            let update = store.update::<Case>(id.as_str()).deadline(Duration::from_hours(1));
            let update = match act {
                Act::SetLine => update.set_entry(|f| f.lines, name, number),
                Act::RemoveLine => update.remove_entry(|f| f.lines, "start"),
                Act::RemoveLines => update.remove(|f| f.lines),
                Act::SetLimit => update.set_entry(|f| f.limits, name, number),
                Act::SealNote => update.seal_entry(|f| f.notes, name, number),
                Act::RemoveNote => update.remove_entry(|f| f.notes, "start"),
                Act::RemoveNotes => update.remove(|f| f.notes),
                Act::SealNoteAndSetLine => {
                    let update = update.seal_entry(|f| f.notes, &name, number);
                    update.set_entry(|f| f.lines, name, number)
                }
            };
            match update.await {
                Ok(()) => true,
                Err(UpdateError::UnknownOutcome(_)) => false,
                Err(error) => panic!("{error}"),
            }
        })
    }
}

fn apply(case: &mut Case, number: usize, act: Act) {
    let set = |map: &mut Option<BTreeMap<String, usize>>| {
        map.get_or_insert_default().insert(format!("writer {number}"), number);
    };
    let remove = |map: &mut Option<BTreeMap<String, usize>>| {
        map.as_mut().map(|map| map.remove("start"));
    };
    match act {
        Act::SetLine => set(&mut case.lines),
        Act::RemoveLine => remove(&mut case.lines),
        Act::RemoveLines => case.lines = None,
        Act::SetLimit => set(&mut case.limits),
        Act::SealNote => set(&mut case.notes),
        Act::RemoveNote => remove(&mut case.notes),
        Act::RemoveNotes => case.notes = None,
        Act::SealNoteAndSetLine => {
            set(&mut case.notes);
            set(&mut case.lines);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn t13_two_writers_of_entries_in_every_order() {
    let mut world = World::new().await;
    for has_maps in [true, false] {
        for (index, first) in ACTS.into_iter().enumerate() {
            for second in ACTS.into_iter().skip(index).filter(|second| meet(first, *second)) {
                world.play_all([first, second], has_maps, false).await;
            }
        }
    }
    eprintln!("{} schedules", world.played);
}

#[tokio::test(start_paused = true)]
async fn t13_two_writers_of_entries_in_every_order_one_of_which_loses_an_answer() {
    let mut world = World::new().await;
    for has_maps in [true, false] {
        for first in ACTS {
            for second in ACTS.into_iter().filter(|second| meet(first, *second)) {
                world.play_all([first, second], has_maps, true).await;
            }
        }
    }
    eprintln!("{} schedules", world.played);
}
