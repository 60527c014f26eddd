//! Read transactions: the requests that are sent, and what is made of each answer.

use envelope_runtime::{EnvelopeProjection, EnvelopeRecord};
use serde_json::{Value, json};

use crate::dynamodb::{Dynamodb, Step, answered};
use crate::models::{Account, Document, Person, account, document, person};
use crate::table::Stored;

/// A record as it is stored.
async fn stored<R: EnvelopeRecord>(record: &R) -> Stored {
    Dynamodb::holding(record).await.item().unwrap()
}

/// The answer with these items, in the order of the keys.
fn answer(items: impl IntoIterator<Item = Option<Stored>>) -> Step {
    let responses = items.into_iter().map(|item| match item {
        Some(item) => json!({"Item": item}),
        None => json!({}),
    });
    answered("TransactGetItems", json!({"Responses": responses.collect::<Vec<_>>()}))
}

fn get(table: &str, id: &str) -> Value {
    json!({"Get": {"TableName": table, "Key": {"id": {"S": id}}}})
}

#[tokio::test]
async fn records_of_several_types_and_tables_are_read_by_one_request() {
    let dynamodb = Dynamodb::new();
    let (first, last) = (stored(&account()).await, stored(&person()).await);
    dynamodb.expect([answer([Some(first), None, Some(last)])]);

    let store = dynamodb.store().map_table::<Person>("prod-people");
    let read = store.read_transaction().get::<Account>("a-1").get::<Document>("d-1");
    let read = read.get::<Person>("p-1").context([("tenant", "7")]);
    assert_eq!(read.await.unwrap(), (Some(account()), None, Some(person())));

    let gets = [get("users", "a-1"), get("users", "d-1"), get("prod-people", "p-1")];
    assert_eq!(dynamodb.request().body, json!({"TransactItems": gets}));
}

#[tokio::test]
async fn records_of_one_type_come_in_the_order_of_their_keys() {
    let dynamodb = Dynamodb::new();
    let document = |number: usize| Document { id: format!("d-{number}"), ..document() };
    let mut items = Vec::new();
    for number in 0..20 {
        items.push(Some(stored(&document(number)).await));
    }
    items[7] = None;
    dynamodb.expect([answer(items)]);

    let keys = (0..20).map(|number| format!("d-{number}"));
    let read = dynamodb.store().read_transaction().get_all::<Document>(keys).await.unwrap();

    let found: Vec<_> = read.iter().map(|read| read.as_ref().map(|read| read.id.clone())).collect();
    let expected = |number| (number != 7).then(|| document(number).id);
    assert_eq!(found, (0..20).map(expected).collect::<Vec<_>>());
    dynamodb.requests();
}
