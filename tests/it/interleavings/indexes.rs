//! The same for the keys of indexes: they are what the fields make, in every order of writers that
//! know the indexes. What an older program leaves is skipped, and mended by a save.

mod expected;

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use envelope_runtime::{EnvelopeRecord, LocalKeyProvider, Store, UpdateError, Usage};
use envelope_tests::{Schedules, Turns};

use self::expected::{Keys, given, judge, made};
use super::{Outcome, name};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "parcels",
    index(by_customer(
        name = "GSI1",
        partition_key = "CUSTOMER#{customer}",
        sort_key = "{shelf}#{rank:04}"
    )),
    index(by_courier(
        name = "GSI2",
        partition_key = "COURIER#{courier}",
        sort_key = "{rank:04}",
        unprotected_partition
    ))
)]
struct Parcel {
    #[partition_key]
    id: String,
    #[authenticated]
    customer: String,
    shelf: String,
    rank: u64,
    courier: Option<String>,
    note: String,
    count: u64,
    #[encrypted]
    secret: String,
}

/// The parcel of a program that does not know the indexes.
#[derive(EnvelopeRecord)]
#[envelope(table = "parcels")]
struct Older {
    #[partition_key]
    id: String,
    #[authenticated]
    customer: String,
    shelf: String,
    rank: u64,
    courier: Option<String>,
    note: String,
    count: u64,
    #[encrypted]
    secret: String,
}

/// The one action of a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    SetShelf,
    SetRank,
    SetCustomer,
    /// A part, in one write with an addition to another attribute.
    SetRankAndAdd,
    SetCourierIfAbsent,
    RemoveCourier,
    Seal,
    SetNote,
    Put,
    Delete,
    OlderSetShelf,
    OlderSetNote,
    OlderPut,
}

const ACTS: [Act; 10] = [
    Act::SetShelf,
    Act::SetRank,
    Act::SetCustomer,
    Act::SetRankAndAdd,
    Act::SetCourierIfAbsent,
    Act::RemoveCourier,
    Act::Seal,
    Act::SetNote,
    Act::Put,
    Act::Delete,
];

const OLDER: [Act; 3] = [Act::OlderSetShelf, Act::OlderSetNote, Act::OlderPut];

/// A writer: its action, and whether the answer to its first write is lost.
type Writer = (Act, bool);

/// The key of all stores. The requests to KMS are no part of these schedules.
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

struct World {
    turns: Arc<Turns>,
    onlooker: Store,
    usage: Usage,
    played: usize,
}

impl World {
    async fn new() -> Self {
        let turns = Turns::new();
        let usage = Usage::default();
        let onlooker = store(turns.onlooker()).measured(&usage);
        onlooker.create_table::<Parcel>().await.unwrap();
        Self { turns, onlooker, usage, played: 0 }
    }

    /// Plays every schedule of these writers.
    async fn play_all(&mut self, writers: &[Writer]) {
        let mut schedules = Schedules::default();
        // There is something to remove.
        let has_courier = writers.iter().any(|(act, _)| *act == Act::RemoveCourier);
        loop {
            self.played += 1;
            let id = format!("p-{}", self.played);
            let mut start = parcel(&id, "start");
            start.courier = start.courier.filter(|_| has_courier);
            self.onlooker.put(&start).await.unwrap();

            let found = RefCell::default();
            let look = async || {
                let looked = self.look(&id).await;
                found.replace(looked);
            };
            let store = |number| store(self.turns.writer(number));
            let acts = writers.iter().enumerate();
            let acts = acts.map(|(number, writer)| act(store(number), number, writer.0, &id));
            let loses = writers.iter().map(|(_, loses)| *loses).collect();
            let played = self.turns.play(&mut schedules, loses, acts.collect(), look).await;
            judge(writers, &played, start, found.borrow().as_ref());
            if let Some((found, keys)) = found.take() {
                if keys != made(&found) {
                    self.mend(&found).await;
                }
                self.query(&found, &made(&found)).await;
                self.onlooker.delete::<Parcel>(id.as_str()).await.unwrap();
            }
            if !schedules.advance() {
                return;
            }
        }
    }

    /// The record, which can always be loaded, and the stored keys of indexes.
    async fn look(&self, id: &str) -> Option<(Parcel, Keys)> {
        let found = self.onlooker.get::<Parcel>(id).await.unwrap()?;
        let mut keys = self.turns.texts("parcels", id);
        keys.retain(|name, _| name.starts_with("GSI"));
        if keys != made(&found) {
            self.query(&found, &keys).await;
        }
        Some((found, keys))
    }

    /// A query gives the record if and only if its own fields make the stored keys, and counts it
    /// as stale if they do not.
    async fn query(&self, found: &Parcel, keys: &Keys) {
        let part = |key: &str, before, own: &str| {
            keys.get(key).map_or(own, |key| key.strip_prefix(before).unwrap()).to_owned()
        };
        let customer = part("GSI1PK", "CUSTOMER#", &found.customer);
        let courier = part("GSI2PK", "COURIER#", found.courier.as_deref().unwrap_or("nobody"));
        let before = self.usage.stale_items();
        let of_customer = self.onlooker.query_index(Parcel::INDEXES.by_customer, customer);
        let of_customer = of_customer.all().await.unwrap();
        let between = self.usage.stale_items();
        let of_courier = self.onlooker.query_index(Parcel::INDEXES.by_courier, courier);
        let of_courier = of_courier.all().await.unwrap();
        let after = self.usage.stale_items();

        let right = |index| given(index, found, keys);
        assert_eq!((of_customer, between - before), right("GSI1"), "{found:?} {keys:?}");
        assert_eq!((of_courier, after - between), right("GSI2"), "{found:?} {keys:?}");
    }

