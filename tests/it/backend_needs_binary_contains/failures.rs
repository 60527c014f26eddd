//! Every verb and every way in which its request can fail: what is stored, what the error says, and whether
//! the same may be tried again. SECURITY.md has the table.

use std::future::{Ready, ready};
use std::pin::Pin;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use envelope_runtime::{
    DeleteError, EnvelopeRecord, KmsKeyProvider, SaveError, Store, UpdateError,
};
use envelope_tests::{Fault, FaultyProxy, Timeout};

use crate::support::{Stored, World};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Account {
    #[partition_key]
    id: String,
    status: String,
    logins: u64,
    #[encrypted]
    email: Option<String>,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Document {
    #[partition_key]
    id: String,
    #[encrypted]
    text: String,
    #[envelope(version)]
    version: u64,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users", plaintext_only)]
struct Note {
    #[partition_key]
    id: String,
    text: String,
}

fn account(status: &str) -> Account {
    Account { id: "r".into(), status: status.into(), logins: 1, email: None }
}

fn document(text: &str, version: u64) -> Document {
    Document { id: "r".into(), text: text.into(), version }
}

fn note(text: &str) -> Note {
    Note { id: "r".into(), text: text.into() }
}

/// What an operation said.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Done,
    /// Not known whether it was done; not to be tried again as it is.
    Unknown,
    /// It may be tried again.
    Retry,
    Other(String),
}

macro_rules! said {
    ($($error:ident),*) => {$(
        impl<T> From<Result<T, $error>> for Said {
            fn from(result: Result<T, $error>) -> Self {
                match result {
                    Ok(_) => Self::Done,
                    Err(error @ $error::UnknownOutcome(_)) => {
                        assert!(!error.is_retryable() && !error.is_conflict(), "{error}");
                        Self::Unknown
                    }
                    Err(error) if error.is_retryable() => {
                        assert!(matches!(error, $error::Request(_)), "{error}");
                        Self::Retry
                    }
                    Err(error) => Self::Other(error.to_string()),
                }
            }
        }
    )*};
}

said!(SaveError, UpdateError, DeleteError);

/// What a verb does when it is done twice, and how its own write is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The same, and it leaves nothing to be known by.
    Repeatable,
    /// The same, and its envelope is known.
    RepeatableAndKnown,
    /// It depends on an envelope that is gone when it is done, and its own is known.
    Guarded,
    /// Something else, and its envelope is known.
    Known,
    /// Something else, and it leaves nothing to be known by.
    Nameless,
}

type Running = Pin<Box<dyn Future<Output = Said> + Send>>;

struct Verb {
    name: &'static str,
    kind: Kind,
    operation: &'static str,
    before: fn(Store) -> Running,
    run: fn(Store) -> Running,
    /// Whether the stored item shows that it was done, once.
    is_done: fn(Option<&Stored>) -> bool,
}

macro_rules! verb {
    ($name:literal, $kind:ident, $operation:literal, $before:expr, $run:expr, $is_done:expr) => {
        Verb {
            name: $name,
            kind: Kind::$kind,
            operation: $operation,
            before: |store| Box::pin(async move { $before(&store).await.into() }),
            run: |store| Box::pin(async move { $run(&store).await.into() }),
            is_done: $is_done,
        }
    };
}

fn nothing(_: &Store) -> Ready<Result<(), SaveError>> {
    ready(Ok(()))
}

async fn an_account(store: &Store) -> Result<(), SaveError> {
    store.put(&account("old")).await
}

async fn a_document(store: &Store) -> Result<Document, SaveError> {
    store.put(&document("old", 0)).await
}

