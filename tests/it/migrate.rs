//! A table of plaintext items is sealed, and unsealed again, while it is in use.

mod checkpoint;
mod concurrent;
mod orders;
mod passes;
mod refused;
mod roll_out;
mod unseal;

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::types::AttributeValue;
use envelope_runtime::{EnvelopeRecord, Store, Until};

use crate::support::{Stored, World, string};

/// The record after it was annotated.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
pub(crate) struct Patient {
    #[partition_key]
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) visits: u64,
    #[encrypted]
    pub(crate) ssn: String,
    #[encrypted]
    pub(crate) phone: Option<String>,
    #[authenticated]
    pub(crate) ward: u8,
}

pub(crate) const UNTIL: Until = Until::date(2027, 3, 1);

/// 2027-02-01, a month before the window closes.
pub(crate) fn february() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(500_400)
}

/// The store of a program with an open window.
pub(crate) fn migrating(store: &Store) -> Store {
    store.clone().clock(february).accept_unsealed::<Patient>(UNTIL)
}

/// The item that a program without encryption has written.
pub(crate) fn plaintext(id: &str) -> Stored {
    let number = |number: &str| AttributeValue::N(number.into());
    [
        ("id", string(id)),
        ("status", string("new")),
        ("visits", number("0")),
        ("ssn", string(&format!("ssn of {id}"))),
        ("ward", number("4")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

pub(crate) fn patient(id: &str) -> Patient {
    Patient {
        id: id.into(),
        status: "new".into(),
        visits: 0,
        ssn: format!("ssn of {id}"),
        phone: None,
        ward: 4,
    }
}

pub(crate) async fn fill(world: &World, count: usize) {
    for number in 0..count {
        world.write(plaintext(&format!("p-{number}"))).await;
    }
}

/// All items of the table.
pub(crate) async fn items(world: &World) -> Vec<Stored> {
    let scan = world.backend.dynamodb.scan().table_name(&world.table);
    let mut items = scan.send().await.unwrap().items.unwrap_or_default();
    items.sort_by_key(|item| item["id"].as_s().unwrap().clone());
    items
}
