use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    #[envelope(set)]
    id: String,
    #[encrypted]
    #[envelope(bytes, set)]
    ssn: Vec<String>,
    #[envelope(set, context)]
    tags: Vec<String>,
    #[envelope(set, default)]
    more: Vec<String>,
}

fn main() {}
