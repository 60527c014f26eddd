use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_status(sort = "status")))]
struct Order {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: u64,
    #[authenticated]
    status: String,
    #[encrypted]
    address: String,
}

fn main() {}
