use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "{tenant}{user}")]
struct User {
    tenant: String,
    user: String,
    #[encrypted]
    email: String,
}

fn main() {}
