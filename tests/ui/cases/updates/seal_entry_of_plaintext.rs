use std::collections::BTreeMap;

use envelope_runtime::{EnvelopeRecord, Update};

#[derive(EnvelopeRecord)]
#[envelope(table = "carts")]
struct Cart {
    #[partition_key]
    id: String,
    lines: BTreeMap<String, u32>,
    names: Vec<String>,
    #[encrypted]
    notes: BTreeMap<String, String>,
}

fn main() {
    let _ = Update::<Cart>::of().seal_entry(|f| f.lines, "sku-1", 2);
}
