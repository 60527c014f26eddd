use std::sync::Arc;

use envelope_runtime::{EnvelopeProjection, EnvelopeRecord};
use envelope_runtime::{Item, Opener};
use envelope_runtime::key::{DataKey, DataKeyRequest, EncryptOnly, GeneratedDataKey, KeyFuture, KeyProvider, KeyReference};

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
}

#[derive(EnvelopeProjection)]
#[envelope(of = User)]
struct Name {
    id: String,
    ssn: String,
}

#[derive(EnvelopeProjection)]
#[envelope(of = User, plaintext_only)]
struct Id {
    id: String,
}

struct Writer;

impl KeyProvider for Writer {
    type Capability = EncryptOnly;

    fn generate<'a>(&'a self, _: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        loop {}
    }

    fn decrypt<'a>(
        &'a self,
        _: &'a KeyReference,
        _: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        loop {}
    }

    fn is_current(&self, _: &KeyReference, _: &DataKeyRequest) -> bool {
        true
    }

    fn accepts(&self, _: &KeyReference) -> bool {
        true
    }
}

fn open(item: Item) {
    let _future = Opener::new(Writer).open::<Id>(item.clone());
    let _future = Opener::new(Writer).open::<Name>(item);
}

fn main() {}
