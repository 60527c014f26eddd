use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[envelope(encrypted)]
    ssn: String,
    #[encrypted]
    email: String,
}

fn main() {}
