use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(
    table = "orders",
    index(by_version(partition_key = "T#{tenant}", sort_key = "{version:020}")),
    index(by_time(partition_key = "T#{tenant}", sort_key = "{changed:020}", sort_key_name = "TSK"))
)]
struct Order {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: u64,
    #[envelope(version)]
    version: u64,
    #[envelope(updated_at)]
    changed: u64,
    #[encrypted]
    address: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_rank(partition_key = "T#{tenant}", sort_key = "{rank:05}")))]
struct Ranked {
    #[partition_key]
    tenant: String,
    #[serde(default)]
    rank: u16,
    #[encrypted]
    address: String,
}

fn main() {}
