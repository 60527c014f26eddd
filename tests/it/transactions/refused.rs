//! Transactions that the stored items do not allow, or that others are in the way of.

use super::*;

#[tokio::test]
async fn each_refused_action_has_its_own_error_and_nothing_is_written() {
    let world = World::new().await;
    let store = &world.store;
    store.put(&user("zoe")).await.unwrap();
    drop(store.put(&order(1)).await.unwrap());

    let error = store
        .transaction()
        .create(&user("zoe"))
        .create(&user("new"))
        .replace(&user("nobody"))
        .put(&order(1))
        .put_if(&audit("a"), |f| f.text.eq("made"))
        .delete_version::<Order>(("zoe", 7), 3)
        .delete_if::<User>("other", |f| f.points.ge(1))
        .check::<Audit>("b", |f| f.seen.ge(1))
        .await
        .unwrap_err();

    assert!(error.is_conflict() && error.is_not_found() && error.is_version_conflict());
    assert!(!error.is_retryable() && !error.is_unknown_outcome());
    let error = cancelled(error);
    let positions: Vec<_> = error.actions().map(PositionedError::position).collect();
    assert_eq!(positions, [0, 2, 3, 4, 5, 6, 7]);
    let said: Vec<_> = error.actions().map(|action| action.error().to_string()).collect();
    assert!(said[0].contains("cannot save") && said[0].contains("already a record"), "{said:?}");
    assert!(said[1].contains("there is no record under this key"), "{said:?}");
    assert!(said[2].contains("depends on version 0, but version 1 is stored"), "{said:?}");
    assert!(said[3].contains("no item that satisfies the condition"), "{said:?}");
    assert!(said[4].contains("cannot delete") && said[4].contains("version 3"), "{said:?}");
    assert!(said[5].contains("cannot delete"), "{said:?}");
    assert!(said[6].contains("cannot check"), "{said:?}");
    assert!(error.to_string().ends_with("; and 6 more"), "{error}");
    assert_eq!(world.user("new").await, None);
}

#[tokio::test]
async fn the_stored_item_is_in_the_error_of_its_action_and_can_be_opened() {
    let world = World::new().await;
    drop(world.store.put(&order(1)).await.unwrap());

    let error = world.store.transaction().put(&order(2)).put(&order(1)).await.unwrap_err();

    let error = cancelled(error);
    let WriteError::Save(SaveError::Version(error)) = error.actions().next().unwrap().error()
    else {
        panic!("{error}")
    };
    let provider = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
    let opener = envelope_runtime::Opener::new(provider);
    let stored = opener.open::<Order>(error.stored().unwrap().clone()).await.unwrap();
    assert_eq!(stored.into_record(), Order { version: 1, ..order(1) });
}

#[tokio::test]
async fn an_update_that_its_condition_forbids_is_named_and_nothing_is_written() {
    let world = World::new().await;
    world.store.put(&user("zoe")).await.unwrap();

    for sealed in [false, true] {
        let changes = world.store.transaction().create(&user("new")).update::<User>("zoe", |u| {
            let u = u.set(|f| f.status, "gold").condition(|f| f.points.ge(100));
            if sealed { u.seal(|f| f.ssn, "219-09-9999") } else { u }
        });
        let error = cancelled(changes.await.unwrap_err());

        let action = error.actions().next().unwrap();
        assert_eq!(action.position(), 1);
        let WriteError::Update(UpdateError::Condition(error)) = action.error() else {
            panic!("{error}")
        };
        assert!(error.stored().is_some());
        assert_eq!(world.user("zoe").await, Some(user("zoe")));
        assert_eq!(world.user("new").await, None);
    }
}

