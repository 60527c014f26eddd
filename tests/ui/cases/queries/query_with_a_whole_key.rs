use envelope_runtime::schema::{IntoPartition, SortedKey};
use envelope_runtime::{EnvelopeRecord, Readable};

fn query<R: Readable>(_partition: impl IntoPartition<R::Key>)
where
    R::Key: SortedKey,
{
}

#[derive(EnvelopeRecord)]
#[envelope(table = "orders")]
struct Order {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: u64,
    #[encrypted]
    address: String,
}

fn wrong() {
    query::<Order>(("t-1", 4));
}

fn main() {}
