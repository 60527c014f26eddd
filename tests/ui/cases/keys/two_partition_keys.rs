use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    a: String,
    #[partition_key]
    b: String,
    #[encrypted]
    ssn: String,
}

fn main() {}
