use envelope_runtime::EnvelopeRecord;
use envelope_runtime::schema::ContextInKey;

fn every_context<R: ContextInKey>() {}

#[derive(EnvelopeRecord)]
#[envelope(table = "visits")]
struct Visit {
    #[partition_key]
    id: String,
    #[envelope(context)]
    clinic: String,
    #[encrypted]
    reason: String,
}

fn wrong() {
    every_context::<Visit>();
}

fn main() {}
