use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[envelope(context)]
    tenant: Option<String>,
    #[encrypted]
    ssn: String,
}

fn main() {}
