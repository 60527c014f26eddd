//! The records of the benchmarks.

#![allow(missing_docs, reason = "the fields are named for nothing")]

use envelope_runtime::EnvelopeRecord;

macro_rules! records {
    ($($name:ident: $($field:ident),+;)+) => {$(
        #[derive(EnvelopeRecord)]
        #[envelope(table = "bench")]
        pub struct $name {
            #[partition_key]
            id: String,
            $(#[encrypted] $field: String,)+
        }

        impl $name {
            /// A record whose fields have this many bytes each.
            #[must_use]
            pub fn of(len: usize) -> Self {
                Self { id: "r-1".to_owned(), $($field: "x".repeat(len),)+ }
            }

            /// The bytes of each field.
            #[must_use]
            pub fn lengths(&self) -> Vec<usize> {
                vec![$(self.$field.len()),+]
            }
        }
    )+};
}

records! {
    One: a;
    Three: a, b, c;
    Ten: a, b, c, d, e, f, g, h, i, j;
}

/// Seven plaintext, one authenticated and three encrypted attributes.
#[derive(EnvelopeRecord)]
#[envelope(table = "bench")]
pub struct Eleven {
    #[partition_key]
    pub id: String,
    pub name: String,
    pub ward: String,
    pub status: String,
    pub logins: u64,
    pub active: bool,
    pub tags: Vec<String>,
    #[authenticated]
    pub role: String,
    #[encrypted]
    pub ssn: String,
    #[encrypted]
    pub email: String,
    #[encrypted]
    pub phone: Option<String>,
}

impl Eleven {
    /// A record with every attribute.
    #[must_use]
    pub fn example() -> Self {
        Self {
            id: "r-1".to_owned(),
            name: "Zoë".to_owned(),
            ward: "7".to_owned(),
            status: "active".to_owned(),
            logins: 42,
            active: true,
            tags: vec!["beta".to_owned()],
            role: "patient".to_owned(),
            ssn: "078-05-1120".to_owned(),
            email: "zoe@example.com".to_owned(),
            phone: Some("+31 20 123 4567".to_owned()),
        }
    }
}

#[derive(EnvelopeRecord)]
#[envelope(table = "bench")]
pub struct Bytes {
    #[partition_key]
    pub id: String,
    #[encrypted]
    pub content: Vec<u8>,
}
