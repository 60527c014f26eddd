//! Fields that the library fills in: versions, TTLs, times of writes.

mod expiry;
mod limits;
mod lost_answers;

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use envelope_runtime::error::ConvertErrorKind;
use envelope_runtime::{
    DeleteError, EnvelopeRecord, LocalKeyProvider, Opener, SaveError, Sealer, Store, UpdateError,
};

use crate::support::World;

/// The second at which the tests take place.
const NOW: u64 = 1_800_000_000;

fn time(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn at(store: &Store, seconds: u64) -> Store {
    store.clone().clock(move || time(seconds))
}

/// A record with every field that the library fills in, none of them authenticated.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Document {
    #[partition_key]
    id: String,
    title: String,
    #[encrypted]
    text: String,
    #[envelope(version)]
    version: u64,
    #[envelope(ttl)]
    expires: Option<u64>,
    #[envelope(created_at)]
    created: Option<u64>,
    #[envelope(updated_at)]
    updated: u64,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Covered {
    #[partition_key]
    id: String,
    title: String,
    #[encrypted]
    text: String,
    #[authenticated]
    #[envelope(version)]
    version: i32,
    #[authenticated]
    #[envelope(ttl, with = chrono::serde::ts_seconds)]
    expires: DateTime<Utc>,
    #[authenticated]
    #[envelope(created_at)]
    created: Option<DateTime<Utc>>,
    #[authenticated]
    #[envelope(updated_at, with = chrono::serde::ts_milliseconds)]
    updated: DateTime<Utc>,
}

fn document() -> Document {
    Document {
        id: "d-1".into(),
        title: "first".into(),
        text: "secret".into(),
        version: 0,
        expires: None,
        created: None,
        updated: 0,
    }
}

fn covered() -> Covered {
    Covered {
        id: "d-1".into(),
        title: "first".into(),
        text: "secret".into(),
        version: 0,
        expires: time(NOW + 100).into(),
        created: None,
        updated: DateTime::UNIX_EPOCH,
    }
}

#[tokio::test]
async fn a_save_gives_back_the_record_as_it_was_saved() {
    let world = World::new().await;

    let first = at(&world.store, NOW).put(&document()).await.unwrap().into_inner();
    let changed = Document { title: "second".into(), ..first.clone() };
    let second = at(&world.store, NOW + 5).put(&changed).await.unwrap().into_inner();

    let expected = Document { version: 1, created: Some(NOW), updated: NOW, ..document() };
    assert_eq!(first, expected);
    let expected = Document { title: "second".into(), version: 2, updated: NOW + 5, ..expected };
    assert_eq!(second, expected);
    assert_eq!(world.store.get("d-1").await.unwrap(), Some(expected));
}

#[tokio::test]
async fn times_of_other_crates_and_authenticated_ones_are_filled_in_too() {
    let world = World::new().await;

    let first = at(&world.store, NOW).put(&covered()).await.unwrap().into_inner();
    let title = at(&world.store, NOW + 5).update::<Covered>("d-1").set(|f| f.title, "second");
    title.await.unwrap();

    let filled_in = Covered {
        version: 1,
        created: Some(time(NOW).into()),
        updated: time(NOW).into(),
        ..covered()
    };
    assert_eq!(first, filled_in);
    let store = at(&world.store, NOW + 6);
    let expected =
        Covered { title: "second".into(), version: 2, updated: time(NOW + 5).into(), ..filled_in };
    assert_eq!(store.get("d-1").await.unwrap(), Some(expected));
    let stored = world.stored("d-1").await;
    assert_eq!(stored["updated"], AttributeValue::N(((NOW + 5) * 1000).to_string()));
}

#[tokio::test]
async fn a_save_overwrites_only_the_version_that_it_was_loaded_with() {
    let world = World::new().await;
    let first = world.store.put(&document()).await.unwrap().into_inner();
    let other = Document { text: "of somebody else".into(), ..first.clone() };
    let other = world.store.put(&other).await.unwrap().into_inner();
    let stored = world.stored("d-1").await;

    for stale in [document(), first, Document { version: 9, ..document() }] {
        for save in [world.store.put(&stale), world.store.replace(&stale)] {
            let error = save.await.unwrap_err();

            let SaveError::Version(version) = &error else { panic!("{error}") };
            assert_eq!((version.expected(), version.found()), (stale.version, Some(2)));
            assert!(version.stored().is_some());
            assert!(error.is_conflict() && error.is_version_conflict() && !error.is_retryable());
        }
    }
    assert!(world.store.create(&other).await.unwrap_err().is_conflict());
    assert_eq!(world.stored("d-1").await, stored);
}

#[tokio::test]
async fn a_save_of_a_version_that_is_not_stored_says_which_one_it_depends_on() {
    let world = World::new().await;

    let error = world.store.put(&Document { version: 2, ..document() }).await.unwrap_err();

    let SaveError::Version(version) = &error else { panic!("{error}") };
    assert_eq!(version.found(), None);
    let text = error.to_string();
    assert!(text.contains("depends on version 2") && text.contains("load the record"), "{text}");
}

#[tokio::test]
async fn a_version_conflict_goes_before_a_condition() {
    let world = World::new().await;
    let first = world.store.put(&document()).await.unwrap().into_inner();

    let stale = world.store.put(&document()).condition(|f| f.title.eq("first"));
    assert!(stale.await.unwrap_err().is_version_conflict());
    let error = world.store.put(&first).condition(|f| f.title.eq("x")).await.unwrap_err();
    assert!(matches!(error, SaveError::Condition(_)), "{error}");
    let _ = world.store.put(&first).condition(|f| f.title.eq("first")).await.unwrap();
}

/// A record before it has a version.
#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct Before {
    #[partition_key]
    id: String,
    title: String,
    #[encrypted]
    text: String,
}

