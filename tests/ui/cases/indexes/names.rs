use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_status(partition = "status")), index(by_status(partition = "tenant")))]
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
#[envelope(table = "orders", index(by_status(name = "GSI1", partition = "status")), index(by_tenant(name = "GSI1", partition = "tenant")))]
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
#[envelope(table = "orders", index(by(partition = "status")), index(by_tenant(name = "by tenant", partition = "tenant")))]
struct Letter {
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
