//! Updates that start from a record that was loaded before.

use envelope_runtime::error::KeyErrorKind;
use envelope_runtime::{UpdateError, Usage};

use super::{Account, account, loaded, world};

#[tokio::test]
async fn a_record_that_was_read_before_saves_the_read() {
    let world = world().await;
    let known = world.store.get::<Account>("a-1").with_envelope().await.unwrap().unwrap();
    let usage = Usage::default();
    let store = world.store.measured(&usage);

    store.update("a-1").based_on(&known).seal(|f| f.email, "first").await.unwrap();

    assert_eq!((usage.requests(), usage.kms_calls()), (1, 1));
    let expected = Account { email: Some("first".into()), ..account() };
    assert_eq!(loaded(&world.store).await, expected);
}

/// One of the unchanged values is opened and re-sealed, so the whole item is needed.
#[tokio::test]
async fn an_update_without_a_value_to_seal_reads_the_item_again() {
    let world = world().await;
    let known = world.store.get::<Account>("a-1").with_envelope().await.unwrap().unwrap();
    let usage = Usage::default();
    let store = world.store.measured(&usage);

    store.update("a-1").based_on(&known).set(|f| f.role, "nurse").await.unwrap();

    assert_eq!((usage.requests(), usage.kms_calls()), (2, 1));
    assert_eq!(loaded(&world.store).await, Account { role: "nurse".into(), ..account() });
}

#[tokio::test]
async fn an_update_based_on_another_record_is_refused_before_any_request() {
    let world = world().await;
    let known = world.store.get::<Account>("a-1").with_envelope().await.unwrap().unwrap();
    let usage = Usage::default();
    let store = world.store.measured(&usage);

    for update in [
        store.update("a-2").based_on(&known).seal(|f| f.email, "x"),
        store.update("a-2").based_on(&known).set(|f| f.status, "x"),
    ] {
        let error = update.await.unwrap_err();
        let UpdateError::Key(key) = &error else { panic!("{error}") };
        assert_eq!(*key.kind(), KeyErrorKind::OtherRecord);
        assert!(error.to_string().contains("load that one"), "{error}");
    }
    assert_eq!(usage.requests(), 0);
}

#[tokio::test]
async fn a_record_that_has_changed_since_it_was_read_is_not_updated() {
    let world = world().await;
    let known = world.store.get::<Account>("a-1").with_envelope().await.unwrap().unwrap();
    world.store.update::<Account>("a-1").set(|f| f.status, "x").await.unwrap();
    world.store.update("a-1").based_on(&known).set(|f| f.status, "y").await.unwrap();
    world.store.update::<Account>("a-1").seal(|f| f.email, "faster").await.unwrap();
    let before = world.stored("a-1").await;

    let update = || world.store.update("a-1").based_on(&known);
    for update in [
        update().seal(|f| f.email, "x"),
        update().set(|f| f.role, "x"),
        update().set(|f| f.status, "x"),
        update().add(|f| f.logins, 1),
        update().seal(|f| f.email, "x").condition(|f| f.status.eq("y")),
    ] {
        let error = update.await.unwrap_err();
        assert!(error.is_conflict() && !error.is_retryable(), "{error}");
        assert!(error.to_string().contains("has changed since it was loaded"), "{error}");
        let UpdateError::Condition(error) = error else { panic!("{error}") };
        assert!(error.stored().is_some());
    }
    assert_eq!(world.stored("a-1").await, before);
}
