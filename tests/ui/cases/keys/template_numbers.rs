use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "A#{number}#{text:05}", sort_key = "{flag}#{filled}")]
struct Record {
    number: u32,
    text: String,
    flag: bool,
    #[envelope(default)]
    filled: String,
    #[encrypted]
    secret: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "")]
struct Other {
    #[encrypted]
    secret: String,
}

fn main() {}
