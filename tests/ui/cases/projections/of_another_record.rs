use envelope_runtime::{EnvelopeProjection, EnvelopeRecord, ProjectionOf};

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

#[derive(EnvelopeRecord)]
#[envelope(table = "lines")]
struct Line {
    #[partition_key]
    id: String,
    #[encrypted]
    text: String,
}

#[derive(EnvelopeProjection)]
#[envelope(of = Order)]
struct OrderCard {
    id: String,
}

// As the method `project` of a load does.
fn project<R, P: ProjectionOf<R>>() {}

fn main() {
    project::<Line, OrderCard>();
}
