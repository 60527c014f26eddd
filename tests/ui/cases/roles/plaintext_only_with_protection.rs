use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users", plaintext_only)]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
}

fn main() {}
