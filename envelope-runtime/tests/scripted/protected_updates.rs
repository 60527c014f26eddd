//! Updates of protected attributes: read, verify, seal, and write over the envelope that was read.

use std::time::Duration;

use envelope_runtime::error::{OpenErrorKind, SealErrorKind};
use envelope_runtime::schema::IntoKey;
use envelope_runtime::{EnvelopeRecord, UpdateError};
use serde_json::json;

use crate::dynamodb::{Dynamodb, done, refused};
use crate::models::{Account, Careless, Chart, Renamed, account, chart};
use crate::table::Stored;

/// The condition that every update sends.
const AS_READ: &str = "_envelope = <the stored envelope> AND attribute_exists(id)";

async fn accounts() -> Dynamodb {
    Dynamodb::holding(&account()).await
}

async fn loaded<R: EnvelopeRecord>(dynamodb: &Dynamodb, id: &str) -> R
where
    for<'a> &'a str: IntoKey<R::Key>,
{
    dynamodb.expect([done("GetItem")]);
    let loaded = dynamodb.store().get::<R>(id).await;
    dynamodb.requests();
    loaded.unwrap_or_else(|error| panic!("{error}")).unwrap()
}

/// The same record under another envelope, as another writer leaves it.
async fn saved_again<R: EnvelopeRecord>(record: &R) -> impl FnOnce(&mut Stored) + Send + 'static {
    let newer = Dynamodb::holding(record).await.item().unwrap();
    move |item: &mut Stored| *item = newer
}

#[tokio::test]
async fn it_reads_consistently_and_writes_over_the_envelope_that_it_read() {
    let dynamodb = accounts().await;
    dynamodb.expect([done("GetItem"), done("UpdateItem")]);

    let store = dynamodb.store().map_table::<Account>("physical");
    let update = store.update::<Account>("a-1").seal(|f| f.email, "new@example.com");
    update.set(|f| f.ward, 4).add(|f| f.logins, 1).await.unwrap();

    let requests = dynamodb.requests();
    for request in &requests {
        assert_eq!(request.body["TableName"], "physical");
        assert_eq!(request.body["Key"], json!({"id": {"S": "a-1"}}));
    }
    assert_eq!(requests[0].body["ConsistentRead"], true);
    assert_eq!(
        requests[1].update(),
        "SET _envelope = <bytes>, email = <bytes>, ward = 4 ADD logins 1"
    );
    assert_eq!(
        requests[1].condition(),
        format!("{AS_READ} AND (attribute_not_exists(logins) OR logins <> NULL)")
    );
    let email = Some("new@example.com".to_owned());
    let expected = Account { email, ward: Some(4), logins: 4, ..account() };
    assert_eq!(loaded::<Account>(&dynamodb, "a-1").await, expected);
}

#[tokio::test]
async fn a_condition_that_does_not_hold_is_told_at_once_where_nobody_else_has_written() {
    let dynamodb = accounts().await;
    dynamodb.expect([done("GetItem"), refused("UpdateItem")]);

    let update = dynamodb.store().update::<Account>("a-1").seal(|f| f.email, "x");
    let error = update.condition(|f| f.logins.gt(9)).deadline(Duration::ZERO).await.unwrap_err();

    assert_eq!(dynamodb.requests()[1].condition(), format!("{AS_READ} AND logins > 9"));
    assert!(matches!(&error, UpdateError::Condition(error) if error.stored().is_some()), "{error}");
    let text = "cannot update record of table `users`, key `id`: the stored item does not satisfy the \
                condition, and nothing was written; load the record, and decide again";
    assert_eq!(error.to_string(), text);
}

/// The client's own timer decides how time passes between two attempts.
#[tokio::test]
async fn between_two_attempts_it_waits_as_the_client_waits() {
    let dynamodb = accounts().await;
    dynamodb.expect([
        done("GetItem"),
        refused("UpdateItem").after(saved_again(&account()).await),
        done("GetItem"),
        done("UpdateItem"),
    ]);
    assert_eq!(dynamodb.waits(), 0);

    dynamodb.store().update::<Account>("a-1").seal(|f| f.email, "x").await.unwrap();

    dynamodb.requests();
    assert_eq!(dynamodb.waits(), 1);
}

