//! Bulk loads: the order of requests, their bounds, and what is left after an error.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_sdk_dynamodb::config::{HttpClient, Region, RuntimeComponents};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use envelope_runtime::error::WriteError;
use envelope_runtime::operation::RemainingWrite;
use envelope_runtime::{BatchError, SaveError, Store, Usage};
use futures_util::stream;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::batch_writes::{Held, Row, all, leaving, put, row, rows, writes};
use crate::dynamodb::{Dynamodb, Fault, failed, local};
use crate::request::Request;
use crate::usage::counting;

const DENIED: &str = r#"{"__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException"}"#;

/// A DynamoDB that writes everything, when the test lets it answer.
#[derive(Clone)]
struct Gate {
    permits: Arc<Semaphore>,
    /// The numbers of the rows in each request.
    requests: Arc<Mutex<Vec<Vec<u32>>>>,
    /// The request that is refused.
    refuses: Option<usize>,
}

impl Gate {
    fn new() -> Self {
        Self { permits: Arc::new(Semaphore::new(0)), requests: Arc::default(), refuses: None }
    }

    fn store(&self) -> Store {
        let config = Dynamodb::new().config_without_a_region();
        let config = config.region(Region::from_static("us-east-1")).http_client(self.clone());
        Store::new(Client::from_conf(config.build()), local())
    }

    fn requests(&self) -> Vec<Vec<u32>> {
        self.requests.lock().unwrap().clone()
    }
}

impl HttpConnector for Gate {
    fn call(&self, sent: HttpRequest) -> HttpConnectorFuture {
        let body = serde_json::from_slice(sent.body().bytes().unwrap()).unwrap();
        let request = Request::new("BatchWriteItem".into(), body, None);
        let mut requests = self.requests.lock().unwrap();
        let is_refused = self.refuses == Some(requests.len());
        requests.push(put(&request));
        let permits = Arc::clone(&self.permits);
        let (status, answer) = if is_refused { (400, DENIED) } else { (200, "{}") };
        HttpConnectorFuture::new(async move {
            permits.acquire().await.unwrap().forget();
            Ok(HttpResponse::new(u16::try_into(status).unwrap(), answer.into()))
        })
    }
}

impl HttpClient for Gate {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}

async fn settled() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

/// Rows that count how many of them were taken.
fn endless(taken: &Arc<AtomicUsize>) -> impl Iterator<Item = Row> + Send + use<> {
    let taken = Arc::clone(taken);
    (0..).map(move |number| {
        taken.fetch_add(1, Ordering::Relaxed);
        row(number)
    })
}

