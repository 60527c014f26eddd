use envelope_runtime::EnvelopeRecord;
use envelope_runtime::schema::Batchable;

#[derive(EnvelopeRecord)]
#[envelope(table = "users", plaintext_only)]
struct User {
    #[partition_key]
    id: String,
    name: String,
}

/// Bounded like `.put` of a batch.
fn put<R: Batchable>(_: &R) {}

fn example(user: User) {
    put(&user);
}

fn main() {}
