//! Every verb and every way in which its request can fail: the stored item, the error, and whether
//! the request may be retried. SECURITY.md has the table.

mod verbs;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use envelope_runtime::{KmsKeyProvider, Store};
use envelope_tests::{Fault, FaultyProxy, Timeout};

use self::verbs::{Account, Document, Kind, Said, Verb, account, document, verbs};
use crate::support::World;

const HTML: &str = "<html><body>Bad gateway</body></html>";
const INTERNAL: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}"#;
const THROTTLED: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException"}"#;

/// Nothing was done, and the SDK retries.
const NOT_DONE: [Fault; 3] = [Fault::Refused, Fault::Unresolved, Fault::Answered(400, THROTTLED)];
/// Nothing was done, but nobody can know.
const LOST_BEFORE: [Fault; 7] = [
    Fault::ResetBefore,
    Fault::Answered(500, INTERNAL),
    Fault::Answered(500, ""),
    Fault::Answered(502, HTML),
    Fault::Answered(503, HTML),
    Fault::Answered(504, HTML),
    Fault::HangsBefore,
];
/// It was done, but nobody can know.
const LOST_AFTER: [Fault; 5] = [
    Fault::ResetAfter,
    Fault::AnsweredAfter(500, INTERNAL),
    Fault::AnsweredAfter(503, HTML),
    Fault::BrokenBody,
    Fault::HangsAfter,
];

/// Runs a verb whose requests fail with `faults`. Returns its result and whether it was done.
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
    let store = Store::new(client, provider).map_table::<Account>(&world.table);

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
        // The SDK does not retry when a proxy refuses without an AWS error code.
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

/// Like the login page of a network, which the SDK does not treat as a failure to retry.
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

/// Between the lost answer and the SDK's retry.
#[tokio::test]
async fn what_was_acknowledged_in_between_is_not_undone() {
    for (operation, fault) in [("PutItem", Fault::ResetAfter), ("PutItem", Fault::HangsAfter)] {
        let (world, proxy) = world().await;
        let client =
            proxy.client(&world.backend.dynamodb, Timeout::Attempt, RetryConfig::standard());
        let provider = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
        let store = Store::new(client, provider).map_table::<Account>(&world.table);

        // Created, and deleted before the SDK would retry: it stays deleted.
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

        // Replaced, and replaced by another writer: the other's record stays.
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
    let store = Store::new(client, provider).map_table::<Account>(&world.table);
    world.store.put(&account("old")).await.unwrap();

    // Set while it was old, and set back to old by another writer, whose write was acknowledged.
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

    // A loaded record, updated in plaintext: another writer has sealed something since.
    let known = world.store.get::<Account>("r").with_envelope().await.unwrap().unwrap();
    let other = world.store.clone();
    proxy.fail("UpdateItem", [Fault::ResetAfter]);
    proxy.meanwhile(
        async move { other.update::<Account>("r").seal(|f| f.email, "x").await.unwrap() },
    );
    let said = Said::from(store.update("r").based_on(&known).set(|f| f.status, "new").await);
    assert_eq!(said, Said::Unknown);

    // Deleted, and created again by another writer.
    world.store.put(&account("old")).await.unwrap();
    let other = world.store.clone();
    proxy.fail("DeleteItem", [Fault::ResetAfter]);
    proxy.meanwhile(async move { other.create(&account("old")).await.unwrap() });
    let deletion = store.delete::<Account>("r").condition(|f| f.status.eq("old"));
    assert_eq!(Said::from(deletion.await), Said::Unknown);
    assert!(world.store.get::<Account>("r").await.unwrap().is_some());
}

/// The read that decides is refused or fails.
#[tokio::test]
async fn without_a_read_the_outcome_is_unknown() {
    const DENIED: &str = r#"{"__type":"com.amazon.coral.service#AccessDeniedException"}"#;
    let (world, proxy) = world().await;
    let client = proxy.client(&world.backend.dynamodb, Timeout::Attempt, RetryConfig::standard());
    let provider = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
    let store = Store::new(client, provider).map_table::<Account>(&world.table);
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
    let store = Store::new(client, provider).map_table::<Account>(&world.table);
    for fault in NOT_DONE.into_iter().chain(LOST_BEFORE).chain(LOST_AFTER) {
        proxy.fail("GetItem", [fault]);
        assert!(store.get::<Account>("r").await.unwrap().is_some(), "{fault:?} once");

        proxy.fail("GetItem", [fault; 3]);
        let error = store.get::<Account>("r").await.unwrap_err();
        assert!(error.is_retryable() && !error.is_tampered(), "{fault:?}: {error}");
    }
}
