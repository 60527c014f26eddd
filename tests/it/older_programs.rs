//! An older program does not write plaintext over an attribute that a newer one protects.

use envelope_runtime::error::{OpenError, OpenErrorKind};
use envelope_runtime::{DeleteError, EnvelopeRecord, SaveError, UpdateError, Usage};

use crate::support::{User, World, binary};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Account {
    #[partition_key]
    id: String,
    status: String,
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
        role: "patient".into(),
        ward: None,
        ssn: "078-05-1120".into(),
        email: Some("zoe@example.com".into()),
    }
}

/// An older program, which treats sealed and authenticated attributes as plaintext.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Older {
    #[partition_key]
    id: String,
    status: String,
    role: String,
    #[envelope(default)]
    ward: Option<u8>,
    email: Option<String>,
    #[encrypted]
    ssn: String,
}

#[tokio::test]
async fn t13_an_older_program_writes_no_plaintext_over_what_a_newer_one_protects() {
    let world = World::new().await;
    world.store.put(&account()).await.unwrap();
    let before = world.stored("a-1").await;
    let update = || world.store.update::<Older>("a-1");
    let refused = [
        (update().set(|f| f.email, "x"), OpenErrorKind::Sealed),
        (update().set_if_absent(|f| f.email, "x"), OpenErrorKind::Sealed),
        (update().remove(|f| f.email), OpenErrorKind::Sealed),
        (update().set(|f| f.role, "doctor"), OpenErrorKind::Authenticated),
        (update().set(|f| f.ward, 3), OpenErrorKind::Authenticated),
        (update().add(|f| f.ward, 3), OpenErrorKind::Authenticated),
        (update().remove(|f| f.ward), OpenErrorKind::Authenticated),
        (update().seal(|f| f.ssn, "x").set(|f| f.email, "x"), OpenErrorKind::Sealed),
        (update().seal(|f| f.ssn, "x").set(|f| f.role, "x"), OpenErrorKind::Authenticated),
    ];
    for (update, kind) in refused {
        let name = format!("{update:?}");
        let error = update.await.unwrap_err();

        let UpdateError::Open(open) = &error else { panic!("{name}: {error}") };
        assert_eq!(open.kind(), kind, "{name}");
        assert!(error.to_string().contains("mark it #["), "{error}");
    }
    assert_eq!(world.stored("a-1").await, before);
}

#[tokio::test]
async fn an_older_program_changes_what_both_store_in_the_same_way() {
    let world = World::new().await;
    world.store.put(&account()).await.unwrap();
    let update = || world.store.update::<Older>("a-1");

    update().set(|f| f.status, "active").await.unwrap();
    update().seal(|f| f.ssn, "219-09-9999").await.unwrap();

    let expected = Account { status: "active".into(), ssn: "219-09-9999".into(), ..account() };
    assert_eq!(world.store.get("a-1").await.unwrap(), Some(expected));
}

/// The bytes of an envelope are likely to contain a one-letter name by chance.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Short {
    #[partition_key]
    id: String,
    a: String,
    #[encrypted]
    #[envelope(rename = "\u{1}a")]
    looks_like_it: String,
}

async fn short() -> (World, Short) {
    let world = World::new().await;
    let short = Short { id: "a-1".into(), a: "old".into(), looks_like_it: "x".into() };
    world.store.put(&short).await.unwrap();
    (world, short)
}

#[tokio::test]
async fn an_attribute_that_only_looks_protected_is_updated_all_the_same() {
    let (world, short) = short().await;
    let usage = Usage::default();

    let update = world.store.measured(&usage).update::<Short>("a-1").set(|f| f.a, "new");
    update.await.unwrap();

    assert_eq!((usage.requests(), usage.kms_calls()), (2, 0));
    let expected = Short { a: "new".into(), ..short };
    assert_eq!(world.store.get("a-1").await.unwrap(), Some(expected));
}

#[tokio::test]
async fn a_condition_on_an_attribute_that_only_looks_protected_is_told_from_protection() {
    let (world, _) = short().await;

    let update = world.store.update::<Short>("a-1").set(|f| f.a, "newer");
    let error = update.condition(|f| f.a.eq("new")).await.unwrap_err();

    assert!(matches!(error, UpdateError::Condition(_)), "{error}");
}

