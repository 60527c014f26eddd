use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[sort_key]
    a: String,
    #[sort_key]
    b: u64,
    #[encrypted]
    ssn: String,
}

fn main() {}
