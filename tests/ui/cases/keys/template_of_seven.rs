use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "{a}#{b}#{c}#{d}", sort_key = "{e}#{f}#{g}")]
struct Record {
    a: u8,
    b: u8,
    c: u8,
    d: u8,
    e: u8,
    f: u8,
    g: u8,
    #[encrypted]
    secret: String,
}

fn main() {}