#[tokio::test]
async fn it_begins_again_where_another_writer_was_faster() {
    let dynamodb = accounts().await;
    let faster = saved_again(&Account { role: "doctor".into(), ..account() }).await;
    dynamodb.expect([
        done("GetItem"),
        refused("UpdateItem").after(faster),
        done("GetItem"),
        done("UpdateItem"),
    ]);

    dynamodb.store().update::<Account>("a-1").seal(|f| f.email, "x").await.unwrap();

    assert_eq!(dynamodb.requests()[3].condition(), AS_READ);
    let expected = Account { role: "doctor".into(), email: Some("x".into()), ..account() };
    assert_eq!(loaded::<Account>(&dynamodb, "a-1").await, expected);

    dynamodb.expect([done("GetItem"), refused("UpdateItem").after(saved_again(&account()).await)]);
    let update = dynamodb.store().update::<Account>("a-1").seal(|f| f.email, "y");
    let error = update.deadline(Duration::ZERO).await.unwrap_err();
    dynamodb.requests();
    assert!(matches!(error, UpdateError::Contended(_)), "{error}");
}

#[tokio::test]
async fn a_record_that_another_writer_has_deleted_is_not_there() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([done("GetItem")]);
    let update = dynamodb.store().update::<Account>("a-1").seal(|f| f.email, "x");
    assert!(update.await.unwrap_err().is_not_found());
    dynamodb.requests();
}

#[tokio::test]
async fn what_was_altered_is_not_resealed() {
    for (name, value) in [("role", json!({"S": "doctor"})), ("id", json!({"S": "a-1"}))] {
        let dynamodb = accounts().await;
        dynamodb.alter(|item| drop(item.insert(name.into(), value.clone())));
        let is_altered = name == "role";
        dynamodb.expect([done("GetItem")]);
        if !is_altered {
            dynamodb.expect([done("UpdateItem")]);
        }

        let updated = dynamodb.store().update::<Account>("a-1").seal(|f| f.email, "x").await;

        dynamodb.requests();
        match updated {
            Err(error) => assert!(is_altered && error.is_tampered(), "{error}"),
            Ok(()) => assert!(!is_altered),
        }
    }
}

#[tokio::test]
async fn what_the_envelope_protects_is_not_written_beside_what_is_sealed() {
    let dynamodb = accounts().await;
    dynamodb.expect([done("GetItem")]);

    let update = dynamodb.store().update::<Careless>("a-1").seal(|f| f.ssn, "x");
    let error = update.set(|f| f.email, "x").await.unwrap_err();

    dynamodb.requests();
    assert!(
        matches!(&error, UpdateError::Open(open) if open.kind() == OpenErrorKind::Sealed),
        "{error}"
    );
}

#[tokio::test]
async fn what_dynamodb_adds_to_beside_what_is_sealed_must_not_lie_under_an_older_name() {
    let dynamodb = accounts().await;
    dynamodb.expect([done("GetItem")]);

    let update = dynamodb.store().update::<Renamed>("a-1").seal(|f| f.ssn, "x");
    let error = update.add(|f| f.count, 1).await.unwrap_err();

    dynamodb.requests();
    assert!(
        matches!(&error, UpdateError::Open(open) if open.kind() == OpenErrorKind::OlderName),
        "{error}"
    );
}

#[tokio::test]
async fn an_attribute_that_becomes_null_between_the_read_and_the_write_is_no_failed_condition() {
    let dynamodb = accounts().await;
    let null = |item: &mut Stored| drop(item.insert("logins".into(), json!({"NULL": true})));
    dynamodb.expect([
        done("GetItem"),
        refused("UpdateItem").after(null),
        done("GetItem"),
        done("UpdateItem"),
    ]);

    let update = dynamodb.store().update::<Account>("a-1").seal(|f| f.email, "x");
    update.add(|f| f.logins, 2).await.unwrap();

    let last = &dynamodb.requests()[3];
    assert_eq!(last.condition(), format!("{AS_READ} AND logins = NULL"));
    assert_eq!(last.update(), "SET _envelope = <bytes>, email = <bytes>, logins = 2");
}

