use envelope_runtime::{EnvelopeRecord, Readable};

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
}

fn main() {
    let f = User::ATTRIBUTES;
    let _ = f.ssn.exists().and(f.ssn.size().eq(11));
}
