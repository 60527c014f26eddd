//! The requirements on every key provider, tested against each of them.

use std::sync::Arc;

use envelope_runtime::error::DataKeyErrorKind;
use envelope_runtime::key::{
    DataKeyRequest, EncryptedDataKey, EncryptionContext, Full, KeyProvider, KeyReference,
    ProviderId,
};
use envelope_runtime::{
    EnvelopeRecord, Item, KmsKeyProvider, LocalKeyProvider, Opener, Sealer, Store, testing,
};
use envelope_tests::KmsRequest;

use crate::support::{User, World};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// Seals a record with the provider and returns its wrapped key.
async fn wrapped(
    world: &World,
    provider: Arc<impl KeyProvider<Capability = Full>>,
) -> EncryptedDataKey {
    let store =
        Store::new(world.backend.dynamodb.clone(), provider).map_table::<User>(&world.table);
    User::new("wrapped").save(&store).await.unwrap();
    let loaded = store.get::<User>("wrapped").consistent().with_envelope().await.unwrap().unwrap();
    match loaded.envelope().unwrap().key_reference() {
        KeyReference::Wrapped(copies) => copies[0].clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_kms_key_provider_conforms() {
    let world = World::new().await;
    let kms = || world.backend.kms.clone();
    let alias = world.backend.create_alias(&world.key).await;

    testing::conforms(&KmsKeyProvider::new(kms(), &world.key)).await.unwrap();
    testing::conforms(&KmsKeyProvider::new(kms(), alias)).await.unwrap();
}

#[tokio::test]
async fn the_local_key_provider_conforms() {
    testing::conforms(&LocalKeyProvider::insecure_ephemeral().unwrap()).await.unwrap();
    testing::conforms(&LocalKeyProvider::from_hex(KEY).unwrap()).await.unwrap();
}

#[tokio::test]
async fn of_several_copies_the_next_is_tried_only_when_a_key_is_unavailable() {
    let world = World::new().await;
    let users = DataKeyRequest::new(EncryptionContext::new("users", []));
    let second_key = world.backend.create_kms_key().await;
    let kms = || world.backend.kms.clone();
    let first = wrapped(&world, Arc::new(KmsKeyProvider::new(kms(), &world.key))).await;
    let second = wrapped(&world, Arc::new(KmsKeyProvider::new(kms(), &second_key))).await;
    let both = KeyReference::Wrapped(vec![first.clone(), second.clone()]);
    let decrypt = async |reference: &KeyReference, primary: &str, accepted: Option<&str>| {
        let (kms, requests) = world.backend.recorded_kms();
        let provider = KmsKeyProvider::new(kms, primary);
        let provider = match accepted {
            Some(key) => provider.accept(key),
            None => provider,
        };
        let kind = provider.decrypt(reference, &users).await.err().map(|error| error.kind());
        (kind, requests.take())
    };

    // Each reader uses the copy under its own key.
    for key in [&world.key, &second_key] {
        let (kind, requests) = decrypt(&both, key, None).await;
        assert_eq!((kind, requests.len()), (None, 1));
    }
    // A mismatch ends the search, though the other copy would open.
    let altered = {
        let mut bytes = first.wrapped().to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        EncryptedDataKey::new(ProviderId::KMS, *first.hint(), bytes).unwrap()
    };
    let reference = KeyReference::Wrapped(vec![altered, second]);
    let (kind, requests) = decrypt(&reference, &second_key, Some(&world.key)).await;
    assert_eq!(kind, Some(DataKeyErrorKind::Mismatch));
    assert!(
        matches!(requests.as_slice(), [KmsRequest::Decrypt { key_id: Some(key), .. }] if *key == world.key)
    );
}

#[tokio::test]
async fn a_store_over_a_local_key_needs_no_kms() {
    let world = World::new().await;
    let provider = LocalKeyProvider::from_hex(KEY).unwrap();
    let store =
        Store::new(world.backend.dynamodb.clone(), provider).map_table::<User>(&world.table);

    User::new("foobar").save(&store).await.unwrap();

    assert_eq!(User::load(&store, "foobar").await.unwrap(), Some(User::new("foobar")));
    assert_eq!(world.requests.take(), []);
}

#[tokio::test]
async fn an_opener_opens_what_a_store_wrote_and_a_store_what_a_sealer_sealed() {
    let world = World::new().await;
    let provider = Arc::new(LocalKeyProvider::from_hex(KEY).unwrap());
    let store = Store::new(world.backend.dynamodb.clone(), Arc::clone(&provider))
        .map_table::<User>(&world.table);
    User::new("foobar").save(&store).await.unwrap();

    let item = Item::try_from(world.stored("foobar").await).unwrap();
    let opened = Opener::new(Arc::clone(&provider)).open::<User>(item).await.unwrap();
    assert_eq!(*opened, User::new("foobar"));

    let sealed = Sealer::new(provider).seal(&User::new("sealed")).await.unwrap();
    world.write(sealed.into()).await;
    assert_eq!(User::load(&store, "sealed").await.unwrap(), Some(User::new("sealed")));
}
