use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_status(name = "GSI1", partition_key = "STATUS#{status}")))]
struct Order {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: u64,
    #[authenticated]
    #[envelope(rename = "GSI1PK")]
    status: String,
    #[encrypted]
    address: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_status(partition_key = "S#{status}", partition_key_name = "_envelope")))]
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
#[envelope(
    table = "orders",
    index(by_status(name = "GSI1", partition_key = "S#{status}")),
    index(by_tenant(name = "GSI2", partition_key = "T#{tenant}", partition_key_name = "GSI1PK"))
)]
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
