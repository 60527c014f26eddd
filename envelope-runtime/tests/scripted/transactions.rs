//! Transactions: the actions as they are sent, and the meaning of each answer.

mod again;
mod reasons;

use std::time::{Duration, UNIX_EPOCH};

use envelope_runtime::error::{TransactionLimitErrorKind, WriteError};
use envelope_runtime::operation::Transaction;
use envelope_runtime::{SaveError, TransactionError, UpdateError, Usage};
use serde_json::{Value, json};

use crate::dynamodb::{Dynamodb, Fault, Step, done, failed};
use crate::models::{Account, Document, Note, account, chart, document, note};
use crate::request::Request;

const TRANSACT: &str = "TransactWriteItems";

/// A transaction that is cancelled, with a reason for each action.
fn cancelled(reasons: &[Value]) -> Step {
    let mut body = crate::dynamodb::error("TransactionCanceledException", "cancelled");
    body["CancellationReasons"] = reasons.into();
    failed(TRANSACT, Fault::Answer(400, body.to_string().leak()))
}

fn nothing() -> Value {
    json!({"Code": "None"})
}

/// A condition that does not hold for the stored item.
fn not_met(dynamodb: &Dynamodb) -> Value {
    json!({"Code": "ConditionalCheckFailed", "Item": dynamodb.item()})
}

async fn accounts() -> Dynamodb {
    Dynamodb::holding(&account()).await
}

/// The requests that DynamoDB would get for the actions alone.
fn actions(request: &Request) -> Vec<Request> {
    let actions = request.body["TransactItems"].as_array().unwrap().iter();
    let action = |action: &Value| {
        let (kind, body) = action.as_object().unwrap().iter().next().unwrap();
        request.part(kind, body.clone())
    };
    actions.map(action).collect()
}

#[tokio::test]
async fn each_action_is_sent_with_the_condition_that_it_has_alone() {
    let dynamodb = accounts().await;
    dynamodb.expect([done("GetItem"), done(TRANSACT)]);
    let store = dynamodb.store().clock(|| UNIX_EPOCH + Duration::from_secs(5));

    store
        .transaction()
        .put_all(&[Account { id: "new".into(), ..account() }])
        .create_all(&[note_of("n-1")])
        .replace(&document())
        .put_if(&chart(), |f| f.title.eq("x"))
        .update::<Account>("a-1", |u| u.seal(|f| f.ssn, "x").add(|f| f.logins, 1))
        .delete_if::<Note>("n-2", |f| f.text.eq("y"))
        .delete_version::<Document>("d-2", 3_u8)
        .delete_any_version::<Document>("d-3")
        .check::<Account>("a-2", |f| f.status.exists())
        .await
        .unwrap();

    let request = dynamodb.requests().remove(1);
    let token = request.body["ClientRequestToken"].as_str().unwrap();
    assert!(token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
    assert!(request.body["ReturnConsumedCapacity"].is_null());
    let said: Vec<_> = actions(&request)
        .iter()
        .map(|action| {
            let on_failure = &action.body["ReturnValuesOnConditionCheckFailure"];
            let has_condition = !action.condition().is_empty();
            assert_eq!(on_failure == "ALL_OLD", has_condition, "{action:?}");
            let item = action.body["Item"]["id"]["S"].as_str();
            let key = action.body["Key"]["id"]["S"].as_str();
            format!("{} {}: {}", action.operation, item.or(key).unwrap(), action.condition())
        })
        .collect();
    assert_eq!(
        said,
        [
            "Put new: ",
            "Put n-1: attribute_not_exists(_envelope) AND attribute_not_exists(id)",
            "Put d-1: attribute_exists(id) AND NOT (expires > 0 AND expires <= 5) AND \
             (attribute_not_exists(version) OR version = 0 OR (expires > 0 AND expires <= 5))",
            "Put c-1: (attribute_not_exists(version) OR version = 0) AND title = 'x'",
            "Update a-1: _envelope = <the stored envelope> AND attribute_exists(id) AND \
             (attribute_not_exists(logins) OR logins <> NULL)",
            "Delete n-2: attribute_not_exists(_envelope) AND text = 'y'",
            "Delete d-2: version = 3",
            "Delete d-3: ",
            "ConditionCheck a-2: attribute_exists(status)",
        ]
    );
}

fn note_of(id: &str) -> Note {
    Note { id: id.into(), ..note() }
}

/// An update alone would be one request; here DynamoDB must not be asked what it cannot tell.
#[tokio::test]
async fn an_update_of_plaintext_attributes_depends_on_the_envelope_that_it_read() {
    let dynamodb = accounts().await;
    dynamodb.expect([done("GetItem"), done(TRANSACT)]);
    let changes =
        dynamodb.store().transaction().update::<Account>("a-1", |u| u.set(|f| f.status, "old"));

    changes.await.unwrap();

    let requests = dynamodb.requests();
    assert_eq!(requests[0].body["ConsistentRead"], true);
    let [update] = &actions(&requests[1])[..] else { panic!() };
    assert_eq!(update.update(), "SET status = 'old'");
    let condition = "attribute_exists(id) AND _envelope = <the stored envelope>";
    assert_eq!(update.condition(), condition);
}

#[tokio::test]
async fn an_update_of_a_record_that_protects_nothing_reads_nothing() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([done(TRANSACT)]);
    let changes =
        dynamodb.store().transaction().update::<Note>("n-1", |u| u.set(|f| f.text, "new"));

    changes.await.unwrap();

    let [update] = &actions(&dynamodb.request())[..] else { panic!() };
    let condition = "attribute_exists(id) AND attribute_not_exists(_envelope)";
    assert_eq!(update.condition(), condition);
}

