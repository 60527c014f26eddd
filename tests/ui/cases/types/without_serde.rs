use envelope_runtime::EnvelopeRecord;

struct Address;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    address: Address,
}

fn main() {}
