//! Updates of plaintext attributes, and the guard for the attributes that the stored envelope
//! protects.

use std::collections::BTreeSet;
use std::time::{Duration, UNIX_EPOCH};

use envelope_runtime::UpdateError;
use envelope_runtime::error::OpenErrorKind;
use serde_json::json;

use crate::dynamodb::{Dynamodb, Fault, done, failed, refused};
use crate::models::{Account, Careless, Document, Renamed, account, document};

/// No envelope, or one of version 1 that DynamoDB can search.
const KNOWN: &str = r"(attribute_not_exists(_envelope) OR (begins_with(_envelope, b'\x01\x01') AND contains(_envelope, b'\x01\x01')))";

/// The envelope's lists store each name after its length.
fn listed(name: &str) -> String {
    format!(r"contains(_envelope, b'\x{:02x}{name}')", name.len())
}

async fn accounts() -> Dynamodb {
    Dynamodb::holding(&account()).await
}

#[tokio::test]
async fn it_asks_that_the_stored_envelope_can_be_looked_into_and_does_not_list_the_attribute() {
    let dynamodb = accounts().await;
    dynamodb.expect([done("UpdateItem")]);

    dynamodb.store().update::<Account>("a-1").set(|f| f.status, "active").await.unwrap();

    let request = dynamodb.request();
    assert_eq!(request.body["TableName"], "users");
    assert_eq!(request.body["Key"], json!({"id": {"S": "a-1"}}));
    assert_eq!(request.update(), "SET status = 'active'");
    let status = listed("status");
    assert_eq!(request.condition(), format!("attribute_exists(id) AND {KNOWN} AND NOT ({status})"));
    assert_eq!(dynamodb.item().unwrap()["status"], json!({"S": "active"}));
}

#[tokio::test]
async fn each_attribute_that_it_changes_is_asked_for_under_each_of_its_names() {
    let dynamodb = accounts().await;
    dynamodb.expect([done("UpdateItem")]);

    let update =
        dynamodb.store().update::<Renamed>("a-1").set(|f| f.state, "x").set(|f| f.count, 1);
    update.await.unwrap();

    let request = dynamodb.request();
    assert_eq!(request.update(), "SET state = 'x', count = 1 REMOVE status, logins");
    let names = ["state", "status", "count", "logins"].map(listed).join(" OR ");
    assert_eq!(request.condition(), format!("attribute_exists(id) AND {KNOWN} AND NOT ({names})"));
}

#[tokio::test]
async fn a_version_is_counted_up_and_asked_for_like_what_changes() {
    let dynamodb = Dynamodb::holding(&document()).await;
    dynamodb.expect([done("UpdateItem")]);

    let store = dynamodb.store().clock(|| UNIX_EPOCH + Duration::from_secs(5));
    let update = store.update::<Document>("d-1").set(|f| f.title, "x").version(1_u8);
    update.await.unwrap();

    let request = dynamodb.request();
    assert_eq!(request.update(), "SET title = 'x' ADD version 1");
    let names = ["title", "version"].map(listed).join(" OR ");
    assert_eq!(
        request.condition(),
        format!(
            "attribute_exists(id) AND NOT (expires > 0 AND expires <= 5) AND {KNOWN} AND NOT \
             ({names}) AND version = 1 AND NOT (version >= 255)"
        )
    );
}

/// `contains` may not search a Binary, or a value may only look like a name.
#[tokio::test]
async fn where_dynamodb_cannot_tell_the_stored_envelope_does() {
    let dynamodb = accounts().await;
    dynamodb.expect([refused("UpdateItem"), done("UpdateItem")]);

    dynamodb.store().update::<Account>("a-1").set(|f| f.status, "active").await.unwrap();

    let second = &dynamodb.requests()[1];
    assert_eq!(second.update(), "SET status = 'active'");
    let condition = "attribute_exists(id) AND _envelope = <the stored envelope>";
    assert_eq!(second.condition(), condition);
}

