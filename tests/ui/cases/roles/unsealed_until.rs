use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[envelope(unsealed_until = "2027-03-01")]
    nickname: String,
    #[authenticated]
    #[envelope(unsealed_until = "2027-03-01")]
    role: String,
    #[encrypted]
    #[envelope(unsealed_until = "2027-02-29")]
    ssn: String,
    #[encrypted]
    #[envelope(unsealed_until = "March 2027")]
    phone: Option<String>,
    #[encrypted]
    #[envelope(unsealed_until = 2027)]
    email: Option<String>,
}

fn main() {}
