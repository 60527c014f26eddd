//! Updates of records whose data key is wrapped under another key than the store's.

use std::sync::Arc;

use envelope_runtime::key::{
    DataKey, DataKeyRequest, Full, GeneratedDataKey, KeyFuture, KeyProvider, KeyReference,
};
use envelope_runtime::{LocalKeyProvider, Store, UpdateError};

use crate::dynamodb::{Dynamodb, done, local};
use crate::models::{Account, account};

/// Opens records under one key, and writes none under it.
struct Retired {
    old: LocalKeyProvider,
    new: LocalKeyProvider,
}

impl KeyProvider for Retired {
    type Capability = Full;

    fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        self.new.generate(request)
    }

    fn decrypt<'a>(
        &'a self,
        reference: &'a KeyReference,
        request: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        self.old.decrypt(reference, request)
    }

    fn is_current(&self, _: &KeyReference, _: &DataKeyRequest) -> bool {
        false
    }

    fn accepts(&self, _: &KeyReference) -> bool {
        true
    }
}

fn other_key() -> LocalKeyProvider {
    LocalKeyProvider::from_hex(&"08".repeat(32)).unwrap()
}

#[tokio::test]
async fn a_record_under_a_retired_key_is_resealed_as_a_whole() {
    let dynamodb = Dynamodb::holding(&account()).await;
    let store = Store::new(dynamodb.client(), Retired { old: local(), new: other_key() });
    dynamodb.expect([done("GetItem")]);
    let known = store.get::<Account>("a-1").with_envelope().await.unwrap().unwrap();
    dynamodb.requests();
    // All values are re-sealed, so the loaded record is not enough.
    dynamodb.expect([done("GetItem"), done("UpdateItem")]);

    store.update("a-1").based_on(&known).seal(|f| f.email, "x").await.unwrap();

    let sealed = "SET _envelope = <bytes>, email = <bytes>, ssn = <bytes>";
    assert_eq!(dynamodb.requests()[1].update(), sealed);
    dynamodb.expect([done("GetItem")]);
    let store = Store::new(dynamodb.client(), other_key());
    let loaded = store.get::<Account>("a-1").await.unwrap().unwrap();
    assert_eq!(loaded, Account { email: Some("x".into()), ..account() });
}

#[tokio::test]
async fn a_record_whose_key_nobody_has_is_not_updated() {
    let dynamodb = Dynamodb::holding(&account()).await;
    let store = Store::new(dynamodb.client(), other_key());
    dynamodb.expect([done("GetItem")]);

    let error = store.update::<Account>("a-1").seal(|f| f.email, "x").await.unwrap_err();

    dynamodb.requests();
    assert!(matches!(error, UpdateError::DecryptDataKey(_)), "{error}");
    assert!(!error.is_retryable() && !error.is_access_denied(), "{error}");
}
