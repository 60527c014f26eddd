//! Updates of single attributes: their writes, their calls to KMS, and their refusals.

mod based_on;
mod entries;
mod nulls;
mod or_create;
mod refused;
mod stored_forms;

use std::collections::BTreeSet;
use std::time::Duration;

use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, Store, UpdateError, Usage};
use envelope_tests::{KmsRequest, Layout};

use crate::support::{Stored, User, World, binary, bytes, string};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Account {
    #[partition_key]
    id: String,
    status: String,
    logins: u64,
    ratio: Option<f64>,
    comment: Option<String>,
    #[envelope(default)]
    tags: Vec<String>,
    #[envelope(set)]
    groups: BTreeSet<String>,
    hash: Option<Vec<u8>>,
    #[authenticated]
    role: String,
    #[authenticated]
    ward: Option<u8>,
    #[encrypted]
    ssn: String,
    #[encrypted]
    email: Option<String>,
}

fn account() -> Account {
    Account {
        id: "a-1".into(),
        status: "new".into(),
        logins: 3,
        ratio: None,
        comment: Some("first".into()),
        tags: vec!["x".into()],
        groups: BTreeSet::new(),
        hash: None,
        role: "patient".into(),
        ward: None,
        ssn: "078-05-1120".into(),
        email: Some("zoe@example.com".into()),
    }
}

fn groups<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

/// A world that holds the account, with no KMS requests recorded.
async fn world() -> World {
    let world = World::new().await;
    world.store.put(&account()).await.unwrap();
    world.requests.forget();
    world
}

async fn loaded(store: &Store) -> Account {
    store.get("a-1").consistent().await.unwrap().unwrap()
}

#[tokio::test]
async fn plaintext_attributes_change_without_kms() {
    let world = world().await;
    let before = world.stored("a-1").await;

    let update = world.store.update::<Account>("a-1");
    let update = update
        .set(|f| f.status, "active")
        .add(|f| f.logins, 1)
        .add(|f| f.groups, groups(["staff", "guest"]))
        .append(|f| f.tags, vec!["y".to_owned()])
        .set_if_absent(|f| f.ratio, 0.5)
        .set_if_absent(|f| f.hash, vec![1, 2])
        .remove(|f| f.comment);
    update.await.unwrap();

    let update = world.store.update::<Account>("a-1");
    update.subtract(|f| f.logins, 2).subtract(|f| f.groups, groups(["guest"])).await.unwrap();

    assert_eq!(world.requests.take(), []);
    let after = world.stored("a-1").await;
    for name in ["_envelope", "ssn", "email", "role"] {
        assert_eq!(after[name], before[name], "{name}");
    }
    let expected = Account {
        status: "active".into(),
        logins: 2,
        ratio: Some(0.5),
        comment: None,
        tags: vec!["x".into(), "y".into()],
        groups: groups(["staff"]),
        hash: Some(vec![1, 2]),
        ..account()
    };
    assert_eq!(loaded(&world.store).await, expected);
}

#[tokio::test]
async fn an_absent_attribute_counts_as_nothing_and_a_present_one_stays() {
    let world = world().await;
    let update = || world.store.update::<Account>("a-1");

    update().remove(|f| f.ratio).set(|f| f.comment, None).await.unwrap();
    update().add(|f| f.ratio, 1.5).add(|f| f.logins, 2).await.unwrap();
    update().set_if_absent(|f| f.status, "other").set_if_absent(|f| f.ward, 4).await.unwrap();
    update().set_if_absent(|f| f.ward, 5).append(|f| f.tags, Vec::new()).await.unwrap();

    let account = loaded(&world.store).await;
    assert_eq!((account.ratio, account.comment, account.logins), (Some(1.5), None, 5));
    assert_eq!((account.status.as_str(), account.ward), ("new", Some(4)));
}

#[tokio::test]
async fn a_sealed_attribute_changes_for_one_decrypt_and_leaves_the_others_alone() {
    let world = world().await;
    let before = world.stored("a-1").await;
    let usage = Usage::default();

    let store = world.store.measured(&usage);
    store.update::<Account>("a-1").seal(|f| f.email, "new@example.com").await.unwrap();

    assert_eq!((usage.requests(), usage.kms_calls()), (2, 1));
    let requests = world.requests.take();
    assert!(matches!(requests.as_slice(), [KmsRequest::Decrypt { .. }]), "{requests:?}");
    let after = world.stored("a-1").await;
    assert_eq!(after["ssn"], before["ssn"]);
    assert_ne!(after["_envelope"], before["_envelope"]);
    assert_ne!(after["email"], before["email"]);
    let expected = Account { email: Some("new@example.com".into()), ..account() };
    assert_eq!(loaded(&world.store).await, expected);
}

