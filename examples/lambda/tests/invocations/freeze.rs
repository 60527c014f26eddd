//! A process that Lambda freezes between two invocations.

use crate::foobar;
use crate::function::{Function, event};

#[tokio::test]
async fn a_process_that_wakes_with_closed_connections_goes_on() {
    let mut function = Function::start().await;
    function.request(event("save")).await;
    function.request(event("load")).await;

    for round in 2..5 {
        // It is idle, and frozen while the other ends close every connection.
        function.runtime.asked(2 * round - 1).await;
        function.signal("-STOP").await;
        function.to_dynamodb.close_all().await;
        function.to_kms.close_all().await;
        function.runtime.give(event("load"));
        function.signal("-CONT").await;

        let crate::Outcome::Answered(answer) = function.outcome().await else { panic!("failed") };
        assert_eq!(answer["statusCode"], 200);
        let saved = function.request(event("save")).await;
        assert_eq!(saved.status(), 204);
        assert_eq!((function.to_dynamodb.accepted(), function.to_kms.accepted()), (round, round));
    }

    assert_eq!(function.request(event("load")).await.json(), foobar());
    assert_eq!(function.log().await, "");
}
