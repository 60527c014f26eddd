use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "a")]
struct Options {
    #[partition_key]
    #[envelope(hashed(lower, name = "_envelope"))]
    email: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "b")]
struct NoRole {
    #[partition_key]
    id: String,
    #[envelope(hashed)]
    email: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "c")]
struct NoKey {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(hashed)]
    email: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "d")]
struct SameName {
    #[partition_key]
    #[envelope(hashed)]
    email: String,
    email_hash: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "e")]
struct InContext {
    #[partition_key]
    #[envelope(hashed, context)]
    email: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "f", plaintext_only)]
struct Plaintext {
    #[partition_key]
    #[envelope(hashed)]
    email: String,
}

fn main() {}
