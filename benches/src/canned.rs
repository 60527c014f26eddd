//! A DynamoDB that gives one answer to every request, at once, in memory and without sockets: for
//! benchmarks of what a program itself does.

use std::sync::{Arc, OnceLock};

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig,
};
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use serde_json::{Value, json};

/// The connection. Its clones share the request they have seen.
#[derive(Clone, Debug)]
pub struct Canned {
    answer: Arc<str>,
    /// Only the first, so that a measured request pays for no copy.
    first: Arc<OnceLock<Vec<u8>>>,
}

impl Canned {
    /// A connection whose every answer has this body.
    #[must_use]
    pub fn answering(body: &str) -> Self {
        Self { answer: body.into(), first: Arc::default() }
    }

    /// A client with this connection and the SDK's defaults: its retries, and its cache of
    /// credentials. The protection against stalled streams is off, since no answer is a stream.
    #[must_use]
    pub fn client(&self) -> Client {
        let connector = SharedHttpConnector::new(self.clone());
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "benches"))
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        Client::from_conf(config)
    }

    /// The body of the first request.
    ///
    /// # Panics
    ///
    /// If there was none.
    #[must_use]
    pub fn request(&self) -> &[u8] {
        self.first.get().expect("a request was sent")
    }

    /// The answer to a `GetItem` of the item that the first request, a `PutItem`, wrote.
    ///
    /// # Panics
    ///
    /// If there was no such request.
    #[must_use]
    pub fn found(&self) -> String {
        let put: Value = serde_json::from_slice(self.request()).expect("JSON");
        json!({ "Item": put.get("Item").expect("a PutItem") }).to_string()
    }
}

impl HttpConnector for Canned {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.first.get_or_init(|| request.body().bytes().unwrap_or_default().to_vec());
        let status = 200.try_into().expect("an HTTP status");
        let answer = HttpResponse::new(status, (&*self.answer).into());
        HttpConnectorFuture::ready(Ok(answer))
    }
}
