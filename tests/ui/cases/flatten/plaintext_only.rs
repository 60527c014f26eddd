use envelope_runtime::{EnvelopeFields, EnvelopeRecord};

#[derive(EnvelopeFields)]
struct Address {
    #[encrypted]
    street: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "users", plaintext_only)]
struct User {
    #[partition_key]
    id: String,
    #[envelope(flatten)]
    home: Address,
}

fn main() {}
