use envelope_runtime::EnvelopeRecord;
use envelope_runtime::schema::{Consistent, IndexHandle};

fn consistent<H: IndexHandle>(_index: H)
where
    H::Place: Consistent,
{
}

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_customer(partition = "customer", sort = "placed_at")))]
struct Order {
    #[partition_key]
    id: String,
    #[authenticated]
    customer: String,
    placed_at: u64,
    #[encrypted]
    address: String,
}

fn wrong() {
    consistent(Order::INDEXES.by_customer);
}

fn main() {}
