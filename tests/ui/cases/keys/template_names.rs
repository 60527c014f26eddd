use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "A#{a}", partition_key_name = "SK", sort_key = "B")]
struct Record {
    #[envelope(alias = "old")]
    a: String,
    #[envelope(rename = "SK")]
    b: String,
    #[encrypted]
    secret: String,
}

fn main() {}
