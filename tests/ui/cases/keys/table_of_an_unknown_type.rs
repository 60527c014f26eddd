use envelope_runtime::EnvelopeRecord;
use envelope_runtime::schema::HasTable;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Id(u64);

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: Id,
    #[encrypted]
    ssn: String,
}

/// Bounded like `store.create_table`.
fn create_table<R: HasTable>() {}

fn main() {
    create_table::<User>();
}
