use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "a")]
struct Absent {
    #[partition_key]
    #[envelope(hashed)]
    email: Option<String>,
    #[sort_key]
    #[envelope(hashed, default)]
    phone: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "b")]
struct NotText {
    #[partition_key]
    #[envelope(hashed(trim))]
    ssn: u64,
    #[sort_key]
    #[envelope(hashed(nfc))]
    token: Vec<u8>,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "c")]
struct Names {
    #[partition_key]
    #[envelope(hashed, alias = "mail")]
    email: String,
    #[sort_key]
    #[envelope(hashed, key = "S")]
    phone: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "d")]
struct Others {
    #[partition_key]
    #[envelope(hashed)]
    is_admin: bool,
    #[sort_key]
    #[envelope(hashed, unsealed_until = "2027-03-01")]
    phone: String,
}

fn main() {}
