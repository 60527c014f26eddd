use envelope_runtime::EnvelopeFields;

#[derive(EnvelopeFields)]
#[envelope(index(by_city(partition = "city")))]
struct Place {
    city: String,
}

fn main() {}
