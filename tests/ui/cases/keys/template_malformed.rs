use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "USER#{id", sort_key = "V#{version:x}")]
struct User {
    id: String,
    version: u8,
    #[encrypted]
    email: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "USER#id}")]
struct Other {
    id: String,
    #[encrypted]
    email: String,
}

fn main() {}
