use envelope_runtime::EnvelopeRecord;
use envelope_runtime::{
    DataKey, EncryptOnly, EncryptionContext, GeneratedDataKey, Item, KeyFuture, KeyProvider,
    KeyReference, Opener,
};

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
}

struct Writer;

impl KeyProvider for Writer {
    type Capability = EncryptOnly;

    fn generate<'a>(&'a self, _: &'a EncryptionContext) -> KeyFuture<'a, GeneratedDataKey> {
        loop {}
    }

    fn decrypt<'a>(
        &'a self,
        _: &'a KeyReference,
        _: &'a EncryptionContext,
    ) -> KeyFuture<'a, DataKey> {
        loop {}
    }
}

fn open(item: Item) {
    let _future = Opener::new(Writer).open::<User>(item);
}

fn main() {}
