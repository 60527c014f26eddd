//! Keys, contexts and nonces: T04, T05, T07, T08, T26, T29 and T33.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::primitives::Blob;
use envelope_runtime::error::{DataKeyErrorKind, OpenErrorKind};
use envelope_runtime::key::{KeyReference, ProviderId};
use envelope_runtime::{
    EnvelopeRecord, Item, KmsKeyProvider, LoadError, LocalKeyProvider, Opener, Sealer, Store,
};
use envelope_tests::{Backend, KmsRequest, Layout};

use super::{assert_loads, assert_refused, load_of, saved, with};
use crate::support::{User, World, binary, bytes};

const LOCAL_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

#[derive(EnvelopeRecord, Debug)]
#[envelope(table = "people")]
struct Person {
    #[partition_key]
    id: String,
    #[envelope(context)]
    tenant: String,
    #[encrypted]
    ssn: String,
}

fn person(tenant: &str) -> Person {
    Person { id: format!("of-{tenant}"), tenant: tenant.into(), ssn: "s".into() }
}

#[track_caller]
fn key_error(loaded: Result<Option<User>, LoadError>) -> DataKeyErrorKind {
    match loaded {
        Err(LoadError::DecryptDataKey(error)) => error.kind(),
        other => panic!("not a data key error: {other:?}"),
    }
}

