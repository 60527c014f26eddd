use envelope_runtime::EnvelopeRecord;

struct Address {
    street: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[envelope(flatten)]
    home: Address,
}

fn main() {}
