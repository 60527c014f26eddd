use envelope_runtime::schema::{Sort, SortCondition};
use envelope_runtime::{EnvelopeRecord, Readable};

fn sort<R: Readable>(_condition: impl FnOnce(Sort<R::Key>) -> SortCondition<R::Key>) {}

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
    sort::<Order>(|s| s.begins_with("4"));
}

fn main() {}
