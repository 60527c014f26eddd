use envelope_runtime::EnvelopeRecord;
use envelope_runtime::schema::Batchable;

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
    #[envelope(version)]
    version: u64,
}

/// Bounded like `.put` of a batch.
fn put<R: Batchable>(_: &R) {}

fn example(user: User) {
    put(&user);
}

fn main() {}
