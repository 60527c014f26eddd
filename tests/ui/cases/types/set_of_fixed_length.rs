use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users", plaintext_only)]
struct User {
    #[partition_key]
    id: String,
    #[envelope(set)]
    tags: [String; 2],
    #[envelope(set)]
    codes: Option<(u32, u32)>,
}

fn main() {}
