use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User<'a> {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: &'a str,
}

fn main() {}
