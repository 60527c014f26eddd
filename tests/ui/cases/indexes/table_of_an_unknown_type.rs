use envelope_runtime::EnvelopeRecord;
use envelope_runtime::schema::HasTable;
use serde::{Deserialize, Serialize};

fn create_table<R: HasTable>() {}

#[derive(Serialize, Deserialize)]
struct Status(String);

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_status(partition = "status")))]
struct Order {
    #[partition_key]
    id: String,
    #[authenticated]
    status: Status,
    #[encrypted]
    address: String,
}

fn wrong() {
    create_table::<Order>();
}

fn main() {}