/// The same record with a version.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct After {
    #[partition_key]
    id: String,
    title: String,
    #[encrypted]
    text: String,
    #[envelope(version, default)]
    version: u8,
}

#[tokio::test]
async fn an_item_without_a_version_is_at_version_0() {
    let world = World::new().await;
    let before = Before { id: "d-1".into(), title: "t".into(), text: "secret".into() };
    world.store.put(&before).await.unwrap();

    let loaded: After = world.store.get("d-1").await.unwrap().unwrap();
    assert_eq!(loaded.version, 0);
    world.store.update::<After>("d-1").version(0).set(|f| f.title, "u").await.unwrap();
    assert!(world.store.put(&loaded).await.unwrap_err().is_version_conflict());
    let loaded: After = world.store.get("d-1").await.unwrap().unwrap();
    assert_eq!((loaded.version, loaded.title.as_str()), (1, "u"));
}

#[tokio::test]
async fn a_stored_number_0_is_version_0() {
    let world = World::new().await;
    let after = After { id: "d-1".into(), title: "t".into(), text: "secret".into(), version: 0 };
    let _ = world.store.put(&after).await.unwrap();
    let mut item = world.stored("d-1").await;
    item.insert("version".into(), AttributeValue::N("0".into()));
    world.write(item.clone()).await;
    let zero: After = world.store.get("d-1").await.unwrap().unwrap();

    world.store.update::<After>("d-1").version(0).set(|f| f.title, "v").await.unwrap();
    assert!(world.store.put(&zero).await.unwrap_err().is_version_conflict());
    world.write(item).await;
    assert_eq!(world.store.put(&zero).await.unwrap().version, 1);
}

#[tokio::test]
async fn a_save_does_not_count_beyond_what_the_version_holds() {
    let world = World::new().await;

    let last = After { id: "d-1".into(), title: "t".into(), text: "secret".into(), version: 255 };
    let error = world.store.put(&last).await.unwrap_err();

    let SaveError::Field(field) = &error else { panic!("{error}") };
    assert_eq!((field.kind(), field.attribute()), (ConvertErrorKind::Version, "version"));
}

#[tokio::test]
async fn a_deletion_says_which_version_it_means() {
    let world = World::new().await;
    let first = world.store.put(&document()).await.unwrap().into_inner();
    let _ = world.store.put(&first).await.unwrap();

    let error = world.store.delete_version::<Document>("d-1", first.version).await.unwrap_err();
    let DeleteError::Version(version) = &error else { panic!("{error}") };
    assert_eq!((version.expected(), version.found()), (1, Some(2)));
    assert!(error.is_conflict() && error.is_version_conflict(), "{error}");
    let other = world.store.delete_version::<Document>("d-1", 2).condition(|f| f.title.eq("x"));
    assert!(matches!(other.await, Err(DeleteError::Condition(_))));
    let old = world.store.delete_version::<Document>("d-1", 2).return_old().await.unwrap();
    assert_eq!(old.unwrap().version, 2);
    let gone = world.store.delete_version::<Document>("d-1", 2).await.unwrap_err();
    assert!(matches!(gone, DeleteError::Version(error) if error.found().is_none()));
}

#[tokio::test]
async fn a_deletion_of_any_version_does_not_look_at_it() {
    let world = World::new().await;
    let _ = world.store.put(&document()).await.unwrap();

    world.store.delete_any_version::<Document>("d-1").await.unwrap();

    assert_eq!(world.store.get::<Document>("d-1").await.unwrap(), None);
}

