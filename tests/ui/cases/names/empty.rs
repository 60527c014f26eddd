use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(rename = "")]
    a: String,
}

fn main() {}
