use std::collections::HashMap;

use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users", rename_all = "camelCase")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
    #[serde(flatten)]
    others: HashMap<String, String>,
}

fn main() {}
