//! Batches: the requests that are sent, and what is made of the writes that DynamoDB leaves undone.

mod prepared;
mod resent;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use envelope_runtime::key::{
    DataKey, DataKeyError, DataKeyErrorKind, DataKeyRequest, Full, GeneratedDataKey, KeyFuture,
    KeyProvider, KeyReference,
};
use envelope_runtime::{Clock, EnvelopeRecord};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::dynamodb::{Dynamodb, Step, answered, local};
use crate::request::Request;

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "rows")]
pub(crate) struct Row {
    #[partition_key]
    pub(crate) number: f64,
    pub(crate) label: String,
    #[encrypted]
    pub(crate) secret: String,
}

pub(crate) fn row(number: u32) -> Row {
    Row { number: number.into(), label: format!("row {number}"), secret: format!("s-{number}") }
}

pub(crate) fn rows(number: u32) -> Vec<Row> {
    (0..number).map(row).collect()
}

/// The writes of a request to the table of rows.
pub(crate) fn writes(request: &Request) -> &Vec<Value> {
    request.body["RequestItems"]["rows"].as_array().unwrap()
}

/// The numbers of the rows that a request puts.
pub(crate) fn put(request: &Request) -> Vec<u32> {
    let number = |write: &Value| write["PutRequest"]["Item"]["number"]["N"].as_str()?.parse().ok();
    writes(request).iter().map(|write| number(write).unwrap()).collect()
}

/// An answer that leaves the puts of these rows unprocessed.
pub(crate) fn leaving(numbers: impl IntoIterator<Item = u32>) -> Step {
    let items: Vec<_> = numbers
        .into_iter()
        .map(|number| {
            let item = json!({"number": {"N": number.to_string()}, "secret": {"S": "planted"}});
            json!({"PutRequest": {"Item": item}})
        })
        .collect();
    answered("BatchWriteItem", json!({"UnprocessedItems": {"rows": items}}))
}

pub(crate) fn all() -> Step {
    answered("BatchWriteItem", json!({"UnprocessedItems": {}}))
}

/// A clock of which each look takes four seconds.
pub(crate) struct Slow(Instant, AtomicU64);

impl Slow {
    pub(crate) fn new() -> Self {
        Self(Instant::now(), AtomicU64::default())
    }
}

impl Clock for Slow {
    fn monotonic(&self) -> Instant {
        let looks = self.1.fetch_add(1, Ordering::Relaxed);
        self.0 + Duration::from_secs(4 * looks)
    }
}

/// Holds each new data key back until the test lets it go on, the last one first; and refuses one.
#[derive(Default)]
pub(crate) struct Held {
    waiting: Mutex<Vec<Arc<Semaphore>>>,
    begun: AtomicUsize,
    refuses: Option<usize>,
    is_open: bool,
}

impl Held {
    /// Holds nothing back, and refuses the data key with this number.
    pub(crate) fn refusing(number: usize) -> Self {
        Self { refuses: Some(number), is_open: true, ..Self::default() }
    }

    /// The calls that wait.
    pub(crate) fn waiting(&self) -> MutexGuard<'_, Vec<Arc<Semaphore>>> {
        self.waiting.lock().unwrap()
    }

    /// The number of calls.
    pub(crate) fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }
}

impl KeyProvider for Held {
    type Capability = Full;

    fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let gate = Arc::new(Semaphore::new(usize::from(self.is_open)));
        self.waiting.lock().unwrap().push(Arc::clone(&gate));
        Box::pin(async move {
            drop(gate.acquire().await.unwrap());
            if self.refuses == Some(number) {
                return Err(DataKeyError::new(DataKeyErrorKind::Throttled, "alias/rows"));
            }
            local().generate(request).await
        })
    }

    fn decrypt<'a>(
        &'a self,
        _: &'a KeyReference,
        _: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        unreachable!("a batch reads nothing")
    }

    fn is_current(&self, _: &KeyReference, _: &DataKeyRequest) -> bool {
        true
    }

    fn accepts(&self, _: &KeyReference) -> bool {
        true
    }
}

#[tokio::test]
async fn each_request_has_up_to_25_writes() {
    for (number, sizes) in
        [(1, vec![1]), (24, vec![24]), (25, vec![25]), (26, vec![25, 1]), (60, vec![25, 25, 10])]
    {
        let dynamodb = Dynamodb::new();
        dynamodb.expect(sizes.iter().map(|_| all()));

        dynamodb.store().batch_write().put_all(&rows(number)).await.unwrap();

        let requests = dynamodb.requests();
        let sent: Vec<_> = requests.iter().map(|request| writes(request).len()).collect();
        assert_eq!(sent, sizes);
        let numbers: Vec<_> = requests.iter().flat_map(put).collect();
        assert_eq!(numbers, (0..number).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn an_empty_batch_makes_no_request() {
    let dynamodb = Dynamodb::new();
    dynamodb.store().batch_write().await.unwrap();
    assert_eq!(dynamodb.requests().len(), 0);
}

#[tokio::test]
async fn a_deletion_names_the_key_and_a_put_the_sealed_item() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([all()]);

    let batch = dynamodb.store().batch_write().put(&row(1)).delete::<Row>(2.0);
    batch.delete_all::<Row>([3.0, 4.5]).await.unwrap();

    let request = dynamodb.request();
    let [put, two, three, four] = writes(&request).as_slice() else { panic!("{request:?}") };
    assert_eq!(*two, json!({"DeleteRequest": {"Key": {"number": {"N": "2"}}}}));
    assert_eq!(*three, json!({"DeleteRequest": {"Key": {"number": {"N": "3"}}}}));
    assert_eq!(*four, json!({"DeleteRequest": {"Key": {"number": {"N": "4.5"}}}}));
    let item = &put["PutRequest"]["Item"];
    assert_eq!(item["label"], json!({"S": "row 1"}));
    assert!(item["secret"]["B"].is_string() && item["_envelope"]["B"].is_string(), "{item}");
    assert!(!request.body.to_string().contains("s-1"));
}
