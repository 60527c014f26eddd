use envelope_runtime::EnvelopeRecord;
use envelope_runtime::schema::{IntoKey, Simple};

fn load(_: impl IntoKey<Simple<String>>) {}

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
