//! Updates against an attacker who writes the table, other writers, and cancellation: T08, T11 to
//! T13 and T23.

use std::collections::BTreeSet;
use std::time::Duration;

use envelope_runtime::error::OpenErrorKind;
use envelope_runtime::{EnvelopeRecord, SaveError, UpdateError};
use envelope_tests::Layout;

use super::{assert_refused, saved, with, without};
use crate::support::{Stored, User, World, bytes, string};

/// Every rewrite of an item keeps its keys, so no nonce may repeat.
#[tokio::test]
async fn t08_no_nonce_comes_twice_in_the_life_of_an_item() {
    let (world, good) = saved().await;
    let before = bytes(&good, "_envelope");
    let salt = &before[Layout::of(&before).salt];
    let mut nonces = BTreeSet::new();

    for round in 0..30 {
        let update = world.store.update::<User>("foobar");
        // With and without a new value to seal.
        let update = match round % 3 {
            0 => update.seal(|f| f.email, "x"),
            1 => update.set(|f| f.role, "nurse"),
            _ => update.seal(|f| f.ssn, "y").seal(|f| f.email, "z"),
        };
        update.await.unwrap();
        let envelope = bytes(&world.stored("foobar").await, "_envelope");
        let layout = Layout::of(&envelope);
        assert_eq!(envelope[layout.salt], *salt);
        nonces.extend(layout.sealed.into_iter().map(|sealed| envelope[sealed.nonce].to_vec()));
    }

    // Ten rounds each sealed one value, the smaller one again, and both.
    assert_eq!(nonces.len(), 1 + 40);
}

/// The attribute for which an update was refused; `None` if it was not.
fn tampered<T>(answer: Result<T, UpdateError>) -> Option<String> {
    let error = answer.err()?;
    let UpdateError::Open(open) = &error else { panic!("{error}") };
    assert_eq!(open.kind(), OpenErrorKind::Tampered, "{error}");
    Some(open.attribute().unwrap_or("the record tag").to_owned())
}

/// A new tag does not cover up a value that was taken out, changed or put back.
#[tokio::test]
async fn t11_an_update_does_not_launder_what_was_altered() {
    let (world, good) = saved().await;
    world.store.update::<User>("foobar").seal(|f| f.email, "newer").await.unwrap();
    let newer = world.stored("foobar").await;
    // A new role changes neither value, so the smaller one is opened and re-sealed. A new email
    // address opens nothing, and an unreadable value stays unreadable.
    let altered = [
        (without(&newer, "ssn"), [Some("ssn"), None]),
        (with(&newer, "ssn", string("plaintext")), [Some("ssn"), None]),
        (with(&newer, "ssn", newer["email"].clone()), [None, None]),
        (with(&newer, "email", good["email"].clone()), [None, None]),
        (with(&newer, "role", string("doctor")), [Some("the record tag"); 2]),
        (without(&newer, "role"), [Some("the record tag"); 2]),
    ];
    for (item, expected) in altered {
        world.write(item.clone()).await;
        // One request that neither reads nor writes the envelope.
        world.store.update::<User>("foobar").set(|f| f.nickname, "zz").await.unwrap();
        let role = world.store.update::<User>("foobar").set(|f| f.role, "nurse").await;
        let email = world.store.update::<User>("foobar").seal(|f| f.email, "other").await;
        let refused = [tampered(role), tampered(email)];
        assert_eq!(refused.each_ref().map(Option::as_deref), expected, "{item:?}");

        let loaded = User::load(&world.store, "foobar").await;
        match (item.get("ssn") == newer.get("ssn"), item["email"] == good["email"]) {
            // The one altered value was replaced by its owner.
            (true, true) => assert_eq!(loaded.unwrap().unwrap().email.as_deref(), Some("other")),
            _ => assert!(loaded.unwrap_err().is_tampered(), "{item:?}"),
        }
    }
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Versioned {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
    #[authenticated]
    #[envelope(version)]
    version: u64,
}

/// A record that was saved twice, and its first item.
async fn saved_twice() -> (World, Versioned, Stored) {
    let world = World::new().await;
    let new = Versioned { id: "foobar".into(), ssn: "first".into(), version: 0 };
    let first = world.store.put(&new).await.unwrap().into_inner();
    let older = world.stored("foobar").await;
    let second =
        world.store.put(&Versioned { ssn: "second".into(), ..first }).await.unwrap().into_inner();
    (world, second, older)
}

/// An older item cannot be detected from itself alone. A writer that knows the version, or has the
/// record, is not deceived.
#[tokio::test]
async fn t12_an_older_item_is_refused_if_its_version_is_known() {
    let (world, second, older) = saved_twice().await;
    let known = world.store.get::<Versioned>("foobar").with_envelope().await.unwrap().unwrap();

    world.write(older.clone()).await;
    let error = world.store.put(&second).await.unwrap_err();
    assert!(matches!(&error, SaveError::Version(error) if error.found() == Some(1)), "{error}");
    for update in [
        world.store.update("foobar").based_on(&known).seal(|f| f.ssn, "third"),
        world.store.update::<Versioned>("foobar").version(2).seal(|f| f.ssn, "third"),
    ] {
        let error = update.await.unwrap_err();
        assert!(error.is_version_conflict(), "{error}");
    }
    let deletion = world.store.delete_version::<Versioned>("foobar", 2).await;
    assert!(deletion.unwrap_err().is_version_conflict());
    assert_eq!(world.stored("foobar").await, older);
}

#[tokio::test]
async fn t12_an_older_item_takes_neither_version_nor_envelope_of_a_newer_one() {
    let (world, _, older) = saved_twice().await;
    let known = world.store.get::<Versioned>("foobar").with_envelope().await.unwrap().unwrap();
    let newer = world.stored("foobar").await;

    let number = newer["version"].clone();
    for item in
        [with(&older, "version", number), with(&older, "_envelope", newer["_envelope"].clone())]
    {
        world.write(item).await;
        let error = world.store.update("foobar").based_on(&known).seal(|f| f.ssn, "third").await;
        assert!(error.is_err(), "{error:?}");
        assert!(world.store.get::<Versioned>("foobar").await.unwrap_err().is_tampered());
    }
}

#[tokio::test]
async fn t12_a_deleted_record_that_was_put_back_is_not_the_one_that_was_loaded() {
    let (world, _) = saved().await;
    let known = world.store.get::<User>("foobar").with_envelope().await.unwrap().unwrap();
    User::delete(&world.store, "foobar").await.unwrap();

    let gone =
        world.store.update("foobar").based_on(&known).seal(|f| f.ssn, "x").await.unwrap_err();
    assert!(gone.is_not_found(), "{gone}");
    User { ssn: "another person".into(), ..User::new("foobar") }.save(&world.store).await.unwrap();
    let before = world.stored("foobar").await;

    let update = world.store.update("foobar").based_on(&known).seal(|f| f.email, "x");
    let other = update.await.unwrap_err();
    assert!(other.is_conflict(), "{other}");
    assert_eq!(world.stored("foobar").await, before);
}

/// A program that does not know the attributes that a newer one added.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Older {
    #[partition_key]
    id: String,
    nickname: String,
    #[encrypted]
    ssn: String,
}