#[tokio::test]
async fn each_value_is_sealed_under_a_nonce_of_its_own() {
    let world = world().await;
    let mut sealed = BTreeSet::new();

    for _ in 0..20 {
        world.store.update::<Account>("a-1").seal(|f| f.email, "same").await.unwrap();
        sealed.insert(bytes(&world.stored("a-1").await, "email"));
    }

    assert_eq!(sealed.len(), 20);
}

#[tokio::test]
async fn protected_and_plaintext_attributes_change_in_one_write() {
    let world = world().await;

    let update = world.store.update::<Account>("a-1");
    let update = update
        .seal(|f| f.ssn, "219-09-9999")
        .seal(|f| f.email, None)
        .set(|f| f.role, "doctor")
        .set(|f| f.ward, 7)
        .set(|f| f.status, "active")
        .add(|f| f.logins, 1);
    update.await.unwrap();

    let expected = Account {
        ssn: "219-09-9999".into(),
        email: None,
        role: "doctor".into(),
        ward: Some(7),
        status: "active".into(),
        logins: 4,
        ..account()
    };
    assert_eq!(loaded(&world.store).await, expected);
}

#[tokio::test]
async fn a_protected_attribute_can_be_removed_and_sealed_again() {
    let world = world().await;
    let update = || world.store.update::<Account>("a-1");
    update().seal(|f| f.email, None).set(|f| f.ward, 7).await.unwrap();

    update().remove(|f| f.ward).remove(|f| f.email).await.unwrap();
    update().seal(|f| f.email, "back").await.unwrap();

    let expected = Account { ward: None, email: Some("back".into()), ..account() };
    assert_eq!(loaded(&world.store).await, expected);
}

#[tokio::test]
async fn an_update_makes_no_record() {
    let world = World::new().await;
    let updates = [
        world.store.update::<Account>("a-1").set(|f| f.status, "active"),
        world.store.update::<Account>("a-1").add(|f| f.logins, 1),
        world.store.update::<Account>("a-1").seal(|f| f.email, "x"),
        world.store.update::<Account>("a-1"),
    ];
    for update in updates {
        let error = update.await.unwrap_err();

        assert!(error.is_not_found() && !error.is_retryable(), "{error}");
        assert!(error.to_string().contains("save with `create`"), "{error}");
    }
    assert_eq!(world.store.get::<Account>("a-1").await.unwrap(), None);
}

#[tokio::test]
async fn a_condition_that_does_not_hold_changes_nothing_and_gives_the_stored_item() {
    let world = world().await;
    let before = world.stored("a-1").await;
    let updates = [
        world.store.update::<Account>("a-1").set(|f| f.status, "active"),
        world.store.update::<Account>("a-1").seal(|f| f.email, "x"),
    ];
    for update in updates {
        let update = update.condition(|f| f.logins.gt(2)).condition(|f| f.status.eq("old"));
        let error = update.await.unwrap_err();

        let UpdateError::Condition(condition) = &error else { panic!("{error}") };
        assert!(condition.stored().is_some() && error.is_conflict(), "{error}");
    }
    assert_eq!(world.stored("a-1").await, before);
}

/// No other writer was there, so nothing is retried.
#[tokio::test]
async fn a_condition_that_does_not_hold_needs_no_second_attempt() {
    let world = world().await;

    let update = world.store.update::<Account>("a-1").set(|f| f.status, "active");
    let error = update.condition(|f| f.status.eq("x")).deadline(Duration::ZERO).await.unwrap_err();

    assert!(matches!(error, UpdateError::Condition(_)), "{error}");
}

#[tokio::test]
async fn a_condition_that_holds_lets_a_value_be_sealed() {
    let world = world().await;

    let update = world.store.update::<Account>("a-1").seal(|f| f.email, "x");
    update.condition(|f| f.email.exists().and(f.logins.eq(3))).await.unwrap();

    assert_eq!(loaded(&world.store).await, Account { email: Some("x".into()), ..account() });
}

type Alter = fn(&mut Stored);

