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
struct OrderCard {
    number: u64,
}

#[derive(EnvelopeProjection)]
#[envelope(od = Order)]
struct OrderLine {
    number: u64,
}

fn main() {}