fn has(item: Option<&Stored>, name: &str, value: &str) -> bool {
    item.and_then(|item| item.get(name)).is_some_and(|found| {
        found.as_s().is_ok_and(|text| text == value) || found.as_n().is_ok_and(|n| n == value)
    })
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn verbs() -> Vec<Verb> {
    vec![
        verb!(
            "put",
            RepeatableAndKnown,
            "PutItem",
            nothing,
            |s: &Store| s.put(&account("new")).into_future(),
            |i| has(i, "status", "new")
        ),
        verb!(
            "put, plaintext_only",
            Repeatable,
            "PutItem",
            nothing,
            |s: &Store| s.put(&note("new")).into_future(),
            |i| has(i, "text", "new")
        ),
        verb!(
            "create",
            Known,
            "PutItem",
            nothing,
            |s: &Store| s.create(&account("new")).into_future(),
            |i| has(i, "status", "new")
        ),
        verb!(
            "create, plaintext_only",
            Nameless,
            "PutItem",
            nothing,
            |s: &Store| s.create(&note("new")).into_future(),
            |i| has(i, "text", "new")
        ),
        verb!(
            "replace",
            Known,
            "PutItem",
            an_account,
            |s: &Store| s.replace(&account("new")).into_future(),
            |i| has(i, "status", "new")
        ),
        verb!(
            "put with a condition",
            Known,
            "PutItem",
            an_account,
            |s: &Store| s.put(&account("new")).condition(|f| f.status.eq("old")).into_future(),
            |i| has(i, "status", "new")
        ),
        verb!(
            "put of version 0",
            Known,
            "PutItem",
            nothing,
            |s: &Store| s.put(&document("new", 0)).into_future(),
            |i| has(i, "version", "1")
        ),
        verb!(
            "put of version 1",
            Known,
            "PutItem",
            a_document,
            |s: &Store| s.put(&document("new", 1)).into_future(),
            |i| has(i, "version", "2")
        ),
        verb!(
            "update, set",
            Repeatable,
            "UpdateItem",
            an_account,
            |s: &Store| s.update::<Account>("r").set(|f| f.status, "new").into_future(),
            |i| has(i, "status", "new")
        ),
        verb!(
            "update, set with a condition",
            Nameless,
            "UpdateItem",
            an_account,
            |s: &Store| s
                .update::<Account>("r")
                .set(|f| f.status, "new")
                .condition(|f| f.logins.eq(1))
                .into_future(),
            |i| has(i, "status", "new")
        ),
        verb!(
            "update, add",
            Nameless,
            "UpdateItem",
            an_account,
            |s: &Store| s.update::<Account>("r").add(|f| f.logins, 1).into_future(),
            |i| has(i, "logins", "2")
        ),
        verb!(
            "update, version",
            Nameless,
            "UpdateItem",
            a_document,
            |s: &Store| s.update::<Document>("r").version(1).into_future(),
            |i| has(i, "version", "2")
        ),
        verb!(
            "update, seal",
            RepeatableAndKnown,
            "UpdateItem",
            an_account,
            |s: &Store| s.update::<Account>("r").seal(|f| f.email, "x").into_future(),
            |i| i.is_some_and(|i| i.contains_key("email"))
        ),
        verb!(
            "update, seal and add",
            Guarded,
            "UpdateItem",
            an_account,
            |s: &Store| s
                .update::<Account>("r")
                .seal(|f| f.email, "x")
                .add(|f| f.logins, 1)
                .into_future(),
            |i| has(i, "logins", "2") && i.is_some_and(|i| i.contains_key("email"))
        ),
        verb!(
            "delete",
            Repeatable,
            "DeleteItem",
            an_account,
            |s: &Store| s.delete::<Account>("r").into_future(),
            |i| i.is_none()
        ),
        verb!(
            "delete with a condition",
            Nameless,
            "DeleteItem",
            an_account,
            |s: &Store| s.delete::<Account>("r").condition(|f| f.status.eq("old")).into_future(),
            |i| i.is_none()
        ),
        verb!(
            "delete of a version",
            Nameless,
            "DeleteItem",
            a_document,
            |s: &Store| s.delete_version::<Document>("r", 1).into_future(),
            |i| i.is_none()
        ),
    ]
}

const HTML: &str = "<html><body>Bad gateway</body></html>";
const INTERNAL: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}"#;
const THROTTLED: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException"}"#;

