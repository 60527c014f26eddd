//! Saves: the requests sent, and the meaning of each refusal.

use std::time::{Duration, UNIX_EPOCH};

use envelope_runtime::error::{BatchError, OpenErrorKind, Presence, SealErrorKind, WriteError};
use envelope_runtime::schema::Batchable;
use envelope_runtime::{EnvelopeRecord, IndexSecret, Item, Opener, SaveError, Sealer, Store};
use serde_json::json;

use crate::dynamodb::{Dynamodb, done, local, refused};
use crate::models::{Account, Document, Person, account, document, note, person};
use crate::request::Request;

fn at(store: Store, seconds: u64) -> Store {
    store.clock(move || UNIX_EPOCH + Duration::from_secs(seconds))
}

#[tokio::test]
async fn a_save_sends_the_whole_item_on_no_condition() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([done("PutItem")]);

    dynamodb.store().map_table::<Account>("physical").put(&account()).await.unwrap();

    let request = dynamodb.request();
    assert_eq!(request.body["TableName"], "physical");
    let names: Vec<_> = request.body["Item"].as_object().unwrap().keys().cloned().collect();
    let expected = ["_envelope", "email", "id", "logins", "role", "ssn", "status", "tags"];
    assert_eq!(names, expected);
    assert_eq!(request.body["Item"]["logins"], json!({"N": "3"}));
    for name in ["ssn", "email", "_envelope"] {
        assert!(request.body["Item"][name]["B"].is_string(), "{name}");
    }
    for absent in [
        "ConditionExpression",
        "ReturnValues",
        "ReturnValuesOnConditionCheckFailure",
        "ReturnConsumedCapacity",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
    ] {
        assert!(request.body[absent].is_null(), "{absent}");
    }
}

