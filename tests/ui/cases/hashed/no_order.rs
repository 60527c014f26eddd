use envelope_runtime::schema::{Sort, SortCondition};
use envelope_runtime::{EnvelopeRecord, Readable};

fn sort<R: Readable>(_condition: impl FnOnce(Sort<R::Key>) -> SortCondition<R::Key>) {}

#[derive(EnvelopeRecord)]
#[envelope(table = "members")]
struct Member {
    #[partition_key]
    tenant: String,
    #[sort_key]
    #[envelope(hashed)]
    email: String,
}

fn right() {
    sort::<Member>(|s| s.eq("zoe@example.com"));
}

fn range() {
    sort::<Member>(|s| s.ge("a"));
}

fn between() {
    sort::<Member>(|s| s.between("a", "b"));
}

fn beginning() {
    sort::<Member>(|s| s.begins_with("zoe@"));
}

fn main() {}
