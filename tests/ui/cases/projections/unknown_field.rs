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
#[envelope(of = Order)]
struct OrderCard {
    numbers: u64,
}

fn main() {}
