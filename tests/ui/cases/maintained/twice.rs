use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
    #[envelope(version)]
    first: u64,
    #[envelope(version)]
    second: u64,
    #[envelope(ttl, updated_at)]
    third: u64,
}

fn main() {}
