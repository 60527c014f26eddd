use envelope_runtime::EnvelopeRecord;

// Ten mistakes, ten messages.
#[derive(EnvelopeRecord)]
#[envelope(tabel = "users", sort_key = "{nobody}")]
#[serde(rename_all = "Camel")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted(always)]
    a: String,
    #[encrypted]
    #[authenticated]
    b: String,
    #[encrypted]
    #[envelope(context)]
    c: String,
    #[envelope(rename = "a")]
    d: String,
    #[serde(getter = "x")]
    e: String,
    #[envelope(bytes, set)]
    f: Vec<u8>,
    #[encrypted]
    #[envelope(skip)]
    g: u8,
}

fn main() {}
