use envelope_runtime::{EnvelopeFields, EnvelopeRecord};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, EnvelopeFields)]
struct Contact {
    #[encrypted]
    phone: String,
}

#[derive(Serialize, Deserialize, EnvelopeRecord)]
#[envelope(table = "cards")]
struct Range {
    #[partition_key]
    id: String,
    #[encrypted]
    number: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    sealed_whole: Vec<Contact>,
    contact: Contact,
    #[authenticated]
    contacts: Option<Vec<(u8, Contact)>>,
    range: Box<Range>,
}

fn main() {}
