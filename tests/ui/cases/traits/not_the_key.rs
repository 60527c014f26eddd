use envelope_runtime::EnvelopeRecord;
use envelope_runtime::{IntoKey, Lone};

fn load(_: impl IntoKey<Lone<String>>) {}

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
}

fn wrong() {
    load(7_u64);
}

fn main() {}
