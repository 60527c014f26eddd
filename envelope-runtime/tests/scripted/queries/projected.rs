//! Projections of the items of a page.

use envelope_runtime::error::QueryError;
use envelope_runtime::key::{
    DataKey, DataKeyRequest, EncryptOnly, GeneratedDataKey, KeyFuture, KeyProvider, KeyReference,
};
use envelope_runtime::{EnvelopeProjection, EnvelopeRecord, LocalKeyProvider, Store, Usage};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::sync::Arc;

use super::{Order, key, order, orders, stored};
use crate::dynamodb::{Dynamodb, local, page};
use crate::table::Stored;
use crate::usage::counting;

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Order)]
struct Label {
    number: i64,
    address: String,
}

fn label(number: i64) -> Label {
    let Order { number, address, .. } = order(number);
    Label { number, address }
}

/// What a list shows, without a call to KMS.
#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Order, plaintext_only)]
struct Line {
    number: i64,
    status: String,
}

/// The orders of a newer program, which authenticates their status and one attribute more.
#[derive(EnvelopeRecord)]
#[envelope(table = "orders")]
struct Newer {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: i64,
    status: String,
    #[encrypted]
    address: String,
    #[envelope(ttl)]
    expires: Option<u64>,
    #[authenticated]
    carrier: String,
    #[encrypted]
    code: String,
}

fn newer(number: i64) -> Newer {
    let Order { tenant, number, status, address, expires } = order(number);
    Newer { tenant, number, status, address, expires, carrier: "post".into(), code: "7".into() }
}

/// What a projection of these items fetches.
fn narrowed(mut items: Vec<Stored>) -> Vec<Stored> {
    for item in &mut items {
        for name in ["carrier", "code", "status"] {
            item.remove(name);
        }
    }
    items
}

#[tokio::test]
async fn a_projection_of_a_query_fetches_what_it_shows_and_what_the_envelope_proves() {
    let dynamodb = Dynamodb::new();
    let usage = Usage::default();
    let store = counting(&dynamodb).measured(&usage);
    let items = narrowed(orders(1..=3).await);
    dynamodb.expect([page("Query", items.clone(), None), page("Scan", items, None)]);

    let query = store.query::<Order>("t-1").filter(|f| f.status.eq("open")).project::<Label>();
    assert_eq!(query.all().await.unwrap(), [label(1), label(2), label(3)]);
    let scan = store.scan::<Label>().filter(|f| f.status.eq("open"));
    assert_eq!(scan.page().await.unwrap().items, [label(1), label(2), label(3)]);

    for request in dynamodb.requests() {
        let fetched = ["_envelope", "address", "expires", "number", "tenant"];
        assert_eq!(request.fetched().unwrap(), fetched);
        let status = json!({"S": "open"});
        let values = request.body["ExpressionAttributeValues"].as_object().unwrap();
        assert!(values.values().any(|value| *value == status));
    }
    assert_eq!((usage.requests(), usage.kms_calls(), usage.reread()), (2, 6, 0));
}

#[tokio::test]
async fn items_of_a_newer_program_are_read_again_and_whole_one_by_one() {
    let older = orders([1, 3]).await;
    let newer = stored(&newer(2)).await;
    let dynamodb = Dynamodb::new();
    let usage = Usage::default();
    let store = counting(&dynamodb).measured(&usage);
    let items = narrowed(vec![older[0].clone(), newer.clone(), older[1].clone()]);
    let answers = || {
        let whole = json!({"Item": newer});
        [page("Query", items.clone(), Some(&key(9))), answered("GetItem", whole)]
    };

    for consistent in [false, true] {
        dynamodb.expect(answers());
        let query = store.query::<Label>("t-1").take(3);
        let query = if consistent { query.consistent() } else { query };
        assert_eq!(query.all().await.unwrap(), [label(1), label(2), label(3)]);

        let requests = dynamodb.requests();
        assert_eq!(requests[1].body["Key"], Value::Object(key(2)));
        assert!(requests[1].fetched().is_none());
        assert_eq!(requests[0].body["ConsistentRead"], consistent);
        // An older state would hide a record that is there.
        assert_eq!(requests[1].body["ConsistentRead"], true);
    }
    assert_eq!((usage.requests(), usage.kms_calls(), usage.reread()), (4, 6, 2));
}

fn answered(operation: &'static str, answer: Value) -> crate::dynamodb::Step {
    let mut step = page(operation, [], None);
    *step.answer_mut() = answer;
    step
}

