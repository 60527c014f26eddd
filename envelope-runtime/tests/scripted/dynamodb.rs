//! A scripted DynamoDB behind the SDK's own client. The script lists the requests that it expects
//! and the outcome of each. The DynamoDB holds one item, and the script decides whether a condition
//! holds.

use std::collections::VecDeque;
use std::fmt;
use std::future::pending;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    AsyncSleep, BehaviorVersion, Builder, Credentials, HttpClient, Region, RuntimeComponents,
    Sleep, StalledStreamProtectionConfig,
};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use envelope_runtime::{EnvelopeRecord, LocalKeyProvider, Store};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::request::Request;
use crate::table::{Stored, Table};

/// The time limit of an operation. It passes only when the script withholds an answer.
const PATIENCE: Duration = Duration::from_hours(1);

/// One request that the script expects, and its outcome.
pub(crate) struct Step {
    operation: &'static str,
    effect: Effect,
    fault: Option<Fault>,
    meanwhile: Option<Meanwhile>,
    answer: Option<Value>,
}

type Meanwhile = Box<dyn FnOnce(&mut Stored) + Send>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Done,
    /// The condition does not hold.
    Refused,
    Nothing,
}

/// Replaces DynamoDB's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing listens at the address.
    ConnectionRefused,
    ConnectionReset,
    TimedOut,
    /// No answer until the operation times out.
    Hangs,
    /// No answer, and the operation does not time out.
    Waits,
    Answer(u16, &'static str),
}

/// The request is carried out and answered.
pub(crate) fn done(operation: &'static str) -> Step {
    Step { operation, effect: Effect::Done, fault: None, meanwhile: None, answer: None }
}

/// The request's condition does not hold.
pub(crate) fn refused(operation: &'static str) -> Step {
    Step { effect: Effect::Refused, ..done(operation) }
}

/// The request is not carried out.
pub(crate) fn failed(operation: &'static str, fault: Fault) -> Step {
    Step { effect: Effect::Nothing, fault: Some(fault), ..done(operation) }
}

/// The request is carried out, and the answer is lost.
pub(crate) fn lost(operation: &'static str, fault: Fault) -> Step {
    Step { fault: Some(fault), ..done(operation) }
}

/// The request is answered so.
pub(crate) fn answered(operation: &'static str, answer: Value) -> Step {
    Step { effect: Effect::Nothing, answer: Some(answer), ..done(operation) }
}

/// The request is answered with these items, and with the key behind which there are more.
pub(crate) fn page(
    operation: &'static str,
    items: impl IntoIterator<Item = Stored>,
    last: Option<&Stored>,
) -> Step {
    let items: Vec<_> = items.into_iter().map(Value::Object).collect();
    let mut answer = json!({"Count": items.len(), "ScannedCount": items.len(), "Items": items});
    if let Some(last) = last {
        answer["LastEvaluatedKey"] = last.clone().into();
    }
    Step { effect: Effect::Nothing, answer: Some(answer), ..done(operation) }
}

impl Step {
    /// The answer, to be changed.
    pub(crate) fn answer_mut(&mut self) -> &mut Value {
        self.answer.as_mut().unwrap()
    }

    /// Adds a change that another writer makes just before the request arrives.
    pub(crate) fn after(mut self, other: impl FnOnce(&mut Stored) + Send + 'static) -> Self {
        self.meanwhile = Some(Box::new(other));
        self
    }
}

/// The script and its progress. Clones share them.
#[derive(Clone)]
pub(crate) struct Dynamodb(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    timer: Hurry,
}

#[derive(Default)]
struct State {
    script: VecDeque<Step>,
    table: Table,
    requests: Vec<Request>,
}

