use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    id: String,
    #[encrypted]
    ssn: String,
}

fn main() {}
