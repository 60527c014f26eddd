//! Updates of a record that was loaded before: when the loaded item is enough, and when the item is
//! read again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use envelope_runtime::error::KeyErrorKind;
use envelope_runtime::schema::IntoKey;
use envelope_runtime::{EnvelopeRecord, Loaded, LocalKeyProvider, Store, UpdateError};
use serde_json::json;

use crate::dynamodb::{Dynamodb, done, refused};
use crate::models::{Account, Chart, account, chart};

async fn known<R>(dynamodb: &Dynamodb, store: &Store, id: &str) -> Loaded<R>
where
    R: EnvelopeRecord,
    for<'a> &'a str: IntoKey<R::Key>,
{
    dynamodb.expect([done("GetItem")]);
    let loaded = store.get::<R>(id).with_envelope().await;
    dynamodb.requests();
    loaded.unwrap_or_else(|error| panic!("{error}")).unwrap()
}

#[tokio::test]
async fn a_value_is_sealed_without_another_read() {
    let dynamodb = Dynamodb::holding(&account()).await;
    let store = dynamodb.store();
    let known = known::<Account>(&dynamodb, &store, "a-1").await;
    dynamodb.expect([done("UpdateItem")]);

    store.update("a-1").based_on(&known).seal(|f| f.email, "x").await.unwrap();

    let request = dynamodb.request();
    assert_eq!(request.update(), "SET _envelope = <bytes>, email = <bytes>");
    let condition = "_envelope = <the stored envelope> AND attribute_exists(id)";
    assert_eq!(request.condition(), condition);
}

/// A write is recognised by its envelope, and only sealing creates a new one.
#[tokio::test]
async fn where_nothing_is_sealed_the_item_is_read_for_a_value_to_seal_again() {
    let dynamodb = Dynamodb::holding(&account()).await;
    let store = dynamodb.store();
    let known = known::<Account>(&dynamodb, &store, "a-1").await;
    dynamodb.expect([done("GetItem"), done("UpdateItem")]);

    store.update("a-1").based_on(&known).set(|f| f.role, "nurse").await.unwrap();

    let text = "SET _envelope = <bytes>, role = 'nurse', ssn = <bytes>";
    assert_eq!(dynamodb.requests()[1].update(), text);
}

#[tokio::test]
async fn what_is_known_of_another_record_is_refused_before_any_request() {
    let dynamodb = Dynamodb::holding(&account()).await;
    let store = dynamodb.store();
    let known = known::<Account>(&dynamodb, &store, "a-1").await;

    let error = store.update("a-2").based_on(&known).seal(|f| f.email, "x").await.unwrap_err();

    let UpdateError::Key(key) = &error else { panic!("{error}") };
    assert_eq!(*key.kind(), KeyErrorKind::OtherRecord);
}

#[tokio::test]
async fn a_record_that_was_saved_again_is_not_updated_and_no_deadline_waited_for() {
    let dynamodb = Dynamodb::holding(&account()).await;
    let store = dynamodb.store();
    let known = known::<Account>(&dynamodb, &store, "a-1").await;
    let newer = Dynamodb::holding(&account()).await.item().unwrap();
    dynamodb.expect([refused("UpdateItem").after(|item| *item = newer)]);

    let update = store.update("a-1").based_on(&known).seal(|f| f.email, "x");
    let error = update.deadline(Duration::ZERO).await.unwrap_err();

    dynamodb.requests();
    assert!(matches!(error, UpdateError::Condition(_)), "{error}");
    assert!(error.to_string().contains("has changed since it was loaded"), "{error}");

    // The same if the item must be read.
    dynamodb.expect([done("GetItem")]);
    let error = store.update("a-1").based_on(&known).set(|f| f.role, "x").await.unwrap_err();
    dynamodb.requests();
    assert!(matches!(error, UpdateError::Condition(_)), "{error}");
}

