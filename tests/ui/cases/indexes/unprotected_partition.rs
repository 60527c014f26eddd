use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_status(partition = "status")))]
struct Order {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: u64,
    status: String,
    #[encrypted]
    address: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_status(partition_key = "T#{tenant}#{status}", sort_key = "{number:020}")))]
struct Parcel {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: u64,
    status: String,
    #[encrypted]
    address: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_status(partition = "status")))]
struct Letter {
    #[partition_key]
    tenant: String,
    #[authenticated]
    #[envelope(since = 2)]
    status: String,
    #[encrypted]
    address: String,
}

fn main() {}
