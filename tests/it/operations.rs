//! Saving, loading and deleting.

use envelope_runtime::error::{OpenErrorKind, SealErrorKind};
use envelope_runtime::key::KeyReference;
use envelope_runtime::{EnvelopeRecord, Item, LoadError, SaveError, Store};
use envelope_tests::Layout;

use crate::support::{User, World, bytes};

#[tokio::test]
async fn a_saved_record_loads_as_it_was() {
    let world = World::new().await;
    let user = User::new("foobar");

    user.save(&world.store).await.unwrap();

    let loaded = User::load(&world.store, "foobar").await.unwrap();
    assert_eq!(loaded, Some(user));
}

#[tokio::test]
async fn plaintext_stays_readable_and_sealed_attributes_are_opaque() {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();

    let item = world.stored("foobar").await;

    let mut names: Vec<_> = item.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["_envelope", "email", "id", "nickname", "role", "ssn"]);
    assert_eq!(item["nickname"].as_s().unwrap(), "zoë");
    assert_eq!(item["role"].as_s().unwrap(), "patient");
    for name in ["ssn", "email", "_envelope"] {
        let stored = item[name].as_b().unwrap().as_ref();
        for secret in [b"078-05-1120".as_slice(), b"zoe@example.com"] {
            assert!(!stored.windows(secret.len()).any(|window| window == secret), "{name}");
        }
    }
}

#[tokio::test]
async fn a_missing_record_is_none_and_asks_kms_nothing() {
    let world = World::new().await;

    assert_eq!(User::load(&world.store, "nobody").await.unwrap(), None);

    assert_eq!(world.requests.take(), []);
}

#[tokio::test]
async fn a_deleted_record_is_gone_and_deleting_again_succeeds() {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();

    User::delete(&world.store, "foobar").await.unwrap();

    assert_eq!(User::load(&world.store, "foobar").await.unwrap(), None);
    User::delete(&world.store, "foobar").await.unwrap();
}

#[tokio::test]
async fn saving_again_replaces_the_record_under_fresh_keys() {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();
    let first = world.stored("foobar").await;

    let changed = User { email: None, ..User::new("foobar") };
    changed.save(&world.store).await.unwrap();

    let second = world.stored("foobar").await;
    assert!(!second.contains_key("email"));
    assert_ne!(first["ssn"], second["ssn"]);
    let salt = |item| {
        let envelope = bytes(item, "_envelope");
        envelope[Layout::of(&envelope).salt].to_vec()
    };
    assert_ne!(salt(&first), salt(&second));
    assert_eq!(User::load(&world.store, "foobar").await.unwrap(), Some(changed));
}

#[tokio::test]
async fn the_store_has_the_same_verbs_for_structs_with_methods_of_their_own() {
    let world = World::new().await;
    let user = User::new("foobar");

    world.store.put(&user).await.unwrap();
    let loaded = world.store.get::<User>("foobar").consistent().await.unwrap();
    world.store.delete::<User>("foobar").await.unwrap();

    assert_eq!(loaded, Some(user));
    assert_eq!(world.store.get::<User>("foobar").await.unwrap(), None);
}

#[tokio::test]
async fn a_load_can_give_the_envelope_too() {
    let world = World::new().await;
    User { email: None, ..User::new("foobar") }.save(&world.store).await.unwrap();

    let loaded = world.store.get::<User>("foobar").with_envelope().await.unwrap().unwrap();

    assert_eq!(loaded.ssn, "078-05-1120");
    assert_eq!(loaded.envelope().unwrap().sealed().collect::<Vec<_>>(), ["ssn"]);
    assert_eq!(loaded.envelope().unwrap().authenticated().collect::<Vec<_>>(), ["role"]);
    assert!(
        matches!(loaded.envelope().unwrap().key_reference(), KeyReference::Wrapped(copies) if copies.len() == 1)
    );
    let stored = world.stored("foobar").await;
    assert_eq!(loaded.envelope().unwrap().as_bytes(), stored["_envelope"].as_b().unwrap().as_ref());
}

/// The other tests take from the layout the places that they alter.
#[tokio::test]
async fn a_stored_envelope_has_the_layout_of_format_md() {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();
    let stored = bytes(&world.stored("foobar").await, "_envelope");

    let layout = Layout::of(&stored);

    let loaded = world.store.get::<User>("foobar").with_envelope().await.unwrap().unwrap();
    let envelope = loaded.envelope().unwrap();
    assert!(envelope.sealed().eq(layout.sealed.iter().map(|sealed| sealed.name.as_str())));
    assert!(envelope.authenticated().eq(&layout.authenticated));
    let KeyReference::Wrapped(copies) = envelope.key_reference() else { panic!("no wrapped key") };
    let [copy] = &copies[..] else { panic!("not one copy") };
    assert_eq!(stored[layout.copy().provider], copy.provider().as_u8());
    assert_eq!(&stored[layout.copy().hint.clone()], copy.hint());
    assert_eq!(&stored[layout.copy().wrapped.clone()], copy.wrapped());
}

#[tokio::test]
async fn a_table_opens_under_another_physical_name() {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();
    let restored = world.backend.create_table(&[("id", "S".into())]).await;
    let put = world.backend.dynamodb.put_item().table_name(&restored);
    put.set_item(Some(world.stored("foobar").await)).send().await.unwrap();

    let store = world.store.clone().map_table::<User>(&restored);

    assert_eq!(User::load(&store, "foobar").await.unwrap(), Some(User::new("foobar")));
}

