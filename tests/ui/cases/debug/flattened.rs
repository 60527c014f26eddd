use envelope_runtime::{EnvelopeFields, EnvelopeRecord};

#[derive(EnvelopeRecord)]
#[envelope(table = "users", debug)]
struct User {
    #[partition_key]
    id: String,
    #[envelope(flatten)]
    contact: Contact,
}

#[derive(EnvelopeFields, Debug)]
struct Contact {
    #[encrypted]
    phone: String,
}

fn main() {}
