use envelope_runtime::{EnvelopeFields, EnvelopeRecord};

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "users", sort_key = "{updated:0}")]
struct User {
    #[partition_key]
    #[envelope(version)]
    id: u64,
    #[encrypted]
    ssn: String,
    #[envelope(context, ttl)]
    expires: u64,
    #[envelope(created_at, skip)]
    created: Option<u64>,
    #[envelope(updated_at)]
    updated: u64,
}

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "users")]
struct Renamed {
    #[partition_key]
    id: u64,
    #[encrypted]
    ssn: String,
    #[envelope(ttl, alias = "ttl")]
    expires: u64,
}

#[derive(EnvelopeFields)]
struct Audit {
    #[envelope(version)]
    version: u64,
}

fn main() {}
