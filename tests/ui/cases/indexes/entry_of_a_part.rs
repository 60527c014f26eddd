use envelope_runtime::{EnvelopeRecord, Update};

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_rank(partition_key = "T#{tenant}", sort_key = "{rank:020}")))]
struct Order {
    #[partition_key]
    tenant: String,
    rank: u64,
    #[encrypted]
    address: String,
}

fn wrong() {
    let _ = Update::<Order>::of().set_entry(|f| f.rank, "a", 1);
}

fn main() {}
