//! Transactions whose answers are lost, on a back end that does a transaction once for all requests
//! with its token.

use std::time::Duration;

use envelope_tests::Reaction;

use crate::transactions::prepared::{MINUTE, Times};
use crate::transactions::{User, World, audit, user};

/// The answer is lost each time that it is sent, and the transaction is sent again 4 minutes later.
#[tokio::test]
async fn t32_after_lost_answers_it_is_sent_again_for_five_minutes_and_done_once() {
    for by_wall in [false, true] {
        let world = World::new().await;
        world.store.put(&user("zoe")).await.unwrap();
        let (store, script) = world.scripted(|_| Reaction::Pass);
        let times = Times::new();
        let store = store.clock(times.clone());
        let changes = store.transaction().update::<User>("zoe", |u| u.add(|f| f.points, 1));
        let prepared = changes.deadline(Duration::ZERO).prepare().await.unwrap();
        script.react(|_| Reaction::Lost);
        let error = prepared.send().await.unwrap_err();
        assert!(error.is_unknown_outcome(), "{error}");
        let pass =
            |time| if by_wall { times.wall_goes_on(time) } else { times.monotonic_goes_on(time) };

        pass(4 * MINUTE);
        drop(script.take());
        script.react(|attempt| match attempt.number {
            0 => Reaction::Lost,
            _ => Reaction::Reset,
        });
        let error = prepared.send().await.unwrap_err();
        assert!(error.is_unknown_outcome(), "{error}");
        let tried = script.take();
        assert!(tried.iter().all(|operation| operation == "TransactWriteItems"), "{tried:?}");
        assert_eq!(world.user("zoe").await.unwrap().points, 8);

        pass(2 * MINUTE);
        script.react(|_| Reaction::Pass);
        let error = prepared.send().await.unwrap_err();
        assert!(error.is_unknown_outcome(), "{error}");
        assert_eq!(script.take(), [""; 0]);
        assert_eq!(world.user("zoe").await.unwrap().points, 8);
    }
}

#[tokio::test]
async fn a_lost_answer_is_found_out_by_the_token_or_by_the_envelope() {
    let world = World::new().await;
    let (store, script) = world.scripted(|attempt| match attempt.number {
        0 => Reaction::Lost,
        _ => Reaction::Pass,
    });
    store.transaction().create(&user("zoe")).put(&audit("a")).await.unwrap();
    assert_eq!(script.take(), ["TransactWriteItems", "TransactWriteItems"]);

    // No answer ever comes, and what is stored tells.
    script.react(|attempt| match attempt.operation.as_str() {
        "GetItem" => Reaction::Pass,
        _ => Reaction::Lost,
    });
    let create = store.transaction().create(&user("max")).deadline(Duration::ZERO);
    create.await.unwrap();
    assert_eq!(world.user("max").await, Some(user("max")));
}
