use std::rc::Rc;

use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
    #[envelope(skip)]
    shown: Option<Rc<str>>,
}

fn main() {}
