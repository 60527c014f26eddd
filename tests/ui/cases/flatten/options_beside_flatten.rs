use envelope_runtime::{EnvelopeFields, EnvelopeRecord};

#[derive(EnvelopeFields)]
struct Address {
    #[encrypted]
    street: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(flatten)]
    home: Address,
    #[envelope(flatten, rename = "office", skip, default)]
    work: Address,
    #[envelope(flatten)]
    other: Option<Address>,
    #[encrypted]
    ssn: String,
}

fn main() {}