#[tokio::test]
async fn where_there_is_no_envelope_there_must_be_none_at_the_write() {
    let dynamodb = accounts().await;
    dynamodb.alter(|item| drop(item.remove("_envelope")));
    dynamodb.expect([refused("UpdateItem"), done("UpdateItem")]);

    dynamodb.store().update::<Account>("a-1").set(|f| f.status, "active").await.unwrap();

    let second = &dynamodb.requests()[1];
    let condition = "attribute_exists(id) AND attribute_not_exists(_envelope)";
    assert_eq!(second.condition(), condition);
}

#[tokio::test]
async fn a_record_whose_envelope_was_replaced_meanwhile_is_asked_about_again() {
    let dynamodb = accounts().await;
    let newer = Dynamodb::holding(&account()).await.item().unwrap();
    let replaced = newer.clone();
    dynamodb.expect([
        refused("UpdateItem"),
        refused("UpdateItem").after(move |item| *item = replaced),
        done("UpdateItem"),
    ]);

    dynamodb.store().update::<Account>("a-1").set(|f| f.status, "active").await.unwrap();

    let third = &dynamodb.requests()[2];
    let condition = "attribute_exists(id) AND _envelope = <the stored envelope>";
    assert_eq!(third.condition(), condition);
    assert_eq!(dynamodb.item().unwrap()["_envelope"], newer["_envelope"]);
}

#[tokio::test]
async fn what_is_added_to_a_null_is_set_after_dynamodb_has_said_that_it_is_one() {
    let dynamodb = accounts().await;
    dynamodb.alter(|item| drop(item.insert("logins".into(), json!({"NULL": true}))));
    dynamodb.expect([refused("UpdateItem"), done("UpdateItem")]);

    let update = dynamodb.store().update::<Account>("a-1").add(|f| f.logins, 2);
    update.deadline(Duration::ZERO).await.unwrap();

    let requests = dynamodb.requests();
    assert_eq!(requests[0].update(), "ADD logins 2");
    let end = " AND (attribute_not_exists(logins) OR logins <> NULL)";
    assert!(requests[0].condition().ends_with(end), "{requests:?}");
    assert_eq!(requests[1].update(), "SET logins = 2");
    let condition = "attribute_exists(id) AND _envelope = <the stored envelope> AND logins = NULL";
    assert_eq!(requests[1].condition(), condition);
}

