use envelope_runtime::{EnvelopeRecord, OtherAttributes};

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(catch_all)]
    first: OtherAttributes,
    #[envelope(catch_all, alias = "rest")]
    second: OtherAttributes,
    #[encrypted]
    ssn: String,
}

fn main() {}