/// A writer that seals between the read and the transaction.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_whose_item_was_changed_is_prepared_anew_and_loses_nothing() {
    let world = World::new().await;
    world.store.put(&user("zoe")).await.unwrap();
    for sealed in [false, true] {
        let rival = world.store.update::<User>("zoe").seal(|f| f.ssn, "123-45-6789");
        let mut rival = Some(rival.into_future());
        let handle = tokio::runtime::Handle::current();
        let (store, script) = world.scripted(move |attempt| {
            if attempt.operation == "TransactWriteItems"
                && let Some(rival) = rival.take()
            {
                let handle = handle.clone();
                let done = std::thread::spawn(move || handle.block_on(rival).unwrap());
                done.join().unwrap();
            }
            Reaction::Pass
        });

        let changes = store.transaction().put(&audit("a")).update::<User>("zoe", |u| {
            let u = u.add(|f| f.points, 1);
            if sealed { u.set(|f| f.role, "doctor") } else { u }
        });
        changes.await.unwrap();

        let tried = script.take();
        let tried: Vec<_> = tried.iter().map(String::as_str).collect();
        assert_eq!(
            tried,
            ["GetItem", "TransactWriteItems", "GetItem", "TransactWriteItems"],
            "{sealed}"
        );
        let zoe = world.user("zoe").await.unwrap();
        assert_eq!(zoe.ssn, "123-45-6789");
        assert_eq!(zoe.role, if sealed { "doctor" } else { "patient" });
        assert_eq!(zoe.points, 8 + u64::from(sealed));
    }
}

const CONFLICT: &str = r#"{"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
    "Message": "cancelled", "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}]}"#;
const THROTTLED: &str = r#"{"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
    "Message": "cancelled", "CancellationReasons": [{"Code": "ThrottlingError"}, {"Code": "None"}]}"#;
const INVALID: &str = r#"{"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
    "Message": "cancelled", "CancellationReasons": [{"Code": "None"}, {"Code": "ValidationError",
    "Message": "An operand in the update expression has an incorrect data type"}]}"#;

#[tokio::test]
async fn what_is_in_the_way_is_waited_for_and_the_same_bytes_are_sent_again() {
    let world = World::new().await;
    for body in [CONFLICT, THROTTLED] {
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let sent = Arc::clone(&bodies);
        let (store, _) = world.scripted(move |attempt| {
            let mut sent = sent.lock().unwrap();
            sent.push(attempt.body.clone());
            if sent.len() < 4 { Reaction::Answer(400, body.into()) } else { Reaction::Pass }
        });

        store.transaction().put(&user("zoe")).put(&order(1)).deadline(HOUR).await.unwrap();

        let bodies = bodies.lock().unwrap().clone();
        assert_eq!(bodies.len(), 4);
        assert!(bodies.iter().all(|body| body == &bodies[0]));
        world.store.delete_any_version::<Order>(("zoe", 1)).await.unwrap();
    }
}

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn what_stays_in_the_way_until_the_deadline_is_named_and_may_be_tried_again() {
    let world = World::new().await;
    for body in [CONFLICT, THROTTLED] {
        let (store, _) = world.scripted(move |_| Reaction::Answer(400, body.into()));
        let both = store.transaction().put(&user("zoe")).put(&order(1));

        let error = both.deadline(Duration::ZERO).await.unwrap_err();

        assert!(error.is_retryable(), "{error}");
        match body {
            CONFLICT => assert!(matches!(error, TransactionError::Contended(_)), "{error}"),
            _ => assert!(matches!(error, TransactionError::Request(_)), "{error}"),
        }
    }
}

#[tokio::test]
async fn an_action_that_dynamodb_finds_invalid_is_named() {
    let world = World::new().await;
    let (store, script) = world.scripted(|_| Reaction::Answer(400, INVALID.into()));
    let error = store.transaction().put(&user("zoe")).delete::<User>("max").await.unwrap_err();

    let error = cancelled(error);
    let action = error.actions().next().unwrap();
    assert_eq!(action.position(), 1);
    assert!(action.to_string().contains("stored type differs"), "{action}");
    assert_eq!(script.take().len(), 1);
}
