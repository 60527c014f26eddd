use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
#[encrypted]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
}

fn main() {}
