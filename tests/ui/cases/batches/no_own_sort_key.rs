use envelope_runtime::EnvelopeRecord;
use envelope_runtime::schema::OwnSortKey;

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

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "T#{tenant}", sort_key = "{day:04}/{words}")]
struct Visit {
    tenant: String,
    day: u32,
    words: String,
    #[encrypted]
    text: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "T#{tenant}", sort_key = "LINE#{number:04}")]
struct Line {
    tenant: String,
    number: u32,
    #[encrypted]
    text: String,
}

/// Bounded like `store.delete_partition`.
fn delete_partition<R: OwnSortKey>() {}

fn main() {
    delete_partition::<Order>();
    delete_partition::<Visit>();
    delete_partition::<Line>();
}
