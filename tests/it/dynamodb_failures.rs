//! The failures that DynamoDB can answer with, told apart.

use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use envelope_runtime::error::ServiceErrorKind;
use envelope_runtime::{
    DeleteError, EnvelopeRecord, KmsKeyProvider, LoadError, SaveError, Store, UpdateError,
};
use envelope_tests::{dynamodb_without_credentials, failing_dynamodb, unreachable_dynamodb};

use crate::support::{User, World, string};

#[tokio::test]
async fn each_failure_of_dynamodb_is_told_apart_on_every_verb() {
    let world = World::new().await;
    for (code, kind, retryable) in [
        ("AccessDeniedException", ServiceErrorKind::AccessDenied, false),
        ("ResourceNotFoundException", ServiceErrorKind::TableNotFound, false),
        ("ProvisionedThroughputExceededException", ServiceErrorKind::Throttled, true),
        ("RequestLimitExceeded", ServiceErrorKind::Throttled, true),
        ("ThrottlingException", ServiceErrorKind::Throttled, true),
        ("InternalServerError", ServiceErrorKind::Service, true),
        ("TransactionConflictException", ServiceErrorKind::Conflict, true),
        ("ReplicatedWriteConflictException", ServiceErrorKind::Conflict, true),
        ("ValidationException", ServiceErrorKind::Validation, false),
        ("ExpiredTokenException", ServiceErrorKind::ExpiredCredentials, false),
        ("RequestTimeTooSkewed", ServiceErrorKind::Clock, true),
        ("UnrecognizedClientException", ServiceErrorKind::Credentials, false),
        ("SomethingNewException", ServiceErrorKind::Other, false),
    ] {
        let provider = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
        let store = Store::new(failing_dynamodb(code), provider);

        let saved = User::new("foobar").save(&store).await.unwrap_err();
        let loaded = User::load(&store, "foobar").await.unwrap_err();
        let deleted = User::delete(&store, "foobar").await.unwrap_err();
        let set = store.update::<User>("foobar").set(|f| f.nickname, "x").await.unwrap_err();
        let sealed = store.update::<User>("foobar").seal(|f| f.ssn, "x").await.unwrap_err();

        let denied = kind == ServiceErrorKind::AccessDenied;
        for (is_retryable, is_denied) in [
            (saved.is_retryable(), saved.is_access_denied()),
            (loaded.is_retryable(), loaded.is_access_denied()),
            (deleted.is_retryable(), deleted.is_access_denied()),
            (set.is_retryable(), set.is_access_denied()),
            (sealed.is_retryable(), sealed.is_access_denied()),
        ] {
            assert_eq!((is_retryable, is_denied), (retryable, denied), "{code}");
        }
        let SaveError::Request(saved) = saved else { panic!("{saved:?}") };
        let LoadError::Request(loaded) = loaded else { panic!("{loaded:?}") };
        let DeleteError::Request(deleted) = deleted else { panic!("{deleted:?}") };
        let UpdateError::Request(set) = set else { panic!("{set:?}") };
        let UpdateError::Request(sealed) = sealed else { panic!("{sealed:?}") };
        for error in [saved, loaded, deleted, set, sealed] {
            assert_eq!((error.kind(), error.code()), (kind, Some(code)));
            assert!(error.to_string().contains("key `id`"), "{error}");
        }
    }
}

#[tokio::test]
async fn failures_of_dynamodb_are_told_apart() {
    let world = World::new().await;
    let store = world.store.clone().map_table::<User>("no-such-table");

    let error = User::load(&store, "foobar").await.unwrap_err();

    let LoadError::Request(error) = &error else { panic!("{error:?}") };
    assert_eq!(error.kind(), ServiceErrorKind::TableNotFound);
    assert_eq!(error.table_name(), "no-such-table");

    let provider = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
    let store = envelope_runtime::Store::new(unreachable_dynamodb(), provider);
    let error = User::load(&store, "foobar").await.unwrap_err();
    assert!(
        matches!(&error, LoadError::Request(error) if error.kind() == ServiceErrorKind::Network)
    );
    assert!(error.is_retryable());
}

#[tokio::test]
async fn missing_credentials_are_named() {
    let world = World::new().await;
    let client = dynamodb_without_credentials();
    let provider = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);

    let error = User::load(&envelope_runtime::Store::new(client, provider), "a").await.unwrap_err();

    assert!(
        matches!(&error, LoadError::Request(error) if error.kind() == ServiceErrorKind::Credentials),
        "{error}"
    );
}

#[derive(EnvelopeRecord, Debug)]
#[envelope(table = "users")]
struct Entry {
    #[partition_key]
    id: String,
    #[sort_key]
    at: u64,
    count: u64,
    list: Vec<String>,
    #[encrypted]
    text: String,
}

fn entry(at: u64) -> Entry {
    Entry { id: "e-1".into(), at, count: 1, list: Vec::new(), text: "x".into() }
}

/// Such a table has one item for all of them, which only a load can detect.
#[tokio::test]
async fn a_table_without_the_sort_key_takes_saves_and_refuses_loads() {
    let world = World::new().await;
    world.store.put(&entry(1)).await.unwrap();
    world.store.put(&entry(2)).await.unwrap();

    let error = world.store.get::<Entry>(("e-1", 1)).await.unwrap_err();

    let LoadError::Request(error) = &error else { panic!("{error}") };
    assert_eq!(error.kind(), ServiceErrorKind::KeySchema, "{error}");
    assert!(error.to_string().contains("key schema"), "{error}");
}

#[tokio::test]
async fn what_dynamodb_finds_invalid_in_an_update_is_told_apart() {
    let keys = [("id", ScalarAttributeType::S), ("at", ScalarAttributeType::N)];
    let world = World::with_keys(&keys).await;
    world.store.put(&entry(1)).await.unwrap();
    let key = |at: u64| {
        [("id".to_owned(), string("e-1")), ("at".to_owned(), AttributeValue::N(at.to_string()))]
    };
    let mut item = world.stored_at(key(1)).await;
    item.insert("count".into(), string("many"));
    world.write(item).await;

    let error = world.store.update::<Entry>(("e-1", 1)).add(|f| f.count, 1).await.unwrap_err();

    let UpdateError::Request(error) = &error else { panic!("{error}") };
    assert_eq!(error.kind(), ServiceErrorKind::OperandType, "{error}");
    assert!(!error.is_retryable(), "{error}");
}
