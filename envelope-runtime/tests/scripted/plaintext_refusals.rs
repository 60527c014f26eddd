//! Updates of plaintext attributes that DynamoDB refuses, and the meaning of each refusal.

use std::time::{Duration, UNIX_EPOCH};

use envelope_runtime::UpdateError;
use envelope_runtime::error::OpenErrorKind;
use serde_json::json;

use crate::dynamodb::{Dynamodb, done, refused};
use crate::models::{
    Account, Careless, Document, Note, Person, Renamed, account, document, note, person,
};

async fn accounts() -> Dynamodb {
    Dynamodb::holding(&account()).await
}

#[tokio::test]
async fn what_the_stored_envelope_protects_is_not_written() {
    let dynamodb = accounts().await;
    let store = dynamodb.store();
    let update = || store.update::<Careless>("a-1");
    for (update, name, kind) in [
        (update().set(|f| f.email, "x"), "email", OpenErrorKind::Sealed),
        (update().set(|f| f.ward, 1), "ward", OpenErrorKind::Authenticated),
    ] {
        dynamodb.expect([refused("UpdateItem")]);

        let error = update.await.unwrap_err();

        let UpdateError::Open(open) = &error else { panic!("{error}") };
        assert_eq!((open.kind(), open.attribute()), (kind, Some(name)), "{error}");
        assert!(!error.is_retryable() && !error.is_conflict(), "{error}");
    }
    dynamodb.requests();
}

#[tokio::test]
async fn it_gives_up_where_others_replace_the_envelope_until_its_deadline() {
    let dynamodb = accounts().await;
    let newer = Dynamodb::holding(&account()).await.item().unwrap();
    dynamodb.expect([refused("UpdateItem"), refused("UpdateItem").after(|item| *item = newer)]);

    let update = dynamodb.store().update::<Account>("a-1").set(|f| f.status, "active");
    let error = update.deadline(Duration::ZERO).await.unwrap_err();

    dynamodb.requests();
    assert!(matches!(error, UpdateError::Contended(_)), "{error}");
    assert!(error.is_retryable() && error.is_conflict());
    let text = "cannot update record of table `users`, key `id`: other writers kept changing the record \
                until the deadline, and nothing was written; retry later, or allow more time with \
                `.deadline(…)`";
    assert_eq!(error.to_string(), text);
}

#[tokio::test]
async fn a_condition_that_does_not_hold_gives_the_stored_item_after_a_second_request() {
    let dynamodb = accounts().await;
    dynamodb.expect([refused("UpdateItem"), refused("UpdateItem")]);

    let update = dynamodb.store().update::<Account>("a-1").set(|f| f.status, "active");
    let error = update.condition(|f| f.logins.gt(9)).deadline(Duration::ZERO).await.unwrap_err();

    let requests = dynamodb.requests();
    assert!(requests[0].condition().ends_with(" AND logins > 9"), "{requests:?}");
    let condition = "attribute_exists(id) AND _envelope = <the stored envelope> AND logins > 9";
    assert_eq!(requests[1].condition(), condition);
    let UpdateError::Condition(condition) = &error else { panic!("{error}") };
    assert!(condition.stored().unwrap().attribute("logins").is_some());
    assert!(error.is_conflict() && !error.is_retryable() && !error.is_version_conflict());
}

#[tokio::test]
async fn where_there_is_no_record_it_makes_none() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([refused("UpdateItem")]);

    let update = dynamodb.store().update::<Account>("a-1").set(|f| f.status, "active");
    let error = update.await.unwrap_err();

    dynamodb.requests();
    assert!(matches!(error, UpdateError::NotFound(_)) && error.is_not_found(), "{error}");
    let text = "cannot update record of table `users`, key `id`: there is no record under this key; \
                save with `create` or `put`";
    assert_eq!(error.to_string(), text);
}

#[tokio::test]
async fn what_dynamodb_adds_to_must_not_lie_under_an_older_name() {
    let dynamodb = accounts().await;
    dynamodb.expect([refused("UpdateItem")]);

    let error = dynamodb.store().update::<Renamed>("a-1").add(|f| f.count, 1).await.unwrap_err();

    let request = dynamodb.request();
    let end =
        " AND attribute_not_exists(logins) AND (attribute_not_exists(count) OR count <> NULL)";
    assert!(request.condition().ends_with(end), "{}", request.condition());
    let UpdateError::Open(open) = &error else { panic!("{error}") };
    assert_eq!((open.kind(), open.attribute()), (OpenErrorKind::OlderName, Some("count")));
}

