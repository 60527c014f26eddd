use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord, Debug)]
#[envelope(table = "users", debug)]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
}

fn main() {}
