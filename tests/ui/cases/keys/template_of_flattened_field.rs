use envelope_runtime::{EnvelopeFields, EnvelopeRecord, OtherAttributes};

#[derive(EnvelopeFields)]
struct Contact {
    country: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "users", partition_key = "{country}", sort_key = "{contact}#{others}")]
struct User {
    #[envelope(flatten)]
    contact: Contact,
    #[envelope(catch_all)]
    others: OtherAttributes,
    #[encrypted]
    ssn: String,
}

fn main() {}
