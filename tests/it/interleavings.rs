//! The update protocol against every order of requests of two and three writers: nothing that was
//! acknowledged is lost, and the record can be opened after every write.

mod copies;
mod entries;
mod indexes;
mod migrations;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use envelope_runtime::{
    DeleteError, EnvelopeRecord, KmsKeyProvider, SaveError, Store, TransactionError, UpdateError,
};
use envelope_tests::{Backend, Place, Played, Schedules, Turns, rewrap};

use crate::support::string;

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "table")]
struct Case {
    #[partition_key]
    id: String,
    status: String,
    count: u64,
    #[authenticated]
    ward: u64,
    #[encrypted]
    a: String,
    #[encrypted]
    b: Option<String>,
}

/// The one action of a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    SealA,
    RemoveB,
    SetWard,
    /// In one write with an addition to a plaintext attribute.
    SealAndAdd,
    SetStatus,
    Add,
    Rewrap,
    Delete,
    /// If the record has a status.
    DeleteIf,
    Put,
    Create,
    /// A transaction that seals, adds and puts another record.
    Together,
    /// A transaction that sets a plaintext attribute, if it is there, and puts another record.
    TogetherIf,
    /// An addition, or a record that has it already.
    AddOrCreate,
    BatchPut,
    BatchDelete,
}

/// A writer: its action, and whether the answer to its first write is lost.
type Writer = (Act, bool);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    /// There was no record.
    NotFound,
    /// There was a record, or another envelope.
    Conflict,
    Unknown,
}

struct World {
    turns: Arc<Turns>,
    clients: [aws_sdk_dynamodb::Client; 3],
    onlooker: Store,
    backend: Backend,
    key: String,
    played: usize,
}

impl World {
    async fn new() -> Self {
        let backend = Backend::in_process().await;
        let key = backend.create_kms_key().await;
        let turns = Turns::new();
        let provider = KmsKeyProvider::new(backend.kms.clone(), &key);
        let onlooker = Store::new(turns.onlooker(), provider);
        let clients = [0, 1, 2].map(|number| turns.writer(number));
        Self { turns, clients, onlooker, backend, key, played: 0 }
    }

    /// Plays every schedule of these writers, and returns their number.
    async fn play_all(&mut self, writers: &[Writer]) -> usize {
        let mut schedules = Schedules::default();
        let before = self.played;
        loop {
            self.played += 1;
            let id = format!("c-{}", self.played);
            let start = case(&id, "start");
            self.onlooker.put(&start).await.unwrap();

            let futures =
                writers.iter().enumerate().map(|(number, writer)| self.act(number, writer.0, &id));
            let look = async || {
                let found = self.onlooker.get::<Case>(id.as_str()).await;
                assert!(found.is_ok(), "{writers:?}: {found:?}");
            };
            let loses = writers.iter().map(|(_, loses)| *loses).collect();
            let played = self.turns.play(&mut schedules, loses, futures.collect(), look).await;
            let found = self.onlooker.get::<Case>(id.as_str()).await.unwrap();
            judge(writers, &played, start, found.as_ref());
            self.look_beside(writers, &played, &id).await;
            if !schedules.advance() {
                return self.played - before;
            }
        }
    }

    /// Asserts that a transaction wrote both of its records or none.
    async fn look_beside(&self, writers: &[Writer], played: &Played<Outcome>, id: &str) {
        for (number, (act, _)) in writers.iter().enumerate() {
            let beside = beside(id, &name(number));
            let found = self.onlooker.get::<Case>(beside.id.as_str()).await.unwrap();
            let is_expected =
                played.writes.contains(&number) && matches!(act, Act::Together | Act::TogetherIf);
            assert_eq!(found, is_expected.then_some(beside), "{writers:?} {played:?}");
        }
    }

