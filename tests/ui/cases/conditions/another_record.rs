use envelope_runtime::Readable;
use envelope_runtime::{Condition, EnvelopeRecord};

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "orders")]
struct Order {
    #[partition_key]
    id: String,
    #[encrypted]
    address: String,
}

fn main() {
    let _: Condition<User> = Order::ATTRIBUTES.id.exists();
}
