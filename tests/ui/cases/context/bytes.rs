use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    #[envelope(context)]
    id: Vec<u8>,
    #[encrypted]
    ssn: String,
}

fn main() {}
