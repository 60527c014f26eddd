//! What is refused before any request.

use envelope_runtime::error::{ContextErrorKind, KeyErrorKind, ReadTransactionErrorKind};
use envelope_runtime::{QueryError, Store};

use super::answer;
use crate::dynamodb::Dynamodb;
use crate::models::{Account, Document, Person};

fn refusal(error: &QueryError) -> ReadTransactionErrorKind {
    let QueryError::ReadTransaction(transaction) = error else { panic!("{error}") };
    assert!(!error.is_retryable());
    transaction.kind()
}

#[tokio::test]
async fn a_hundred_keys_are_one_request_and_one_more_is_refused() {
    let keys = |number| (0..number).map(|number| format!("d-{number}"));
    let dynamodb = Dynamodb::new();
    dynamodb.expect([answer((0..100).map(|_| None))]);
    let store = dynamodb.store();

    let read = store.read_transaction().get_all::<Document>(keys(100)).await.unwrap();
    assert_eq!((read.len(), read.iter().flatten().count()), (100, 0));
    dynamodb.requests();
    let error = store.read_transaction().get_all::<Document>(keys(101)).await.unwrap_err();
    assert_eq!(refusal(&error), ReadTransactionErrorKind::TooMany(101));
    let text = "cannot read record of table `users`, key `id`: 101 keys in one read transaction, and \
                DynamoDB takes 100; use `store.batch_get::<R>(…)` if they need not be of one moment";
    assert_eq!(error.to_string(), text);
}

/// Both record types are in one table.
#[tokio::test]
async fn the_same_key_twice_is_refused() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();

    let read = store.read_transaction().get::<Account>("a-1").get::<Document>("a-1");
    let error = read.await.unwrap_err();
    assert_eq!(refusal(&error), ReadTransactionErrorKind::SameKey);
    let text = "cannot read record of table `users`, key `id`: the same key twice in one read \
                transaction, which DynamoDB refuses; read it once";
    assert_eq!(error.to_string(), text);
    let all = store.read_transaction().get_all::<Account>(["a-1", "a-2", "a-1"]);
    assert_eq!(refusal(&all.await.unwrap_err()), ReadTransactionErrorKind::SameKey);

    // In another table it is another key.
    dynamodb.expect([answer([None, None])]);
    let read = store.read_transaction().get::<Account>("a-1").get::<Person>("a-1");
    assert_eq!(read.context([("tenant", "7")]).await.unwrap(), (None, None));
    dynamodb.requests();
}

#[tokio::test]
async fn a_key_that_cannot_be_used_is_refused() {
    let read = Dynamodb::new().store().read_transaction().get::<Account>("a-1").get::<Account>("");
    let error = read.await.unwrap_err();

    let QueryError::Key(key) = &error else { panic!("{error}") };
    assert_eq!((key.kind(), key.attribute()), (&KeyErrorKind::Empty, Some("id")));
}

#[tokio::test]
async fn context_goes_to_the_records_that_have_the_field() {
    let store = Dynamodb::new().store();
    let scoped = store.scoped([("tenant", "7")]);
    let read = |store: &Store| store.read_transaction().get::<Account>("a-1").get::<Person>("p-1");

    for (call, kind) in [
        (read(&store), ContextErrorKind::NotGiven),
        (read(&store).context([("tenant", "7"), ("ward", "3")]), ContextErrorKind::Unknown),
        (read(&scoped).context([("tenant", "8")]), ContextErrorKind::Differs),
    ] {
        let error = call.await.unwrap_err();
        let QueryError::Context(context) = &error else { panic!("{error}") };
        assert_eq!(context.kind(), kind);
    }
    let unknown = store.read_transaction().get::<Account>("a-1").context([("tenant", "7")]);
    assert!(matches!(unknown.await, Err(QueryError::Context(_))));
}
