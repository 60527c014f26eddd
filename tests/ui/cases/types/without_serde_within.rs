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
    addresses: Vec<Address>,
    written: Written,
    #[authenticated]
    read: Option<Read>,
    #[envelope(set)]
    set: Vec<Address>,
    #[envelope(default)]
    or_default: Option<Address>,
}

fn main() {}
