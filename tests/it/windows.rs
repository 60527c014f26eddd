//! Windows for a table that already holds data: until a date, items and values are accepted that
//! are not sealed.

mod based_on;
mod closed;
mod events;
mod fields;
mod indexes;
mod reads;
mod sealing;
mod shapes;
mod updates;
mod warnings;

use std::time::{Duration, UNIX_EPOCH};

use envelope_runtime::{EnvelopeRecord, Store, Until};

use crate::support::{Stored, User, World, string};

const UNTIL: Until = Until::date(2027, 3, 1);
/// The first second of that day.
const END: u64 = 1_803_859_200;
const DAY: u64 = 24 * 60 * 60;
/// A time at which the window is open, and will be for more than 14 days.
const OPEN: u64 = END - 30 * DAY;

fn at(store: &Store, seconds: u64) -> Store {
    store.clone().clock(move || UNIX_EPOCH + Duration::from_secs(seconds))
}

/// The store with the window for users, at that time.
fn opened(world: &World, seconds: u64) -> Store {
    with_window::<User>(world, seconds)
}

fn with_window<R: EnvelopeRecord<Needs = envelope_runtime::key::Decrypt>>(
    world: &World,
    seconds: u64,
) -> Store {
    at(&world.store, seconds).accept_unsealed::<R>(UNTIL)
}

fn item<const N: usize>(pairs: [(&str, &str); N]) -> Stored {
    pairs.map(|(name, value)| (name.to_owned(), string(value))).into()
}

/// `User::new`, as a program without this library wrote it.
fn plain(id: &str) -> Stored {
    item([
        ("id", id),
        ("nickname", "zoë"),
        ("ssn", "078-05-1120"),
        ("email", "zoe@example.com"),
        ("role", "patient"),
    ])
}

/// A world that holds the user `u-1` in plaintext.
async fn world() -> World {
    let world = World::new().await;
    world.write(plain("u-1")).await;
    world
}

/// The user `u-1`, as a store without a window loads it.
async fn sealed(world: &World) -> User {
    User::load(&at(&world.store, END), "u-1").consistent().await.unwrap().unwrap()
}

/// Changes a text of the item `u-1`, as a program without this library does.
async fn overwrite(world: &World, name: &str, value: Option<&str>) {
    let call = world.backend.dynamodb.update_item().table_name(&world.table);
    let call = call.key("id", string("u-1")).expression_attribute_names("#name", name);
    let call = match value {
        Some(value) => {
            let call = call.update_expression("SET #name = :value");
            call.expression_attribute_values(":value", string(value))
        }
        None => call.update_expression("REMOVE #name"),
    };
    call.send().await.unwrap();
}