/// Otherwise the error would be about a key that the record is no longer under.
#[tokio::test]
async fn where_the_known_data_key_cannot_be_had_the_item_is_read_again() {
    let dynamodb = Dynamodb::holding(&account()).await;
    let known = known::<Account>(&dynamodb, &dynamodb.store(), "a-1").await;
    let other = LocalKeyProvider::from_hex(&"08".repeat(32)).unwrap();
    let store = Store::new(dynamodb.client(), other);
    dynamodb.expect([done("PutItem"), done("GetItem")]);
    store.put(&account()).await.unwrap();

    let error = store.update("a-1").based_on(&known).seal(|f| f.email, "x").await.unwrap_err();

    dynamodb.requests();
    assert!(matches!(error, UpdateError::Condition(_)), "{error}");
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Session {
    #[partition_key]
    id: String,
    #[envelope(ttl)]
    expires: u64,
    #[encrypted]
    token: String,
}

/// The TTL is plaintext, so the envelope is the same.
#[tokio::test]
async fn a_known_record_whose_time_is_over_is_read_again_since_it_may_have_been_prolonged() {
    let at = |second| move || -> SystemTime { UNIX_EPOCH + Duration::from_secs(second) };
    let session = Session { id: "s-1".into(), expires: 100, token: "x".into() };
    let dynamodb = Dynamodb::holding(&session).await;
    let store = dynamodb.store().clock(at(50));
    let known = known::<Session>(&dynamodb, &store, "s-1").await;
    dynamodb.alter(|item| drop(item.insert("expires".into(), json!({"N": "200"}))));
    dynamodb.expect([done("GetItem"), done("UpdateItem")]);

    let later = store.clock(at(150));
    later.update("s-1").based_on(&known).seal(|f| f.token, "y").await.unwrap();

    let condition = "_envelope = <the stored envelope> AND attribute_exists(id) AND NOT (expires > 0 AND \
                     expires <= 150)";
    assert_eq!(dynamodb.requests()[1].condition(), condition);
    // If the TTL was not extended, the record counts as absent.
    dynamodb.expect([done("GetItem")]);
    let much_later = later.clock(at(250));
    let error = much_later.update("s-1").based_on(&known).seal(|f| f.token, "z").await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    dynamodb.requests();
}

#[tokio::test]
async fn the_known_version_is_the_one_that_is_updated() {
    let dynamodb = Dynamodb::holding(&chart()).await;
    let store = dynamodb.store();
    let known = known::<Chart>(&dynamodb, &store, "c-1").await;
    dynamodb.expect([done("UpdateItem")]);

    store.update("c-1").based_on(&known).seal(|f| f.text, "x").await.unwrap();

    let request = dynamodb.request();
    assert_eq!(request.update(), "SET _envelope = <bytes>, text = <bytes>, version = 2");
    assert!(request.condition().contains(" AND version = 1 AND "), "{}", request.condition());

    // By now the stored version is 2.
    dynamodb.expect([refused("UpdateItem")]);
    let error = store.update("c-1").based_on(&known).seal(|f| f.text, "y").await.unwrap_err();
    let UpdateError::Version(version) = &error else { panic!("{error}") };
    assert_eq!((version.expected(), version.found()), (1, Some(2)));
    dynamodb.requests();
}

/// The known record has another version than the requested one, and may be out of date.
#[tokio::test]
async fn the_version_that_is_reported_is_the_stored_one_and_not_the_known_one() {
    let dynamodb = Dynamodb::holding(&chart()).await;
    let store = dynamodb.store();
    let known = known::<Chart>(&dynamodb, &store, "c-1").await;
    let newer = Dynamodb::holding(&Chart { version: 4, ..chart() }).await.item().unwrap();
    dynamodb.alter(|item| *item = newer);
    dynamodb.expect([done("GetItem")]);

    let update = store.update("c-1").based_on(&known).version(3_u8).seal(|f| f.text, "x");
    let error = update.await.unwrap_err();

    dynamodb.requests();
    let UpdateError::Version(version) = &error else { panic!("{error}") };
    assert_eq!((version.expected(), version.found()), (3, Some(5)));
}
