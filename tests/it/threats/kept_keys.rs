//! Data keys that several records share, and that a process keeps: T01, T02, T05 and T07.

use std::time::Duration;

use envelope_runtime::error::DataKeyErrorKind;
use envelope_runtime::key::{Cache, Cached, KeyProvider, Reuse, Reused};
use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, LoadError, Store};
use envelope_tests::{Backend, KmsRequests, Layout};

use crate::support::{Stored, User, World, binary, bytes, string};

const AGE: Duration = Duration::from_mins(5);

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

type Keys = Cached<Reused<KmsKeyProvider>>;

fn sharing(world: &World) -> (Store, Keys, KmsRequests) {
    let (kms, requests) = world.backend.recorded_kms();
    let keys = KmsKeyProvider::new(kms, &world.key)
        .reuse(Reuse::records(1_000).for_at_most(AGE))
        .cached(Cache::entries(1_000).for_at_most(AGE));
    let store = Store::new(world.backend.dynamodb.clone(), keys.clone());
    (store.map_table::<User>(&world.table).map_table::<Person>(&world.table), keys, requests)
}

/// The item with the key reference of another one.
fn with_reference_of(item: &Stored, other: &Stored) -> Stored {
    let [own, others] = [item, other].map(|item| bytes(item, "_envelope"));
    let (to, from) = (Layout::of(&own).reference, Layout::of(&others).reference);
    let envelope = [&own[..to.start], &others[from]].concat();
    let mut item = item.clone();
    item.insert("_envelope".into(), binary(envelope));
    item
}

#[tokio::test]
async fn t07_a_kept_data_key_of_one_tenant_opens_nothing_of_another() {
    let world = World::new().await;
    let (store, _, requests) = sharing(&world);
    let load = async |tenant: &str| {
        let store = store.scoped([("tenant", tenant)]);
        Person::load(&store, format!("of-{tenant}")).await
    };
    for tenant in ["a", "b"] {
        let person = Person { id: format!("of-{tenant}"), tenant: tenant.into(), ssn: "s".into() };
        person.save(&store).await.unwrap();
        load(tenant).await.unwrap().unwrap();
    }
    assert_eq!(requests.take().len(), 4);

    let (a, b) = (world.stored("of-a").await, world.stored("of-b").await);
    world.write(with_reference_of(&b, &a)).await;

    let Err(LoadError::DecryptDataKey(error)) = load("b").await else { panic!() };
    assert_eq!(error.kind(), DataKeyErrorKind::Mismatch);
    assert_eq!(requests.take().len(), 1);
    assert!(load("a").await.unwrap().is_some());
    assert_eq!(requests.take(), []);
}

/// They have the same wrapped key, and so nothing but their identity tells them apart.
#[tokio::test]
async fn t01_t02_records_under_one_data_key_cannot_be_exchanged() {
    let world = World::new().await;
    let (store, _, requests) = sharing(&world);
    for id in ["a", "b"] {
        let user = User { ssn: format!("ssn-{id}"), role: format!("role-{id}"), ..User::new(id) };
        user.save(&store).await.unwrap();
    }
    assert_eq!(requests.take().len(), 1);
    let (a, b) = (world.stored("a").await, world.stored("b").await);
    let reference =
        |item| bytes(item, "_envelope")[Layout::of(&bytes(item, "_envelope")).reference].to_vec();
    assert_eq!(reference(&a), reference(&b));

    let moved = |names: &[&str]| {
        let mut item = a.clone();
        item.extend(names.iter().map(|name| ((*name).to_owned(), b[*name].clone())));
        item
    };
    for names in [
        &["ssn"][..],
        &["role"],
        &["_envelope"],
        &["_envelope", "ssn", "email"],
        &["_envelope", "ssn", "email", "role", "nickname"],
    ] {
        world.write(moved(names)).await;
        let error = User::load(&store, "a").consistent().await.unwrap_err();
        assert!(error.is_tampered(), "{names:?}: {error}");
    }
    let mut swapped = a.clone();
    swapped.insert("ssn".into(), a["email"].clone());
    swapped.insert("email".into(), a["ssn"].clone());
    world.write(swapped).await;
    assert!(User::load(&store, "a").consistent().await.unwrap_err().is_tampered());
    let mut copied = a.clone();
    copied.insert("id".into(), string("c"));
    world.write(copied).await;
    assert!(User::load(&store, "c").consistent().await.unwrap_err().is_tampered());
    assert!(User::load(&store, "b").await.unwrap().is_some());
}

#[tokio::test]
async fn t07_a_key_that_is_disabled_is_used_until_its_data_keys_are_cleared() {
    let (backend, faults) = Backend::with_kms_faults().await;
    let world = World::over(backend, &[("id", "S".into())]).await;
    let (store, keys, _) = sharing(&world);
    let cold = User::new("cold");
    cold.save(&world.store).await.unwrap();
    User::new("foobar").save(&store).await.unwrap();
    User::load(&store, "foobar").await.unwrap().unwrap();

    faults.fail("DisabledException", "");
    User::new("second").save(&store).await.unwrap();
    for id in ["foobar", "second"] {
        assert!(User::load(&store, id).await.unwrap().is_some());
    }
    // A record of another data key asks KMS. That a load is refused ends nothing.
    let Err(LoadError::DecryptDataKey(error)) = User::load(&store, "cold").await else { panic!() };
    assert_eq!(error.kind(), DataKeyErrorKind::Disabled);
    assert!(User::load(&store, "foobar").await.unwrap().is_some());

    keys.inner().clear();
    User::new("third").save(&store).await.unwrap_err();
    assert!(User::load(&store, "foobar").await.unwrap().is_some());
    keys.clear();
    User::load(&store, "foobar").await.unwrap_err();
    assert_eq!((keys.keys_alive(), keys.inner().keys_alive()), (0, 0));
}