#[tokio::test]
async fn t13_attributes_that_an_older_program_does_not_know_survive_its_updates() {
    let (world, _) = saved().await;

    world.store.update::<Older>("foobar").seal(|f| f.ssn, "219-09-9999").await.unwrap();
    world.store.update::<Older>("foobar").set(|f| f.nickname, "zz").await.unwrap();

    let expected = User { ssn: "219-09-9999".into(), nickname: "zz".into(), ..User::new("foobar") };
    assert_eq!(User::load(&world.store, "foobar").await.unwrap(), Some(expected));
}

#[tokio::test]
async fn t13_no_text_is_written_over_what_is_sealed_in_storage() {
    #[derive(EnvelopeRecord)]
    #[envelope(table = "users")]
    struct Plain {
        #[partition_key]
        id: String,
        #[encrypted]
        other: Option<String>,
        email: Option<String>,
    }
    let (world, good) = saved().await;
    for update in [
        world.store.update::<Plain>("foobar").set(|f| f.email, "x"),
        world.store.update::<Plain>("foobar").set_if_absent(|f| f.email, "x"),
    ] {
        let error = update.await.unwrap_err();
        let UpdateError::Open(open) = &error else { panic!("{error}") };
        assert_eq!((open.kind(), open.attribute()), (OpenErrorKind::Sealed, Some("email")));
    }
    assert_eq!(world.stored("foobar").await, good);
}

/// The returned item is opened. If it cannot be, it is not passed on.
#[tokio::test]
async fn t13_returned_records_are_opened_or_refused() {
    let (world, good) = saved().await;
    world.write(without(&good, "ssn")).await;

    let update = world.store.update::<User>("foobar").set(|f| f.nickname, "zz").return_new();
    let error = update.await.unwrap_err();

    assert!(matches!(error, UpdateError::Unreadable(_)) && error.is_tampered(), "{error}");
    assert!(error.to_string().starts_with("the record is updated"), "{error}");
    let loaded = User::load(&world.store, "foobar").await;
    assert_refused(loaded, OpenErrorKind::Tampered, Some("ssn"));
}

/// At whatever point an update is cancelled, the item is the one before or the one after.
#[tokio::test]
async fn t23_an_update_that_is_given_up_leaves_an_item_that_opens() {
    let (world, _) = saved().await;
    let mut given_up = 0;
    for n in 1..=60_u64 {
        let update = world.store.update::<User>("foobar").seal(|f| f.ssn, format!("ssn {n}"));
        let update = update.set(|f| f.role, format!("role {n}")).into_future();
        let after = Duration::from_micros(n * 150);
        given_up += usize::from(tokio::time::timeout(after, update).await.is_err());

        let user = User::load(&world.store, "foobar").consistent().await.unwrap().unwrap();
        let of = |text: &str| text.split(' ').nth(1).unwrap_or_default().to_owned();
        assert!(of(&user.ssn) == of(&user.role), "{user:?}");
    }
    world.store.update::<User>("foobar").seal(|f| f.ssn, "last").await.unwrap();
    let user = User::load(&world.store, "foobar").await.unwrap().unwrap();
    assert_eq!(user.ssn, "last");
    assert!(given_up > 0);
}
