//! Opening the items of a page: in order, a few at a time, each one verified.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use envelope_runtime::error::{LoadError, OpenErrorKind, QueryError};
use envelope_runtime::key::{
    DataKey, DataKeyRequest, Full, GeneratedDataKey, KeyFuture, KeyProvider, KeyReference,
};
use envelope_runtime::{AttributeValue, Clock, EnvelopeRecord, LocalKeyProvider, Store, Usage};
use futures_util::StreamExt;
use serde_json::json;
use tokio::sync::Semaphore;

use super::{Order, Title, key, numbers, order, orders, stored};
use crate::dynamodb::{Dynamodb, local, page};
use crate::usage::counting;

/// Holds each call back until the test lets it go on, the last one first.
struct Held {
    local: LocalKeyProvider,
    waiting: Mutex<Vec<Arc<Semaphore>>>,
    begun: AtomicUsize,
}

impl Held {
    fn new() -> Arc<Self> {
        let (waiting, begun) = (Mutex::default(), AtomicUsize::default());
        Arc::new(Self { local: local(), waiting, begun })
    }
}

impl KeyProvider for Held {
    type Capability = Full;

    fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        self.local.generate(request)
    }

    fn decrypt<'a>(
        &'a self,
        reference: &'a KeyReference,
        request: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        let gate = Arc::new(Semaphore::new(0));
        self.waiting.lock().unwrap().push(Arc::clone(&gate));
        self.begun.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            request.count_call();
            drop(gate.acquire().await.unwrap());
            self.local.decrypt(reference, request).await
        })
    }

    fn is_current(&self, reference: &KeyReference, request: &DataKeyRequest) -> bool {
        self.local.is_current(reference, request)
    }

    fn accepts(&self, reference: &KeyReference) -> bool {
        self.local.accepts(reference)
    }
}

#[tokio::test]
async fn sixteen_data_keys_are_unwrapped_at_a_time_and_the_order_is_kept() {
    let dynamodb = Dynamodb::new();
    let held = Held::new();
    let store = Store::new(dynamodb.client(), Arc::clone(&held));
    dynamodb.expect([page("Query", orders(0..40).await, None)]);

    let query = tokio::spawn(store.query::<Order>("t-1").all());
    let mut most = 0;
    while !query.is_finished() {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let mut waiting = held.waiting.lock().unwrap();
        most = most.max(waiting.len());
        // The newest call goes on first.
        if let Some(last) = waiting.pop() {
            last.add_permits(1);
        }
    }

    assert_eq!(numbers(&query.await.unwrap().unwrap()), (0..40).collect::<Vec<_>>());
    assert_eq!((most, held.begun.load(Ordering::Relaxed)), (16, 40));
    dynamodb.requests();
}

#[tokio::test]
async fn the_segments_of_a_scan_share_the_calls() {
    let dynamodb = Dynamodb::new();
    let held = Held::new();
    let store = Store::new(dynamodb.client(), Arc::clone(&held));
    for _ in 0..8 {
        dynamodb.expect([page("Scan", orders(0..20).await, None)]);
    }

    let tasks: Vec<_> = store
        .scan::<Order>()
        .segments(8)
        .into_iter()
        .map(|segment| tokio::spawn(segment.count()))
        .collect();
    let mut most = 0;
    while !tasks.iter().all(tokio::task::JoinHandle::is_finished) {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let mut waiting = held.waiting.lock().unwrap();
        most = most.max(waiting.len());
        waiting.drain(..).for_each(|gate| gate.add_permits(1));
    }

    assert_eq!((most, held.begun.load(Ordering::Relaxed)), (16, 160));
    // Parts of a part, for several machines with several streams each.
    let scan = store.scan::<Order>().segment(1, 3);
    for segment in scan.segments(2) {
        dynamodb.expect([page("Scan", [], None)]);
        assert_eq!(segment.count().await, 0);
    }
    let parts = dynamodb.requests();
    let parts: Vec<_> = parts[8..].iter().map(|request| &request.body).collect();
    assert_eq!((&parts[0]["Segment"], &parts[0]["TotalSegments"]), (&json!(2), &json!(6)));
    assert_eq!((&parts[1]["Segment"], &parts[1]["TotalSegments"]), (&json!(3), &json!(6)));
}

#[tokio::test]
async fn the_segments_of_a_scan_are_those_that_were_asked_for() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    dynamodb.expect((0..8).map(|_| page("Scan", [], None)));
    for segment in store.scan::<Order>().segments(8) {
        assert_eq!(segment.count().await, 0);
    }
    let segments: BTreeSet<_> = dynamodb
        .requests()
        .iter()
        .map(|request| (request.body["Segment"].as_u64(), request.body["TotalSegments"].as_u64()))
        .collect();
    assert_eq!(segments, (0..8).map(|segment| (Some(segment), Some(8))).collect());
}

#[tokio::test]
async fn no_more_data_keys_are_unwrapped_than_records_are_given_out() {
    let dynamodb = Dynamodb::new();
    let usage = Usage::default();
    let store = counting(&dynamodb).measured(&usage);
    let all = orders(0..20).await;
    let pages = |number| (0..number).map(|_| page("Query", all.clone(), None)).collect::<Vec<_>>();
    let query = || store.query::<Order>("t-1").page_size(100);
    dynamodb.expect(pages(5));

    query().take(3).page().await.unwrap();
    assert_eq!(usage.kms_calls(), 3);
    query().first().await.unwrap();
    assert_eq!(usage.kms_calls(), 4);
    query().one().await.unwrap_err();
    assert_eq!(usage.kms_calls(), 6);
    query().count().await.unwrap();
    assert_eq!(usage.kms_calls(), 6);
    assert_eq!(query().take(5).stream().count().await, 5);
    assert_eq!(usage.kms_calls(), 11);
    dynamodb.requests();
}