#[tokio::test]
async fn each_kind_of_save_has_its_condition() {
    let dynamodb = Dynamodb::new();
    let store = at(dynamodb.store(), 9);
    let expired = "expires > 0 AND expires <= 9";
    dynamodb.expect((0..7).map(|_| done("PutItem")));

    store.create(&account()).await.unwrap();
    store.replace(&account()).await.unwrap();
    store.put(&account()).condition(|f| f.logins.gt(1)).await.unwrap();
    let _ = store.create(&document()).await.unwrap();
    let _ = store.replace(&Document { version: 3, ..document() }).await.unwrap();
    let _ = store.put(&document()).await.unwrap();
    store.put(&note()).condition(|f| f.text.eq("y")).await.unwrap();

    let requests = dynamodb.requests();
    let conditions: Vec<_> = requests.iter().map(Request::condition).collect();
    assert_eq!(
        conditions,
        [
            "attribute_not_exists(id)".to_owned(),
            "attribute_exists(id)".into(),
            "logins > 1".into(),
            format!("attribute_not_exists(id) OR ({expired})"),
            format!("attribute_exists(id) AND NOT ({expired}) AND version = 3"),
            format!("attribute_not_exists(version) OR version = 0 OR ({expired})"),
            "attribute_not_exists(_envelope) AND text = 'y'".into(),
        ]
    );
    assert_eq!(requests[0].body["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
    // The next version is written.
    assert_eq!(requests[4].body["Item"]["version"], json!({"N": "4"}));
}

#[tokio::test]
async fn what_is_there_is_told_from_what_is_not() {
    let dynamodb = Dynamodb::holding(&account()).await;
    dynamodb.expect([refused("PutItem")]);
    let error = dynamodb.store().create(&account()).await.unwrap_err();
    dynamodb.requests();
    assert!(matches!(&error, SaveError::Presence(error) if error.found() == Presence::Present));
    assert!(error.is_conflict() && !error.is_not_found() && !error.is_version_conflict());
    let text = "cannot save record of table `users`, key `id`: there is already a record under this key; \
                load it first, or save with `put`";
    assert_eq!(error.to_string(), text);

    let dynamodb = Dynamodb::new();
    dynamodb.expect([refused("PutItem")]);
    let error = dynamodb.store().replace(&account()).await.unwrap_err();
    dynamodb.requests();
    assert!(matches!(&error, SaveError::Presence(error) if error.found() == Presence::Absent));
    assert!(!error.is_conflict() && error.is_not_found());
    assert!(!error.is_retryable() && !error.is_access_denied());
}

#[tokio::test]
async fn a_condition_is_told_from_the_presence_that_it_stands_beside() {
    let there = Dynamodb::holding(&account()).await;
    let absent = Dynamodb::new();
    there.expect([refused("PutItem"), refused("PutItem"), refused("PutItem")]);
    absent.expect([refused("PutItem"), refused("PutItem"), refused("PutItem")]);

    for (dynamodb, is_there) in [(&there, true), (&absent, false)] {
        let store = dynamodb.store();
        let error = store.replace(&account()).condition(|f| f.logins.gt(9)).await.unwrap_err();
        assert_eq!(error.is_not_found(), !is_there, "{error}");
        assert_eq!(matches!(error, SaveError::Condition(_)), is_there, "{error}");
        let error = store.create(&account()).condition(|f| f.logins.gt(9)).await.unwrap_err();
        assert_eq!(matches!(error, SaveError::Presence(_)), is_there, "{error}");
        assert_eq!(matches!(error, SaveError::Condition(_)), !is_there, "{error}");
        let error = store.put(&account()).condition(|f| f.logins.gt(9)).await.unwrap_err();
        let SaveError::Condition(condition) = &error else { panic!("{error}") };
        assert_eq!(condition.stored().is_some(), is_there);
        let says =
            if is_there { "the stored item does not satisfy" } else { "there is no item that" };
        assert!(error.is_conflict() && error.to_string().contains(says), "{error}");
        dynamodb.requests();
    }
}

#[tokio::test]
async fn another_version_is_told_from_a_condition() {
    let dynamodb = Dynamodb::holding(&document()).await;
    let store = dynamodb.store();
    let save = |version| store.put(&Document { version, ..document() });
    dynamodb.expect([refused("PutItem"), refused("PutItem"), refused("PutItem")]);

    let error = save(3).await.unwrap_err();
    let SaveError::Version(version) = &error else { panic!("{error}") };
    assert_eq!((version.expected(), version.found()), (3, Some(1)));
    assert!(version.stored().is_some() && error.is_conflict() && error.is_version_conflict());
    let error = save(3).condition(|f| f.title.exists()).await.unwrap_err();
    assert!(matches!(error, SaveError::Version(_)), "{error}");
    let error = save(1).condition(|f| f.title.exists()).await.unwrap_err();
    assert!(matches!(error, SaveError::Condition(_)), "{error}");
    dynamodb.requests();

    // Without a record there is no version, and the loaded one is gone.
    let dynamodb = Dynamodb::new();
    dynamodb.expect([refused("PutItem"), refused("PutItem")]);
    let error = dynamodb.store().put(&Document { version: 3, ..document() }).await.unwrap_err();
    let SaveError::Version(version) = &error else { panic!("{error}") };
    assert_eq!((version.expected(), version.found()), (3, None));
    assert!(error.to_string().contains("no record with a version is stored"), "{error}");
    let error = dynamodb.store().replace(&Document { version: 3, ..document() }).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    dynamodb.requests();
}

#[tokio::test]
async fn a_record_that_has_expired_counts_as_none() {
    let dynamodb = Dynamodb::holding(&Document { expires: Some(50), ..document() }).await;
    let store = at(dynamodb.store(), 60);
    dynamodb.expect([refused("PutItem"), refused("PutItem")]);

    let error = store.replace(&Document { version: 1, ..document() }).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    let error = store.put(&Document { version: 1, ..document() }).await.unwrap_err();
    assert!(matches!(&error, SaveError::Version(error) if error.found().is_none()), "{error}");
    dynamodb.requests();
}

/// The item exists even if it cannot be read.
#[tokio::test]
async fn an_item_of_an_unknown_type_is_there() {
    let dynamodb = Dynamodb::holding(&account()).await;
    dynamodb.alter(|item| drop(item.insert("role".into(), json!({"N": "x"}))));
    dynamodb.expect([refused("PutItem")]);

    let error = dynamodb.store().create(&account()).await.unwrap_err();

    dynamodb.requests();
    assert!(matches!(&error, SaveError::Presence(error) if error.found() == Presence::Present));
}

#[tokio::test]
async fn a_record_that_protects_nothing_is_not_saved_over_one_that_does() {
    let dynamodb = Dynamodb::holding(&account()).await;
    dynamodb.expect([refused("PutItem")]);

    let error = dynamodb.store().put(&note()).await.unwrap_err();

    assert_eq!(dynamodb.request().condition(), "attribute_not_exists(_envelope)");
    let SaveError::Open(open) = &error else { panic!("{error}") };
    assert_eq!(open.kind(), OpenErrorKind::HasEnvelope);
    assert!(!error.is_retryable() && !error.is_conflict());
}

#[tokio::test]
async fn the_record_that_was_replaced_is_given_back() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    dynamodb.expect([done("PutItem"), done("PutItem")]);
    let newer = Account { status: "newer".into(), ..account() };

    assert_eq!(store.put(&account()).return_old().await.unwrap(), None);
    assert_eq!(store.put(&newer).return_old().await.unwrap(), Some(account()));

    assert_eq!(dynamodb.requests()[1].body["ReturnValues"], "ALL_OLD");
    // The record is replaced even if the old one cannot be loaded.
    dynamodb.alter(|item| drop(item.remove("role")));
    dynamodb.expect([done("PutItem")]);
    let error = store.put(&account()).return_old().await.unwrap_err();
    assert!(matches!(error, SaveError::Unreadable(_)) && !error.is_retryable(), "{error}");
    let says =
        "the record is saved, but the replaced one is lost: cannot load record of table `users`";
    assert!(error.to_string().starts_with(says), "{error}");
    dynamodb.requests();
    assert_eq!(dynamodb.item().unwrap()["status"], json!({"S": "new"}));
}

/// Another item under the same key, as anyone with write access to the table can put there.
#[tokio::test]
async fn an_item_of_another_key_is_not_given_back() {
    let dynamodb = Dynamodb::holding(&Account { id: "a-2".into(), ..account() }).await;
    dynamodb.alter(|item| drop(item.insert("id".into(), json!({"S": "a-2"}))));
    dynamodb.expect([done("PutItem")]);

    let error = dynamodb.store().put(&account()).return_old().await.unwrap_err();

    dynamodb.requests();
    assert!(matches!(error, SaveError::Unreadable(_)), "{error}");
}

#[tokio::test]
async fn what_is_filled_in_comes_back_with_the_saved_record() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    dynamodb.expect([done("PutItem")]);
    assert_eq!(store.put(&document()).await.unwrap(), Document { version: 1, ..document() });
    dynamodb.requests();

    // A version that cannot be incremented is refused before any request.
    let error = store.put(&Document { version: 255, ..document() }).await.unwrap_err();
    assert!(matches!(&error, SaveError::Field(error) if error.attribute() == "version"));
}

