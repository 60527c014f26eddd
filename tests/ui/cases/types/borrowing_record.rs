use envelope_runtime::{EnvelopeRecord, Full, Item, Sealer};

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
