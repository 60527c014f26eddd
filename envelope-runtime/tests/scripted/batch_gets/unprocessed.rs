//! Keys that DynamoDB leaves unprocessed.

use super::{Order, asked, found, keys, leaving, order, orders};
use crate::dynamodb::Dynamodb;

#[tokio::test]
async fn unprocessed_keys_are_asked_for_again() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([
        leaving([], 1..=3),
        leaving(orders([3]).await, 1..=2),
        found(orders([1, 2]).await),
    ]);

    let batch = dynamodb.store().batch_get::<Order>((1..=3).map(|number| ("t-1", number)));
    assert_eq!(batch.await.unwrap(), [1, 2, 3].map(|number| Some(order(number))));

    let requests = dynamodb.requests();
    assert_eq!(asked(&requests[1]), keys(1..=3));
    assert_eq!(asked(&requests[2]), keys(1..=2));
    assert_eq!(dynamodb.waits(), 2);
}
