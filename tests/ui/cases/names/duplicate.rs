use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(rename = "name")]
    a: String,
    #[serde(rename = "name")]
    b: String,
}

fn main() {}
