use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
}

fn main() {}
