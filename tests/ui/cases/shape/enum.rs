use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
enum User {
    Known { ssn: String },
}

fn main() {}
