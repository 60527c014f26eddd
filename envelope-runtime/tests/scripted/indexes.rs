//! Indexes: the requests of queries, of writes that keep the keys, and of tables.

mod loaded;
mod moved;
mod queried;
mod tables;

use envelope_runtime::{EnvelopeProjection, EnvelopeRecord};

use crate::dynamodb::Dynamodb;
use crate::table::Stored;

/// A record with indexes that hold all, keys, and some attributes.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "orders",
    index(by_customer(
        name = "GSI1",
        partition_key = "C#{customer}",
        sort_key = "{shelf}#{rank:04}"
    )),
    index(by_courier(partition_key = "COURIER#{courier}", unprotected_partition, project = keys)),
    index(by_status(
        partition = ["status", "day"],
        unprotected_partition,
        project = include("total")
    )),
    index(by_total(local, sort = "total"))
)]
struct Order {
    #[partition_key]
    id: String,
    #[sort_key]
    number: u64,
    #[authenticated]
    customer: String,
    shelf: String,
    rank: u16,
    courier: Option<String>,
    status: String,
    day: u16,
    total: u64,
    #[encrypted]
    address: String,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Order)]
struct Parcel {
    address: String,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Order, plaintext_only)]
struct Sum {
    total: u64,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Order, plaintext_only)]
struct Ranked {
    rank: u16,
}

fn order() -> Order {
    Order {
        id: "o-1".into(),
        number: 7,
        customer: "c-1".into(),
        shelf: "s-1".into(),
        rank: 12,
        courier: None,
        status: "open".into(),
        day: 26,
        total: 100,
        address: "Street 1".into(),
    }
}

async fn stored(order: &Order) -> Stored {
    Dynamodb::holding(order).await.item().unwrap()
}
