use envelope_runtime::EnvelopeRecord;
use envelope_runtime::{
    DataKey, DecryptOnly, EncryptionContext, GeneratedDataKey, KeyFuture, KeyProvider,
    KeyReference, Sealer,
};

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
}

struct Reader;

impl KeyProvider for Reader {
    type Capability = DecryptOnly;

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

fn seal(user: &User) {
    let _future = Sealer::new(Reader).seal(user);
}

fn main() {}
