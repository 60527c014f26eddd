//! Lambda's runtime API, which gives events to a function's process and takes its answers.

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc, watch};

/// The runtime API of one process, on a free port of the loopback address.
///
/// It speaks the documented interface: `next`, `response`, `error` and `init/error`.
pub struct LambdaRuntime {
    address: String,
    events: mpsc::UnboundedSender<Value>,
    outcomes: Mutex<mpsc::UnboundedReceiver<Outcome>>,
    asked: watch::Receiver<usize>,
}

/// The end of an invocation.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The function answered.
    Answered(Value),
    /// The function reported that the invocation failed.
    Failed(Value),
    /// The process reported that it cannot start.
    NotStarted(Value),
}

struct Shared {
    events: Mutex<mpsc::UnboundedReceiver<Value>>,
    outcomes: mpsc::UnboundedSender<Outcome>,
    asked: watch::Sender<usize>,
    /// The number of the invocation that is under way.
    current: AtomicU32,
}

impl LambdaRuntime {
    /// Starts it.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub async fn start() -> Self {
        let (events, to_give) = mpsc::unbounded_channel();
        let (to_tell, outcomes) = mpsc::unbounded_channel();
        let (asks, asked) = watch::channel(0);
        let shared = Shared {
            events: Mutex::new(to_give),
            outcomes: to_tell,
            asked: asks,
            current: AtomicU32::new(0),
        };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(Arc::new(shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address").to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, events, outcomes: Mutex::new(outcomes), asked }
    }

    /// A process of the function `program`, with the environment that Lambda gives it, and with the
    /// addresses of a DynamoDB and a KMS. Its standard error is piped.
    pub fn process(&self, program: impl AsRef<OsStr>, dynamodb: &str, kms: &str) -> Command {
        let mut process = Command::new(program);
        process.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        process.envs([
            ("AWS_LAMBDA_RUNTIME_API", &*self.address),
            ("AWS_LAMBDA_FUNCTION_NAME", "users"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
            ("AWS_ENDPOINT_URL_KMS", kms),
        ]);
        process
    }

    /// Gives an event to the process, as soon as it asks for one.
    ///
    /// # Panics
    ///
    /// If the server has ended.
    pub fn give(&self, event: Value) {
        self.events.send(event).expect("a server");
    }

    /// The end of the next invocation.
    ///
    /// # Panics
    ///
    /// If the server has ended.
    pub async fn outcome(&self) -> Outcome {
        self.outcomes.lock().await.recv().await.expect("a server")
    }

    /// Waits until the process has asked for `count` events in all: a process that asks for its
    /// first one has started, and one that asks for another is idle.
    ///
    /// # Panics
    ///
    /// If the server has ended.
    pub async fn asked(&self, count: usize) {
        self.asked.clone().wait_for(|asked| *asked >= count).await.expect("a server");
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.asked.send_modify(|asked| *asked += 1);
    let Some(event) = shared.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let number = shared.current.fetch_add(1, Ordering::Relaxed) + 1;
    let mut head = HeaderMap::new();
    let arn = "arn:aws:lambda:us-east-1:111122223333:function:users";
    // Of the year 2100, in milliseconds.
    let deadline = "4102444800000";
    let trace = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0";
    for (name, value) in [
        ("lambda-runtime-aws-request-id", &*id(number)),
        ("lambda-runtime-deadline-ms", deadline),
        ("lambda-runtime-invoked-function-arn", arn),
        ("lambda-runtime-trace-id", trace),
    ] {
        head.insert(name, value.parse().expect("a header"));
    }
    (head, Json(event)).into_response()
}

async fn response(
    State(shared): State<Arc<Shared>>,
    Path(of): Path<String>,
    answer: Bytes,
) -> StatusCode {
    shared.end(&of, Outcome::Answered(json(&answer)))
}

async fn error(
    State(shared): State<Arc<Shared>>,
    Path(of): Path<String>,
    report: Bytes,
) -> StatusCode {
    shared.end(&of, Outcome::Failed(json(&report)))
}

async fn init_error(State(shared): State<Arc<Shared>>, report: Bytes) -> StatusCode {
    shared.tell(Outcome::NotStarted(json(&report)))
}

// The bodies come without a media type.
fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).expect("JSON")
}

impl Shared {
    /// An answer to another invocation than the current one is not taken.
    fn end(&self, of: &str, outcome: Outcome) -> StatusCode {
        if of != id(self.current.load(Ordering::Relaxed)) {
            return StatusCode::BAD_REQUEST;
        }
        self.tell(outcome)
    }

    fn tell(&self, outcome: Outcome) -> StatusCode {
        // A test that has ended does not listen.
        let _ = self.outcomes.send(outcome);
        StatusCode::ACCEPTED
    }
}

fn id(number: u32) -> String {
    format!("8476a536-e9f4-11e8-9739-{number:012x}")
}