/// Nothing was done, and the SDK tries again.
const NOT_DONE: [Fault; 3] = [Fault::Refused, Fault::Unresolved, Fault::Answered(400, THROTTLED)];
/// Nothing was done, and nobody can know.
const LOST_BEFORE: [Fault; 7] = [
    Fault::ResetBefore,
    Fault::Answered(500, INTERNAL),
    Fault::Answered(500, ""),
    Fault::Answered(502, HTML),
    Fault::Answered(503, HTML),
    Fault::Answered(504, HTML),
    Fault::HangsBefore,
];
/// It was done, and nobody can know.
const LOST_AFTER: [Fault; 5] = [
    Fault::ResetAfter,
    Fault::AnsweredAfter(500, INTERNAL),
    Fault::AnsweredAfter(503, HTML),
    Fault::BrokenBody,
    Fault::HangsAfter,
];

/// Runs a verb with its requests failing so, and gives what it said and whether it was done.
async fn failing(
    world: &World,
    proxy: &FaultyProxy,
    verb: &Verb,
    timeout: Timeout,
    faults: &[Fault],
) -> (Said, bool) {
    let delete = world.backend.dynamodb.delete_item().table_name(&world.table);
    delete.key("id", crate::support::string("r")).send().await.unwrap();
    assert_eq!((verb.before)(world.store.clone()).await, Said::Done, "{}", verb.name);
    let client = proxy.client(&world.backend.dynamodb, timeout, RetryConfig::standard());
    let provider = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
    let store = Store::new(client, provider).table_name::<Account>(&world.table);

    proxy.fail(verb.operation, faults.iter().copied());
    let said = (verb.run)(store).await;

    proxy.behave();
    let get = world.backend.dynamodb.get_item().table_name(&world.table).consistent_read(true);
    let item = get.key("id", crate::support::string("r")).send().await.unwrap().item;
    (said, (verb.is_done)(item.as_ref()))
}

async fn world() -> (World, FaultyProxy) {
    let world = World::new().await;
    let proxy = world.backend.faulty_proxy().await;
    (world, proxy)
}

#[tokio::test]
async fn what_never_reached_dynamodb_is_sent_again_or_may_be_tried_again() {
    let (world, proxy) = world().await;
    for verb in verbs() {
        for fault in NOT_DONE {
            let told = failing(&world, &proxy, &verb, Timeout::Attempt, &[fault]).await;
            assert_eq!(told, (Said::Done, true), "{}: {fault:?} once", verb.name);
            let told = failing(&world, &proxy, &verb, Timeout::Attempt, &[fault; 9]).await;
            assert_eq!(told, (Said::Retry, false), "{}: {fault:?}", verb.name);
        }
        // The SDK does not try again what a proxy refuses without AWS's code.
        let fault = Fault::Answered(429, HTML);
        let told = failing(&world, &proxy, &verb, Timeout::Attempt, &[fault]).await;
        assert_eq!(told, (Said::Retry, false), "{}: {fault:?}", verb.name);
    }
}

#[tokio::test]
async fn what_may_have_reached_dynamodb_and_did_not_is_sent_again_where_that_does_no_harm() {
    let (world, proxy) = world().await;
    for verb in verbs() {
        for fault in LOST_BEFORE {
            let once = match verb.kind {
                Kind::Repeatable | Kind::RepeatableAndKnown | Kind::Guarded => (Said::Done, true),
                Kind::Known | Kind::Nameless => (Said::Unknown, false),
            };
            let told = failing(&world, &proxy, &verb, Timeout::Attempt, &[fault]).await;
            assert_eq!(told, once, "{}: {fault:?} once", verb.name);
            let always = match verb.kind {
                Kind::Repeatable | Kind::RepeatableAndKnown => (Said::Retry, false),
                Kind::Guarded | Kind::Known | Kind::Nameless => (Said::Unknown, false),
            };
            let told = failing(&world, &proxy, &verb, Timeout::Attempt, &[fault; 9]).await;
            assert_eq!(told, always, "{}: {fault:?}", verb.name);
        }
        let ended = match verb.kind {
            Kind::Repeatable | Kind::RepeatableAndKnown => (Said::Retry, false),
            Kind::Guarded | Kind::Known | Kind::Nameless => (Said::Unknown, false),
        };
        let told = failing(&world, &proxy, &verb, Timeout::Operation, &[Fault::HangsBefore]).await;
        assert_eq!(told, ended, "{}: the operation's timeout", verb.name);
    }
}

