use envelope_runtime::{EnvelopeProjection, EnvelopeRecord};

#[derive(EnvelopeRecord)]
#[envelope(table = "orders")]
struct Order {
    #[partition_key]
    id: String,
    number: u64,
    #[authenticated]
    status: String,
    #[encrypted]
    address: String,
}

#[derive(EnvelopeProjection)]
#[envelope(of = Order, plaintext_only)]
struct OrderCard {
    number: u64,
    address: String,
}

fn main() {}
