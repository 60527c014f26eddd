use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
#[serde(tag = "type", transparent, try_from = "Other", remote = "Other")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    #[serde(flatten)]
    address: String,
    #[serde(skip_serializing)]
    a: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    b: String,
    #[serde(rename(serialize = "x", deserialize = "y"))]
    c: String,
    #[serde(getter = "d")]
    d: String,
    #[serde(borrow)]
    e: String,
}

fn main() {}