#[tokio::test]
async fn what_was_done_is_done_once_and_known_by_its_envelope() {
    let (world, proxy) = world().await;
    for verb in verbs() {
        for fault in LOST_AFTER {
            let once = match verb.kind {
                Kind::Nameless => (Said::Unknown, true),
                _ => (Said::Done, true),
            };
            let told = failing(&world, &proxy, &verb, Timeout::Attempt, &[fault]).await;
            assert_eq!(told, once, "{}: {fault:?} once", verb.name);
            let always = match verb.kind {
                Kind::Repeatable => (Said::Retry, true),
                Kind::Nameless => (Said::Unknown, true),
                Kind::RepeatableAndKnown | Kind::Guarded | Kind::Known => (Said::Done, true),
            };
            let told = failing(&world, &proxy, &verb, Timeout::Attempt, &[fault; 9]).await;
            assert_eq!(told, always, "{}: {fault:?}", verb.name);
        }
        let ended = match verb.kind {
            Kind::Repeatable => (Said::Retry, true),
            Kind::Nameless => (Said::Unknown, true),
            Kind::RepeatableAndKnown | Kind::Guarded | Kind::Known => (Said::Done, true),
        };
        let told = failing(&world, &proxy, &verb, Timeout::Operation, &[Fault::HangsAfter]).await;
        assert_eq!(told, ended, "{}: the operation's timeout", verb.name);
    }
}

/// As the login page of a network answers, which the SDK does not take for a failure to try again.
#[tokio::test]
async fn an_answer_that_is_not_of_dynamodb_is_a_lost_one() {
    let (world, proxy) = world().await;
    for verb in verbs() {
        for (fault, was_done) in
            [(Fault::Answered(200, HTML), false), (Fault::AnsweredAfter(200, HTML), true)]
        {
            let said = match (verb.kind, was_done) {
                (Kind::Repeatable, _) | (Kind::RepeatableAndKnown, false) => Said::Retry,
                (Kind::Nameless, _) | (Kind::Guarded | Kind::Known, false) => Said::Unknown,
                (Kind::RepeatableAndKnown | Kind::Guarded | Kind::Known, true) => Said::Done,
            };
            let told = failing(&world, &proxy, &verb, Timeout::Attempt, &[fault]).await;
            assert_eq!(told, (said, was_done), "{}: {fault:?}", verb.name);
        }
    }
}

/// Between the lost answer and what the SDK would send again.
#[tokio::test]
async fn what_was_acknowledged_in_between_is_not_undone() {
    for (operation, fault) in [("PutItem", Fault::ResetAfter), ("PutItem", Fault::HangsAfter)] {
        let (world, proxy) = world().await;
        let client =
            proxy.client(&world.backend.dynamodb, Timeout::Attempt, RetryConfig::standard());
        let provider = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
        let store = Store::new(client, provider).table_name::<Account>(&world.table);

        // Created, and deleted before the SDK would try again: it stays deleted.
        let other = world.store.clone();
        proxy.fail(operation, [fault]);
        proxy.meanwhile(async move { other.delete::<Account>("r").await.unwrap() });
        let said = Said::from(store.create(&account("new")).await);
        assert_eq!(said, Said::Unknown);
        assert_eq!(world.store.get::<Account>("r").await.unwrap(), None);

        // Version 0 is saved, and deleted.
        let other = world.store.clone();
        proxy.fail(operation, [fault]);
        proxy.meanwhile(async move { other.delete_any_version::<Document>("r").await.unwrap() });
        assert_eq!(Said::from(store.put(&document("new", 0)).await), Said::Unknown);
        assert_eq!(world.store.get::<Document>("r").await.unwrap(), None);

        // Replaced, and replaced by another: the other's stays.
        world.store.put(&account("old")).await.unwrap();
        let other = world.store.clone();
        proxy.fail(operation, [fault]);
        proxy.meanwhile(async move { other.put(&account("theirs")).await.unwrap() });
        assert_eq!(Said::from(store.replace(&account("new")).await), Said::Unknown);
        let found: Account = world.store.get("r").await.unwrap().unwrap();
        assert_eq!(found.status, "theirs");
    }
}