#[tokio::test]
async fn operations_are_send_and_own_what_they_need() {
    let world = World::new().await;

    let save = {
        let user = User::new("foobar");
        user.save(&world.store)
    };
    tokio::spawn(async move { save.await }).await.unwrap().unwrap();

    let id = String::from("foobar");
    let load = User::load(&world.store, &id);
    drop(id);
    let loaded = tokio::spawn(async move { load.await }).await.unwrap().unwrap();
    assert_eq!(loaded, Some(User::new("foobar")));
}

#[test]
fn a_store_can_be_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    shared::<Store>();
}

#[tokio::test]
async fn a_record_is_created_once_and_replaced_only_if_it_is_there() {
    let world = World::new().await;
    let first = User::new("foobar");
    let second = User { nickname: "other".into(), ..User::new("foobar") };

    let replaced = world.store.replace(&first).await.unwrap_err();
    assert!(replaced.is_not_found() && !replaced.is_conflict(), "{replaced}");
    assert_eq!(User::load(&world.store, "foobar").await.unwrap(), None);

    world.store.create(&first).await.unwrap();
    let created = world.store.create(&second).await.unwrap_err();
    assert!(created.is_conflict() && !created.is_not_found(), "{created}");
    assert_eq!(
        created.to_string(),
        "cannot save record of table `users`, key `id`: there is already a record under this key; \
         load it first, or save with `put`"
    );
    assert_eq!(User::load(&world.store, "foobar").await.unwrap(), Some(first));

    world.store.replace(&second).await.unwrap();
    assert_eq!(User::load(&world.store, "foobar").await.unwrap(), Some(second));
}

#[tokio::test]
async fn a_created_record_whose_answer_was_lost_counts_as_created() {
    let world = World::new().await;
    let store = world.store_losing_answers();
    let user = User::new("foobar");

    store.create(&user).await.unwrap();

    assert_eq!(User::load(&world.store, "foobar").await.unwrap(), Some(user.clone()));
    // The second writer gets a conflict, whether an answer was lost or not.
    assert!(store.create(&user).await.unwrap_err().is_conflict());
}

#[tokio::test]
async fn a_record_gives_its_own_key() {
    let world = World::new().await;
    let user = User::new("foobar");
    user.save(&world.store).await.unwrap();

    assert_eq!(User::load(&world.store, user.key()).await.unwrap(), Some(user.clone()));
    User::delete(&world.store, user.key()).await.unwrap();
    assert_eq!(User::load(&world.store, user.key()).await.unwrap(), None);
}

#[tokio::test]
async fn t24_an_item_over_400_kib_is_refused_before_it_is_sent() {
    let world = World::new().await;
    let sized = |length| User { ssn: "s".repeat(length), ..User::new("foobar") };
    sized(0).save(&world.store).await.unwrap();
    let item = Item::try_from(world.stored("foobar").await).unwrap();
    let largest = Item::MAX_SIZE - item.size();
    world.requests.forget();

    // One byte more than the wrapped key leaves room for: KMS was asked, DynamoDB was not.
    let error = sized(largest + 1).save(&world.store).await.unwrap_err();
    assert!(
        matches!(&error, SaveError::Seal(error) if error.kind() == SealErrorKind::ItemTooLarge(409_601)),
        "{error}"
    );
    assert_eq!(world.requests.take().len(), 1);
    // So large that it does not fit with any wrapped key: neither was asked.
    sized(Item::MAX_SIZE).save(&world.store).await.unwrap_err();
    assert_eq!(world.requests.take(), []);
    assert_eq!(User::load(&world.store, "foobar").await.unwrap(), Some(sized(0)));
}

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "users", plaintext_only)]
struct Public {
    #[partition_key]
    id: String,
    nickname: String,
}

#[derive(EnvelopeRecord, Debug)]
#[envelope(table = "users", plaintext_only)]
struct Prying {
    #[partition_key]
    #[allow(dead_code, reason = "only loaded")]
    id: String,
    #[allow(dead_code, reason = "only loaded")]
    ssn: Option<Vec<u8>>,
}

#[tokio::test]
async fn a_record_that_protects_nothing_has_no_envelope_and_asks_kms_nothing() {
    let world = World::new().await;
    let public = Public { id: "p".into(), nickname: "zoë".into() };

    public.save(&world.store).await.unwrap();

    assert_eq!(world.stored("p").await.len(), 2);
    let loaded = world.store.get::<Public>("p").with_envelope().await.unwrap().unwrap();
    assert!(loaded.envelope().is_none());
    assert_eq!(loaded.into_record(), public);
    assert_eq!(world.requests.take(), []);
}

#[tokio::test]
async fn a_record_that_protects_nothing_never_sees_sealed_bytes() {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();

    let public = Public::load(&world.store, "foobar").await.unwrap().unwrap();
    let prying = Prying::load(&world.store, "foobar").await.unwrap_err();

    assert_eq!(public.nickname, "zoë");
    assert!(
        matches!(&prying, LoadError::Open(error) if error.kind() == OpenErrorKind::Sealed),
        "{prying}"
    );
}
