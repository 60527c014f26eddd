use envelope_runtime::{EnvelopeProjection};

struct Card {
    number: u64,
}

#[derive(EnvelopeProjection)]
#[envelope(of = Card)]
struct OrderCard {
    number: u64,
}

fn main() {}