#[tokio::test]
async fn what_cannot_be_compared_is_refused_before_any_request() {
    let dynamodb = Dynamodb::new();
    let save = dynamodb.store().put(&account());
    let error = save.condition(|f| f.logins.is_in([] as [u64; 0])).await.unwrap_err();
    assert!(matches!(&error, SaveError::Field(error) if error.attribute() == "logins"), "{error}");
}

#[tokio::test]
async fn builders_show_names_and_no_values() {
    let store = Dynamodb::new().store().map_table::<Account>("physical");
    let shown = [
        (format!("{:?}", Sealer::new(local())), "Sealer { .. }"),
        (format!("{:?}", Opener::new(local())), "Opener { .. }"),
        (format!("{store:?}"), r#"Store { tables: {"users": "physical"}, .. }"#),
        (format!("{:?}", store.put(&account())), r#"Put { table: "physical", .. }"#),
        (format!("{:?}", store.put(&account()).return_old()), r#"Put { table: "physical", .. }"#),
        (format!("{:?}", store.get::<Account>("a-1")), "Get { consistent: false, .. }"),
        (
            format!("{:?}", store.get::<Account>("a-1").consistent().with_envelope()),
            "Get { consistent: true, .. }",
        ),
        (format!("{:?}", store.delete::<Account>("a-1")), "Delete { .. }"),
        (format!("{:?}", store.delete::<Account>("a-1").return_old()), "Delete { .. }"),
        (
            format!("{:?}", store.update::<Account>("a-1").seal(|f| f.email, "x")),
            r#"Update { changes: ["email"], .. }"#,
        ),
        (
            format!("{:?}", store.update::<Account>("a-1").return_old()),
            "Update { changes: [], .. }",
        ),
        (
            format!("{:?}", store.update::<Account>("a-1").return_new()),
            "Update { changes: [], .. }",
        ),
    ];
    for (debug, expected) in shown {
        assert_eq!(debug, expected);
    }
}

/// As printed when `main` returns the error.
#[tokio::test]
async fn a_program_that_ends_with_a_failed_save_prints_where_and_what_to_do() {
    async fn main(store: &Store) -> Result<(), Box<dyn std::error::Error>> {
        store.put(&Person { tenant: String::new(), ..person() }).await?;
        Ok(())
    }
    let dynamodb = Dynamodb::new();

    let error = main(&dynamodb.store()).await.unwrap_err();

    assert_eq!(
        format!("Error: {error:?}"),
        "Error: cannot save record of table `people`, key `id`, attribute `tenant`: a context field \
         needs a value, stored as a non-empty S or as N"
    );
}

/// Only the provider knows the length of a wrapped key, so a record may turn out to be too large
/// once it is sealed.
#[tokio::test]
async fn a_record_that_fits_but_for_its_wrapped_key_is_not_sent() {
    let sized = |length: usize| Account { ssn: "x".repeat(length), ..account() };
    let empty = Sealer::new(local()).seal(&sized(0)).await.unwrap().size();
    let longest = Item::MAX_SIZE - empty;
    let dynamodb = Dynamodb::new();
    dynamodb.expect([done("PutItem")]);

    dynamodb.store().put(&sized(longest)).await.unwrap();
    for more in [1, 60] {
        let error = dynamodb.store().put(&sized(longest + more)).await.unwrap_err();
        let too_large = SealErrorKind::ItemTooLarge(Item::MAX_SIZE + more);
        assert!(matches!(&error, SaveError::Seal(seal) if seal.kind() == too_large), "{error}");
    }

    dynamodb.request();
}

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "members")]
struct Member {
    #[partition_key]
    #[envelope(context)]
    tenant: String,
    #[sort_key]
    id: String,
    #[encrypted]
    ssn: String,
}

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "members")]
struct HashedMember {
    #[partition_key]
    #[envelope(context)]
    tenant: String,
    #[sort_key]
    #[envelope(hashed)]
    id: String,
}

/// What is wrong with the key is said first, unless the key cannot be made without the context.
#[tokio::test]
async fn of_a_key_and_a_context_that_cannot_be_used_the_key_is_named() {
    async fn refusals<R: Batchable>(record: &R) -> [SaveError; 2] {
        let secret = IndexSecret::from_hex("tests", &"01".repeat(32)).unwrap();
        let store = Dynamodb::new().store().index_secret(secret);
        let alone = store.put(record).await.err().unwrap();
        let batch = store.batch_write().put(record).await.unwrap_err();
        let BatchError::Unprepared(error) = batch else { panic!("{batch}") };
        let WriteError::Save(together) = error.error() else { panic!("{error}") };
        [alone, together.clone()]
    }
    let [tenant, id, ssn] = ["", "m-1", "078-05-1120"].map(str::to_owned);
    let hashed = HashedMember { tenant: tenant.clone(), id: id.clone() };

    for error in refusals(&Member { tenant, id, ssn }).await {
        assert!(matches!(error, SaveError::Key(_)), "{error}");
        assert_eq!(error.attribute(), Some("tenant"));
    }
    for error in refusals(&hashed).await {
        assert!(matches!(error, SaveError::Context(_)), "{error}");
    }
}
