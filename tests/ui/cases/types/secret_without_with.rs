use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "credentials")]
struct Credential {
    #[partition_key]
    id: String,
    #[encrypted]
    password: SecretString,
    #[envelope(with = envelope_runtime::secret)]
    renamed: Password,
}

struct SecretString;
type Password = SecretString;

fn main() {}
