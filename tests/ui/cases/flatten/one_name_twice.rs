use envelope_runtime::{EnvelopeFields, EnvelopeRecord};

#[derive(EnvelopeFields)]
struct Address {
    #[encrypted]
    zip: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    zip: String,
    #[envelope(flatten)]
    home: Address,
}

fn main() {}
