//! A connection that delays every request, and counts those that wait.
//!
//! The delay is where the network's would be, below the key provider and the SDK's client, so that
//! nothing in these can wait without being seen.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_kms::Client;
use aws_sdk_kms::config::http::HttpRequest;
use aws_sdk_kms::config::{HttpClient, RuntimeComponents};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};

/// The requests that wait for an answer. Its clones count together.
#[derive(Clone, Debug, Default)]
pub struct InFlight(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl InFlight {
    /// The most requests that waited at the same time.
    #[must_use]
    pub fn most(&self) -> usize {
        self.0.most.load(Ordering::Relaxed)
    }

    fn begin(&self) {
        let now = self.0.now.fetch_add(1, Ordering::Relaxed) + 1;
        self.0.most.fetch_max(now, Ordering::Relaxed);
    }

    fn end(&self) {
        self.0.now.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A client of the same KMS whose requests reach KMS after a delay.
///
/// # Panics
///
/// If the client has no HTTP client.
#[must_use]
pub fn delayed(kms: &Client, delay: Duration) -> (Client, InFlight) {
    let behind = kms.config().http_client().expect("a KMS in this process");
    let in_flight = InFlight::default();
    let http = Delayed { behind, delay, in_flight: in_flight.clone() };
    let config = kms.config().to_builder().http_client(http).build();
    (Client::from_conf(config), in_flight)
}

#[derive(Clone, Debug)]
struct Delayed<B> {
    behind: B,
    delay: Duration,
    in_flight: InFlight,
}

impl HttpClient for Delayed<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let Self { delay, ref in_flight, .. } = *self;
        let behind = self.behind.http_connector(settings, components);
        SharedHttpConnector::new(Delayed { behind, delay, in_flight: in_flight.clone() })
    }
}

impl HttpConnector for Delayed<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { behind, delay, in_flight } = self.clone();
        HttpConnectorFuture::new(async move {
            in_flight.begin();
            tokio::time::sleep(delay).await;
            let answer = behind.call(request).await;
            in_flight.end();
            answer
        })
    }
}
