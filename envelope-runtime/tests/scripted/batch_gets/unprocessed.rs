//! Keys that DynamoDB leaves unprocessed.

use std::time::Duration;

use envelope_runtime::{QueryError, Store};

use super::{Order, asked, found, key, keys, leaving, order, orders, stored};
use crate::clocks::Passing;
use crate::dynamodb::Dynamodb;

/// A call for the orders 1 to `last`.
fn batch(store: &Store, last: i64) -> envelope_runtime::operation::BatchGet<Order> {
    store.batch_get::<Order>((1..=last).map(|number| ("t-1", number)))
}

#[tokio::test]
async fn unprocessed_keys_are_asked_for_again() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([
        leaving([], 1..=3),
        leaving(orders([3]).await, 1..=2),
        found(orders([1, 2]).await),
    ]);

    let records = batch(&dynamodb.store(), 3).await.unwrap();

    assert_eq!(records, [1, 2, 3].map(|number| Some(order(number))));
    let requests = dynamodb.requests();
    assert_eq!(asked(&requests[1]), keys(1..=3));
    assert_eq!(asked(&requests[2]), keys(1..=2));
    assert_eq!(dynamodb.waits(), 2);
}

/// A key that is neither found nor left is absent.
#[tokio::test]
async fn nothing_but_unprocessed_keys_of_the_call_is_asked_for_again() {
    let dynamodb = Dynamodb::new();
    // The first was found all the same, and the last is not of this call.
    dynamodb.expect([leaving([stored(1).await], [1, 2, 9]), found([stored(2).await])]);

    let records = batch(&dynamodb.store(), 3).await.unwrap();

    assert_eq!(records, [Some(order(1)), Some(order(2)), None]);
    assert_eq!(asked(&dynamodb.requests()[1]), [key(2)]);
}

#[tokio::test]
async fn keys_that_stay_unprocessed_are_an_error_at_the_deadline() {
    for (deadline, requests) in [(None, 3), (Some(0), 1), (Some(60), 6)] {
        let dynamodb = Dynamodb::new();
        dynamodb.expect((0..requests).map(|_| leaving([], 1..=3)));

        let call = batch(&dynamodb.store().clock(Passing::by_seconds(10)), 3);
        let error = match deadline {
            None => call.await,
            Some(seconds) => call.deadline(Duration::from_secs(seconds)).await,
        }
        .unwrap_err();

        dynamodb.requests();
        let QueryError::Unprocessed(unprocessed) = &error else { panic!("{error}") };
        assert_eq!((unprocessed.unprocessed(), unprocessed.keys()), (3, 3));
        assert!(error.is_retryable() && !error.is_tampered());
    }
}

/// A record that was not read must not look like one that is not there.
#[tokio::test]
async fn the_error_counts_all_keys_that_were_not_read() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([found(orders(1..=100).await), leaving(orders(101..=198).await, 199..=200)]);

    let call = batch(&dynamodb.store(), 250).deadline(Duration::ZERO);
    let error = call.await.unwrap_err();

    dynamodb.requests();
    let text = "cannot read record of table `orders`, key `tenant`, `number`: 52 of 250 keys were \
                not processed until the deadline; retry later, with a longer `.deadline(…)` or \
                fewer keys at once, or give the table more capacity";
    assert_eq!(error.to_string(), text);
}

/// An answer is full at 16 MB. The test's timer counts the waits of less than a second.
#[tokio::test]
async fn the_waits_stay_short_as_long_as_items_come() {
    let dynamodb = Dynamodb::new();
    for number in 1..=12 {
        dynamodb.expect([leaving([stored(number).await], number + 1..=12)]);
    }

    assert_eq!(batch(&dynamodb.store(), 12).await.unwrap().len(), 12);
    assert_eq!(dynamodb.waits(), 11);

    // Without any item, they grow to two seconds and more.
    dynamodb.expect((1..12).map(|_| leaving([], 1..=12)));
    dynamodb.expect([found([])]);
    batch(&dynamodb.store().clock(Passing::by_seconds(0)), 12).await.unwrap();
    assert!(dynamodb.waits() - 11 < 8, "{}", dynamodb.waits());
    dynamodb.requests();
}
