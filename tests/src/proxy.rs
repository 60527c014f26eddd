//! A DynamoDB behind a network that fails: a proxy that loses requests and answers, by a script.
//!
//! It sits between the SDK's own HTTP client and a DynamoDB, speaks HTTP/1.1 over real connections,
//! and accepts one request per connection. It tells requests apart by their operation. A request
//! that is not in the script passes.

use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    AsyncSleep, ConfigBag, Intercept, RuntimeComponents, Sleep, StalledStreamProtectionConfig,
};
use aws_sdk_dynamodb::error::BoxError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::backend::without_a_quota;

/// A client's timeout for an answer. It expires when the proxy withholds one.
const PATIENCE: Duration = Duration::from_hours(1);
/// A client's timeout for a connection. It never expires.
const FOR_EVER: Duration = Duration::from_hours(2);

/// A fault of a request, or of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// None: the request passes.
    None,
    /// Nothing listens at the address.
    Refused,
    /// The name of the service cannot be resolved.
    Unresolved,
    /// The connection is closed before the request is passed on.
    ResetBefore,
    /// The request is served, and the connection closed before the answer.
    ResetAfter,
    /// The request is not passed on, and answered with a status and a body.
    Answered(u16, &'static str),
    /// The request is served, and answered with another status and body.
    AnsweredAfter(u16, &'static str),
    /// The request is served, and half of the answer's body comes.
    BrokenBody,
    /// The request is not passed on, and no answer comes until the client gives up.
    HangsBefore,
    /// The request is served, and no answer comes until the client gives up.
    HangsAfter,
}

/// The timeout that expires when an answer hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timeout {
    /// The timeout of one attempt; the SDK may make another.
    Attempt,
    /// The timeout of the whole operation.
    Operation,
}

type Meanwhile = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A proxy in front of a DynamoDB.
#[derive(Clone)]
pub struct FaultyProxy {
    address: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    script: Mutex<HashMap<&'static str, VecDeque<Fault>>>,
    meanwhile: Mutex<Option<Meanwhile>>,
    hangs: Notify,
}

impl FaultyProxy {
    /// A proxy on a free port of the loopback address, in front of `upstream`: `http://host:port`.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub async fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let shared = Arc::new(Shared::default());
        let upstream: Arc<str> = upstream.trim_start_matches("http://").into();
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (shared, upstream) = (Arc::clone(&serving), Arc::clone(&upstream));
                // A client that disconnects ends only its own connection.
                tokio::spawn(async move { shared.serve(client, &upstream).await });
            }
        });
        Self { address: format!("http://{address}"), shared }
    }

    /// Its address: `http://host:port`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.address
    }

    /// Makes the next requests of an operation such as `PutItem` fail, each with one of `faults`.
    pub fn fail(&self, operation: &'static str, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.shared.script).entry(operation).or_default().extend(faults);
    }

    /// Removes all faults.
    pub fn behave(&self) {
        lock(&self.shared.script).clear();
    }

    /// Runs `action` while the next answer is lost: after the request was served, if it was.
    pub fn meanwhile(&self, action: impl Future<Output = ()> + Send + 'static) {
        *lock(&self.shared.meanwhile) = Some(Box::pin(action));
    }

    /// A client of the DynamoDB behind the proxy, with the configuration of another one.
    ///
    /// It never waits: there are no pauses between attempts, and a timeout expires when an answer
    /// hangs.
    #[must_use]
    pub fn client(&self, of: &Client, timeout: Timeout, retries: RetryConfig) -> Client {
        let times = TimeoutConfig::builder().connect_timeout(FOR_EVER);
        let times = match timeout {
            Timeout::Attempt => times.operation_attempt_timeout(PATIENCE),
            Timeout::Operation => times.operation_timeout(PATIENCE),
        };
        let config = of.config().to_builder();
        let config = config
            .endpoint_url(&self.address)
            .retry_config(retries)
            .retry_partition(without_a_quota())
            .timeout_config(times.build())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .sleep_impl(Hurry(Arc::clone(&self.shared)))
            .interceptor(Misdirects(Arc::clone(&self.shared)));
        Client::from_conf(config.build())
    }
}

