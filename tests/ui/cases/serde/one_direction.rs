use envelope_runtime::EnvelopeRecord;
use serde::{Deserialize, Serialize};

struct Address;

#[derive(Serialize)]
struct Written;

#[derive(Deserialize)]
struct Read;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
    #[serde(serialize_with = "write")]
    written_by_hand: Read,
    #[serde(deserialize_with = "read")]
    read_by_hand: Written,
    #[serde(serialize_with = "write")]
    not_read: Address,
    #[serde(deserialize_with = "read")]
    not_written: Address,
}

fn write<T, S: serde::Serializer>(_: &T, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_unit()
}

fn read<'de, T, D: serde::Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    drop(from);
    loop {}
}

fn main() {}