impl Dynamodb {
    /// An empty table.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared { state: Mutex::default(), timer: Hurry::default() }))
    }

    /// A table that holds a record.
    pub(crate) async fn holding<R: EnvelopeRecord>(record: &R) -> Self {
        let dynamodb = Self::new();
        dynamodb.expect([done("PutItem")]);
        let saved = dynamodb.store().put(record).await;
        assert!(saved.is_ok(), "{}", saved.err().unwrap());
        dynamodb.requests();
        dynamodb
    }

    /// Expects these requests, in this order, and no others.
    pub(crate) fn expect(&self, steps: impl IntoIterator<Item = Step>) {
        self.state().script.extend(steps);
    }

    /// Returns the requests that were sent. The test fails if an expected one is missing.
    pub(crate) fn requests(&self) -> Vec<Request> {
        let mut state = self.state();
        let missing: Vec<_> = state.script.iter().map(|step| step.operation).collect();
        assert_eq!(missing, [""; 0], "expected but not sent");
        std::mem::take(&mut state.requests)
    }

    /// Forgets the requests so far.
    pub(crate) fn forget(&self) {
        self.state().requests.clear();
    }

    /// The only request that was sent.
    #[track_caller]
    pub(crate) fn request(&self) -> Request {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }

    /// The number of times that the client's timer was asked to wait between two attempts.
    pub(crate) fn waits(&self) -> usize {
        self.0.timer.waits.load(Ordering::Relaxed)
    }

    pub(crate) fn item(&self) -> Option<Stored> {
        self.state().table.item.clone()
    }

    /// Changes the stored item, as anyone with write access to the table can.
    pub(crate) fn alter(&self, change: impl FnOnce(&mut Stored)) {
        change(self.state().table.item.as_mut().unwrap());
    }

    /// A store over this DynamoDB. All such stores wrap data keys under the same key.
    pub(crate) fn store(&self) -> Store {
        Store::new(self.client(), local())
    }

    pub(crate) fn client(&self) -> Client {
        let config = self.config_without_a_region();
        Client::from_conf(config.region(Region::from_static("us-east-1")).build())
    }

    pub(crate) fn config_without_a_region(&self) -> Builder {
        // Only a hanging answer makes time pass, and it ends the operation.
        let times = TimeoutConfig::builder().operation_timeout(PATIENCE).build();
        aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .credentials_provider(Credentials::new("test", "test", None, None, "scripted"))
            .retry_config(RetryConfig::standard())
            .retry_partition(without_a_quota())
            .timeout_config(times)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .sleep_impl(self.0.timer.clone())
            .http_client(self.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }

    /// Plays the next step; `None` withholds the answer.
    fn answer(&self, sent: &HttpRequest) -> Option<Result<HttpResponse, ConnectorError>> {
        let mut state = self.state();
        let state = &mut *state;
        let target = sent.headers().get("x-amz-target").unwrap();
        let operation = target.split_once('.').unwrap().1.to_owned();
        let body = serde_json::from_slice(sent.body().bytes().unwrap()).unwrap();
        let Some(step) = state.script.pop_front() else { panic!("unexpected: {operation} {body}") };
        assert_eq!(operation, step.operation, "{body}");
        if let (Some(other), Some(item)) = (step.meanwhile, &mut state.table.item) {
            other(item);
        }
        let request = Request::new(operation, body, state.table.item.as_ref());
        let (status, answer) = match step.effect {
            Effect::Done => (200, state.table.serve(&request)),
            Effect::Refused => (400, state.table.refusal(&request)),
            Effect::Nothing => (200, step.answer.unwrap_or_else(|| json!({}))),
        };
        state.requests.push(request);
        let io = |kind| Some(Err(ConnectorError::io(io::Error::from(kind).into())));
        match step.fault {
            None => Some(Ok(response(status, answer.to_string()))),
            Some(Fault::Answer(status, body)) => Some(Ok(response(status, body.to_owned()))),
            Some(Fault::ConnectionRefused) => io(io::ErrorKind::ConnectionRefused),
            Some(Fault::ConnectionReset) => io(io::ErrorKind::ConnectionReset),
            Some(Fault::TimedOut) => Some(Err(ConnectorError::timeout("no answer".into()))),
            Some(Fault::Waits) => None,
            Some(Fault::Hangs) => {
                self.0.timer.hangs.notify_one();
                None
            }
        }
    }
}

/// The clients of a process share a quota of retries, which the tests of one process would use up
/// for each other.
fn without_a_quota() -> RetryPartition {
    RetryPartition::custom("tests").token_bucket(TokenBucket::unlimited()).build()
}

/// The key that wraps the data keys.
pub(crate) fn local() -> LocalKeyProvider {
    LocalKeyProvider::from_hex(&"07".repeat(32)).unwrap()
}

fn response(status: u16, body: String) -> HttpResponse {
    let mut response = HttpResponse::new(status.try_into().unwrap(), body.into());
    response.headers_mut().insert("x-amzn-requestid", "R-1");
    response
}

/// An error as DynamoDB returns it.
pub(crate) fn error(code: &str, message: &str) -> Value {
    json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": message})
}

impl HttpConnector for Dynamodb {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.answer(&request);
        HttpConnectorFuture::new(async {
            match answer {
                Some(answer) => answer,
                None => pending().await,
            }
        })
    }
}

impl HttpClient for Dynamodb {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl fmt::Debug for Dynamodb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dynamodb")
    }
}

/// Waits only for an answer that hangs.
#[derive(Clone, Default)]
struct Hurry {
    hangs: Arc<Notify>,
    waits: Arc<AtomicUsize>,
}

impl AsyncSleep for Hurry {
    fn sleep(&self, duration: Duration) -> Sleep {
        let hangs = Arc::clone(&self.hangs);
        if duration < Duration::from_secs(1) {
            self.waits.fetch_add(1, Ordering::Relaxed);
        }
        Sleep::new(async move {
            if duration == PATIENCE {
                hangs.notified().await;
            }
        })
    }
}

impl fmt::Debug for Hurry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hurry")
    }
}
