use envelope_runtime::EnvelopeRecord;

// Three mistakes, three messages, and the uses of the record add none.
#[derive(EnvelopeRecord)]
struct User {
    #[encrypted]
    #[envelope(contxt)]
    ssn: String,
}

fn is_a_record<R: EnvelopeRecord>() {}

fn use_it() {
    is_a_record::<User>();
}

fn main() {}