    fn act(
        &self,
        number: usize,
        act: Act,
        id: &str,
    ) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        let client = self.clients[number].clone();
        let provider = KmsKeyProvider::new(self.backend.kms.clone(), &self.key);
        let store = Store::new(client.clone(), provider);
        let (kms, key, id) = (self.backend.kms.clone(), self.key.clone(), id.to_owned());
        let name = name(number);
        Box::pin(async move {
            // Independent of the machine's clock: the machine may be busy.
            let update = store.update::<Case>(id.as_str()).deadline(HOUR);
            let update = match act {
                Act::SealA => update.seal(|f| f.a, name.as_str()),
                Act::RemoveB => update.remove(|f| f.b),
                Act::SetWard => update.set(|f| f.ward, number as u64 + 1),
                Act::SealAndAdd => update.seal(|f| f.a, name.as_str()).add(|f| f.count, 1),
                Act::SetStatus => update.set(|f| f.status, name.as_str()),
                Act::Add => update.add(|f| f.count, 1),
                Act::Rewrap => {
                    let key_of_item = [("id".to_owned(), string(&id))].into();
                    let place = Place { table: "table".to_owned(), key: key_of_item };
                    let context = [("envelope:table", "table"), ("envelope:format", "1")];
                    let won = rewrap(&client, &kms, &place, &key, &context).await;
                    return if won { Outcome::Done } else { Outcome::Conflict };
                }
                Act::Delete => {
                    store.delete::<Case>(id.as_str()).await.unwrap();
                    return Outcome::Done;
                }
                Act::DeleteIf => {
                    let delete = store.delete::<Case>(id.as_str());
                    return match delete.condition(|f| f.status.exists()).await {
                        Ok(()) => Outcome::Done,
                        Err(DeleteError::UnknownOutcome(_)) => Outcome::Unknown,
                        Err(error) if error.is_conflict() => Outcome::Conflict,
                        Err(error) => panic!("{error}"),
                    };
                }
                Act::Together => {
                    let both = store.transaction().put(&beside(&id, &name));
                    let both = both.update::<Case>(id.as_str(), |u| {
                        u.seal(|f| f.a, name.as_str()).add(|f| f.count, 1)
                    });
                    return together(both.deadline(HOUR).await);
                }
                Act::TogetherIf => {
                    let both = store.transaction().put(&beside(&id, &name));
                    let both = both.update::<Case>(id.as_str(), |u| {
                        u.set(|f| f.status, name.as_str()).condition(|f| f.status.exists())
                    });
                    return together(both.deadline(HOUR).await);
                }
                Act::AddOrCreate => {
                    let new = Case { count: 1, ..case(&id, &name) };
                    return match update.add(|f| f.count, 1).or_create(&new).await {
                        Ok(_) => Outcome::Done,
                        Err(UpdateError::UnknownOutcome(_)) => Outcome::Unknown,
                        Err(error) => panic!("{error}"),
                    };
                }
                Act::BatchPut => {
                    store.batch_write().put(&case(&id, &name)).await.unwrap();
                    return Outcome::Done;
                }
                Act::BatchDelete => {
                    store.batch_write().delete::<Case>(id.as_str()).await.unwrap();
                    return Outcome::Done;
                }
                Act::Put => {
                    store.put(&case(&id, &name)).await.unwrap();
                    return Outcome::Done;
                }
                Act::Create => {
                    return match store.create(&case(&id, &name)).await {
                        Ok(()) => Outcome::Done,
                        Err(error) if error.is_conflict() => Outcome::Conflict,
                        Err(SaveError::UnknownOutcome(_)) => Outcome::Unknown,
                        Err(error) => panic!("{error}"),
                    };
                }
            };
            match update.await {
                Ok(()) => Outcome::Done,
                Err(error) if error.is_not_found() => Outcome::NotFound,
                Err(UpdateError::UnknownOutcome(_)) => Outcome::Unknown,
                Err(error) => panic!("{error}"),
            }
        })
    }
}

const HOUR: Duration = Duration::from_hours(1);

/// The other record of a writer's transaction.
fn beside(id: &str, name: &str) -> Case {
    case(&format!("{id} beside {name}"), name)
}

fn together(result: Result<(), TransactionError>) -> Outcome {
    match result {
        Ok(()) => Outcome::Done,
        Err(error) if error.is_not_found() => Outcome::NotFound,
        Err(error) if error.is_conflict() => Outcome::Conflict,
        Err(TransactionError::UnknownOutcome(_)) => Outcome::Unknown,
        Err(error) => panic!("{error}"),
    }
}

fn name(number: usize) -> String {
    format!("writer {number}")
}

fn case(id: &str, name: &str) -> Case {
    let (a, b) = (name.to_owned(), Some(name.to_owned()));
    Case { id: id.to_owned(), status: name.to_owned(), count: 0, ward: 0, a, b }
}