#[tokio::test]
async fn what_is_gone_or_has_expired_meanwhile_is_left_out() {
    let seconds = 1_000_000_001;
    let gone = stored(&newer(2)).await;
    let expired = stored(&Newer { expires: Some(seconds - 1), ..newer(3) }).await;
    let mut items = narrowed(vec![gone, expired.clone(), orders([4]).await.remove(0)]);
    // When the page was read, it had not.
    items[1].remove("expires");
    let dynamodb = Dynamodb::new();
    let usage = Usage::default();
    let clock = move || std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    let store = counting(&dynamodb).measured(&usage).clock(clock);
    dynamodb.expect([
        page("Query", items, None),
        answered("GetItem", json!({})),
        answered("GetItem", json!({"Item": expired})),
    ]);

    assert_eq!(store.query::<Label>("t-1").all().await.unwrap(), [label(4)]);

    dynamodb.requests();
    assert_eq!((usage.reread(), usage.expired_items(), usage.kms_calls()), (2, 1, 1));
}

/// It takes the place of no other record.
#[tokio::test]
async fn what_is_gone_is_no_record_given_out() {
    let (gone, four) = (stored(&newer(2)).await, orders([4, 5]).await);
    let first = narrowed(vec![gone]);
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    for _ in 0..3 {
        dynamodb.expect([
            page("Query", first.clone(), Some(&key(2))),
            answered("GetItem", json!({})),
            page("Query", narrowed(four.clone()), None),
        ]);
    }

    assert_eq!(store.query::<Label>("t-1").first().await.unwrap(), Some(label(4)));
    assert_eq!(store.query::<Label>("t-1").take(1).page().await.unwrap().items, [label(4)]);
    assert!(matches!(store.query::<Label>("t-1").one().await, Err(QueryError::Several(_))));
    dynamodb.requests();

    // The page was cut behind it.
    dynamodb.expect([
        page("Query", narrowed(vec![stored(&newer(2)).await, four[0].clone()]), None),
        answered("GetItem", json!({})),
        page("Query", narrowed(four), None),
    ]);
    assert_eq!(store.query::<Label>("t-1").first().await.unwrap(), Some(label(4)));
    assert_eq!(dynamodb.requests()[2].body["ExclusiveStartKey"], Value::Object(key(2)));
}

#[tokio::test]
async fn an_altered_item_is_refused_after_it_was_read_whole() {
    let mut item = stored(&newer(2)).await;
    item.insert("carrier".into(), json!({"S": "other"}));
    let dynamodb = Dynamodb::new();
    dynamodb.expect([
        page("Query", narrowed(vec![item.clone()]), None),
        answered("GetItem", json!({"Item": item})),
    ]);

    let results: Vec<_> = dynamodb.store().query::<Label>("t-1").stream().collect().await;

    dynamodb.requests();
    let [Err(QueryError::Item(error))] = results.as_slice() else { panic!("{results:?}") };
    assert!(error.is_tampered(), "{error}");
}

/// Makes data keys and cannot unwrap one.
struct Writer(LocalKeyProvider);

impl KeyProvider for Writer {
    type Capability = EncryptOnly;

    fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        self.0.generate(request)
    }

    fn decrypt<'a>(
        &'a self,
        _: &'a KeyReference,
        _: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        panic!("nothing is unwrapped")
    }

    fn is_current(&self, _: &KeyReference, _: &DataKeyRequest) -> bool {
        true
    }

    fn accepts(&self, _: &KeyReference) -> bool {
        true
    }
}

#[tokio::test]
async fn a_projection_of_plaintext_needs_no_key() {
    let dynamodb = Dynamodb::new();
    let store = Store::new(dynamodb.client(), Writer(local()));
    let items = orders(1..=2).await;
    dynamodb.expect([page("Query", items.clone(), None), page("Scan", items, None)]);

    let lines = store.query::<Line>("t-1").all().await.unwrap();
    let scanned: Vec<_> = store.scan::<Order>().project::<Line>().stream().collect().await;

    dynamodb.requests();
    let line = |number| Line { number, status: "open".into() };
    assert_eq!(lines, [line(1), line(2)]);
    assert!(scanned.into_iter().map(Result::unwrap).eq([line(1), line(2)]));
    // A count needs none either, of whatever record.
    dynamodb.expect([page("Query", [key(1)], None)]);
    assert_eq!(store.query::<Order>("t-1").count().await.unwrap(), 1);
    dynamodb.requests();
}
