use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: Option<String>,
    #[encrypted]
    ssn: String,
}

fn main() {}