#[tokio::test]
async fn an_update_that_changes_nothing_is_a_check() {
    let dynamodb = accounts().await;
    dynamodb.expect([done("GetItem"), done(TRANSACT)]);
    let none = dynamodb
        .store()
        .transaction()
        .update::<Account>("a-1", |u| u.condition(|f| f.logins.ge(1)));

    none.await.unwrap();

    let [check] = &actions(&dynamodb.requests()[1])[..] else { panic!() };
    assert_eq!(check.operation, "ConditionCheck");
    let condition = "attribute_exists(id) AND _envelope = <the stored envelope> AND logins >= 1";
    assert_eq!(check.condition(), condition);
}

#[tokio::test]
async fn a_measured_store_asks_for_the_units_and_adds_them_up() {
    let dynamodb = accounts().await;
    dynamodb.expect([done("GetItem"), done(TRANSACT)]);
    let usage = Usage::default();
    let store = dynamodb.store().measured(&usage);

    let two = store.transaction().put(&note_of("n"));
    let two = two.update::<Account>("a-1", |u| u.seal(|f| f.ssn, "x"));
    two.await.unwrap();

    let request = dynamodb.requests().remove(1);
    assert_eq!(request.body["ReturnConsumedCapacity"], "TOTAL");
    assert!((usage.write_units() - 4.5).abs() < 0.001, "{usage:?}");
    assert_eq!(usage.requests(), 2);
}

#[tokio::test]
async fn t32_more_than_a_hundred_actions_and_two_on_one_item_are_refused() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let deletions = |number: usize| {
        let ids = (0..number).map(|number| number.to_string());
        ids.fold(store.transaction(), Transaction::delete::<Note>)
    };
    dynamodb.expect([done(TRANSACT)]);
    deletions(100).await.unwrap();
    assert_eq!(actions(&dynamodb.request()).len(), 100);

    let error = deletions(101).await.unwrap_err();
    let TransactionError::Limit(limit) = &error else { panic!("{error}") };
    assert_eq!(limit.kind(), TransactionLimitErrorKind::TooMany(101));
    assert!(error.to_string().contains("101 actions are more than the 100"), "{error}");
    assert!(!error.is_retryable() && !error.is_conflict());

    // One table holds records of several types.
    let error = store.transaction().delete::<Note>("a").check::<Account>("a", |f| f.ssn.exists());
    let TransactionError::Limit(error) = error.await.unwrap_err() else { panic!() };
    assert_eq!(error.kind(), TransactionLimitErrorKind::SameKey(0, 1));

    // Nothing is read or sealed before.
    let two = store.transaction().put(&account());
    let error = two.update::<Account>("a-1", |u| u.seal(|f| f.ssn, "x")).await.unwrap_err();
    let TransactionError::Limit(error) = error else { panic!("{error}") };
    assert_eq!(error.kind(), TransactionLimitErrorKind::SameKey(0, 1));

    // The same key in another table is another item.
    let store = dynamodb.store().map_table::<crate::models::Person>("others");
    dynamodb.expect([done(TRANSACT)]);
    let two = store.transaction().delete::<Note>("a").delete::<crate::models::Person>("a");
    two.await.unwrap();
    dynamodb.requests();
}

