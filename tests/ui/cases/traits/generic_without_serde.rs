use envelope_runtime::{EnvelopeRecord, Sealer};

struct Address;

#[derive(EnvelopeRecord)]
#[envelope(table = "pages")]
struct Page<T> {
    #[partition_key]
    id: String,
    #[encrypted]
    content: T,
}

fn seal(sealer: &Sealer<envelope_runtime::key::Full>, page: &Page<Address>) {
    let _ = sealer.seal(page);
}

fn main() {}
