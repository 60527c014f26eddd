use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
    #[envelope(context, rename = "aws:tenant")]
    a: String,
    #[envelope(context, rename = "Envelope:table")]
    b: String,
    #[envelope(context)]
    tenant: String,
    #[envelope(context, rename = "Tenant")]
    other: String,
}

fn main() {}