    /// One save makes the keys right, be it a put or an update of a part.
    async fn mend(&self, found: &Parcel) {
        if self.played.is_multiple_of(2) {
            self.onlooker.put(found).await.unwrap();
        } else {
            let update = self.onlooker.update::<Parcel>(found.id.as_str());
            update.set(|f| f.rank, found.rank).await.unwrap();
        }
        let looked = self.look(&found.id).await.unwrap();
        assert_eq!(looked, (found.clone(), made(found)));
    }
}

fn store(client: aws_sdk_dynamodb::Client) -> Store {
    Store::new(client, LocalKeyProvider::from_hex(KEY).unwrap())
}

fn act(
    store: Store,
    number: usize,
    act: Act,
    id: &str,
) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
    let (id, name, rank) = (id.to_owned(), name(number), rank(number));
    Box::pin(async move {
        let hour = Duration::from_hours(1);
        let update = store.update::<Parcel>(id.as_str()).deadline(hour);
        let older = store.update::<Older>(id.as_str()).deadline(hour);
        let updated = match act {
            Act::SetShelf => update.set(|f| f.shelf, name).await,
            Act::SetRank => update.set(|f| f.rank, rank).await,
            Act::SetCustomer => update.set(|f| f.customer, name).await,
            Act::SetRankAndAdd => update.set(|f| f.rank, rank).add(|f| f.count, 1).await,
            Act::SetCourierIfAbsent => update.set_if_absent(|f| f.courier, name).await,
            Act::RemoveCourier => update.remove(|f| f.courier).await,
            Act::Seal => update.seal(|f| f.secret, name).await,
            Act::SetNote => update.set(|f| f.note, name).await,
            Act::OlderSetShelf => older.set(|f| f.shelf, name).await,
            Act::OlderSetNote => older.set(|f| f.note, name).await,
            Act::Put => {
                store.put(&numbered(&id, number)).await.unwrap();
                Ok(())
            }
            Act::OlderPut => {
                store.put(&Older::from(numbered(&id, number))).await.unwrap();
                Ok(())
            }
            Act::Delete => {
                store.delete::<Parcel>(id.as_str()).await.unwrap();
                Ok(())
            }
        };
        match updated {
            Ok(()) => Outcome::Done,
            Err(error) if error.is_not_found() => Outcome::NotFound,
            Err(UpdateError::UnknownOutcome(_)) => Outcome::Unknown,
            Err(error) => panic!("{error}"),
        }
    })
}

fn rank(number: usize) -> u64 {
    number as u64 + 1
}

fn parcel(id: &str, name: &str) -> Parcel {
    let text = || name.to_owned();
    Parcel {
        id: id.to_owned(),
        customer: text(),
        shelf: text(),
        rank: 0,
        courier: Some(text()),
        note: text(),
        count: 0,
        secret: text(),
    }
}

/// The parcel that the writer with that number puts.
fn numbered(id: &str, number: usize) -> Parcel {
    Parcel { rank: rank(number), ..parcel(id, &name(number)) }
}

impl From<Parcel> for Older {
    fn from(parcel: Parcel) -> Self {
        let Parcel { id, customer, shelf, rank, courier, note, count, secret } = parcel;
        Self { id, customer, shelf, rank, courier, note, count, secret }
    }
}

#[tokio::test(start_paused = true)]
async fn the_keys_of_indexes_are_right_after_two_writers_in_every_order() {
    let mut world = World::new().await;
    for (index, first) in ACTS.into_iter().enumerate() {
        for second in ACTS.into_iter().skip(index) {
            world.play_all(&[(first, false), (second, false)]).await;
        }
    }
    eprintln!("{} schedules", world.played);
}

#[tokio::test(start_paused = true)]
async fn the_keys_of_indexes_are_right_after_two_writers_one_of_which_loses_an_answer() {
    let mut world = World::new().await;
    // The rank is a part like the shelf.
    for first in ACTS.into_iter().filter(|act| *act != Act::SetRank) {
        for second in ACTS {
            world.play_all(&[(first, true), (second, false)]).await;
        }
    }
    eprintln!("{} schedules", world.played);
}

#[tokio::test(start_paused = true)]
async fn what_an_older_program_leaves_in_any_order_is_skipped_and_mended() {
    let mut world = World::new().await;
    for older in OLDER {
        for newer in ACTS {
            for loses in [[false, false], [true, false], [false, true]] {
                let writers = [(older, loses[0]), (newer, loses[1])];
                world.play_all(&writers).await;
            }
        }
    }
    eprintln!("{} schedules", world.played);
}

/// A few combinations that conflict.
#[tokio::test(start_paused = true)]
async fn the_keys_of_indexes_are_right_after_three_writers_in_every_order() {
    let mut world = World::new().await;
    for acts in [
        [Act::SetShelf, Act::SetCustomer, Act::Seal],
        [Act::SetCourierIfAbsent, Act::SetRank, Act::RemoveCourier],
        [Act::SetShelf, Act::Delete, Act::Put],
        [Act::SetShelf, Act::SetCustomer, Act::OlderSetShelf],
        [Act::SetRank, Act::SetNote, Act::OlderPut],
        [Act::Put, Act::SetCustomer, Act::OlderSetShelf],
        [Act::Delete, Act::SetRankAndAdd, Act::OlderPut],
    ] {
        world.play_all(&acts.map(|act| (act, false))).await;
    }
    eprintln!("{} schedules", world.played);
}
