//! What is checked and sealed before the first request.

use std::sync::Arc;

use envelope_runtime::error::{ContextErrorKind, KeyErrorKind, WriteError};
use envelope_runtime::key::{
    DataKey, DataKeyRequest, DecryptOnly, GeneratedDataKey, KeyFuture, KeyProvider, KeyReference,
};
use envelope_runtime::{BatchError, DeleteError, LocalKeyProvider, SaveError, Store, Usage};
use serde_json::json;

use super::{Held, Row, all, row, rows, writes};
use crate::dynamodb::{Dynamodb, answered, local};
use crate::models::{Account, account, document, note, person};
use crate::usage::counting;

#[tokio::test]
async fn sixteen_data_keys_are_made_at_a_time_and_the_order_is_kept() {
    let dynamodb = Dynamodb::new();
    let held = Arc::new(Held::default());
    let store = Store::new(dynamodb.client(), Arc::clone(&held));
    dynamodb.expect([all(), all()]);

    let batch = tokio::spawn(store.batch_write().put_all(&rows(40)).into_future());
    let mut most = 0;
    while !batch.is_finished() {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let mut waiting = held.waiting();
        most = most.max(waiting.len());
        // The newest call goes on first.
        if let Some(last) = waiting.pop() {
            last.add_permits(1);
        }
    }

    batch.await.unwrap().unwrap();
    assert_eq!((most, held.begun()), (16, 40));
    let numbers: Vec<_> = dynamodb.requests().iter().flat_map(super::put).collect();
    assert_eq!(numbers, (0..40).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_record_without_a_data_key_is_named_and_nothing_is_sent() {
    let dynamodb = Dynamodb::new();
    let store = Store::new(dynamodb.client(), Held::refusing(6));

    let error = store.batch_write().put_all(&rows(60)).await.unwrap_err();

    let BatchError::Unprepared(at) = &error else { panic!("{error}") };
    assert_eq!(at.position(), 6);
    assert!(matches!(at.error(), WriteError::Save(SaveError::GenerateDataKey(_))), "{at}");
    assert!(error.is_retryable() && at.is_retryable());
    let text = error.to_string();
    assert!(text.starts_with(
        "cannot write a batch: at position 6 (the first is 0): cannot save record of table `rows`"
    ));
    assert_eq!(dynamodb.requests().len(), 0);
}

/// Every mistake that needs no key service to be found.
#[tokio::test]
async fn a_bad_write_is_named_before_any_call() {
    let dynamodb = Dynamodb::new();
    let usage = Usage::default();
    let store = counting(&dynamodb).measured(&usage);

    let endless = Row { number: f64::NAN, ..row(0) };
    let error = store.batch_write().put_all(&rows(3)).put(&endless).await.unwrap_err();
    let BatchError::Unprepared(at) = &error else { panic!("{error}") };
    assert_eq!((at.position(), error.attribute()), (3, Some("number")));
    assert!(matches!(at.error(), WriteError::Save(SaveError::Field(_))), "{at}");

    let nameless = Account { id: String::new(), ..account() };
    let error = store.batch_write().put(&row(0)).put(&nameless).await.unwrap_err();
    let BatchError::Unprepared(at) = &error else { panic!("{error}") };
    assert_eq!((at.position(), at.attribute()), (1, Some("id")));
    assert!(
        matches!(at.error(), WriteError::Save(SaveError::Key(key)) if *key.kind() == KeyErrorKind::Empty),
        "{at}"
    );

    let scoped = store.scoped([("tenant", "8")]);
    let error = scoped.batch_write().put(&row(0)).put(&person()).await.unwrap_err();
    let BatchError::Unprepared(at) = &error else { panic!("{error}") };
    assert!(
        matches!(at.error(), WriteError::Save(SaveError::Context(error)) if error.kind() == ContextErrorKind::Differs),
        "{at}"
    );

    let error = store.batch_write().put(&row(0)).delete::<Account>("").await.unwrap_err();
    let BatchError::Unprepared(at) = &error else { panic!("{error}") };
    assert_eq!(at.position(), 1);
    assert!(matches!(at.error(), WriteError::Delete(DeleteError::Key(_))), "{at}");
    assert!(
        format!("{at:?}").starts_with("at position 1 (the first is 0): cannot delete "),
        "{at:?}"
    );

    assert_eq!((usage.kms_calls(), dynamodb.requests().len()), (0, 0));
}

#[tokio::test]
async fn two_writes_of_one_key_are_refused_before_any_call() {
    let dynamodb = Dynamodb::new();
    let usage = Usage::default();
    let store = counting(&dynamodb).measured(&usage);

    for batch in [
        store.batch_write().put(&row(2)).put(&row(1)).put(&row(3)).put(&row(1)),
        store.batch_write().put(&row(2)).put(&row(1)).put(&row(3)).delete::<Row>(1.0),
        store.batch_write().put(&row(2)).delete::<Row>(1.0).put(&row(3)).delete::<Row>(1.0),
    ] {
        let error = batch.await.unwrap_err();
        let BatchError::SameKey(same) = &error else { panic!("{error}") };
        assert_eq!((same.positions(), same.attribute()), ((1, 3), "number"));
        assert!(!error.is_retryable());
        assert_eq!(error.attribute(), Some("number"));
        assert!(
            error.to_string().contains("at the positions 1 and 3 have the same key"),
            "{error}"
        );
    }
    // Two logical tables may be one.
    let one = store.clone().map_table::<Row>("users");
    let account = Account { id: "n-1".into(), ..account() };
    one.batch_write().put(&account).put_unconditionally(&note()).put(&account).await.unwrap_err();

    assert_eq!((usage.kms_calls(), dynamodb.requests().len()), (0, 0));
}

#[tokio::test]
async fn one_key_in_two_tables_is_two_items() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([all()]);
    let other = dynamodb.store().map_table::<Row>("archive");

    let batch = dynamodb.store().batch_write().put(&account());
    batch.delete_unconditionally::<crate::models::Document>("a-2").put(&row(1)).await.unwrap();
    let items = &dynamodb.request().body["RequestItems"];
    assert_eq!(items["users"].as_array().unwrap().len(), 2);
    assert_eq!(items["rows"].as_array().unwrap().len(), 1);

    dynamodb.expect([all()]);
    other.batch_write().put(&row(1)).await.unwrap();
    assert!(dynamodb.request().body["RequestItems"]["archive"].is_array());
}

#[tokio::test]
async fn versioned_and_unprotected_records_are_written_if_the_caller_says_so() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([all()]);

    let batch = dynamodb.store().batch_write().put_unconditionally(&document());
    batch.put_unconditionally(&note()).await.unwrap();

    let request = dynamodb.request();
    let users = &request.body["RequestItems"]["users"];
    assert_eq!(users[0]["PutRequest"]["Item"]["version"], json!({"N": "1"}));
    assert!(users[1]["PutRequest"]["Item"]["_envelope"].is_null());
}

