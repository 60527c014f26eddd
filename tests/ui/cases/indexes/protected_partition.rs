use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_status(partition = "status", unprotected_partition)))]
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
#[envelope(table = "cities", plaintext_only, index(by_land(partition = "land", unprotected_partition)))]
struct City {
    #[partition_key]
    id: String,
    land: String,
}

fn main() {}
