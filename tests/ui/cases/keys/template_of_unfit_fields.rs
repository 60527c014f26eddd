use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "A#{optional}#{skipped}", sort_key = "B#{bytes}#{set}#{through}")]
struct Record {
    optional: Option<String>,
    #[envelope(skip)]
    skipped: String,
    bytes: Vec<u8>,
    #[envelope(set)]
    set: Vec<String>,
    #[envelope(with = elsewhere)]
    through: String,
    #[encrypted]
    secret: String,
}

fn main() {}
