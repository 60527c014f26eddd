use envelope_runtime::{EnvelopeRecord, Item, Sealer};
use envelope_runtime::key::Full;

#[derive(EnvelopeRecord)]
#[envelope(table = "invitations")]
struct Invitation<'a> {
    #[partition_key]
    code: String,
    #[encrypted]
    email: String,
    #[envelope(skip)]
    rendered: Option<&'a str>,
}

async fn seal(sealer: Sealer<Full>, invitation: Invitation<'_>) -> Option<Item> {
    sealer.seal(&invitation).await.ok()
}

fn main() {}
