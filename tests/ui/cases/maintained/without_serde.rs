use std::time::SystemTime;

use envelope_runtime::EnvelopeRecord;

#[derive(Clone)]
struct Time;

impl From<SystemTime> for Time {
    fn from(_: SystemTime) -> Self {
        Self
    }
}

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
    #[envelope(updated_at)]
    updated: Time,
    #[envelope(created_at)]
    created: Option<Time>,
}

fn main() {}
