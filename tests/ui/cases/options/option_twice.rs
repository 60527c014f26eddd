use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users", table = "people")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(rename = "a", rename = "b")]
    ssn: String,
}

fn main() {}
