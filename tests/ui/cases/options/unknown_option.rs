use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(tabel = "users", table = "users")]
struct User {
    #[partition_key]
    #[envelope(renam = "pk", colour = 3)]
    id: String,
    #[encrypted]
    ssn: String,
}

fn main() {}
