use envelope_runtime::{EnvelopeFields, EnvelopeProjection, EnvelopeRecord};

#[derive(EnvelopeFields)]
struct Contact {
    email: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
    #[envelope(flatten)]
    contact: Contact,
}

#[derive(EnvelopeFields)]
struct Person {
    email: String,
}

#[derive(EnvelopeProjection)]
#[envelope(of = User)]
struct Card {
    #[envelope(flatten)]
    contact: Person,
}

fn main() {}
