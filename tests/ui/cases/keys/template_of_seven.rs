use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "{a}#{b}#{c}#{d}", sort_key = "{e}#{f}#{g}")]
struct Record {
    a: String,
    b: String,
    c: String,
    d: String,
    e: String,
    f: String,
    g: String,
    #[encrypted]
    secret: String,
}

fn main() {}
