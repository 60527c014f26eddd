use std::sync::Arc;

use envelope_runtime::EnvelopeRecord;
use envelope_runtime::Sealer;
use envelope_runtime::key::{
    Cache, DataKey, DataKeyRequest, DecryptOnly, GeneratedDataKey, KeyFuture, KeyProvider, KeyReference, Reuse,
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

fn seal(user: &User) {
    let _future = Sealer::new(Reader.cached(Cache::entries(10))).seal(user);
}

fn share() {
    let _provider = Reader.reuse(Reuse::records(10));
}

fn main() {}
