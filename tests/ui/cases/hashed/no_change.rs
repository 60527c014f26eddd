use envelope_runtime::schema::IntoKey;
use envelope_runtime::{EnvelopeRecord, Readable, Update};

#[derive(EnvelopeRecord)]
#[envelope(table = "accounts")]
struct Account {
    #[partition_key]
    #[envelope(hashed)]
    email: String,
}

fn key<R: Readable>(_key: impl IntoKey<R::Key>) {}

fn sealed() {
    let _ = Update::<Account>::of().seal(|f| f.email, "adam@example.com");
}

fn compared() {
    let _ = Account::ATTRIBUTES.email.eq("zoe@example.com");
}

fn of_another_type() {
    key::<Account>("zoe@example.com");
    key::<Account>(7_u64);
}

fn main() {}
