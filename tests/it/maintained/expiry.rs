//! TTLs.

use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use envelope_runtime::error::ConvertErrorKind;
use envelope_runtime::{LocalKeyProvider, Opener, SaveError, Sealer, UpdateError, Usage};

use super::{Document, NOW, at, document};
use crate::support::{World, string};

/// The old image of a removal by TTL has expired, and is opened.
#[tokio::test]
async fn an_opener_opens_what_has_expired_and_the_record_says_so() {
    let local = || LocalKeyProvider::from_hex(&"07".repeat(32)).unwrap();
    let dated = Document { expires: Some(NOW), ..document() };
    let item = Sealer::new(local()).seal(&dated).await.unwrap();

    let opened = Opener::new(local()).open::<Document>(item).await.unwrap();

    let time = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    assert!(opened.is_expired(time(NOW)) && !opened.is_expired(time(NOW - 1)));
    let item = Sealer::new(local()).seal(&document()).await.unwrap();
    let lasting = Opener::new(local()).open::<Document>(item).await.unwrap();
    assert!(!lasting.is_expired(time(NOW)));
}

#[tokio::test]
async fn what_has_expired_is_not_there() {
    let world = World::new().await;
    let store = |seconds| at(&world.store, seconds);
    let dated = Document { expires: Some(NOW), ..document() };
    let saved = store(NOW - 1).create(&dated).await.unwrap().into_inner();
    assert_eq!(store(NOW - 1).get("d-1").await.unwrap(), Some(saved.clone()));

    // The item stays until DynamoDB deletes it.
    let usage = Usage::default();
    let loaded = store(NOW).measured(&usage).get::<Document>("d-1").await.unwrap();
    assert_eq!((loaded, usage.kms_calls()), (None, 0));
    assert!(store(NOW).replace(&saved).await.unwrap_err().is_not_found());
    for update in [
        store(NOW).update::<Document>("d-1").set(|f| f.title, "x"),
        store(NOW).update::<Document>("d-1").seal(|f| f.text, "x"),
    ] {
        assert!(update.await.unwrap_err().is_not_found());
    }
    // Nor is it revived by a writer that loaded it before.
    let known = store(NOW - 1).get::<Document>("d-1").with_envelope().await.unwrap().unwrap();
    let revive = store(NOW).update("d-1").based_on(&known).set(|f| f.expires, NOW + 50);
    assert!(revive.seal(|f| f.text, "x").await.unwrap_err().is_not_found());
    let later = Document { expires: Some(NOW + 100), ..document() };
    let first = store(NOW).create(&later).await.unwrap().into_inner();
    assert_eq!(first.version, 1);
    assert!(store(NOW).create(&later).await.unwrap_err().is_conflict());

    // A new record replaces an expired one without knowing it.
    let _ = store(NOW + 100).put(&later).await.unwrap();
}

#[tokio::test]
async fn a_time_to_live_is_in_seconds() {
    let world = World::new().await;
    let milliseconds = Document { expires: Some(NOW * 1000), ..document() };

    let error = world.store.put(&milliseconds).await.unwrap_err();
    let SaveError::Field(field) = &error else { panic!("{error}") };
    assert_eq!((field.kind(), field.attribute()), (ConvertErrorKind::Ttl, "expires"));
    let store = at(&world.store, NOW);
    let _ = store.put(&document()).await.unwrap();
    let error = store.update::<Document>("d-1").set(|f| f.expires, NOW * 1000).await.unwrap_err();
    assert!(
        matches!(&error, UpdateError::Field(f) if f.kind() == ConvertErrorKind::Ttl),
        "{error}"
    );
    store.update::<Document>("d-1").set(|f| f.expires, NOW + 1).await.unwrap();
    assert_eq!(at(&world.store, NOW + 1).get::<Document>("d-1").await.unwrap(), None);
    // A TTL of another type has no effect, as for DynamoDB.
    let mut item = world.stored("d-1").await;
    item.insert("expires".into(), string("1"));
    world.write(item).await;
    assert!(store.get::<Document>("d-1").await.is_err());
}

/// The TTL is not part of the envelope, which a sealed update depends on.
#[tokio::test]
async fn what_was_made_to_expire_after_it_was_loaded_is_not_written_over() {
    let world = World::new().await;
    let store = at(&world.store, NOW);
    let _ = store.put(&Document { expires: Some(NOW + 50), ..document() }).await.unwrap();
    let known = store.get::<Document>("d-1").with_envelope().await.unwrap().unwrap();
    let mut item = world.stored("d-1").await;
    item.insert("expires".into(), AttributeValue::N((NOW - 1).to_string()));
    world.write(item).await;

    let update = store.update("d-1").based_on(&known).seal(|f| f.text, "x");
    assert!(update.set(|f| f.expires, NOW + 90).await.unwrap_err().is_not_found());
    assert_eq!(store.get::<Document>("d-1").await.unwrap(), None);
}