impl Shared {
    /// Takes the fault of the next request of an operation, if `is_asked` accepts it.
    fn take(&self, operation: &str, is_asked: impl FnOnce(Fault) -> bool) -> Fault {
        let mut script = lock(&self.script);
        let Some(faults) = script.get_mut(operation) else { return Fault::None };
        match faults.front() {
            Some(fault) if is_asked(*fault) => faults.pop_front().unwrap_or(Fault::None),
            _ => Fault::None,
        }
    }

    async fn serve(&self, mut client: TcpStream, upstream: &str) -> io::Result<()> {
        let (head, body) = request(&mut client).await?;
        let operation = header(&head, "x-amz-target").and_then(|target| target.split('.').nth(1));
        let fault = self.take(operation.unwrap_or_default(), |fault| !is_misdirection(fault));
        let is_served =
            !matches!(fault, Fault::ResetBefore | Fault::Answered(..) | Fault::HangsBefore);
        let answer = if is_served { pass(upstream, &head, &body).await? } else { Vec::new() };
        if fault != Fault::None
            && let Some(action) = { lock(&self.meanwhile).take() }
        {
            action.await;
        }
        match fault {
            Fault::ResetBefore | Fault::ResetAfter => return Ok(()),
            Fault::HangsBefore | Fault::HangsAfter => {
                self.hangs.notify_one();
                pending::<()>().await;
            }
            Fault::Answered(status, body) | Fault::AnsweredAfter(status, body) => {
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} Said So\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
                );
                client.write_all(head.as_bytes()).await?;
                client.write_all(body.as_bytes()).await?;
            }
            Fault::BrokenBody => {
                let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap_or(0) + 4;
                let half = end + (answer.len() - end) / 2;
                client.write_all(&answer[..half]).await?;
            }
            Fault::None | Fault::Refused | Fault::Unresolved => client.write_all(&answer).await?,
        }
        client.shutdown().await
    }
}

/// The head of a request as text, and its body.
async fn request(client: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if client.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some(end) = bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
        let mut body = bytes.split_off(end + 4);
        let head = String::from_utf8_lossy(&bytes).into_owned();
        let length = header(&head, "content-length").and_then(|length| length.parse().ok());
        while body.len() < length.unwrap_or(0) {
            if client.read_buf(&mut body).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        return Ok((head, body));
    }
}

/// Passes a request on, and returns the whole answer.
async fn pass(upstream: &str, head: &str, body: &[u8]) -> io::Result<Vec<u8>> {
    let mut service = TcpStream::connect(upstream).await?;
    let head = head.trim_end_matches("\r\n");
    service.write_all(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes()).await?;
    service.write_all(body).await?;
    let mut answer = Vec::new();
    service.read_to_end(&mut answer).await?;
    Ok(answer)
}

fn header<'a>(head: &'a str, wanted: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(wanted).then_some(value.trim())
    })
}

fn is_misdirection(fault: Fault) -> bool {
    matches!(fault, Fault::Refused | Fault::Unresolved)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends requests to an address where nothing listens, or to a name that does not exist.
struct Misdirects(Arc<Shared>);

impl Intercept for Misdirects {
    fn name(&self) -> &'static str {
        "Misdirects"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let operation = target.split('.').nth(1).unwrap_or_default();
        match self.0.take(operation, is_misdirection) {
            // The discard port of the loopback address.
            Fault::Refused => request.set_uri("http://127.0.0.1:9/")?,
            // A label of more than 63 letters is invalid, so no name server is needed.
            Fault::Unresolved => request.set_uri(format!("http://{}.invalid/", "x".repeat(64)))?,
            _ => {}
        }
        Ok(())
    }
}

impl std::fmt::Debug for Misdirects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Misdirects")
    }
}

/// The client's sense of time.
struct Hurry(Arc<Shared>);

impl AsyncSleep for Hurry {
    fn sleep(&self, duration: Duration) -> Sleep {
        let shared = Arc::clone(&self.0);
        Sleep::new(async move {
            match duration {
                PATIENCE => shared.hangs.notified().await,
                FOR_EVER => pending().await,
                _ => {}
            }
        })
    }
}

impl std::fmt::Debug for Hurry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hurry")
    }
}