/// NULL counts as an empty set, from which nothing can be removed.
#[tokio::test]
async fn nothing_is_taken_out_of_a_null() {
    let dynamodb = accounts().await;
    dynamodb.alter(|item| drop(item.insert("groups".into(), json!({"NULL": true}))));
    dynamodb.expect([refused("UpdateItem"), done("UpdateItem")]);

    let update = dynamodb.store().update::<Account>("a-1");
    let update = update.subtract(|f| f.groups, BTreeSet::from(["staff".to_owned()]));
    update.set(|f| f.status, "x").await.unwrap();

    let requests = dynamodb.requests();
    assert_eq!(requests[0].update(), r#"SET status = 'x' DELETE groups ["staff"]"#);
    assert_eq!(requests[1].update(), "SET status = 'x'");
}

#[tokio::test]
async fn what_dynamodb_has_told_of_a_loaded_record_is_used_at_once() {
    let dynamodb = accounts().await;
    let store = dynamodb.store();
    dynamodb.expect([done("GetItem")]);
    let known = store.get::<Account>("a-1").with_envelope().await.unwrap().unwrap();
    dynamodb.alter(|item| drop(item.insert("logins".into(), json!({"NULL": true}))));
    dynamodb.expect([refused("UpdateItem"), done("UpdateItem")]);

    let update = store.update("a-1").based_on(&known).add(|f| f.logins, 2);
    update.deadline(Duration::ZERO).await.unwrap();

    assert_eq!(dynamodb.requests()[2].update(), "SET logins = 2");
}

/// The envelope stays the same when the attribute becomes NULL, and the first refusal was about the
/// envelope.
#[tokio::test]
async fn an_attribute_that_becomes_null_between_two_requests_is_no_failed_condition() {
    let dynamodb = accounts().await;
    dynamodb.expect([
        refused("UpdateItem"),
        refused("UpdateItem")
            .after(|item| drop(item.insert("logins".into(), json!({"NULL": true})))),
        done("UpdateItem"),
    ]);

    dynamodb.store().update::<Account>("a-1").add(|f| f.logins, 2).await.unwrap();

    assert_eq!(dynamodb.requests()[2].update(), "SET logins = 2");
}

#[tokio::test]
async fn changes_are_written_as_dynamodb_does_them() {
    let store = accounts().await;
    let update = || store.store().update::<Account>("a-1");
    let staff = || BTreeSet::from(["staff".to_owned()]);
    for (update, text) in [
        (update().remove(|f| f.nickname), "REMOVE nickname"),
        (update().set(|f| f.nickname, None), "REMOVE nickname"),
        (update().set(|f| f.status, "x").add(|f| f.logins, 1), "SET status = 'x' ADD logins 1"),
        (update().subtract(|f| f.logins, 1), "ADD logins -1"),
        (update(), ""),
        (update().subtract(|f| f.groups, staff()), r#"DELETE groups ["staff"]"#),
        (update().add(|f| f.groups, staff()), r#"ADD groups ["staff"]"#),
        (update().set_if_absent(|f| f.status, "x"), "SET status = if_not_exists(status, 'x')"),
        (
            update().append(|f| f.tags, vec!["y".to_owned()]),
            r#"SET tags = list_append(if_not_exists(tags, []), [{"S":"y"}])"#,
        ),
    ] {
        let answer = Fault::Answer(200, "{}");
        store.expect([failed("UpdateItem", answer)]);
        update.await.unwrap();
        assert_eq!(store.request().update(), text);
    }
}

#[tokio::test]
async fn an_update_of_what_was_loaded_asks_for_its_envelope() {
    let dynamodb = accounts().await;
    let store = dynamodb.store();
    dynamodb.expect([done("GetItem"), done("UpdateItem")]);
    let known = store.get::<Account>("a-1").with_envelope().await.unwrap().unwrap();
    let update = || store.update("a-1").based_on(&known).set(|f| f.status, "x");

    update().await.unwrap();
    let condition = "attribute_exists(id) AND _envelope = <the stored envelope>";
    assert_eq!(dynamodb.requests()[1].condition(), condition);

    let newer = Dynamodb::holding(&account()).await.item().unwrap();
    dynamodb.expect([refused("UpdateItem").after(|item| *item = newer)]);
    let error = update().await.unwrap_err();
    dynamodb.requests();
    assert!(matches!(error, UpdateError::Condition(_)), "{error}");
    let text = "cannot update record of table `users`, key `id`: the record has changed since it was \
                loaded, and nothing was written; load it again, and decide again";
    assert_eq!(error.to_string(), text);
}

#[tokio::test]
async fn what_was_loaded_tells_before_any_request_that_an_attribute_is_protected() {
    // The envelope lists the attribute even without a value.
    let dynamodb = Dynamodb::holding(&Account { email: None, ..account() }).await;
    let store = dynamodb.store();
    dynamodb.expect([done("GetItem")]);
    let known = store.get::<Careless>("a-1").with_envelope().await.unwrap().unwrap();

    let error = store.update("a-1").based_on(&known).set(|f| f.ward, 1).await.unwrap_err();

    assert_eq!(dynamodb.requests().len(), 1);
    assert!(
        matches!(&error, UpdateError::Open(open) if open.kind() == OpenErrorKind::Authenticated),
        "{error}"
    );
}
