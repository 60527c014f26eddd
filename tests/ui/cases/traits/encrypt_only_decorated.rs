use std::sync::Arc;

use envelope_runtime::EnvelopeRecord;
use envelope_runtime::{Item, Opener};
use envelope_runtime::key::{
    Cache, DataKey, DataKeyRequest, EncryptOnly, GeneratedDataKey, KeyFuture, KeyProvider, KeyReference, Reuse,
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
    let _future = Opener::new(Writer.reuse(Reuse::records(10))).open::<User>(item);
}

fn keep() {
    let _provider = Writer.cached(Cache::entries(10));
}

fn main() {}
