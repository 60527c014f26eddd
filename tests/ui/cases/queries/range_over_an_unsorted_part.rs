use envelope_runtime::schema::{Sort, SortCondition};
use envelope_runtime::{EnvelopeRecord, Readable};

fn sort<R: Readable>(_condition: impl FnOnce(Sort<R::Key>) -> SortCondition<R::Key>) {}

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "TENANT#{tenant}", sort_key = "LINE#{sku}#{number:06}")]
struct Line {
    tenant: String,
    sku: String,
    number: u32,
    #[encrypted]
    note: String,
}

fn wrong() {
    sort::<Line>(|s| s.ge(("book",)));
}

fn main() {}