#[tokio::test]
async fn a_deletion_of_a_version_that_the_field_cannot_hold_is_refused() {
    let world = World::new().await;

    let negative = world.store.delete_version::<Document>("d-1", -1).await.unwrap_err();

    assert!(matches!(negative, DeleteError::Field(_)));
}

#[tokio::test]
async fn every_update_counts_the_version_up() {
    let world = World::new().await;
    let first = at(&world.store, NOW).put(&document()).await.unwrap().into_inner();
    let store = at(&world.store, NOW + 5);

    store.update::<Document>("d-1").set(|f| f.title, "second").await.unwrap();
    store.update::<Document>("d-1").version(2).seal(|f| f.text, "other").await.unwrap();
    let third = store.get::<Document>("d-1").with_envelope().await.unwrap().unwrap();

    let expected = Document {
        title: "second".into(),
        text: "other".into(),
        version: 3,
        updated: NOW + 5,
        ..first.clone()
    };
    assert_eq!(*third, expected);
    assert!(store.put(&first).await.unwrap_err().is_version_conflict());
}

#[tokio::test]
async fn an_update_of_another_version_is_refused() {
    let world = World::new().await;
    let store = &world.store;
    let first = store.put(&document()).await.unwrap().into_inner();
    let second = store.put(&first).await.unwrap().into_inner();
    let _ = store.put(&second).await.unwrap();

    for update in [
        store.update::<Document>("d-1").version(2).set(|f| f.title, "x"),
        store.update::<Document>("d-1").version(4).seal(|f| f.text, "x"),
    ] {
        let error = update.await.unwrap_err();
        let UpdateError::Version(version) = &error else { panic!("{error}") };
        assert_eq!(version.found(), Some(3));
        assert!(error.is_version_conflict() && error.is_conflict() && !error.is_retryable());
    }
}

#[tokio::test]
async fn an_update_based_on_a_loaded_record_is_of_its_version() {
    let world = World::new().await;
    let store = &world.store;
    let _ = store.put(&document()).await.unwrap();
    let known = store.get::<Document>("d-1").with_envelope().await.unwrap().unwrap();

    store.update("d-1").based_on(&known).set(|f| f.title, "second").await.unwrap();

    for update in [
        store.update("d-1").based_on(&known).set(|f| f.title, "x"),
        store.update("d-1").based_on(&known).seal(|f| f.text, "x"),
    ] {
        assert!(update.await.unwrap_err().is_version_conflict());
    }
}

#[tokio::test]
async fn an_authenticated_version_is_covered_by_every_update() {
    let world = World::new().await;
    let store = at(&world.store, NOW);
    let _ = store.put(&covered()).await.unwrap();

    store.update::<Covered>("d-1").version(1).seal(|f| f.text, "x").await.unwrap();
    let error = store.update::<Covered>("d-1").version(1).set(|f| f.title, "x").await.unwrap_err();
    assert!(error.is_version_conflict(), "{error}");
    assert_eq!(store.get::<Covered>("d-1").await.unwrap().unwrap().version, 2);
}

#[tokio::test]
async fn an_authenticated_version_that_was_set_back_is_tampered_with() {
    let world = World::new().await;
    let store = at(&world.store, NOW);
    let _ = store.put(&covered()).await.unwrap();
    store.update::<Covered>("d-1").version(1).seal(|f| f.text, "x").await.unwrap();

    let mut item = world.stored("d-1").await;
    item.insert("version".into(), AttributeValue::N("1".into()));
    world.write(item).await;

    assert!(store.get::<Covered>("d-1").await.unwrap_err().is_tampered());
    let error = store.update::<Covered>("d-1").set(|f| f.title, "x").await.unwrap_err();
    assert!(error.is_tampered(), "{error}");
}

#[tokio::test]
async fn a_time_that_an_update_sets_itself_is_not_filled_in() {
    let world = World::new().await;
    let _ = at(&world.store, NOW).put(&document()).await.unwrap();

    let update = at(&world.store, NOW + 5).update::<Document>("d-1").set(|f| f.updated, 7);
    update.await.unwrap();

    let document: Document = at(&world.store, NOW).get("d-1").await.unwrap().unwrap();
    assert_eq!((document.updated, document.created), (7, Some(NOW)));
}

#[tokio::test]
async fn a_sealer_fills_in_too() {
    let key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let item = Sealer::new(LocalKeyProvider::from_hex(key).unwrap()).seal(&document()).await;

    let opener = Opener::new(LocalKeyProvider::from_hex(key).unwrap());
    let document = opener.open::<Document>(item.unwrap()).await.unwrap();

    assert_eq!((document.version, document.created), (1, Some(document.updated)));
    assert!(document.updated > NOW - 1_000_000_000);
}
