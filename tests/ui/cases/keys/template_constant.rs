use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "user_id", sort_key = "ORDER#{{number}}")]
struct User {
    user_id: String,
    number: u32,
    #[encrypted]
    email: String,
}

fn main() {}
