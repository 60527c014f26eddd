use envelope_runtime::{EnvelopeProjection, EnvelopeRecord, Sealer};

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
    id: String,
}

fn seal(sealer: Sealer, card: &OrderCard) {
    let _future = sealer.seal(card);
}

fn main() {}
