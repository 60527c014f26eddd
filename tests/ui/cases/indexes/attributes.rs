use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_all(partition = ["tenant", "a", "b", "c", "d"])))]
struct Order {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: u64,
    #[authenticated]
    a: String,
    #[authenticated]
    b: String,
    #[authenticated]
    c: String,
    #[authenticated]
    d: String,
    #[encrypted]
    address: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_status(partition = ["status", "status"])))]
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
#[envelope(table = "orders", index(by_status(partition = "status", sort = [])))]
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
