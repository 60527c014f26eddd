use envelope_runtime::EnvelopeRecord;
use envelope_runtime::schema::{IndexHandle, IntoPartition, Place};

fn query<H: IndexHandle>(_index: H, _partition: impl IntoPartition<<H::Place as Place>::Key>) {}

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
    query(Order::INDEXES.by_customer, 4);
}

fn main() {}
