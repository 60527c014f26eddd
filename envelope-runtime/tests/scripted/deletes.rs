//! Deletions: the requests sent, and the meaning of each refusal.

use std::time::{Duration, UNIX_EPOCH};

use envelope_runtime::DeleteError;
use envelope_runtime::error::OpenErrorKind;
use serde_json::json;

use crate::dynamodb::{Dynamodb, done, refused};
use crate::models::{Account, Document, Note, Person, account, document, person};
use crate::request::Request;

#[tokio::test]
async fn a_deletion_sends_the_key_on_no_condition() {
    let dynamodb = Dynamodb::holding(&account()).await;
    dynamodb.expect([done("DeleteItem")]);

    dynamodb.store().delete::<Account>("a-1").await.unwrap();

    let request = dynamodb.request();
    assert_eq!(request.body["TableName"], "users");
    assert_eq!(request.body["Key"], json!({"id": {"S": "a-1"}}));
    assert!(
        request.body["ReturnValues"].is_null() && request.body["ConditionExpression"].is_null()
    );
    assert_eq!(dynamodb.item(), None);
}

#[tokio::test]
async fn each_kind_of_deletion_has_its_condition() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store().clock(|| UNIX_EPOCH);
    dynamodb.expect((0..5).map(|_| done("DeleteItem")));

    store.delete::<Account>("a-1").condition(|f| f.logins.lt(9)).await.unwrap();
    store.delete_version::<Document>("d-1", 3_u8).await.unwrap();
    store.delete_version::<Document>("d-1", 3_u8).condition(|f| f.title.exists()).await.unwrap();
    store.delete_any_version::<Document>("d-1").await.unwrap();
    store.delete::<Note>("a-1").await.unwrap();

    let requests = dynamodb.requests();
    let conditions: Vec<_> = requests.iter().map(Request::condition).collect();
    assert_eq!(
        conditions,
        [
            "logins < 9",
            "version = 3",
            "version = 3 AND attribute_exists(title)",
            "",
            "attribute_not_exists(_envelope)"
        ]
    );
}

#[tokio::test]
async fn another_version_is_told_from_a_condition() {
    let dynamodb = Dynamodb::holding(&document()).await;
    let store = dynamodb.store();
    let delete = |version: u8| store.delete_version::<Document>("d-1", version);
    dynamodb.expect((0..4).map(|_| refused("DeleteItem")));

    let error = delete(3).await.unwrap_err();
    let DeleteError::Version(version) = &error else { panic!("{error}") };
    assert_eq!((version.expected(), version.found()), (3, Some(1)));
    assert!(version.stored().unwrap().attribute("title").is_some());
    assert!(error.is_conflict() && error.is_version_conflict() && !error.is_retryable());
    let error = delete(3).condition(|f| f.title.eq("x")).await.unwrap_err();
    assert!(matches!(error, DeleteError::Version(_)), "{error}");
    let error = delete(1).condition(|f| f.title.eq("x")).await.unwrap_err();
    assert!(matches!(error, DeleteError::Condition(_)), "{error}");
    assert!(error.is_conflict() && !error.is_version_conflict() && !error.is_access_denied());
    let delete = store.delete_any_version::<Document>("d-1").condition(|f| f.title.eq("x"));
    let error = delete.await.unwrap_err();
    let DeleteError::Condition(condition) = &error else { panic!("{error}") };
    assert!(condition.stored().unwrap().attribute("title").is_some());
    dynamodb.requests();

    let empty = Dynamodb::new();
    empty.expect([refused("DeleteItem")]);
    let error = empty.store().delete_version::<Document>("d-1", 3_u8).await.unwrap_err();
    let DeleteError::Version(version) = &error else { panic!("{error}") };
    assert_eq!((version.expected(), version.found()), (3, None));
    assert!(version.stored().is_none());
}

#[tokio::test]
async fn a_record_that_protects_nothing_deletes_none_that_does() {
    let dynamodb = Dynamodb::holding(&account()).await;
    dynamodb.expect([refused("DeleteItem")]);

    let error = dynamodb.store().delete::<Note>("a-1").await.unwrap_err();

    dynamodb.requests();
    let DeleteError::Open(open) = &error else { panic!("{error}") };
    assert_eq!(open.kind(), OpenErrorKind::HasEnvelope);
}

#[tokio::test]
async fn the_record_that_was_deleted_is_given_back() {
    let dynamodb = Dynamodb::holding(&account()).await;
    let store = dynamodb.store();
    dynamodb.expect([done("DeleteItem"), done("DeleteItem")]);

    let deleted = store.delete::<Account>("a-1").return_old().await.unwrap();
    assert_eq!(deleted, Some(account()));
    assert_eq!(store.delete::<Account>("a-1").return_old().await.unwrap(), None);

    assert_eq!(dynamodb.requests()[0].body["ReturnValues"], "ALL_OLD");
    let dynamodb = Dynamodb::holding(&account()).await;
    dynamodb.alter(|item| drop(item.remove("role")));
    dynamodb.expect([done("DeleteItem")]);
    let error = dynamodb.store().delete::<Account>("a-1").return_old().await.unwrap_err();
    dynamodb.requests();
    assert!(matches!(error, DeleteError::Unreadable(_)) && !error.is_access_denied(), "{error}");
    let says = "the record is deleted, but cannot be returned: cannot load record of table `users`";
    assert!(error.to_string().starts_with(says), "{error}");
}

#[tokio::test]
async fn what_is_given_back_is_of_the_context_of_the_store() {
    let dynamodb = Dynamodb::holding(&person()).await;
    let delete = |tenant: &str| {
        let store = dynamodb.store().scoped([("tenant", tenant)]);
        store.delete::<Person>("p-1").return_old()
    };
    let error = dynamodb.store().delete::<Person>("p-1").return_old().await.unwrap_err();
    assert!(matches!(error, DeleteError::Context(_)), "{error}");
    dynamodb.expect([done("DeleteItem")]);
    assert_eq!(delete("7").await.unwrap(), Some(person()));
    dynamodb.requests();
}

#[tokio::test]
async fn a_key_that_no_record_has_is_refused_before_any_request() {
    let error = Dynamodb::new().store().delete::<Account>("").await.unwrap_err();
    assert!(matches!(error, DeleteError::Key(_)), "{error}");
    assert!(error.to_string().starts_with("cannot delete record of table `users`"), "{error}");
}

/// DynamoDB compares a version whether or not the record has expired.
#[tokio::test]
async fn an_expired_record_of_the_version_is_told_from_another_version() {
    let expired = Document { expires: Some(1_000_000_000), ..document() };
    let dynamodb = Dynamodb::holding(&expired).await;
    let store = dynamodb.store().clock(|| UNIX_EPOCH + Duration::from_secs(1_000_000_001));
    dynamodb.expect((0..2).map(|_| refused("DeleteItem")));

    let same = store.delete_version::<Document>("d-1", 1_u8).condition(|f| f.title.eq("x"));
    assert!(matches!(same.await.unwrap_err(), DeleteError::Condition(_)));
    let error = store.delete_version::<Document>("d-1", 3_u8).await.unwrap_err();
    let DeleteError::Version(version) = &error else { panic!("{error}") };
    assert_eq!((version.expected(), version.found()), (3, Some(1)));
    dynamodb.requests();
}
