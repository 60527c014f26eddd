use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_status(local, partition = "tenant", sort = "status")))]
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

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_status(local)))]
struct Parcel {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: u64,
    #[authenticated]
    status: String,
    #[encrypted]
    address: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_status(local, sort = "status")))]
struct Letter {
    #[partition_key]
    tenant: String,
    #[authenticated]
    status: String,
    #[encrypted]
    address: String,
}

fn main() {}
