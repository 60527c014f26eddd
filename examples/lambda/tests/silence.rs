//! Connections that a NAT gateway has forgotten: what is sent on them gets no answer.

#![allow(missing_docs, reason = "tests")]

use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::{Credentials, SharedCredentialsProvider};
use envelope_lambda_example::{App, Settings, app};
use envelope_tests::{Attempt, Backend, Reaction, Script};
use serde_json::Value;
use tokio::time::Instant;

/// The timeout of the function, in the guide.
const FUNCTION: Duration = Duration::from_secs(20);

/// The function, with the SDK's own retries, over a network that follows a script.
async fn function(react: impl FnMut(&Attempt) -> Reaction + Send + 'static) -> (App, Script) {
    let backend = Backend::in_process().await;
    let key = backend.create_kms_key().await;
    let script = Script::new(backend.kms.config().http_client().unwrap(), react);
    let credentials = Credentials::new("test", "test", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::standard())
        .http_client(script.clone())
        .build();
    let settings = Settings::read(|name| match name {
        "TABLE_NAME" => Some("users-dev".to_owned()),
        "KMS_KEY_ID" => Some(key.clone()),
        _ => None,
    });
    (app(config, &settings.unwrap(), SystemTime::now), script)
}

async fn status(function: &App, event: &str) -> i64 {
    let event: Value = serde_json::from_str(event).unwrap();
    function.invoke(event).await.unwrap().status_code
}

/// What a service answers that can be reached. The table is empty.
fn answered(attempt: &Attempt) -> Reaction {
    match &*attempt.operation {
        "PutItem" | "GetItem" => Reaction::Answer(200, "{}".to_owned()),
        _ => Reaction::Pass,
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_never_answers_costs_seconds_and_not_the_invocation() {
    let mut seen = Vec::new();
    let (function, script) = function(move |attempt| {
        if seen.contains(&attempt.operation) {
            return answered(attempt);
        }
        seen.push(attempt.operation.clone());
        Reaction::Hang
    })
    .await;

    let before = Instant::now();
    assert_eq!(status(&function, include_str!("../events/save.json")).await, 204);

    let operations = ["GenerateDataKey", "GenerateDataKey", "PutItem", "PutItem"];
    assert_eq!(script.take(), operations);
    assert!(before.elapsed() < Duration::from_secs(8), "{:?}", before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_function_answers_before_its_own_timeout_whatever_never_answers() {
    for silent in [&["GenerateDataKey"][..], &["PutItem", "GetItem"]] {
        let (function, _) = function(move |attempt| {
            if silent.contains(&&*attempt.operation) { Reaction::Hang } else { answered(attempt) }
        })
        .await;

        let before = Instant::now();
        assert_eq!(status(&function, include_str!("../events/save.json")).await, 503);

        // The slowest call to KMS that succeeds may come before the others.
        assert!(before.elapsed() + Duration::from_secs(6) < FUNCTION, "{:?}", before.elapsed());
    }
}
