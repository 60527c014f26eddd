use envelope_runtime::EnvelopeRecord;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Silent;

#[derive(EnvelopeRecord)]
#[envelope(table = "users", debug)]
struct User {
    #[partition_key]
    id: String,
    plain: Silent,
    #[encrypted]
    sealed: Silent,
}

fn main() {}
