use envelope_runtime::EnvelopeRecord;

// Inside a nested type `#[encrypted]` would do nothing, so it does not compile.
#[derive(serde::Serialize, serde::Deserialize)]
struct Address {
    #[encrypted]
    street: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    address: Address,
}

fn main() {}