#[tokio::test]
async fn a_store_that_cannot_encrypt_deletes() {
    struct Reader(LocalKeyProvider);
    impl KeyProvider for Reader {
        type Capability = DecryptOnly;

        fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
            self.0.generate(request)
        }

        fn decrypt<'a>(
            &'a self,
            reference: &'a KeyReference,
            request: &'a DataKeyRequest,
        ) -> KeyFuture<'a, Arc<DataKey>> {
            self.0.decrypt(reference, request)
        }

        fn is_current(&self, _: &KeyReference, _: &DataKeyRequest) -> bool {
            true
        }

        fn accepts(&self, _: &KeyReference) -> bool {
            true
        }
    }
    let dynamodb = Dynamodb::new();
    dynamodb.expect([all()]);
    let store = Store::new(dynamodb.client(), Reader(local()));

    store.batch_write().delete::<Row>(1.0).await.unwrap();

    assert_eq!(writes(&dynamodb.request()).len(), 1);
}

#[tokio::test]
async fn requests_calls_and_units_of_a_batch_add_up() {
    let dynamodb = Dynamodb::new();
    let usage = Usage::default();
    let store = counting(&dynamodb).measured(&usage);
    let units = |units: f64| {
        let capacity = |table, units| json!({"TableName": table, "CapacityUnits": units});
        let both = json!([capacity("rows", units), capacity("users", 2.5)]);
        answered("BatchWriteItem", json!({"UnprocessedItems": {}, "ConsumedCapacity": both}))
    };
    dynamodb.expect([units(24.0), units(3.0)]);

    store.batch_write().put_all(&rows(27)).put(&account()).await.unwrap();

    assert_eq!((usage.requests(), usage.kms_calls()), (2, 28));
    assert!((usage.write_units() - 32.0).abs() < 1e-9, "{usage:?}");
    for request in dynamodb.requests() {
        assert_eq!(request.body["ReturnConsumedCapacity"], "TOTAL");
    }
}
