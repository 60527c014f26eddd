// The start of the examples in this crate's documentation, which include it in a hidden line. It
// gives them the crate's names and three records.

use envelope_runtime::*;

#[derive(EnvelopeRecord, Clone, Debug)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    status: String,
    logins: u64,
    nickname: Option<String>,
    first_seen: Option<u64>,
    #[envelope(default)]
    tags: Vec<String>,
    #[authenticated]
    role: String,
    #[encrypted]
    ssn: Option<String>,
    #[encrypted]
    email: String,
}

#[derive(EnvelopeRecord, Clone, Debug)]
#[envelope(table = "documents")]
struct Document {
    #[partition_key]
    id: String,
    #[encrypted]
    text: String,
    #[envelope(version)]
    version: u64,
}

#[derive(EnvelopeRecord, Clone, Debug)]
#[envelope(table = "orders")]
struct Order {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: u64,
    status: String,
    #[encrypted]
    address: String,
}
