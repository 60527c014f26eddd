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
#[envelope(of = Order, table = "orders", plaintext)]
struct OrderCard {
    #[partition_key]
    id: String,
    #[encrypted]
    address: String,
    #[envelope(rename = "state")]
    status: String,
    #[envelope(skip)]
    number: u64,
}

fn main() {}
