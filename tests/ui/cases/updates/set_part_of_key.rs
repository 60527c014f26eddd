use envelope_runtime::{EnvelopeRecord, Update};

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "TENANT#{tenant_id}", sort_key = "ORDER#{number:010}")]
struct Order {
    tenant_id: String,
    number: u32,
    #[encrypted]
    address: String,
}

fn main() {
    let _ = Update::<Order>::of().set(|f| f.number, 7);
}
