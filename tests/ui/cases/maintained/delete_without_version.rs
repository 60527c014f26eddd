use envelope_runtime::EnvelopeRecord;
use envelope_runtime::schema::Unversioned;

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

/// Bounded like `store.delete`.
fn delete<R: Unversioned>() {}

fn main() {
    delete::<User>();
}
