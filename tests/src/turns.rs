//! Every order in which the requests of several writers can reach DynamoDB.
//!
//! The writers are real operations over real SDK clients. Each of their requests waits for its turn
//! in front of an emulator in this process; a schedule says whose turn it is, and all schedules are
//! tried.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use tokio::sync::Notify;
use winterbaume_core::{MockAws, MockRequest, MockResponse, MockService};

use crate::backend::without_a_quota;

/// A DynamoDB whose writers wait for their turns.
pub struct Turns {
    database: dynoxide::Database,
    state: Mutex<State>,
    /// A writer waits for its turn, or is done.
    settled: Notify,
    /// The turn was given to a writer.
    given: Notify,
}

#[derive(Default)]
struct State {
    writers: Vec<Phase>,
    /// True for a writer whose next answer to a write is lost.
    loses: Vec<bool>,
    /// The writers whose write succeeded, in order.
    writes: Vec<usize>,
    /// The tokens of the transactions that were done.
    tokens: BTreeSet<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    Waiting,
    Done,
}

/// The result of one schedule.
#[derive(Debug)]
pub struct Played<T> {
    /// The output of each writer.
    pub outcomes: Vec<T>,
    /// The writers whose write succeeded, in order; a writer appears once for each of its writes.
    pub writes: Vec<usize>,
}

/// One decision: the writers that could have had the turn, and the choice.
struct Decision {
    ready: Vec<usize>,
    taken: usize,
}

/// Goes through all schedules, depth first.
#[derive(Default)]
pub struct Schedules {
    prefix: Vec<usize>,
    trace: Vec<Decision>,
}

impl Turns {
    /// An emulator with one table `table`, whose partition key is the string `id`.
    ///
    /// # Panics
    ///
    /// If the emulator does not start.
    #[must_use]
    pub fn new() -> Arc<Self> {
        let database = dynoxide::Database::memory().expect("a database in memory");
        let turns = Self {
            database,
            state: Mutex::default(),
            settled: Notify::new(),
            given: Notify::new(),
        };
        turns.serve(
            "CreateTable",
            br#"{"TableName": "table", "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}"#,
        );
        Arc::new(turns)
    }

    /// A client that does not wait for turns.
    #[must_use]
    pub fn onlooker(self: &Arc<Self>) -> aws_sdk_dynamodb::Client {
        client(Door { turns: Arc::clone(self), writer: None })
    }

    /// The attributes of a stored item that are text. The partition key is the string `id`.
    ///
    /// # Panics
    ///
    /// If there is no such table.
    #[must_use]
    pub fn texts(&self, table: &str, id: &str) -> BTreeMap<String, String> {
        let get = serde_json::json!({"TableName": table, "Key": {"id": {"S": id}}});
        let get = serde_json::from_value(get).expect("a request");
        let item = self.database.get_item(get).expect("a table").item.unwrap_or_default();
        let text = |(name, value)| match value {
            dynoxide::AttributeValue::S(text) => Some((name, text)),
            _ => None,
        };
        item.into_iter().filter_map(text).collect()
    }

    /// The client of the writer with that number.
    #[must_use]
    pub fn writer(self: &Arc<Self>, writer: usize) -> aws_sdk_dynamodb::Client {
        client(Door { turns: Arc::clone(self), writer: Some(writer) })
    }

