//! The configuration decides which KMS key is asked, and an item never does.

use envelope_runtime::error::DataKeyErrorKind;
use envelope_runtime::schema::Simple;
use envelope_runtime::{EnvelopeProjection, EnvelopeRecord, KmsKeyProvider, LoadError, Store};
use envelope_tests::{Backend, KmsRequest, KmsRequests, Layout};

use crate::support::{Stored, User, World, binary, bytes};

fn forge_hint(item: &Stored) -> Stored {
    let mut envelope = bytes(item, "_envelope");
    let at = Layout::of(&envelope).copy().hint.start;
    envelope[at] ^= 1;
    let mut forged = item.clone();
    forged.insert("_envelope".into(), binary(envelope));
    forged
}

/// A record that was saved by an alias of its key, and the store that has learnt the key.
async fn saved_by_alias() -> (World, String, Store) {
    let world = World::new().await;
    let alias = world.backend.create_alias(&world.key).await;
    let (store, _) = reader(&world, &alias);
    User::new("foobar").save(&store).await.unwrap();
    (world, alias, store)
}

async fn repoint(world: &World, alias: &str, key: &str) {
    let update = world.backend.kms.update_alias().alias_name(alias).target_key_id(key);
    update.send().await.unwrap();
}

fn reader(world: &World, key: &str) -> (Store, KmsRequests) {
    let (kms, requests) = world.backend.recorded_kms();
    (world.store_with(KmsKeyProvider::new(kms, key)), requests)
}

#[track_caller]
fn kind<T: std::fmt::Debug>(loaded: Result<T, LoadError>) -> DataKeyErrorKind {
    match loaded {
        Err(LoadError::DecryptDataKey(error)) => error.kind(),
        other => panic!("not a data key error: {other:?}"),
    }
}