#[tokio::test]
async fn a_conditional_update_or_deletion_is_not_done_again_over_what_came_in_between() {
    let (world, proxy) = world().await;
    let client = proxy.client(&world.backend.dynamodb, Timeout::Attempt, RetryConfig::standard());
    let provider = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
    let store = Store::new(client, provider).table_name::<Account>(&world.table);
    world.store.put(&account("old")).await.unwrap();

    // Set while it was old, and set back to old by another, who was told so.
    let other = world.store.clone();
    proxy.fail("UpdateItem", [Fault::ResetAfter]);
    proxy.meanwhile(
        async move { other.update::<Account>("r").set(|f| f.status, "old").await.unwrap() },
    );
    let update = store.update::<Account>("r").set(|f| f.status, "new");
    let said = Said::from(update.condition(|f| f.status.eq("old")).await);
    assert_eq!(said, Said::Unknown);
    let found: Account = world.store.get("r").await.unwrap().unwrap();
    assert_eq!(found.status, "old");

    // A record that was loaded, in plaintext: another has sealed something since.
    let known = world.store.get::<Account>("r").with_envelope().await.unwrap().unwrap();
    let other = world.store.clone();
    proxy.fail("UpdateItem", [Fault::ResetAfter]);
    proxy.meanwhile(
        async move { other.update::<Account>("r").seal(|f| f.email, "x").await.unwrap() },
    );
    let said = Said::from(store.update("r").with(&known).set(|f| f.status, "new").await);
    assert_eq!(said, Said::Unknown);

    // Deleted, and made anew by another.
    world.store.put(&account("old")).await.unwrap();
    let other = world.store.clone();
    proxy.fail("DeleteItem", [Fault::ResetAfter]);
    proxy.meanwhile(async move { other.create(&account("old")).await.unwrap() });
    let deletion = store.delete::<Account>("r").condition(|f| f.status.eq("old"));
    assert_eq!(Said::from(deletion.await), Said::Unknown);
    assert!(world.store.get::<Account>("r").await.unwrap().is_some());
}

/// The read that decides is refused, or fails.
#[tokio::test]
async fn without_a_read_the_outcome_is_unknown() {
    const DENIED: &str = r#"{"__type":"com.amazon.coral.service#AccessDeniedException"}"#;
    let (world, proxy) = world().await;
    let client = proxy.client(&world.backend.dynamodb, Timeout::Attempt, RetryConfig::standard());
    let provider = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
    let store = Store::new(client, provider).table_name::<Account>(&world.table);
    for fault in [Fault::Answered(400, DENIED), Fault::ResetBefore, Fault::Refused] {
        proxy.fail("PutItem", [Fault::ResetAfter]);
        proxy.fail("GetItem", [fault; 3]);

        assert_eq!(Said::from(store.create(&account("new")).await), Said::Unknown, "{fault:?}");

        proxy.behave();
        world.store.delete::<Account>("r").await.unwrap();
    }
}

#[tokio::test]
async fn a_load_is_tried_again_or_may_be() {
    let (world, proxy) = world().await;
    world.store.put(&account("old")).await.unwrap();
    let client = proxy.client(&world.backend.dynamodb, Timeout::Attempt, RetryConfig::standard());
    let provider = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
    let store = Store::new(client, provider).table_name::<Account>(&world.table);
    for fault in NOT_DONE.into_iter().chain(LOST_BEFORE).chain(LOST_AFTER) {
        proxy.fail("GetItem", [fault]);
        assert!(store.get::<Account>("r").await.unwrap().is_some(), "{fault:?} once");

        proxy.fail("GetItem", [fault; 3]);
        let error = store.get::<Account>("r").await.unwrap_err();
        assert!(error.is_retryable() && !error.is_tampered(), "{fault:?}: {error}");
    }
}
