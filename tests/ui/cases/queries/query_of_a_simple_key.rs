use envelope_runtime::schema::{IntoPartition, SortedKey};
use envelope_runtime::{EnvelopeRecord, Readable};

fn query<R: Readable>(_partition: impl IntoPartition<R::Key>)
where
    R::Key: SortedKey,
{
}

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
}

fn wrong() {
    query::<User>("u-1");
}

fn main() {}
