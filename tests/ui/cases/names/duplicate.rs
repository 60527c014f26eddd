use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    #[envelope(alias = "key")]
    id: String,
    #[encrypted]
    #[envelope(rename = "name")]
    a: String,
    #[serde(rename = "name")]
    b: String,
    #[serde(alias = "b2", alias = "name")]
    c: String,
    #[envelope(alias = "_envelope")]
    d: String,
}

fn main() {}
