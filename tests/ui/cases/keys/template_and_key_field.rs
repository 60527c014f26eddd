use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "USER#{id}", sort_key_name = "sort")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    email: String,
}

fn main() {}