#[tokio::test]
async fn an_altered_item_is_refused_and_not_sealed_again() {
    let world = world().await;
    let original = world.stored("a-1").await;
    let altered: [(&str, Alter); 4] = [
        ("authenticated", |item| drop(item.insert("role".into(), string("doctor")))),
        ("authenticated removed", |item| drop(item.remove("role"))),
        ("a bit of the record tag", |item| {
            let mut envelope = bytes(item, "_envelope");
            let tag = Layout::of(&envelope).tag;
            envelope[tag.start] ^= 1;
            item.insert("_envelope".into(), binary(envelope));
        }),
        ("no envelope", |item| drop(item.remove("_envelope"))),
    ];
    for (name, alter) in altered {
        let mut item = original.clone();
        alter(&mut item);
        world.write(item.clone()).await;

        for update in [
            world.store.update::<Account>("a-1").seal(|f| f.email, "x"),
            world.store.update::<Account>("a-1").set(|f| f.ward, 1),
            world.store.update::<Account>("a-1").set(|f| f.role, "nurse"),
        ] {
            let error = update.await.unwrap_err();
            assert!(matches!(error, UpdateError::Open(_)), "{name}: {error}");
        }
        assert_eq!(world.stored("a-1").await, item, "{name}");
    }
}

#[tokio::test]
async fn an_update_gives_back_the_record_before_it() {
    let world = world().await;

    let update = world.store.update::<Account>("a-1").seal(|f| f.email, "second");
    let old = update.return_old().await.unwrap();

    assert_eq!(old, Some(account()));
}

#[tokio::test]
async fn an_update_gives_back_the_record_after_it() {
    let world = world().await;

    let update = world.store.update::<Account>("a-1").seal(|f| f.email, "second");
    let sealed = update.return_new().await.unwrap();
    let update = world.store.update::<Account>("a-1").add(|f| f.logins, 39);
    let counted = update.return_new().await.unwrap();

    let expected = Account { email: Some("second".into()), ..account() };
    assert_eq!(sealed, expected);
    assert_eq!(counted, Account { logins: 42, ..expected });
}

#[tokio::test]
async fn under_a_key_that_is_only_accepted_all_is_resealed() {
    let world = world().await;
    let newer = world.backend.create_kms_key().await;
    let (kms, requests) = world.backend.recorded_kms();
    let store = world.store_with(KmsKeyProvider::new(kms, &newer).accept(&world.key));
    let before = world.stored("a-1").await;

    let known = store.get::<Account>("a-1").with_envelope().await.unwrap().unwrap();
    store.update("a-1").based_on(&known).seal(|f| f.email, "x").await.unwrap();

    let named: Vec<_> = requests
        .take()
        .into_iter()
        .map(|request| match request {
            KmsRequest::GenerateDataKey { key_id, .. } => ("generate", key_id.unwrap()),
            KmsRequest::Decrypt { key_id, .. } => ("decrypt", key_id.unwrap()),
            KmsRequest::Other => ("other", String::new()),
        })
        .collect();
    let expected = [("decrypt", &world.key), ("decrypt", &world.key), ("generate", &newer)];
    assert_eq!(named, expected.map(|(verb, key)| (verb, key.clone())));
    assert_ne!(world.stored("a-1").await["ssn"], before["ssn"]);
}

#[tokio::test]
async fn a_resealed_record_needs_its_old_key_no_more() {
    let world = world().await;
    let newer = world.backend.create_kms_key().await;
    let provider = || KmsKeyProvider::new(world.backend.kms.clone(), &newer);
    let accepting = world.store_with(provider().accept(&world.key));
    accepting.update::<Account>("a-1").seal(|f| f.email, "x").await.unwrap();
    let before = world.stored("a-1").await;
    let store = world.store_with(provider());

    assert_eq!(loaded(&store).await, Account { email: Some("x".into()), ..account() });
    store.update::<Account>("a-1").seal(|f| f.email, "y").await.unwrap();

    assert_eq!(world.stored("a-1").await["ssn"], before["ssn"]);
}

#[tokio::test]
async fn a_user_of_the_readme_is_updated_through_the_record() {
    let world = World::new().await;
    User::new("u-1").save(&world.store).await.unwrap();

    User::update(&world.store, "u-1").seal(|f| f.ssn, "219-09-9999").await.unwrap();

    let user = User::load(&world.store, "u-1").await.unwrap().unwrap();
    assert_eq!(user.ssn, "219-09-9999");
}