#[tokio::test]
async fn a_record_that_protects_nothing_is_not_written_over_one_that_does() {
    let dynamodb = accounts().await;
    dynamodb.expect([refused("UpdateItem")]);

    let error = dynamodb.store().update::<Note>("a-1").set(|f| f.text, "y").await.unwrap_err();

    let condition = "attribute_exists(id) AND attribute_not_exists(_envelope)";
    assert_eq!(dynamodb.request().condition(), condition);
    let UpdateError::Open(open) = &error else { panic!("{error}") };
    assert_eq!(open.kind(), OpenErrorKind::HasEnvelope);

    let dynamodb = Dynamodb::holding(&note()).await;
    dynamodb.expect([refused("UpdateItem")]);
    let update = dynamodb.store().update::<Note>("a-1").set(|f| f.text, "y");
    let error = update.condition(|f| f.status.exists()).await.unwrap_err();
    dynamodb.requests();
    assert!(matches!(error, UpdateError::Condition(_)), "{error}");
}

#[tokio::test]
async fn a_record_of_another_context_is_refused() {
    let dynamodb = Dynamodb::holding(&person()).await;
    let update = || dynamodb.store().update::<Person>("p-1").set(|f| f.nickname, "zz");
    dynamodb.expect([refused("UpdateItem"), refused("UpdateItem"), done("UpdateItem")]);

    let error = update().context([("tenant", "clinic")]).await.unwrap_err();
    assert!(
        matches!(&error, UpdateError::Open(open) if open.kind() == OpenErrorKind::OtherContext),
        "{error}"
    );
    update().context([("tenant", "7")]).await.unwrap();

    let requests = dynamodb.requests();
    let asks = |index: usize, tenant: &str| {
        let condition = requests[index].condition();
        assert!(
            condition.starts_with(&format!("attribute_exists(id) AND {tenant} AND ")),
            "{condition}"
        );
    };
    asks(0, "tenant IN ('clinic')");
    // The field may be stored as a number.
    asks(1, "tenant IN ('7', 7)");
}

#[tokio::test]
async fn another_version_is_told_from_a_condition_and_from_the_last_one() {
    let dynamodb = Dynamodb::holding(&document()).await;
    let store = dynamodb.store();
    let update = || store.update::<Document>("d-1").set(|f| f.title, "x");

    dynamodb.expect([refused("UpdateItem")]);
    let error = update().version(2_u8).await.unwrap_err();
    let UpdateError::Version(version) = &error else { panic!("{error}") };
    assert_eq!((version.expected(), version.found()), (2, Some(1)));
    assert!(version.stored().is_some() && error.is_version_conflict() && error.is_conflict());
    let text = "cannot update record of table `users`, key `id`: the write depends on version 2, but \
                version 1 is stored; nothing was written; load the record, and decide again";
    assert_eq!(error.to_string(), text);

    dynamodb.expect([refused("UpdateItem"), refused("UpdateItem")]);
    let error = update().version(1_u8).condition(|f| f.title.eq("y")).await.unwrap_err();
    assert!(matches!(error, UpdateError::Condition(_)), "{error}");
    assert!(!error.is_version_conflict());

    for (stored, is_last) in [(254, false), (255, true), (256, true)] {
        dynamodb
            .alter(|item| drop(item.insert("version".into(), json!({"N": stored.to_string()}))));
        dynamodb.expect([refused("UpdateItem"), refused("UpdateItem")]);
        let error = update().await.unwrap_err();
        let is_field =
            matches!(&error, UpdateError::Field(error) if error.attribute() == "version");
        assert_eq!(is_field, is_last, "{stored}: {error}");
    }
    dynamodb.requests();
}

#[tokio::test]
async fn a_record_that_has_expired_is_not_there() {
    let dynamodb = Dynamodb::holding(&document()).await;
    dynamodb.alter(|item| drop(item.insert("expires".into(), json!({"N": "1"}))));
    dynamodb.expect([refused("UpdateItem")]);

    let store = dynamodb.store().clock(|| UNIX_EPOCH + Duration::from_secs(2));
    let error = store.update::<Document>("d-1").set(|f| f.title, "x").await.unwrap_err();

    dynamodb.requests();
    assert!(error.is_not_found(), "{error}");
}
