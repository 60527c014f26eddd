use std::collections::HashMap;

use envelope_runtime::{EnvelopeFields, EnvelopeRecord, OtherAttributes};

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
    #[envelope(catch_all)]
    others: HashMap<String, String>,
}

#[derive(EnvelopeFields)]
struct Address {
    #[encrypted]
    street: String,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

fn main() {}
