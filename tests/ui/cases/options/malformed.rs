use envelope_runtime::EnvelopeRecord;

// An unreadable option is one message, and the rest is still checked.
#[derive(EnvelopeRecord)]
#[envelope(table = 5)]
struct User {
    #[partition_key]
    #[envelope(rename)]
    id: String,
    #[encrypted]
    #[serde(alias = x)]
    ssn: String,
    #[authenticated]
    #[envelope(since = "yesterday")]
    role: String,
    #[authenticated]
    #[envelope(since = 5000000000)]
    other: String,
}

fn main() {}
