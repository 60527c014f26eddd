//! Queries and scans: the requests that are sent, and what is made of each page.

mod conditions;
mod cursors;
mod memory;
mod opening;
mod pages;
mod projected;

use envelope_runtime::EnvelopeRecord;

use crate::dynamodb::Dynamodb;
use crate::table::Stored;

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "orders")]
struct Order {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: i64,
    status: String,
    #[encrypted]
    address: String,
    #[envelope(ttl)]
    expires: Option<u64>,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "app",
    partition_key = "T#{tenant}",
    sort_key = "LINE#{sku}#{number:03}#{part:02}"
)]
struct Line {
    tenant: String,
    sku: String,
    number: u32,
    part: u8,
    #[encrypted]
    note: String,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "app", partition_key = "T#{tenant}", sort_key = "TITLE#{words}")]
struct Title {
    tenant: String,
    words: String,
    #[encrypted]
    text: String,
}

/// A template that begins with a part.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "app", partition_key = "T#{tenant}", sort_key = "{day:04}/{words}")]
struct Visit {
    tenant: String,
    day: u32,
    words: String,
    #[encrypted]
    text: String,
}

fn order(number: i64) -> Order {
    Order {
        tenant: "t-1".into(),
        number,
        status: "open".into(),
        address: format!("Street {number}"),
        expires: None,
    }
}

/// A record as it is stored.
async fn stored<R: EnvelopeRecord>(record: &R) -> Stored {
    Dynamodb::holding(record).await.item().unwrap()
}

/// The orders with these numbers, as they are stored.
async fn orders(numbers: impl IntoIterator<Item = i64>) -> Vec<Stored> {
    let mut all = Vec::new();
    for number in numbers {
        all.push(stored(&order(number)).await);
    }
    all
}

/// The key attributes of an order.
fn key(number: i64) -> Stored {
    let key = serde_json::json!({"tenant": {"S": "t-1"}, "number": {"N": number.to_string()}});
    key.as_object().cloned().unwrap()
}

fn numbers(orders: &[Order]) -> Vec<i64> {
    orders.iter().map(|order| order.number).collect()
}