/// KMS itself, asked with each part of the context changed: every part counts.
#[tokio::test]
async fn t04_kms_gives_the_data_key_under_the_whole_context_only() {
    let world = World::new().await;
    person("clinic-7").save(&world.store).await.unwrap();
    let sent = world.requests.take()[0].context().unwrap().clone();
    let whole: BTreeMap<String, String> =
        [("envelope:format", "1"), ("envelope:table", "people"), ("tenant", "clinic-7")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
    assert_eq!(sent, whole);
    let store = world.store.scoped([("tenant", "clinic-7")]);
    let loaded = store.get::<Person>("of-clinic-7").with_envelope().await.unwrap().unwrap();
    let KeyReference::Wrapped(copies) = loaded.envelope().unwrap().key_reference() else {
        panic!("no wrapped key")
    };
    let ask = async |context: &BTreeMap<String, String>| {
        let call = world.backend.kms.decrypt().key_id(&world.key);
        let call = call.ciphertext_blob(Blob::new(copies[0].wrapped()));
        call.set_encryption_context(Some(context.clone().into_iter().collect())).send().await
    };

    for name in whole.keys() {
        let mut changed = whole.clone();
        changed.insert(name.clone(), "another".into());
        assert!(ask(&changed).await.is_err(), "{name} changed");
        changed.remove(name);
        assert!(ask(&changed).await.is_err(), "{name} dropped");
    }
    let mut more = whole.clone();
    more.insert("region".into(), "eu".into());
    assert!(ask(&more).await.is_err(), "a pair added");
    assert!(ask(&BTreeMap::new()).await.is_err(), "no context");
    assert!(ask(&whole).await.is_ok());
}

/// KMS unwraps it, since the context is the same; but another data key makes another record tag.
#[tokio::test]
async fn t05_a_wrapped_key_of_another_record_is_refused() {
    let (world, good) = saved().await;
    User::new("other").save(&world.store).await.unwrap();
    let other = world.stored("other").await;
    let (own, others) = (bytes(&good, "_envelope"), bytes(&other, "_envelope"));
    let layout = Layout::of(&own);
    assert_eq!(own[layout.copy().provider], ProviderId::KMS.as_u8());

    let others_reference = &others[Layout::of(&others).reference];
    let spliced = [&own[..layout.reference.start], others_reference].concat();

    let loaded = load_of(&world, &good, with(&good, "_envelope", binary(spliced))).await;
    assert_refused(loaded, OpenErrorKind::Tampered, None);
}

#[tokio::test]
async fn t05_a_wrapped_key_of_another_table_is_refused_by_kms() {
    #[derive(EnvelopeRecord)]
    #[envelope(table = "people")]
    struct Person {
        #[partition_key]
        id: String,
        #[encrypted]
        ssn: String,
        #[encrypted]
        email: String,
        #[authenticated]
        role: String,
    }
    let (world, good) = saved().await;
    let user = User::new("person");
    let person = Person { id: user.id, ssn: user.ssn, email: user.email.unwrap(), role: user.role };
    person.save(&world.store).await.unwrap();
    let other = world.stored("person").await;

    let loaded = load_of(&world, &good, with(&good, "_envelope", other["_envelope"].clone())).await;

    let error = loaded.unwrap_err();
    assert!(
        matches!(&error, LoadError::DecryptDataKey(error) if error.kind() == DataKeyErrorKind::Mismatch),
        "{error}"
    );
}

/// A valid record in every other way: the attacker used the library and their own KMS key.
#[tokio::test]
async fn t05_a_record_under_the_attackers_own_key_is_refused_without_asking_kms() {
    let (world, good) = saved().await;
    let attackers_key = world.backend.create_kms_key().await;
    let attacker = world.store_with(KmsKeyProvider::new(world.backend.kms.clone(), &attackers_key));
    User { role: "admin".into(), ..User::new("foobar") }.save(&attacker).await.unwrap();
    world.requests.forget();

    let loaded = User::load(&world.store, "foobar").consistent().await;

    assert_eq!(key_error(loaded), DataKeyErrorKind::UnknownKey);
    assert_eq!(world.requests.take(), []);
    assert_loads(&world, &good).await;
}

/// There is no cache by default, so nothing of one tenant or record can serve another.
#[tokio::test]
async fn t07_every_load_asks_kms_under_its_own_context() {
    let world = World::new().await;
    for tenant in ["clinic-7", "clinic-8"] {
        person(tenant).save(&world.store).await.unwrap();
    }
    world.requests.forget();

    for tenant in ["clinic-7", "clinic-8", "clinic-7"] {
        let store = world.store.scoped([("tenant", tenant)]);
        assert!(Person::load(&store, person(tenant).id).await.unwrap().is_some());
    }

    let asked: Vec<_> = world
        .requests
        .take()
        .iter()
        .map(|request| request.context().unwrap()["tenant"].clone())
        .collect();
    assert_eq!(asked, ["clinic-7", "clinic-8", "clinic-7"]);
}

#[tokio::test]
async fn t07_a_failure_is_not_remembered() {
    let (backend, faults) = Backend::with_kms_faults().await;
    let world = World::over(backend, &[("id", "S".into())]).await;
    User::new("foobar").save(&world.store).await.unwrap();

    for code in ["AccessDeniedException", "DisabledException", "InvalidCiphertextException"] {
        faults.fail(code, "");
        User::load(&world.store, "foobar").await.unwrap_err();
        faults.behave();
        assert!(User::load(&world.store, "foobar").await.unwrap().is_some(), "{code}");
    }
}

/// The salt and the nonces of a `User`.
fn random_parts(item: &Item) -> [Vec<u8>; 3] {
    let Some(envelope_runtime::AttributeValue::B(envelope)) = item.attribute("_envelope") else {
        panic!("no envelope")
    };
    let layout = Layout::of(envelope);
    let [email, ssn] = ["email", "ssn"].map(|name| layout.sealed(name).nonce.clone());
    [layout.salt, email, ssn].map(|part| envelope[part].to_vec())
}

#[tokio::test]
async fn t08_no_salt_or_nonce_is_ever_used_again() {
    let sealer = Sealer::new(LocalKeyProvider::from_hex(LOCAL_KEY).unwrap());
    let user = User::new("foobar");
    let mut seen = BTreeSet::new();

    for copy in [sealer.clone(), sealer.clone(), sealer] {
        for _ in 0..500 {
            let item = copy.seal(&user).await.unwrap();
            for part in random_parts(&item) {
                assert!(seen.insert(part));
            }
        }
    }
}

/// The SDK sends the same bytes again: nothing is sealed twice for one save.
#[tokio::test]
async fn t08_a_save_that_the_sdk_repeats_is_sealed_once() {
    let world = World::new().await;
    let (kms, requests) = world.backend.recorded_kms();
    let provider = KmsKeyProvider::new(kms, &world.key);
    let store = Store::new(world.backend.dynamodb_losing_an_answer(), provider);

    User::new("foobar").save(&store.map_table::<User>(&world.table)).await.unwrap();

    assert_eq!(requests.take().len(), 1);
    assert!(User::load(&world.store, "foobar").await.unwrap().is_some());
}

#[tokio::test]
async fn t26_a_retired_key_still_opens_and_no_longer_seals() {
    let (world, old) = saved().await;
    let new_key = world.backend.create_kms_key().await;
    let (kms, requests) = world.backend.recorded_kms();
    let store = world.store_with(KmsKeyProvider::new(kms, &new_key).accept(&world.key));

    let user = User::load(&store, "foobar").await.unwrap().unwrap();
    user.save(&store).await.unwrap();

    let keys = requests.take().into_iter().map(|request| match request {
        KmsRequest::Decrypt { key_id, .. } => ("opens", key_id.unwrap()),
        KmsRequest::GenerateDataKey { key_id, .. } => ("seals", key_id.unwrap()),
        KmsRequest::Other => panic!("another call"),
    });
    assert_eq!(
        keys.collect::<Vec<_>>(),
        [("opens", world.key.clone()), ("seals", new_key.clone())]
    );
    let only_new = world.store_with(KmsKeyProvider::new(world.backend.kms.clone(), &new_key));
    assert_eq!(User::load(&only_new, "foobar").await.unwrap(), Some(user));
    world.write(old).await;
    assert_eq!(key_error(User::load(&only_new, "foobar").await), DataKeyErrorKind::UnknownKey);
}

/// A program with a development key cannot open a record of KMS either.
#[tokio::test]
async fn t29_a_record_under_a_development_key_is_refused_by_a_program_that_uses_kms() {
    for key in ["", "00", &LOCAL_KEY[2..]] {
        assert!(LocalKeyProvider::from_hex(key).is_err(), "{key:?}");
    }
    let (world, good) = saved().await;
    let local = || LocalKeyProvider::from_hex(LOCAL_KEY).unwrap();
    let item = Sealer::new(local()).seal(&User::new("foobar")).await.unwrap();
    world.requests.forget();

    world.write(item.into()).await;

    assert_eq!(key_error(User::load(&world.store, "foobar").await), DataKeyErrorKind::UnknownKey);
    assert_eq!(world.requests.take(), []);
    let from_kms = Item::try_from(good.clone()).unwrap();
    let opened = Opener::new(local()).open::<User>(from_kms).await;
    assert!(matches!(opened, Err(LoadError::DecryptDataKey(_))));
    assert_loads(&world, &good).await;
}

#[tokio::test]
async fn t33_without_kms_nothing_is_written_and_nothing_is_given_out() {
    let (backend, faults) = Backend::with_kms_faults().await;
    let world = World::over(backend, &[("id", "S".into())]).await;
    User::new("foobar").save(&world.store).await.unwrap();
    let before = world.stored("foobar").await;

    for code in ["ThrottlingException", "KMSInternalException", "DependencyTimeoutException"] {
        faults.fail(code, "");
        let changed = User { ssn: "changed".into(), ..User::new("foobar") };
        assert!(changed.save(&world.store).await.unwrap_err().is_retryable(), "{code}");
        User::new("second").save(&world.store).await.unwrap_err();
        assert!(User::load(&world.store, "foobar").await.unwrap_err().is_retryable(), "{code}");
        faults.behave();
    }

    let scanned = world.backend.dynamodb.scan().table_name(&world.table).send().await.unwrap();
    assert_eq!(scanned.items(), [before]);
}
