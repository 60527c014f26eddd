use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    #[authenticated]
    id: String,
    #[encrypted]
    #[authenticated]
    ssn: String,
}

fn main() {}
