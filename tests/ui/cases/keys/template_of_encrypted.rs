use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "PERSON#{ssn}")]
struct Person {
    #[encrypted]
    ssn: String,
}

fn main() {}
