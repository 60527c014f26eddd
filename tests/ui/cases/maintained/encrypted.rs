use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(version)]
    version: u64,
    #[encrypted]
    #[envelope(ttl)]
    expires: u64,
    #[encrypted]
    #[envelope(updated_at)]
    updated: u64,
}

fn main() {}
