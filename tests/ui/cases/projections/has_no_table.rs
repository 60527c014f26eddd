use envelope_runtime::schema::HasTable;
use envelope_runtime::{EnvelopeProjection, EnvelopeRecord};

fn create_table<R: HasTable>() {}

#[derive(EnvelopeRecord)]
#[envelope(table = "orders")]
struct Order {
    #[partition_key]
    id: String,
    #[encrypted]
    address: String,
}

#[derive(EnvelopeProjection)]
#[envelope(of = Order)]
struct OrderCard {
    id: String,
}

fn wrong() {
    create_table::<OrderCard>();
}

fn main() {}
