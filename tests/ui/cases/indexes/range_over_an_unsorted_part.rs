use envelope_runtime::EnvelopeRecord;
use envelope_runtime::schema::{IndexHandle, Place, Sort, SortCondition};

fn sort<H: IndexHandle>(
    _index: H,
    _condition: impl FnOnce(
        Sort<<H::Place as Place>::Key>,
    ) -> SortCondition<<H::Place as Place>::Key>,
) {
}

#[derive(EnvelopeRecord)]
#[envelope(
    table = "orders",
    index(by_shelf(partition_key = "T#{tenant}", sort_key = "{shelf}#{rank:04}"))
)]
struct Order {
    #[partition_key]
    tenant: String,
    shelf: String,
    rank: u16,
    #[encrypted]
    address: String,
}

fn wrong() {
    sort(Order::INDEXES.by_shelf, |s| s.ge(("a",)));
}

fn main() {}
