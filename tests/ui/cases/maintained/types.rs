use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
    #[envelope(version)]
    version: Option<u64>,
    #[envelope(ttl)]
    expires: String,
    #[envelope(created_at)]
    created: u64,
}

fn main() {}
