//! Changes that are refused before any request.

use envelope_runtime::error::ConvertErrorKind;
use envelope_runtime::{UpdateError, Usage};

use super::{Account, groups, world};

#[tokio::test]
async fn a_change_that_cannot_be_stored_is_refused_before_any_request() {
    let world = world().await;
    let usage = Usage::default();
    let store = world.store.measured(&usage);
    let update = || store.update::<Account>("a-1");
    let refused = [
        (update().set(|f| f.ratio, f64::NAN), "ratio"),
        (update().set(|f| f.status, "a").set(|f| f.status, "b"), "status"),
        (update().seal(|f| f.email, "a").remove(|f| f.email), "email"),
        (update().add(|f| f.status, "a"), "status"),
        (update().append(|f| f.hash, vec![1]), "hash"),
        (update().subtract(|f| f.tags, Vec::new()), "tags"),
        (update().seal(|f| f.ssn, "x").condition(|f| f.ratio.eq(f64::NAN)), "ratio"),
        (update().add(|f| f.ratio, None), "ratio"),
        (update().set(|f| f.status, "x").condition(|f| f.ratio.eq(f64::NAN)), "ratio"),
    ];
    for (update, attribute) in refused {
        let error = update.await.unwrap_err();

        let UpdateError::Field(field) = &error else { panic!("{error}") };
        assert_eq!(field.attribute(), attribute, "{error}");
    }
    assert_eq!(usage.requests(), 0);
}

#[tokio::test]
async fn a_change_that_adds_nothing_is_refused_before_any_request() {
    let world = world().await;
    let usage = Usage::default();
    let store = world.store.measured(&usage);
    let update = || store.update::<Account>("a-1");

    for nothing in [
        update().add(|f| f.groups, groups([])),
        update().subtract(|f| f.groups, groups([])),
        update().set_if_absent(|f| f.comment, None),
    ] {
        let error = nothing.await.unwrap_err();
        assert!(
            matches!(&error, UpdateError::Field(f) if f.kind() == ConvertErrorKind::NothingToAdd)
        );
        assert!(error.to_string().contains("leave it out"), "{error}");
    }
    assert_eq!(usage.requests(), 0);
}

#[tokio::test]
async fn an_attribute_that_is_changed_twice_is_refused_before_any_request() {
    let world = world().await;
    let usage = Usage::default();

    let update = world.store.measured(&usage).update::<Account>("a-1");
    let twice = update.set(|f| f.status, "a").set(|f| f.status, "b").await.unwrap_err();

    assert!(matches!(&twice, UpdateError::Field(f) if f.kind() == ConvertErrorKind::ChangedTwice));
    assert_eq!(usage.requests(), 0);
}

#[tokio::test]
async fn an_empty_key_is_refused_before_any_request() {
    let world = world().await;
    let usage = Usage::default();

    let update = world.store.measured(&usage).update::<Account>("").set(|f| f.status, "a");
    let error = update.await.unwrap_err();

    assert!(matches!(error, UpdateError::Key(_)), "{error}");
    assert_eq!(usage.requests(), 0);
}