/// Asserts that the stored record is the start with the writes applied in their order, and that
/// each writer was told the truth.
fn judge(writers: &[Writer], played: &Played<Outcome>, start: Case, found: Option<&Case>) {
    let id = start.id.clone();
    let mut expected = Some(start);
    for number in &played.writes {
        let (name, ward) = (name(*number), *number as u64 + 1);
        match (writers[*number].0, &mut expected) {
            (Act::SealA, Some(case)) => case.a = name,
            (Act::RemoveB, Some(case)) => case.b = None,
            (Act::SetWard, Some(case)) => case.ward = ward,
            (Act::SealAndAdd | Act::Together, Some(case)) => {
                case.a = name;
                case.count += 1;
            }
            (Act::SetStatus | Act::TogetherIf, Some(case)) => case.status = name,
            (Act::Add | Act::AddOrCreate, Some(case)) => case.count += 1,
            (Act::AddOrCreate, expected) => {
                *expected = Some(Case { count: 1, ..case(&id, &name) });
            }
            (Act::Rewrap, Some(_)) => {}
            (Act::Delete | Act::DeleteIf | Act::BatchDelete, expected) => *expected = None,
            (Act::Put | Act::Create | Act::BatchPut, expected) => {
                *expected = Some(case(&id, &name));
            }
            (act, None) => panic!("{act:?} created a record: {writers:?} {played:?}"),
        }
    }
    assert_eq!(found, expected.as_ref(), "{writers:?} {played:?}");

    for (number, (act, loses)) in writers.iter().enumerate() {
        let count = played.writes.iter().filter(|writer| **writer == number).count();
        // The SDK retries these, and repeating them has the same effect.
        let repeats = matches!(
            act,
            Act::SetStatus
                | Act::Put
                | Act::Delete
                | Act::DeleteIf
                | Act::BatchPut
                | Act::BatchDelete
        );
        let twice = *loses && repeats;
        let right = match played.outcomes[number] {
            Outcome::Done => count == 1 || (twice && count == 2),
            Outcome::NotFound | Outcome::Conflict => count == 0,
            Outcome::Unknown => *loses && count == 1,
        };
        assert!(right, "{act:?} wrote {count} times: {writers:?} {played:?}");
    }
}

const ACTS: [Act; 16] = [
    Act::SealA,
    Act::RemoveB,
    Act::SetWard,
    Act::SealAndAdd,
    Act::SetStatus,
    Act::Add,
    Act::Rewrap,
    Act::Delete,
    Act::DeleteIf,
    Act::Put,
    Act::Create,
    Act::Together,
    Act::TogetherIf,
    Act::AddOrCreate,
    Act::BatchPut,
    Act::BatchDelete,
];

#[tokio::test(start_paused = true)]
async fn t13_two_writers_in_every_order() {
    let mut world = World::new().await;
    for (index, first) in ACTS.into_iter().enumerate() {
        for second in ACTS.into_iter().skip(index) {
            world.play_all(&[(first, false), (second, false)]).await;
        }
    }
    eprintln!("{} schedules", world.played);
}

#[tokio::test(start_paused = true)]
async fn t13_two_writers_in_every_order_one_of_which_loses_an_answer() {
    let mut world = World::new().await;
    for first in ACTS.into_iter().filter(|act| *act != Act::Rewrap) {
        for second in ACTS {
            world.play_all(&[(first, true), (second, false)]).await;
        }
    }
    eprintln!("{} schedules", world.played);
}

/// A few combinations that conflict. If `ENVELOPE_ALL_INTERLEAVINGS` is in the environment, all of
/// them, with and without a lost answer, which takes half an hour.
#[tokio::test(start_paused = true)]
async fn t13_three_writers_in_every_order() {
    let mut world = World::new().await;
    for acts in [
        [Act::SealA, Act::RemoveB, Act::Rewrap],
        [Act::SealA, Act::SealA, Act::Add],
        [Act::SealA, Act::SetWard, Act::Put],
        [Act::SealA, Act::Delete, Act::Create],
        [Act::SealA, Act::Rewrap, Act::Delete],
        [Act::SealAndAdd, Act::Rewrap, Act::Put],
        [Act::SealA, Act::SetStatus, Act::Rewrap],
        [Act::Together, Act::SealA, Act::Delete],
        [Act::Together, Act::TogetherIf, Act::AddOrCreate],
        [Act::AddOrCreate, Act::AddOrCreate, Act::Delete],
    ] {
        world.play_all(&acts.map(|act| (act, false))).await;
    }
    if std::env::var_os("ENVELOPE_ALL_INTERLEAVINGS").is_some() {
        all_of_three(&mut world).await;
    }
    eprintln!("{} schedules", world.played);
}

async fn all_of_three(world: &mut World) {
    for (index, first) in ACTS.into_iter().enumerate() {
        for (next, second) in ACTS.into_iter().enumerate().skip(index) {
            for third in ACTS.into_iter().skip(next) {
                let count =
                    world.play_all(&[(first, false), (second, false), (third, false)]).await;
                eprintln!("{first:?}, {second:?}, {third:?}: {count}");
                if first != Act::Rewrap {
                    let lost = [(first, true), (second, false), (third, false)];
                    eprintln!("with a lost answer: {}", world.play_all(&lost).await);
                }
            }
        }
    }
}
