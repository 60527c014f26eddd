use envelope_runtime::EnvelopeFields;

#[derive(EnvelopeFields)]
#[envelope(table = "users", sort_key_name = "sort")]
struct Address {
    #[partition_key]
    id: String,
    #[envelope(context)]
    tenant: String,
    #[encrypted]
    street: String,
}

#[derive(EnvelopeFields)]
enum Shape {
    Round,
}

fn main() {}