    /// Plays one schedule. If `loses` is true for a writer, the answer to its first write is lost.
    /// `look` is called after each write.
    ///
    /// # Panics
    ///
    /// If a writer panics.
    pub async fn play<T: Send + 'static>(
        self: &Arc<Self>,
        schedules: &mut Schedules,
        loses: Vec<bool>,
        writers: Vec<Pin<Box<dyn Future<Output = T> + Send>>>,
        look: impl AsyncFn(),
    ) -> Played<T> {
        *self.state() =
            State { writers: vec![Phase::Running; writers.len()], loses, ..State::default() };
        let tasks: Vec<_> = writers
            .into_iter()
            .enumerate()
            .map(|(number, writer)| {
                let turns = Arc::clone(self);
                tokio::spawn(async move {
                    let _done = Done { turns, number };
                    writer.await
                })
            })
            .collect();

        let mut written = 0;
        loop {
            while self.state().writers.contains(&Phase::Running) {
                self.settled.notified().await;
            }
            let by_now = self.state().writes.len();
            if by_now > written {
                written = by_now;
                look().await;
            }
            let ready: Vec<_> = self.ready().collect();
            if ready.is_empty() {
                break;
            }
            let writer = schedules.decide(ready);
            self.state().writers[writer] = Phase::Running;
            self.given.notify_waiters();
        }
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(task.await.expect("no panic"));
        }
        Played { outcomes, writes: std::mem::take(&mut self.state().writes) }
    }

    fn ready(&self) -> impl Iterator<Item = usize> {
        let writers = self.state().writers.clone().into_iter().enumerate();
        writers.filter(|(_, phase)| *phase == Phase::Waiting).map(|(number, _)| number)
    }

    async fn turn(&self, writer: usize) {
        self.state().writers[writer] = Phase::Waiting;
        self.settled.notify_one();
        loop {
            let given = self.given.notified();
            if self.state().writers[writer] == Phase::Running {
                return;
            }
            given.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, operation: &str, body: &[u8]) -> MockResponse {
        macro_rules! call {
            ($method:ident) => {
                self.database
                    .$method(serde_json::from_slice(body).expect("a request"))
                    .map(|answer| serde_json::to_vec(&answer).expect("JSON"))
            };
        }
        let answer = match operation {
            "CreateTable" => call!(create_table),
            "GetItem" => call!(get_item),
            "PutItem" => call!(put_item),
            "UpdateItem" => call!(update_item),
            "DeleteItem" => call!(delete_item),
            "DescribeTable" => call!(describe_table),
            "Query" => call!(query),
            "Scan" => call!(scan),
            "BatchWriteItem" => call!(batch_write_item),
            "TransactWriteItems" => call!(transact_write_items),
            other => panic!("{other}"),
        };
        match answer {
            Ok(json) => MockResponse::json(200, json),
            Err(error) => MockResponse::json(error.status_code(), error.to_json()),
        }
    }
}

impl Schedules {
    /// Moves to the next schedule; `false` if all were played.
    pub fn advance(&mut self) -> bool {
        while let Some(Decision { ready, taken }) = self.trace.pop() {
            if taken + 1 < ready.len() {
                self.prefix = self.trace.iter().map(|decision| decision.taken).collect();
                self.prefix.push(taken + 1);
                self.trace.clear();
                return true;
            }
        }
        false
    }

    fn decide(&mut self, ready: Vec<usize>) -> usize {
        let taken = self.prefix.get(self.trace.len()).copied().unwrap_or_default();
        let writer = ready[taken];
        self.trace.push(Decision { ready, taken });
        writer
    }
}

/// Marks a writer as done when dropped, also by a panic.
struct Done {
    turns: Arc<Turns>,
    number: usize,
}

impl Drop for Done {
    fn drop(&mut self) {
        self.turns.state().writers[self.number] = Phase::Done;
        self.turns.settled.notify_one();
    }
}

/// One client's path to the emulator.
struct Door {
    turns: Arc<Turns>,
    writer: Option<usize>,
}

impl MockService for Door {
    fn service_name(&self) -> &'static str {
        "dynamodb"
    }

    fn url_patterns(&self) -> Vec<&str> {
        vec![r"https?://dynamodb\..*\.amazonaws\.com"]
    }

    fn handle(
        &self,
        request: MockRequest,
    ) -> Pin<Box<dyn Future<Output = MockResponse> + Send + '_>> {
        Box::pin(async move {
            let target = request.headers["x-amz-target"].to_str().expect("a name");
            let operation = target.split_once('.').expect("an operation").1;
            let Some(writer) = self.writer else {
                return self.turns.serve(operation, &request.body);
            };
            self.turns.turn(writer).await;
            let answer = self.turns.serve(operation, &request.body);
            let is_read = matches!(operation, "DescribeTable" | "GetItem" | "Query" | "Scan");
            if is_read || answer.status != 200 {
                return answer;
            }
            let mut state = self.turns.state();
            let token = token(&request.body);
            // DynamoDB does a transaction once for all requests with its token.
            if token.is_none_or(|token| state.tokens.insert(token)) {
                state.writes.push(writer);
            }
            if std::mem::take(&mut state.loses[writer]) {
                return MockResponse::json(500, "{}");
            }
            answer
        })
    }
}

fn token(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).expect("a request");
    body["ClientRequestToken"].as_str().map(str::to_owned)
}

fn client(door: Door) -> aws_sdk_dynamodb::Client {
    let aws = MockAws::builder().with_service(door).build();
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "envelope-tests"))
        .retry_config(RetryConfig::standard())
        .retry_partition(without_a_quota())
        .http_client(aws.http_client());
    aws_sdk_dynamodb::Client::from_conf(config.build())
}