#[tokio::test]
async fn a_fresh_reader_opens_by_arn_id_alias_and_alias_arn() {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();
    let (prefix, id) = world.key.split_once("key/").unwrap();
    let alias = world.backend.create_alias(&world.key).await;

    for name in [world.key.clone(), id.to_owned(), alias.clone(), format!("{prefix}{alias}")] {
        let (store, requests) = reader(&world, &name);

        for _ in 0..2 {
            assert!(User::load(&store, "foobar").await.unwrap().is_some(), "{name}");
        }

        let named: Vec<_> = requests
            .take()
            .into_iter()
            .map(|request| match request {
                KmsRequest::Decrypt { key_id, .. } => key_id.unwrap(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(named, [name.clone(), name]);
    }
}

#[tokio::test]
async fn a_writer_by_alias_reads_what_it_wrote() {
    let world = World::new().await;
    let alias = world.backend.create_alias(&world.key).await;
    let (store, requests) = reader(&world, &alias);

    User::new("foobar").save(&store).await.unwrap();

    assert!(User::load(&store, "foobar").await.unwrap().is_some());
    assert!(User::load(&world.store, "foobar").await.unwrap().is_some());
    assert_eq!(requests.take().len(), 2);
}

#[tokio::test]
async fn t05_a_record_of_another_key_is_refused_without_asking_kms() {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();
    let other = world.backend.create_kms_key().await;
    let (store, requests) = reader(&world, &other);

    let loaded = User::load(&store, "foobar").await;

    assert_eq!(kind(loaded), DataKeyErrorKind::UnknownKey);
    assert_eq!(requests.take(), []);
}

#[tokio::test]
async fn t26_a_record_from_before_its_alias_was_repointed_is_not_read() {
    let (world, alias, before) = saved_by_alias().await;
    let new_key = world.backend.create_kms_key().await;
    repoint(&world, &alias, &new_key).await;

    // A fresh process, and the one that learnt the old key.
    for store in [&reader(&world, &alias).0, &before] {
        let loaded = User::load(store, "foobar").await;
        assert!(matches!(loaded, Err(LoadError::DecryptDataKey(_))), "{loaded:?}");
    }
}

#[tokio::test]
async fn t26_a_repointed_alias_needs_the_old_key_accepted() {
    let (world, alias, _) = saved_by_alias().await;
    let new_key = world.backend.create_kms_key().await;
    repoint(&world, &alias, &new_key).await;
    let (kms, requests) = world.backend.recorded_kms();
    let accepting = world.store_with(KmsKeyProvider::new(kms, &alias).accept(&world.key));

    assert!(User::load(&accepting, "foobar").await.unwrap().is_some());
    assert!(
        matches!(requests.take().as_slice(), [KmsRequest::Decrypt { key_id: Some(key), .. }] if *key == world.key)
    );
}

#[tokio::test]
async fn t26_a_process_that_learnt_the_old_key_and_accepts_it_goes_on_reading() {
    let (world, alias, _) = saved_by_alias().await;
    let accepts = KmsKeyProvider::new(world.backend.kms.clone(), &alias).accept(&world.key);
    let accepting = world.store_with(accepts);
    User::new("another").save(&accepting).await.unwrap();

    repoint(&world, &alias, &world.backend.create_kms_key().await).await;

    assert!(User::load(&accepting, "foobar").await.unwrap().is_some());
}

#[tokio::test]
async fn t26_a_process_that_learnt_the_old_key_follows_a_repointed_alias() {
    let (world, alias, before) = saved_by_alias().await;
    let new_key = world.backend.create_kms_key().await;
    repoint(&world, &alias, &new_key).await;
    let accepts = KmsKeyProvider::new(world.backend.kms.clone(), &alias).accept(&world.key);
    let accepting = world.store_with(accepts);
    assert!(User::load(&accepting, "foobar").await.unwrap().is_some());

    User::new("second").save(&accepting).await.unwrap();

    assert!(User::load(&before, "second").await.unwrap().is_some());
    let (by_arn, _) = reader(&world, &new_key);
    assert!(User::load(&by_arn, "second").await.unwrap().is_some());
}

#[tokio::test]
async fn t05_a_forged_hint_is_refused_by_arn_without_asking_kms() {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();
    world.write(forge_hint(&world.stored("foobar").await)).await;

    let (by_arn, requests) = reader(&world, &world.key);
    assert_eq!(kind(User::load(&by_arn, "foobar").await), DataKeyErrorKind::UnknownKey);
    assert_eq!(requests.take(), []);
}

/// KMS's own answer shows that the hint was forged.
#[tokio::test]
async fn t05_a_forged_hint_is_refused_by_alias_after_one_call() {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();
    let good = world.stored("foobar").await;
    world.write(forge_hint(&good)).await;
    let alias = world.backend.create_alias(&world.key).await;

    let (by_alias, requests) = reader(&world, &alias);
    assert_eq!(kind(User::load(&by_alias, "foobar").await), DataKeyErrorKind::Mismatch);
    assert_eq!(requests.take().len(), 1);

    world.write(good).await;
    assert!(User::load(&by_alias, "foobar").await.unwrap().is_some());
}

#[tokio::test]
async fn t05_an_answer_that_names_another_key_is_refused() {
    let (backend, faults) = Backend::with_kms_faults().await;
    let world = World::over(backend, &[("id", "S".into())]).await;
    User::new("foobar").save(&world.store).await.unwrap();
    let alias = world.backend.create_alias(&world.key).await;
    let (prefix, id) = world.key.split_once("key/").unwrap();
    let other = format!("{prefix}key/00000000-0000-0000-0000-000000000000");

    faults.replace(&world.key, &other);
    for name in [world.key.as_str(), id] {
        let (store, _) = reader(&world, name);
        let loaded = User::load(&store, "foobar").await;
        assert_eq!(kind(loaded), DataKeyErrorKind::WrongKey, "{name}");
        let saved = User::new("second").save(&store).await.unwrap_err();
        assert!(saved.to_string().contains("answered for a different key"), "{saved}");
    }
    let (by_alias, _) = reader(&world, &alias);
    assert_eq!(kind(User::load(&by_alias, "foobar").await), DataKeyErrorKind::Mismatch);

    faults.replace(&world.key, "not an ARN");
    let (store, _) = reader(&world, &world.key);
    assert_eq!(kind(User::load(&store, "foobar").await), DataKeyErrorKind::InvalidAnswer);

    faults.behave();
    assert!(User::load(&store, "foobar").await.unwrap().is_some());
    assert_eq!(User::load(&store, "second").await.unwrap(), None);
}

#[tokio::test]
async fn a_configuration_that_names_no_key_says_so() {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();
    let provider = |key: &str| KmsKeyProvider::new(world.backend.kms.clone(), key);

    for provider in [provider(""), provider("alias/"), provider(&world.key).accept("alias/old")] {
        let store = world.store_with(provider);
        let loaded = User::load(&store, "foobar").await;
        assert_eq!(kind(loaded), DataKeyErrorKind::Configuration);
        assert!(User::new("x").save(&store).await.is_err());
    }
}

#[tokio::test]
async fn a_provider_can_give_up_half_of_its_rights() {
    let world = World::new().await;
    let provider = || KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
    let store =
        |dynamodb| Store::new(dynamodb, provider().encrypt_only()).map_table::<User>(&world.table);
    let writer = store(world.backend.dynamodb.clone());
    let reader = Store::new(world.backend.dynamodb.clone(), provider().decrypt_only())
        .map_table::<User>(&world.table);

    User::new("foobar").save(&writer).await.unwrap();

    assert_eq!(User::load(&reader, "foobar").await.unwrap(), Some(User::new("foobar")));
}

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "users", plaintext_only)]
struct Notice {
    #[partition_key]
    id: String,
    text: String,
}

#[tokio::test]
async fn a_record_that_protects_nothing_needs_no_right_to_decrypt() {
    let world = World::new().await;
    let (kms, requests) = world.backend.recorded_kms();
    let provider = KmsKeyProvider::new(kms, &world.key).encrypt_only();
    let writer =
        Store::new(world.backend.dynamodb.clone(), provider).map_table::<User>(&world.table);
    let notice = |text: &str| Notice { id: "n".into(), text: text.into() };

    notice("a").save(&writer).await.unwrap();
    assert_eq!(Notice::load(&writer, "n").await.unwrap(), Some(notice("a")));
    let update = Notice::update(&writer, "n").set(|f| f.text, "b").return_new();
    assert_eq!(update.await.unwrap(), notice("b"));
    assert_eq!(writer.put(&notice("c")).return_old().await.unwrap(), Some(notice("b")));
    assert_eq!(writer.delete::<Notice>("n").return_old().await.unwrap(), Some(notice("c")));
    assert!(requests.take().is_empty());
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = User, plaintext_only)]
struct Id {
    id: String,
}

