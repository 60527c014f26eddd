use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "USER#{user}", sort_key = "{colour}")]
struct User {
    user_id: String,
    #[encrypted]
    email: String,
}

fn main() {}
