use std::borrow::Cow;

use envelope_runtime::{EnvelopeFields, EnvelopeRecord};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Id(u64);

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct NoKey {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(key = "S")]
    ssn: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct NotAsWritten {
    #[partition_key]
    #[envelope(key = "N")]
    id: Cow<'static, str>,
    #[sort_key]
    #[envelope(key = "B")]
    number: u64,
    #[encrypted]
    ssn: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct BytesAreB {
    #[partition_key]
    #[envelope(key = "S")]
    id: [u8; 16],
    #[sort_key]
    #[envelope(key = "N")]
    other: Vec<u8>,
    #[encrypted]
    ssn: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct UnknownText {
    #[partition_key]
    #[envelope(key = "string")]
    id: Id,
    #[sort_key]
    #[envelope(key = "")]
    other: Id,
    #[encrypted]
    ssn: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "users", partition_key = "USER#{id}")]
struct Part {
    #[envelope(key = "S")]
    id: String,
    #[encrypted]
    ssn: String,
}

#[derive(EnvelopeFields)]
struct Group {
    #[envelope(key = "S")]
    zip: String,
}

fn main() {}