#[tokio::test]
async fn an_item_that_was_replaced_is_refused_and_named() {
    let mut items = orders(0..5).await;
    // The item of another order, under this one's key.
    let other = stored(&order(9)).await;
    items[1] = other.clone();
    items[1].insert("number".into(), json!({"N": "1"}));
    // An order of another tenant, which DynamoDB did not have to return.
    items[2] = stored(&Order { tenant: "t-2".into(), ..order(2) }).await;
    items[3].remove("number");
    items[4].insert("address".into(), json!({"S": "planted"}));
    let dynamodb = Dynamodb::new();
    dynamodb.expect([page("Query", items, None)]);

    let results: Vec<_> = dynamodb.store().query::<Order>("t-1").stream().collect().await;

    dynamodb.requests();
    assert_eq!(results[0].as_ref().unwrap(), &order(0));
    for (result, attribute) in
        results[1..].iter().zip([None, Some("tenant"), Some("number"), Some("address")])
    {
        let Err(QueryError::Item(error)) = result else { panic!("{result:?}") };
        let LoadError::Open(open) = error.error() else { panic!("{error}") };
        assert_eq!(open.kind(), OpenErrorKind::Tampered, "{error}");
        assert!(error.is_tampered() && !error.is_retryable() && !error.is_access_denied());
        let whole = result.as_ref().unwrap_err();
        assert!(whole.is_tampered() && !whole.is_conflict());
        assert_eq!((error.attribute(), whole.attribute()), (attribute, attribute));
        let text = whole.to_string();
        assert!(
            text.starts_with("at one of the items: cannot load record of table `orders`"),
            "{text}"
        );
        assert!(!format!("{error:?} {:?}", error.key()).contains("t-2"));
    }
    let Err(QueryError::Item(error)) = &results[2] else { panic!() };
    assert_eq!(error.key().attribute("tenant"), Some(&AttributeValue::S("t-2".into())));
}

#[tokio::test]
async fn a_key_of_this_type_whose_attributes_do_not_make_it_is_refused() {
    let title = Title { tenant: "t-1".into(), words: "a".into(), text: "x".into() };
    let mut item = stored(&title).await;
    item.insert("SK".into(), json!({"S": "TITLE#b"}));
    let dynamodb = Dynamodb::new();
    dynamodb.expect([page("Query", [item], None)]);

    let error = dynamodb.store().query::<Title>("t-1").all().await.unwrap_err();

    dynamodb.requests();
    let QueryError::Item(error) = error else { panic!("{error}") };
    let LoadError::Open(open) = error.error() else { panic!("{error}") };
    assert_eq!((open.kind(), open.attribute()), (OpenErrorKind::KeyTemplate, Some("SK")));
}

#[tokio::test]
async fn one_bad_item_ends_what_must_be_whole() {
    let mut items = orders(0..3).await;
    items[1].remove("_envelope");
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    for _ in 0..4 {
        dynamodb.expect([page("Query", items.clone(), Some(&key(2)))]);
    }
    let is_item = |error: Option<QueryError>| matches!(error, Some(QueryError::Item(_)));

    assert!(is_item(store.query::<Order>("t-1").all().await.err()));
    assert!(is_item(store.query::<Order>("t-1").page().await.err()));
    assert!(is_item(store.query::<Order>("t-1").one().await.err()));
    assert_eq!(store.query::<Order>("t-1").first().await.unwrap(), Some(order(0)));
    dynamodb.requests();
}

/// A clock that stands still, so that the wait for each call grows.
struct Still(Instant);

impl Clock for Still {
    fn monotonic(&self) -> Instant {
        self.0
    }
}

#[tokio::test]
async fn a_scan_waits_between_its_calls_to_kms_and_a_query_does_not() {
    let dynamodb = Dynamodb::new();
    let store = counting(&dynamodb).clock(Still(Instant::now()));
    let items = orders(0..10).await;
    let slow = |per_second| NonZeroU32::new(per_second).unwrap();

    dynamodb.expect([page("Query", items.clone(), None), page("Scan", items.clone(), None)]);
    store.query::<Order>("t-1").all().await.unwrap();
    assert_eq!(dynamodb.waits(), 0);
    assert_eq!(store.scan::<Order>().stream().count().await, 10);
    assert_eq!(dynamodb.waits(), 9);
    // Its clones share the rate, and another one begins anew.
    dynamodb.expect([page("Scan", items.clone(), None), page("Scan", items, None)]);
    assert_eq!(store.clone().scan::<Order>().stream().count().await, 10);
    assert_eq!(dynamodb.waits(), 19);
    let longer = store.kms_rate(slow(1));
    assert_eq!(longer.scan::<Order>().stream().count().await, 10);
    // The waits of a second and more are not counted by the script.
    assert_eq!(dynamodb.waits(), 19);
    dynamodb.requests();
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "members")]
struct Member {
    #[partition_key]
    #[envelope(context)]
    tenant: String,
    #[sort_key]
    id: String,
    #[encrypted]
    ssn: String,
}

/// It need not be said a second time.
#[tokio::test]
async fn the_partition_key_gives_its_value_to_the_context() {
    let [tenant, id, ssn] = ["t-1", "m-1", "078-05-1120"].map(str::to_owned);
    let member = Member { tenant, id, ssn };
    let dynamodb = Dynamodb::holding(&member).await;
    dynamodb.expect([page("Query", [dynamodb.item().unwrap()], None)]);

    assert_eq!(dynamodb.store().query::<Member>("t-1").all().await.unwrap(), [member]);
}