#[tokio::test]
async fn t32_four_megabytes_are_the_most() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    // Of each note, 7 bytes are names, and 2 are the id.
    let notes = |sizes: &[usize]| {
        sizes.iter().enumerate().fold(store.transaction(), |all, (number, size)| {
            let text = "x".repeat(size - 8);
            all.put(&Note { id: format!("{number:02}"), text, status: None })
        })
    };
    let mut sizes = [4 * 1024 * 1024 / 16; 16];
    dynamodb.expect([done(TRANSACT)]);
    notes(&sizes).await.unwrap();
    dynamodb.requests();

    sizes[15] += 1;
    let error = notes(&sizes).await.unwrap_err();
    let TransactionError::Limit(limit) = &error else { panic!("{error}") };
    assert_eq!(limit.kind(), TransactionLimitErrorKind::TooLarge(4 * 1024 * 1024 + 1));
    assert!(error.to_string().contains("4194305 bytes"), "{error}");
}

#[tokio::test]
async fn an_empty_transaction_makes_no_request() {
    let store = Dynamodb::new().store();
    store.transaction().await.unwrap();
    let prepared = store.transaction().prepare().await.unwrap();
    prepared.send().await.unwrap();
    assert_eq!(format!("{prepared:?}"), "PreparedTransaction { actions: 0, .. }");
    let some = store.transaction().put(&account()).put(&note_of("n"));
    assert_eq!(format!("{some:?}"), "Transaction { actions: 2, .. }");
}

#[tokio::test]
async fn an_action_that_cannot_be_prepared_is_named_with_its_position() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let nameless = Account { id: String::new(), ..account() };

    let error = store.transaction().put(&account()).put(&nameless).await.unwrap_err();
    let TransactionError::Unprepared(action) = &error else { panic!("{error}") };
    assert_eq!(action.position(), 1);
    assert!(matches!(action.error(), WriteError::Save(SaveError::Key(_))), "{error}");
    assert_eq!(error.attribute(), Some("id"));
    assert!(
        error
            .to_string()
            .starts_with("transaction not done: at position 1 (the first is 0): cannot"),
        "{error}"
    );

    let error = store.transaction().delete::<Account>("").await.unwrap_err();
    assert!(error.to_string().contains("cannot delete"), "{error}");
    let error = store.transaction().check::<Account>("", |f| f.ssn.exists()).await.unwrap_err();
    assert!(error.to_string().contains("cannot check"), "{error}");
    let twice = |u: envelope_runtime::Update<Account>| u.remove(|f| f.email).remove(|f| f.email);
    let error = store.transaction().update::<Account>("a", twice).await.unwrap_err();
    assert!(error.to_string().contains("cannot update"), "{error}");

    dynamodb.expect([done("GetItem")]);
    let absent = store.transaction().update::<Account>("a", |u| u.remove(|f| f.email));
    let error = absent.await.unwrap_err();
    let TransactionError::Unprepared(action) = &error else { panic!("{error}") };
    assert!(matches!(action.error(), WriteError::Update(UpdateError::NotFound(_))), "{error}");
    assert!(error.is_not_found() && !error.is_conflict());
}