#[tokio::test]
async fn a_projection_that_shows_nothing_protected_needs_no_right_to_decrypt() {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();
    let (kms, requests) = world.backend.recorded_kms();
    let provider = KmsKeyProvider::new(kms, &world.key).encrypt_only();
    let writer = Store::new(world.backend.dynamodb.clone(), provider).map_table::<Id>(&world.table);

    assert_eq!(writer.get::<Id>("foobar").await.unwrap(), Some(Id { id: "foobar".into() }));
    assert!(requests.take().is_empty());
}

/// Code that is generic over the record needs no bound on a store that can do everything.
#[tokio::test]
async fn a_full_store_reads_any_record() {
    async fn load<R: EnvelopeRecord<Key = Simple<String>>>(store: &Store, id: &str) -> Option<R> {
        tokio::spawn(store.get::<R>(id).into_future()).await.unwrap().unwrap()
    }
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();

    assert_eq!(load(&world.store, "foobar").await, Some(User::new("foobar")));
}

/// A record of a retired key leaves that key with its next update, whatever an attacker with write
/// access to the table adds to the list of copies.
#[tokio::test]
async fn a_copy_that_was_planted_does_not_keep_a_record_under_a_retired_key() {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();
    let good = world.stored("foobar").await;
    let newer = world.backend.create_kms_key().await;
    let alias = world.backend.create_alias(&newer).await;
    let hint_of_newer = {
        User::new("other").save(&reader(&world, &newer).0).await.unwrap();
        let envelope = bytes(&world.stored("other").await, "_envelope");
        envelope[Layout::of(&envelope).copy().hint.clone()].to_vec()
    };
    let planted = |hint: &[u8]| {
        let mut envelope = bytes(&good, "_envelope");
        let count = Layout::of(&envelope).reference.start;
        envelope[count] = 2;
        envelope.extend_from_slice(&[&[1], hint, &[0, 3], b"bad"].concat());
        let mut item = good.clone();
        item.insert("_envelope".into(), binary(envelope));
        item
    };
    for (name, item) in [
        (&newer, good.clone()),
        (&newer, planted(&hint_of_newer)),
        (&newer, planted(&[7; 8])),
        (&alias, good.clone()),
        (&alias, planted(&[7; 8])),
    ] {
        world.write(item).await;
        let (kms, requests) = world.backend.recorded_kms();
        let store = world.store_with(KmsKeyProvider::new(kms, name).accept(&world.key));

        store.update::<User>("foobar").seal(|f| f.email, "x").await.unwrap();

        let made = |requests: &KmsRequests| {
            let requests = requests.take();
            requests.iter().filter(|r| matches!(r, KmsRequest::GenerateDataKey { .. })).count()
        };
        assert_eq!(made(&requests), 1, "{name}");
        // The next update stays under the new key.
        store.update::<User>("foobar").seal(|f| f.email, "y").await.unwrap();
        assert_eq!(made(&requests), 0, "{name}");
        assert!(User::load(&reader(&world, &newer).0, "foobar").await.unwrap().is_some());
    }
}

#[tokio::test]
async fn the_debug_of_a_provider_names_its_keys() {
    let backend = Backend::in_process().await;
    let old = "arn:aws:kms:eu-west-1:111122223333:key/old";

    let provider = KmsKeyProvider::new(backend.kms, "alias/users").accept(old);

    let debug = format!("{provider:?}");
    assert!(debug.contains("alias/users") && debug.contains(old), "{debug}");
}
