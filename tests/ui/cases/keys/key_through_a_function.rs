use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    #[serde(with = "lowercase")]
    id: String,
    #[encrypted]
    ssn: String,
}

mod lowercase {}

fn main() {}
