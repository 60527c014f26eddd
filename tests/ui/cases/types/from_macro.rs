use std::collections::HashMap;

use envelope_runtime::{EnvelopeFields, EnvelopeRecord};
use serde::{Deserialize, Serialize};

struct SecretString;

#[derive(Serialize, Deserialize, EnvelopeFields)]
struct Contact {
    #[encrypted]
    phone: String,
}

macro_rules! record {
    ($name:ident { $($(#[$option:meta])* $field:ident: $ty:ty,)* }) => {
        #[derive(EnvelopeRecord)]
        #[envelope(table = "users", sort_key = "USER#{number}")]
        struct $name {
            #[partition_key]
            id: String,
            #[encrypted]
            ssn: String,
            $($(#[$option])* $field: $ty,)*
        }
    };
}

record!(User {
    number: u32,
    #[envelope(version)]
    version: String,
    #[envelope(ttl)]
    expires: f64,
    #[envelope(context)]
    tenant: Option<String>,
    token: SecretString,
    pin: Option<SecretString>,
    name: &'static str,
    #[serde(flatten)]
    map: HashMap<String, String>,
    #[envelope(catch_all)]
    others: HashMap<String, String>,
});

macro_rules! optional {
    ($ty:ty) => {
        #[derive(EnvelopeRecord)]
        #[envelope(table = "users", plaintext_only)]
        struct Optional {
            #[partition_key]
            id: Option<$ty>,
        }
    };
}

optional!(String);

macro_rules! in_plaintext {
    ($ty:ty) => {
        #[derive(EnvelopeRecord)]
        #[envelope(table = "users", plaintext_only)]
        struct InPlaintext {
            #[partition_key]
            id: String,
            contacts: Vec<$ty>,
        }
    };
}

in_plaintext!(Contact);

fn main() {}
