//! Updates that start from a record that was loaded unsealed.

use envelope_runtime::{EnvelopeRecord, Loaded, Store, UpdateError, Usage};

use super::{END, OPEN, at, opened, overwrite, sealed, world};
use crate::support::{User, World, string};

async fn known(store: &Store) -> Loaded<User> {
    let known = store.get::<User>("u-1").with_envelope().await.unwrap().unwrap();
    assert!(known.was_unsealed());
    known
}

#[tokio::test]
async fn a_record_that_was_loaded_unsealed_saves_the_read() {
    let world = world().await;
    let store = opened(&world, OPEN);
    let known = known(&store).await;
    // Nothing depends on it.
    overwrite(&world, "nickname", Some("max")).await;
    let usage = Usage::default();

    let update = store.measured(&usage).update("u-1").based_on(&known);
    update.seal(|f| f.ssn, "219-09-9999").await.unwrap();

    assert_eq!((usage.requests(), usage.kms_calls(), usage.unsealed_records()), (1, 1, 1));
    let expected = User { ssn: "219-09-9999".into(), nickname: "max".into(), ..User::new("u-1") };
    assert_eq!(sealed(&world).await, expected);
}

#[tokio::test]
async fn a_plaintext_update_based_on_it_leaves_it_unsealed() {
    let world = world().await;
    let store = opened(&world, OPEN);
    let known = known(&store).await;
    overwrite(&world, "nickname", Some("other")).await;

    for _ in 0..2 {
        store.update("u-1").based_on(&known).set(|f| f.nickname, "max").await.unwrap();
    }

    let mut expected = super::plain("u-1");
    expected.insert("nickname".into(), string("max"));
    assert_eq!(world.stored("u-1").await, expected);
}

async fn assert_refused(world: &World, store: &Store, known: &Loaded<User>, what: &str) {
    let before = world.stored("u-1").await;
    let update = || store.update("u-1").based_on(known);
    for update in [
        update().seal(|f| f.ssn, "219-09-9999"),
        update().set(|f| f.role, "nurse"),
        update().set(|f| f.nickname, "max"),
        update().set(|f| f.nickname, "max").condition(|f| f.id.exists()),
        update().set(|f| f.role, "nurse").set(|f| f.nickname, "max"),
    ] {
        let name = format!("{what}: {update:?}");
        let error = update.await.unwrap_err();
        assert!(error.is_conflict() && !error.is_retryable(), "{name}: {error}");
        assert!(error.to_string().contains("has changed since it was loaded"), "{name}: {error}");
        assert!(matches!(error, UpdateError::Condition(_)), "{name}: {error}");
    }
    assert_eq!(world.stored("u-1").await, before, "{what}");
}

#[tokio::test]
async fn a_record_whose_protected_attributes_have_changed_is_not_updated() {
    for (name, value) in [
        ("ssn", Some("219-09-9999")),
        ("email", Some("other@example.com")),
        ("email", None),
        ("role", Some("doctor")),
        ("role", None),
    ] {
        let world = world().await;
        let store = opened(&world, OPEN);
        let known = known(&store).await;
        overwrite(&world, name, value).await;

        assert_refused(&world, &store, &known, name).await;
    }
}

#[tokio::test]
async fn a_record_that_was_sealed_meanwhile_is_not_updated() {
    let world = world().await;
    let store = opened(&world, OPEN);
    let known = known(&store).await;
    store.update::<User>("u-1").seal(|f| f.ssn, "078-05-1120").await.unwrap();

    assert_refused(&world, &store, &known, "sealed").await;
}

#[tokio::test]
async fn a_record_that_was_loaded_sealed_and_stripped_meanwhile_is_not_updated() {
    let world = world().await;
    let store = opened(&world, OPEN);
    User::new("u-1").save(&store).await.unwrap();
    let known = store.get::<User>("u-1").with_envelope().await.unwrap().unwrap();
    world.write(super::plain("u-1")).await;

    assert_refused(&world, &store, &known, "stripped").await;
}

#[tokio::test]
async fn after_the_window_has_closed_no_loaded_record_is_sealed() {
    let world = world().await;
    let known = known(&opened(&world, OPEN)).await;
    let before = world.stored("u-1").await;

    for store in [opened(&world, END), at(&world.store, OPEN)] {
        let update = store.update("u-1").based_on(&known).seal(|f| f.ssn, "219-09-9999");
        let error = update.await.unwrap_err();
        assert!(error.is_unsealed() && error.attribute() == Some("_envelope"), "{error}");
    }
    assert_eq!(world.stored("u-1").await, before);
}

/// The first request of the update is its write.
#[tokio::test]
async fn a_write_whose_answer_is_lost_is_recognised() {
    let world = world().await;
    let known = known(&opened(&world, OPEN)).await;

    let store = at(&world.store_losing_answers(), OPEN).accept_unsealed::<User>(super::UNTIL);
    let update = store.update("u-1").based_on(&known).seal(|f| f.ssn, "219-09-9999");
    let new = update.return_new().await.unwrap();

    assert_eq!(new, User { ssn: "219-09-9999".into(), ..User::new("u-1") });
    assert_eq!(sealed(&world).await, new);
}