/// Authenticates an attribute that stored records lack.
#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "users")]
struct Newer {
    #[partition_key]
    id: String,
    #[authenticated]
    #[envelope(since = 1)]
    team: Option<String>,
    #[encrypted]
    ssn: String,
}

/// The record tag does not cover the attribute yet, so writing it leaves the envelope unchanged.
#[tokio::test]
async fn what_is_set_if_absent_is_not_written_over_what_an_older_program_has_set_meanwhile() {
    let dynamodb = accounts().await;
    let older = |item: &mut Stored| drop(item.insert("team".into(), json!({"S": "north"})));
    dynamodb.expect([
        done("GetItem"),
        refused("UpdateItem").after(older),
        done("GetItem"),
        done("UpdateItem"),
    ]);

    let update = dynamodb.store().update::<Newer>("a-1").set_if_absent(|f| f.team, "south");
    update.await.unwrap();

    let requests = dynamodb.requests();
    let absent =
        "_envelope = <the stored envelope> AND attribute_not_exists(team) AND attribute_exists(id)";
    assert_eq!(requests[1].condition(), absent);
    let there = "_envelope = <the stored envelope> AND team = 'north' AND attribute_exists(id)";
    assert_eq!(requests[3].condition(), there);
    assert_eq!(dynamodb.item().unwrap()["team"], json!({"S": "north"}));
}

#[tokio::test]
async fn a_covered_version_is_counted_up_under_the_record_tag() {
    let dynamodb = Dynamodb::holding(&chart()).await;
    dynamodb.expect([done("GetItem"), done("UpdateItem")]);

    dynamodb.store().update::<Chart>("c-1").set(|f| f.title, "x").version(1_u8).await.unwrap();

    let update = &dynamodb.requests()[1];
    assert_eq!(
        update.update(),
        "SET _envelope = <bytes>, text = <bytes>, version = 2, title = 'x'"
    );
    let condition = format!("{AS_READ} AND version = 1 AND NOT (version >= 255)");
    assert_eq!(update.condition(), condition);
    let expected = Chart { title: "x".into(), version: 2, ..chart() };
    assert_eq!(loaded::<Chart>(&dynamodb, "c-1").await, expected);
}

#[tokio::test]
async fn another_version_or_the_last_one_is_told_from_what_was_read() {
    let dynamodb = Dynamodb::holding(&chart()).await;
    dynamodb.expect([done("GetItem")]);
    let update = dynamodb.store().update::<Chart>("c-1").set(|f| f.title, "x");
    let error = update.version(7_u8).await.unwrap_err();
    let UpdateError::Version(version) = &error else { panic!("{error}") };
    assert_eq!((version.expected(), version.found()), (7, Some(1)));

    for (stored, is_last) in [(253, false), (254, true)] {
        // A save increments the version too.
        let dynamodb = Dynamodb::holding(&Chart { version: stored, ..chart() }).await;
        dynamodb.expect([done("GetItem")]);
        if !is_last {
            dynamodb.expect([done("UpdateItem")]);
        }
        let updated = dynamodb.store().update::<Chart>("c-1").set(|f| f.title, "x").await;
        dynamodb.requests();
        let refused =
            matches!(updated, Err(UpdateError::Field(error)) if error.attribute() == "version");
        assert_eq!(refused, is_last, "{stored}");
    }
}

#[tokio::test]
async fn an_item_that_would_be_too_large_is_not_sent() {
    let dynamodb = accounts().await;
    // The replaced value does not count towards the size.
    dynamodb.alter(|item| drop(item.insert("status".into(), json!({"S": "x".repeat(300_000)}))));
    let store = dynamodb.store();
    let update = || store.update::<Account>("a-1").seal(|f| f.email, "x".repeat(200_000));

    dynamodb.expect([done("GetItem")]);
    let error = update().await.unwrap_err();
    dynamodb.requests();
    let UpdateError::Seal(seal) = &error else { panic!("{error}") };
    assert!(matches!(seal.kind(), SealErrorKind::ItemTooLarge(size) if size > 500_000), "{error}");
    assert!(!error.is_retryable(), "{error}");

    dynamodb.expect([done("GetItem"), done("UpdateItem")]);
    update().set(|f| f.status, "short").await.unwrap();
    dynamodb.requests();
}
