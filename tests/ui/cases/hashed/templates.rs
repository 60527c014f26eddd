use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "a", partition_key = "USER#{email}")]
struct Value {
    #[encrypted]
    #[envelope(hashed)]
    email: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "b", partition_key = "USER#{email_hash:010}")]
struct Padded {
    #[encrypted]
    #[envelope(hashed)]
    email: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "c", partition_key = "USER#{email_hash}")]
struct Hex {
    #[encrypted]
    #[envelope(hashed(hex))]
    email: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "d")]
#[envelope(index(by_email(partition_key = "MAIL#{email_hash}")))]
struct InIndex {
    #[partition_key]
    #[envelope(hashed)]
    email: String,
}

fn main() {}
