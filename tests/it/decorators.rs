//! Provider decorators, written outside the library as an application would write them: one keeps
//! unwrapped data keys, and one seals several records under one data key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use envelope_runtime::key::{
    DataKey, DataKeyRequest, EncryptionContext, Full, GeneratedDataKey, KeyFuture, KeyProvider,
    KeyReference,
};
use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, LocalKeyProvider, Store, testing};
use envelope_tests::KmsRequest;

use crate::support::{User, World};

/// Keeps every data key that it received, under its whole context and reference.
struct Cached<P> {
    inner: P,
    kept: Mutex<HashMap<(EncryptionContext, KeyReference), Arc<DataKey>>>,
}

impl<P> Cached<P> {
    fn new(inner: P) -> Self {
        Self { inner, kept: Mutex::default() }
    }
}

impl<P: KeyProvider> KeyProvider for Cached<P> {
    type Capability = P::Capability;

    fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        self.inner.generate(request)
    }

    fn decrypt<'a>(
        &'a self,
        reference: &'a KeyReference,
        request: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        Box::pin(async move {
            let place = (request.context().clone(), reference.clone());
            if let Some(data_key) = self.kept.lock().unwrap().get(&place) {
                return Ok(Arc::clone(data_key));
            }
            let data_key = self.inner.decrypt(reference, request).await?;
            self.kept.lock().unwrap().insert(place, Arc::clone(&data_key));
            Ok(data_key)
        })
    }

    fn is_current(&self, reference: &KeyReference, request: &DataKeyRequest) -> bool {
        self.inner.is_current(reference, request)
    }

    fn accepts(&self, reference: &KeyReference) -> bool {
        self.inner.accepts(reference)
    }

    fn clear(&self) {
        self.kept.lock().unwrap().clear();
        self.inner.clear();
    }

    fn keys_alive(&self) -> usize {
        self.kept.lock().unwrap().len() + self.inner.keys_alive()
    }
}

/// Seals a limited number of records and bytes of one context under one data key.
struct Reused<P> {
    inner: P,
    limits: Left,
    /// One request at a time, so that two records of a new context share its data key.
    turn: tokio::sync::Mutex<()>,
    pools: Mutex<HashMap<EncryptionContext, (GeneratedDataKey, Left)>>,
}

#[derive(Clone, Copy)]
struct Left {
    records: u64,
    bytes: u64,
}

impl Left {
    fn after(self, request: &DataKeyRequest) -> Option<Self> {
        let records = self.records.checked_sub(1)?;
        Some(Self { records, bytes: self.bytes.checked_sub(request.plaintext_len())? })
    }
}

impl<P> Reused<P> {
    fn new(inner: P, records: u64, bytes: u64) -> Self {
        let limits = Left { records, bytes };
        Self { inner, limits, turn: tokio::sync::Mutex::default(), pools: Mutex::default() }
    }
}

impl<P: KeyProvider> KeyProvider for Reused<P> {
    type Capability = P::Capability;

    fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        Box::pin(async move {
            let _turn = self.turn.lock().await;
            if let Some((generated, left)) = self.pools.lock().unwrap().get_mut(request.context())
                && let Some(after) = left.after(request)
            {
                *left = after;
                return Ok(generated.clone());
            }
            let generated = self.inner.generate(request).await?;
            if let Some(left) = self.limits.after(request) {
                let kept = (generated.clone(), left);
                self.pools.lock().unwrap().insert(request.context().clone(), kept);
            }
            Ok(generated)
        })
    }

    fn decrypt<'a>(
        &'a self,
        reference: &'a KeyReference,
        request: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        self.inner.decrypt(reference, request)
    }

    fn is_current(&self, reference: &KeyReference, request: &DataKeyRequest) -> bool {
        self.inner.is_current(reference, request)
    }

    fn accepts(&self, reference: &KeyReference) -> bool {
        self.inner.accepts(reference)
    }

    fn clear(&self) {
        self.pools.lock().unwrap().clear();
        self.inner.clear();
    }

    fn keys_alive(&self) -> usize {
        self.pools.lock().unwrap().len() + self.inner.keys_alive()
    }
}

#[tokio::test]
async fn a_provider_that_keeps_data_keys_conforms() {
    let world = World::new().await;
    let kms = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);

    testing::conforms(&Cached::new(kms)).await.unwrap();
    let local = LocalKeyProvider::insecure_ephemeral().unwrap();
    testing::conforms(&Cached::new(local)).await.unwrap();
}

#[tokio::test]
async fn a_provider_that_seals_several_records_under_one_data_key_conforms() {
    let world = World::new().await;
    let kms = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);

    testing::conforms(&Reused::new(kms, 10, 1_000)).await.unwrap();
    let local = LocalKeyProvider::insecure_ephemeral().unwrap();
    testing::conforms(&Cached::new(Reused::new(local, 10, 1_000))).await.unwrap();
}

fn store(world: &World, provider: impl KeyProvider<Capability = Full>) -> Store {
    Store::new(world.backend.dynamodb.clone(), provider).map_table::<User>(&world.table)
}

fn counts(requests: &[KmsRequest]) -> (usize, usize) {
    let generated = |request: &&KmsRequest| matches!(request, KmsRequest::GenerateDataKey { .. });
    let decrypted = |request: &&KmsRequest| matches!(request, KmsRequest::Decrypt { .. });
    (requests.iter().filter(generated).count(), requests.iter().filter(decrypted).count())
}

/// The bytes of a record's sealed fields are counted, so the fourth record gets a separate key.
#[tokio::test]
async fn operations_need_not_know_that_data_keys_are_shared_and_kept() {
    let world = World::new().await;
    let (kms, requests) = world.backend.recorded_kms();
    let provider = Cached::new(Reused::new(KmsKeyProvider::new(kms, &world.key), 100, 100));
    let store = store(&world, provider);
    let ids = ["a", "b", "c", "d"];

    for id in ids {
        User::new(id).save(&store).await.unwrap();
    }
    // 12 and 16 bytes, each with a type byte, three times; the fourth record would exceed 100.
    assert_eq!(counts(&requests.take()), (2, 0));

    for _ in 0..2 {
        for id in ids {
            assert_eq!(User::load(&store, id).await.unwrap(), Some(User::new(id)));
        }
    }
    assert_eq!(counts(&requests.take()), (0, 2));

    // Each record has its own keys: its salt is fresh.
    let (a, b) = (world.stored("a").await, world.stored("b").await);
    assert_ne!(a["ssn"], b["ssn"]);
    let update = store.update::<User>("a").seal(|f| f.ssn, "219-09-9999");
    update.await.unwrap();
    assert_eq!(counts(&requests.take()), (0, 0));
    assert_eq!(User::load(&store, "b").await.unwrap(), Some(User::new("b")));
}

#[tokio::test]
async fn t26_a_provider_around_another_leaves_no_record_under_a_key_that_is_only_accepted() {
    let world = World::new().await;
    let new_key = world.backend.create_kms_key().await;
    let old = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
    User::new("a").save(&store(&world, old)).await.unwrap();

    let new = KmsKeyProvider::new(world.backend.kms.clone(), &new_key).accept(&world.key);
    let shared = store(&world, Cached::new(Reused::new(new, 10, 1_000)));
    shared.update::<User>("a").seal(|f| f.ssn, "219-09-9999").await.unwrap();

    let strict = KmsKeyProvider::new(world.backend.kms.clone(), &new_key);
    let loaded = User::load(&store(&world, strict), "a").await.unwrap().unwrap();
    assert_eq!(loaded.ssn, "219-09-9999");
}
