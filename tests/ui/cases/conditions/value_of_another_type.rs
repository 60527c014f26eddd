use envelope_runtime::{EnvelopeRecord, Readable};

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    logins: u64,
    #[encrypted]
    ssn: String,
}

fn main() {
    let _ = User::ATTRIBUTES.logins.eq("7");
}