#[tokio::test]
async fn bytes_that_a_program_with_another_type_left_are_updated_to_a_text() {
    let (world, short) = short().await;
    let mut item = world.stored("a-1").await;
    item.insert("a".into(), binary([1]));
    world.write(item).await;

    world.store.update::<Short>("a-1").set(|f| f.a, "text").await.unwrap();

    let expected = Short { a: "text".into(), ..short };
    assert_eq!(world.store.get("a-1").await.unwrap(), Some(expected));
}

/// Stores the protected attributes of a `User` in plaintext.
#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct Plain {
    #[partition_key]
    id: String,
    #[encrypted]
    other: Option<String>,
    email: Option<String>,
    #[envelope(bytes)]
    ssn: Option<Vec<u8>>,
    role: String,
}

/// The guard of a plaintext update, by each of its two conditions.
#[tokio::test]
async fn t13_no_plaintext_is_written_over_a_value_that_is_protected_in_storage() {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();
    let good = world.stored("foobar").await;
    let update = || world.store.update::<Plain>("foobar");

    for (update, kind) in [
        (update().set(|f| f.email, "x"), OpenErrorKind::Sealed),
        (update().set(|f| f.ssn, vec![1]), OpenErrorKind::Sealed),
        (update().set_if_absent(|f| f.ssn, vec![1]), OpenErrorKind::Sealed),
        (update().remove(|f| f.ssn), OpenErrorKind::Sealed),
        (update().set(|f| f.role, "doctor"), OpenErrorKind::Authenticated),
    ] {
        let error = update.await.unwrap_err();
        assert!(matches!(&error, UpdateError::Open(open) if open.kind() == kind), "{error}");
    }
    assert_eq!(world.stored("foobar").await, good);
}

#[tokio::test]
async fn t13_no_plaintext_is_written_beside_an_envelope_that_nobody_can_read() {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();
    let mut unreadable = world.stored("foobar").await;
    unreadable.insert("_envelope".into(), binary([2, 4, b'r', b'o', b'l', b'e']));
    world.write(unreadable).await;

    let update = world.store.update::<Plain>("foobar").set(|f| f.role, "doctor");
    let error = update.await.unwrap_err();

    assert!(matches!(error, UpdateError::Open(_)), "{error}");
}

/// Has the same table, and protects nothing.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users", plaintext_only)]
struct Twin {
    #[partition_key]
    id: String,
    nickname: String,
    note: Option<String>,
}

#[tokio::test]
async fn t09_a_plaintext_only_twin_neither_replaces_nor_changes_nor_deletes_what_is_protected() {
    let world = World::new().await;
    let store = &world.store;
    User::new("foobar").save(store).await.unwrap();
    let before = world.stored("foobar").await;
    let twin = Twin { id: "foobar".into(), nickname: "twin".into(), note: None };
    let kind = |error: &OpenError| {
        assert!(error.to_string().contains("use the struct that protects it"), "{error}");
        error.kind()
    };

    let mut refused = Vec::new();
    for save in [
        store.put(&twin),
        store.create(&twin),
        store.replace(&twin),
        store.put(&twin).condition(|f| f.nickname.exists()),
    ] {
        let error = save.await.unwrap_err();
        assert!(!error.is_conflict() && !error.is_retryable(), "{error}");
        let SaveError::Open(error) = error else { panic!("{error}") };
        refused.push(kind(&error));
    }
    for update in [
        store.update::<Twin>("foobar").set(|f| f.nickname, "x"),
        store.update::<Twin>("foobar").set(|f| f.note, "x").condition(|f| f.note.not_exists()),
    ] {
        let error = update.await.unwrap_err();
        let UpdateError::Open(error) = error else { panic!("{error}") };
        refused.push(kind(&error));
    }
    let error = store.delete::<Twin>("foobar").await.unwrap_err();
    let DeleteError::Open(error) = error else { panic!("{error}") };
    refused.push(kind(&error));
    assert_eq!(refused, [OpenErrorKind::HasEnvelope; 7]);
    assert_eq!(world.stored("foobar").await, before);
}

#[tokio::test]
async fn a_plaintext_only_twin_writes_a_record_that_protects_nothing_as_ever() {
    let world = World::new().await;
    let store = &world.store;
    let other = Twin { id: "other".into(), nickname: "twin".into(), note: None };

    for _ in 0..2 {
        store.put(&other).await.unwrap();
    }
    store.update::<Twin>("other").set(|f| f.nickname, "y").await.unwrap();
    store.delete::<Twin>("other").await.unwrap();
    store.delete::<Twin>("other").await.unwrap();
    assert_eq!(Twin::load(store, "other").await.unwrap(), None);
}
