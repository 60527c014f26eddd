//! An HTTP client for an AWS SDK client that follows a test's script: it answers, fails, hangs, or
//! passes a request on to the client behind it.
//!
//! Unlike a service that misbehaves, it can produce the failures between a program and AWS: refused
//! or reset connections, answers of proxies, and requests that are served while their answers are
//! lost.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_kms::config::http::{HttpRequest, HttpResponse};
use aws_sdk_kms::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_sdk_kms::error::ConnectorError;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};

/// One attempt at a request, as it would go over the wire.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The operation, such as `Decrypt`.
    pub operation: String,
    /// The body.
    pub body: String,
    /// The number of attempts sent before this one.
    pub number: usize,
}

/// The outcome of an attempt.
#[derive(Clone, Debug)]
pub enum Reaction {
    /// The client behind serves it.
    Pass,
    /// It is answered with an HTTP status and a body, from whatever source.
    Answer(u16, String),
    /// Nothing listens at the address.
    Refused,
    /// The host has no address.
    NotResolved,
    /// The connection is reset before the request was read.
    Reset,
    /// The client behind serves it, and then the connection is reset.
    Lost,
    /// No answer ever comes.
    Hang,
    /// The other reaction, after a delay.
    Later(Duration, Box<Reaction>),
    /// The other reaction, after so many turns of all other tasks that are ready: a delay that
    /// takes no time.
    Behind(u32, Box<Reaction>),
}

impl Reaction {
    /// An error of an AWS service that speaks JSON.
    #[must_use]
    pub fn error(code: &str) -> Self {
        Self::Answer(400, format!(r#"{{"__type":"{code}","message":""}}"#))
    }

    /// The same reaction after a delay.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self::Later(delay, Box::new(self))
    }

    /// The same reaction after so many turns of all other tasks that are ready.
    #[must_use]
    pub fn behind(self, turns: u32) -> Self {
        Self::Behind(turns, Box::new(self))
    }
}

/// The HTTP client. Its clones share the attempts they have seen.
#[derive(Clone)]
pub struct Script {
    react: Arc<Mutex<React>>,
    seen: Arc<Mutex<Vec<String>>>,
    behind: SharedHttpClient,
}

type React = Box<dyn FnMut(&Attempt) -> Reaction + Send>;

impl Script {
    /// A client over `behind`. Each attempt is passed to `react`, which decides its outcome.
    ///
    /// ```
    /// # fn example(behind: aws_sdk_kms::config::SharedHttpClient) {
    /// use envelope_tests::{Reaction, Script};
    ///
    /// let throttled_once = Script::new(behind, |attempt| match attempt.number {
    ///     0 => Reaction::error("ThrottlingException"),
    ///     _ => Reaction::Pass,
    /// });
    /// let config = aws_sdk_kms::Config::builder().http_client(throttled_once);
    /// # }
    /// ```
    pub fn new(
        behind: SharedHttpClient,
        react: impl FnMut(&Attempt) -> Reaction + Send + 'static,
    ) -> Self {
        Self { react: Arc::new(Mutex::new(Box::new(react))), seen: Arc::default(), behind }
    }

    /// Continues with another script.
    pub fn react(&self, react: impl FnMut(&Attempt) -> Reaction + Send + 'static) {
        *self.react.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(react);
    }

    /// Takes the operations of the attempts so far.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn decide(&self, request: &HttpRequest) -> Reaction {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let number = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.push(operation.clone());
            seen.len() - 1
        };
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        let mut react = self.react.lock().unwrap_or_else(PoisonError::into_inner);
        (*react)(&Attempt { operation, body, number })
    }
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Script").field("seen", &self.seen).finish_non_exhaustive()
    }
}

impl HttpClient for Script {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let behind = self.behind.http_connector(settings, components);
        SharedHttpConnector::new(Connector { script: self.clone(), behind })
    }
}

#[derive(Debug)]
struct Connector {
    script: Script,
    behind: SharedHttpConnector,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut reaction = self.script.decide(&request);
        let behind = self.behind.clone();
        HttpConnectorFuture::new(async move {
            loop {
                match reaction {
                    Reaction::Later(delay, then) => {
                        tokio::time::sleep(delay).await;
                        reaction = *then;
                    }
                    Reaction::Behind(turns, then) => {
                        for _ in 0..turns {
                            tokio::task::yield_now().await;
                        }
                        reaction = *then;
                    }
                    _ => break,
                }
            }
            match reaction {
                Reaction::Answer(status, body) => {
                    let status = status.try_into().expect("an HTTP status");
                    Ok(HttpResponse::new(status, body.into()))
                }
                Reaction::Refused => Err(failed(io::ErrorKind::ConnectionRefused)),
                Reaction::NotResolved => Err(failed(io::ErrorKind::NotFound)),
                Reaction::Reset => Err(failed(io::ErrorKind::ConnectionReset)),
                Reaction::Lost => {
                    behind.call(request).await?;
                    Err(failed(io::ErrorKind::UnexpectedEof))
                }
                Reaction::Hang => std::future::pending().await,
                Reaction::Pass | Reaction::Later(..) | Reaction::Behind(..) => {
                    behind.call(request).await
                }
            }
        })
    }
}

fn failed(kind: io::ErrorKind) -> ConnectorError {
    ConnectorError::io(io::Error::from(kind).into())
}
