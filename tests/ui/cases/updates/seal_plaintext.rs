use envelope_runtime::{EnvelopeRecord, Update};

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[envelope(context)]
    tenant: String,
    logins: u64,
    #[authenticated]
    credit: u64,
    #[encrypted]
    balance: u64,
    #[envelope(version)]
    version: u64,
}

fn main() {
    let _ = Update::<User>::of().seal(|f| f.logins, 1);
}
