use envelope_runtime::Readable;
use envelope_runtime::{EnvelopeRecord, Update};

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    name: String,
    #[encrypted]
    ssn: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "orders")]
struct Order {
    #[partition_key]
    id: String,
    name: String,
    #[encrypted]
    address: String,
}

fn main() {
    let _ = Update::<User>::of().set(|_| Order::ATTRIBUTES.name, "x");
}