#[tokio::test]
async fn records_are_written_25_at_a_time_and_progress_is_told() {
    let dynamodb = Dynamodb::new();
    let usage = Usage::default();
    let told = Arc::new(Mutex::new(Vec::new()));
    dynamodb.expect((0..3).map(|_| all()));

    let telling = Arc::clone(&told);
    let load = counting(&dynamodb).measured(&usage).bulk_put(rows(60));
    let written = load.on_progress(move |written| telling.lock().unwrap().push(written)).await;

    assert_eq!(written.unwrap(), 60);
    let sizes: Vec<_> = dynamodb.requests().iter().map(|request| writes(request).len()).collect();
    assert_eq!(sizes, [25, 25, 10]);
    assert_eq!(*told.lock().unwrap(), [25, 50, 60]);
    assert_eq!((usage.requests(), usage.kms_calls()), (3, 60));
    assert_eq!(dynamodb.store().bulk_put(Vec::<Row>::new()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_stream_is_loaded_as_an_iterator_is() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([all(), all()]);

    let written = dynamodb.store().bulk_put_stream(stream::iter(rows(30))).await;

    assert_eq!(written.unwrap(), 30);
    let numbers: Vec<_> = dynamodb.requests().iter().flat_map(put).collect();
    assert_eq!(numbers, (0..30).collect::<Vec<_>>());
}

#[tokio::test]
async fn four_requests_are_sent_at_a_time_and_little_is_taken_ahead() {
    let (gate, taken) = (Gate::new(), Arc::new(AtomicUsize::default()));
    let load = tokio::spawn(gate.store().bulk_put(endless(&taken)).into_future());

    settled().await;
    assert_eq!((gate.requests().len(), taken.load(Ordering::Relaxed)), (4, 141));
    gate.permits.add_permits(1);
    settled().await;
    assert_eq!((gate.requests().len(), taken.load(Ordering::Relaxed)), (5, 166));
    gate.permits.add_permits(10);
    settled().await;
    assert_eq!((gate.requests().len(), taken.load(Ordering::Relaxed)), (15, 416));
    load.abort();
}

#[tokio::test]
async fn no_more_is_taken_than_is_sealed() {
    let (dynamodb, taken) = (Dynamodb::new(), Arc::new(AtomicUsize::default()));
    let held = Arc::new(Held::default());
    let store = Store::new(dynamodb.client(), Arc::clone(&held));

    let load = tokio::spawn(store.bulk_put(endless(&taken)).into_future());
    settled().await;

    assert_eq!((held.begun(), taken.load(Ordering::Relaxed)), (16, 16));
    load.abort();
    assert_eq!(dynamodb.requests().len(), 0);
}

#[tokio::test]
async fn of_two_records_with_one_key_the_later_one_is_written_later() {
    let gate = Gate::new();
    let numbers = [1, 2, 1, 3, 4, 3, 5];
    let load = gate.store().bulk_put(numbers.map(row));
    let load = tokio::spawn(load.into_future());

    settled().await;
    assert_eq!(gate.requests(), [vec![1, 2]]);
    gate.permits.add_permits(1);
    settled().await;
    assert_eq!(gate.requests(), [vec![1, 2], vec![1, 3, 4]]);
    gate.permits.add_permits(1);
    settled().await;
    assert_eq!(gate.requests(), [vec![1, 2], vec![1, 3, 4], vec![3, 5]]);
    gate.permits.add_permits(1);
    assert_eq!(load.await.unwrap().unwrap(), 7);
}

#[tokio::test]
async fn a_key_of_a_request_without_an_answer_waits_for_it() {
    let gate = Gate::new();
    let numbers: Vec<_> = (0..25).chain([7]).chain(25..60).collect();
    let load = gate.store().bulk_put(numbers.into_iter().map(row).collect::<Vec<_>>());
    let load = tokio::spawn(load.into_future());

    settled().await;
    assert_eq!(gate.requests(), [(0..25).collect::<Vec<_>>()]);
    gate.permits.add_permits(3);
    assert_eq!(load.await.unwrap().unwrap(), 61);
    let requests = gate.requests();
    assert_eq!(requests[1], [7].into_iter().chain(25..49).collect::<Vec<_>>());
    assert_eq!(requests[2], (49..60).collect::<Vec<_>>());
}

#[tokio::test]
async fn after_a_refusal_nothing_more_is_taken_and_the_error_holds_the_rest() {
    let taken = Arc::new(AtomicUsize::default());
    let gate = Gate { refuses: Some(1), ..Gate::new() };
    let load = tokio::spawn(gate.store().bulk_put(endless(&taken)).into_future());
    settled().await;
    gate.permits.add_permits(10);

    let error = load.await.unwrap().unwrap_err();

    let BatchError::Unfinished(unfinished) = &error else { panic!("{error}") };
    let requests = gate.requests();
    let count = taken.load(Ordering::Relaxed);
    assert!(error.is_access_denied() && !error.is_retryable());
    assert!((141..=166).contains(&count), "{count}");
    assert_eq!(unfinished.taken(), u64::try_from(count).unwrap());
    let sent = requests.len();
    // Requests that had begun are awaited.
    assert_eq!(unfinished.written(), u64::try_from(25 * (sent - 1)).unwrap());
    let remaining = unfinished.remainder().iter();
    let positions: Vec<_> = remaining.map(RemainingWrite::position).collect();
    assert_eq!(positions, (25..50).chain(25 * sent..count).collect::<Vec<_>>());
    assert!(unfinished.remainder().iter().all(|write| !write.may_have_happened()));

    gate.permits.add_permits(10);
    unfinished.remainder().send(&gate.store()).await.unwrap();
    let again: Vec<_> = gate.requests().into_iter().skip(sent).flatten().collect();
    let positions = positions.into_iter().map(|position| u32::try_from(position).unwrap());
    assert_eq!(again, positions.collect::<Vec<_>>());
}

#[tokio::test]
async fn at_the_deadline_of_a_request_the_load_ends() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([all(), leaving([28])]);

    let load = dynamodb.store().bulk_put(rows(30)).deadline(Duration::ZERO);
    let error = load.await.unwrap_err();

    let BatchError::Unfinished(unfinished) = &error else { panic!("{error}") };
    assert_eq!((unfinished.written(), unfinished.taken()), (29, 30));
    assert_eq!(unfinished.remainder().iter().next().unwrap().position(), 28);
    assert!(error.is_retryable() && unfinished.error().is_none());
    dynamodb.requests();
}

#[tokio::test]
async fn exactly_the_records_before_one_that_cannot_be_sealed_are_written() {
    let dynamodb = Dynamodb::new();
    let bad = Row { number: f64::NAN, ..row(0) };
    let numbers = (0..100).map(move |number| if number == 37 { bad.clone() } else { row(number) });
    dynamodb.expect([all(), all()]);

    let error = dynamodb.store().bulk_put(numbers).await.unwrap_err();

    let BatchError::Unprepared(at) = &error else { panic!("{error}") };
    assert!(
        matches!(at.error(), WriteError::Save(SaveError::Field(_))) && at.position() == 37,
        "{at}"
    );
    let numbers: Vec<_> = dynamodb.requests().iter().flat_map(put).collect();
    assert_eq!(numbers, (0..37).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_record_without_a_data_key_ends_a_load_as_a_bad_one_does() {
    let dynamodb = Dynamodb::new();
    let store = Store::new(dynamodb.client(), Held::refusing(20));
    dynamodb.expect([all()]);

    let error = store.bulk_put(rows(100)).await.unwrap_err();

    let BatchError::Unprepared(at) = &error else { panic!("{error}") };
    assert!(at.position() == 20 && error.is_retryable(), "{at}");
    assert_eq!(put(&dynamodb.request()), (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_load_that_fails_in_both_ways_goes_on_behind_the_last_record_that_is_sealed() {
    let dynamodb = Dynamodb::new();
    let store = Store::new(dynamodb.client(), Held::refusing(20));
    dynamodb.expect([failed("BatchWriteItem", Fault::Answer(400, DENIED))]);

    let error = store.bulk_put(rows(100)).await.unwrap_err();

    let BatchError::Unfinished(unfinished) = &error else { panic!("{error}") };
    assert_eq!((unfinished.written(), unfinished.taken()), (0, 20));
    assert_eq!(unfinished.remainder().len(), 20);
    let sent: Vec<Value> = dynamodb.requests().iter().flat_map(writes).cloned().collect();
    dynamodb.expect([all()]);
    unfinished.remainder().send(&store).await.unwrap();
    assert_eq!(*writes(&dynamodb.request()), sent);
}
