use envelope_runtime::EnvelopeRecord;
use envelope_runtime::{LocalKeyProvider, Sealer};

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
}

fn seal(provider: LocalKeyProvider) {
    let _future = Sealer::new(provider).seal(&String::new());
}

fn main() {}
