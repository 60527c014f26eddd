use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "credentials")]
struct Credential {
    #[partition_key]
    id: String,
    #[encrypted]
    password: String,
    token: Option<SecretString>,
}

struct SecretString;

fn main() {}
