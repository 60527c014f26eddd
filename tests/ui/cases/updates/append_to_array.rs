use envelope_runtime::{EnvelopeRecord, Update};

#[derive(EnvelopeRecord)]
#[envelope(table = "places")]
struct Place {
    #[partition_key]
    id: String,
    position: [u32; 2],
    range: (u32, u32),
    #[encrypted]
    address: String,
}

fn main() {
    let _ = Update::<Place>::of().append(|f| f.position, [1, 2]);
    let _ = Update::<Place>::of().append(|f| f.range, (1, 2));
}
