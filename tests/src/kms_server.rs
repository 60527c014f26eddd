//! A KMS that listens, for programs in other processes.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::Value;
use tokio::net::TcpListener;
use winterbaume_core::{MockRequest, MockService};

use crate::KmsFaults;

/// A KMS on a free port of the loopback address. It serves until the test's runtime ends.
pub struct KmsServer {
    url: String,
    calls: Calls,
}

/// One call, as it came over the wire.
#[derive(Clone, Debug)]
pub struct KmsCall {
    /// The operation, such as `Decrypt`.
    pub operation: String,
    /// The body.
    pub body: Value,
}

type Calls = Arc<Mutex<Vec<KmsCall>>>;

#[derive(Clone)]
struct Shared {
    kms: Arc<KmsFaults>,
    calls: Calls,
}

impl KmsServer {
    /// Serves the KMS of [`Backend::with_kms_faults`](crate::Backend::with_kms_faults), with its
    /// keys and its faults.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub async fn start(kms: Arc<KmsFaults>) -> Self {
        let calls = Calls::default();
        let router =
            Router::new().fallback(serve).with_state(Shared { kms, calls: Arc::clone(&calls) });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("a bound address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, calls }
    }

    /// Its address: `http://host:port`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Takes the calls so far, in order.
    #[must_use]
    pub fn take(&self) -> Vec<KmsCall> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn serve(
    State(shared): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, HeaderMap, Bytes) {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let operation = target.and_then(|target| target.rsplit('.').next()).unwrap_or_default();
    let call = KmsCall {
        operation: operation.to_owned(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    shared.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    let (method, uri) = (method.to_string(), uri.to_string());
    let answer = shared.kms.handle(MockRequest { method, uri, headers, body }).await;
    let status = StatusCode::from_u16(answer.status).expect("an HTTP status");
    (status, answer.headers, answer.body)
}
