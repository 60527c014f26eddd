//! The kinds of KMS failure, told apart, and never a fallback to plaintext.

use std::time::Duration;

use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::config::{BehaviorVersion, Config, Credentials};
use envelope_runtime::error::{DataKeyError, DataKeyErrorKind};
use envelope_runtime::key::KeyProvider;
use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, LoadError, SaveError};
use envelope_tests::{Backend, Reaction, kms_at, unreachable_kms};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::hints::{Keys, load, request};
use crate::support::{User, World};

/// No error may repeat this, in whatever part of an answer it comes.
const MARKER: &str = "xyzzy-of-an-answer";

#[tokio::test]
async fn t33_each_failure_of_kms_is_told_apart_and_writes_nothing() {
    let (backend, faults) = Backend::with_kms_faults().await;
    let world = World::over(backend, &[("id", "S".into())]).await;
    User::new("foobar").save(&world.store).await.unwrap();

    let state = "arn:aws:kms:us-east-1:1:key/k is pending deletion.";
    for (code, message, kind, retryable) in [
        ("AccessDeniedException", "", DataKeyErrorKind::AccessDenied, false),
        ("DisabledException", "", DataKeyErrorKind::Disabled, false),
        ("NotFoundException", "", DataKeyErrorKind::NotFound, false),
        ("KMSInvalidStateException", state, DataKeyErrorKind::PendingDeletion, false),
        ("KMSInvalidStateException", "unavailable", DataKeyErrorKind::InvalidState, false),
        ("InvalidCiphertextException", "", DataKeyErrorKind::Mismatch, false),
        ("ThrottlingException", "", DataKeyErrorKind::Throttled, true),
        ("KMSInternalException", "", DataKeyErrorKind::Service, true),
        ("SomethingNewException", "", DataKeyErrorKind::Other, false),
    ] {
        faults.fail(code, message);
        let loaded = User::load(&world.store, "foobar").await.unwrap_err();
        let saved = User::new("second").save(&world.store).await.unwrap_err();
        faults.behave();

        assert_eq!((loaded.is_retryable(), saved.is_retryable()), (retryable, retryable), "{code}");
        let denied = code == "AccessDeniedException";
        assert_eq!(
            (loaded.is_access_denied(), saved.is_access_denied()),
            (denied, denied),
            "{code}"
        );
        let LoadError::DecryptDataKey(loaded) = loaded else { panic!("{loaded:?}") };
        let SaveError::GenerateDataKey(saved) = saved else { panic!("{saved:?}") };
        assert_eq!((loaded.kind(), loaded.code()), (kind, Some(code)));
        assert_eq!(saved.kind(), kind);
        let message = loaded.to_string();
        assert!(message.contains("key `id`") && message.contains(&world.key), "{message}");
        assert_eq!(User::load(&world.store, "second").await.unwrap(), None, "{code}");
    }
    assert!(User::load(&world.store, "foobar").await.unwrap().is_some());
}

#[tokio::test]
async fn an_answer_without_a_data_key_is_refused() {
    let (backend, faults) = Backend::with_kms_faults().await;
    let world = World::over(backend, &[("id", "S".into())]).await;
    User::new("foobar").save(&world.store).await.unwrap();

    faults.replace("\"Plaintext\"", "\"Elsewhere\"");
    let loaded = User::load(&world.store, "foobar").await.unwrap_err();
    let saved = User::new("second").save(&world.store).await.unwrap_err();

    assert!(
        matches!(loaded, LoadError::DecryptDataKey(error) if error.kind() == DataKeyErrorKind::InvalidAnswer)
    );
    assert!(
        matches!(saved, SaveError::GenerateDataKey(error) if error.kind() == DataKeyErrorKind::InvalidAnswer)
    );
}

#[tokio::test]
async fn a_kms_that_cannot_be_reached_is_a_network_failure() {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();
    let store = world.store_with(KmsKeyProvider::new(unreachable_kms(), &world.key));

    let error = User::load(&store, "foobar").await.unwrap_err();

    assert!(error.is_retryable(), "{error}");
    assert!(
        matches!(error, LoadError::DecryptDataKey(error) if error.kind() == DataKeyErrorKind::Network)
    );
}

fn answer(status: u16, body: &str) -> Reaction {
    Reaction::Answer(status, body.to_owned())
}

fn refusal(code: &str, message: &str) -> Reaction {
    answer(400, &format!(r#"{{"__type":"{code}","message":"{message} {MARKER}"}}"#))
}

#[track_caller]
fn check(error: &DataKeyError, (kind, retryable): (DataKeyErrorKind, bool), about: &str) {
    let text = format!("{error} {error:?}");
    assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{about}: {text}");
    assert!(!text.contains(MARKER), "{about}: {text}");
}

/// The table in the documentation of `DataKeyErrorKind`, for every call to KMS.
#[tokio::test]
async fn t33_each_kind_of_failure_says_whether_to_try_again() {
    use DataKeyErrorKind as Kind;
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    let html = format!("<html>{MARKER}</html>");
    let expired = "Signature expired: 20200101T000000Z is now earlier than 20200101T000500Z";
    let early = "Signature not yet current: 20300101T000000Z is still later than 20290101T000000Z";
    for (reaction, expected) in [
        // Between the program and AWS.
        (Reaction::Refused, (Kind::Network, true)),
        (Reaction::NotResolved, (Kind::Network, true)),
        (Reaction::Reset, (Kind::Network, true)),
        (Reaction::Lost, (Kind::Network, true)),
        // Answers without an AWS error code, or with an unknown one.
        (answer(408, ""), (Kind::Network, true)),
        (answer(429, ""), (Kind::Throttled, true)),
        (answer(429, &html), (Kind::Throttled, true)),
        (answer(500, "{}"), (Kind::Service, true)),
        (answer(502, &html), (Kind::Service, true)),
        (answer(503, ""), (Kind::Service, true)),
        (answer(504, &html), (Kind::Service, true)),
        (answer(599, r#"{"__type":"NewFailure"}"#), (Kind::Service, true)),
        (answer(403, &html), (Kind::Other, false)),
        (answer(307, ""), (Kind::Other, false)),
        (refusal("SomethingNewException", ""), (Kind::Other, false)),
        (answer(200, &html), (Kind::InvalidAnswer, false)),
        (answer(200, ""), (Kind::InvalidAnswer, false)),
        (answer(200, r#"{"KeyId":"arn:aws:k"#), (Kind::InvalidAnswer, false)),
        (answer(200, &format!(r#"{{"KeyId":"{MARKER}"}}"#)), (Kind::InvalidAnswer, false)),
        // AWS's own failures.
        (refusal("InternalFailure", ""), (Kind::Service, true)),
        (refusal("InternalServerError", ""), (Kind::Service, true)),
        (refusal("KMSInternalException", ""), (Kind::Service, true)),
        (refusal("KeyUnavailableException", ""), (Kind::Service, true)),
        (refusal("DependencyTimeoutException", ""), (Kind::Service, true)),
        (refusal("ServiceUnavailable", ""), (Kind::Service, true)),
        (refusal("ServiceUnavailableException", ""), (Kind::Service, true)),
        (refusal("RequestTimeout", ""), (Kind::Network, true)),
        (refusal("RequestTimeoutException", ""), (Kind::Network, true)),
        (refusal("LimitExceededException", ""), (Kind::Throttled, true)),
        (refusal("RequestLimitExceeded", ""), (Kind::Throttled, true)),
        (refusal("SlowDown", ""), (Kind::Throttled, true)),
        (refusal("Throttling", ""), (Kind::Throttled, true)),
        (refusal("ThrottlingException", ""), (Kind::Throttled, true)),
        (refusal("ThrottledException", ""), (Kind::Throttled, true)),
        (refusal("TooManyRequestsException", ""), (Kind::Throttled, true)),
        // The time, and the credentials.
        (refusal("InvalidSignatureException", expired), (Kind::Clock, true)),
        (refusal("InvalidSignatureException", early), (Kind::Clock, true)),
        (refusal("RequestTimeTooSkewed", ""), (Kind::Clock, true)),
        (refusal("RequestExpired", ""), (Kind::Clock, true)),
        (refusal("InvalidSignatureException", "does not match"), (Kind::Credentials, false)),
        (refusal("UnrecognizedClientException", ""), (Kind::Credentials, false)),
        (refusal("InvalidClientTokenId", ""), (Kind::Credentials, false)),
        (refusal("MissingAuthenticationTokenException", ""), (Kind::Credentials, false)),
        (refusal("ExpiredTokenException", ""), (Kind::ExpiredCredentials, false)),
        (refusal("ExpiredToken", ""), (Kind::ExpiredCredentials, false)),
        // The key, and the request about it.
        (refusal("AccessDeniedException", ""), (Kind::AccessDenied, false)),
        (refusal("DisabledException", ""), (Kind::Disabled, false)),
        (refusal("NotFoundException", ""), (Kind::NotFound, false)),
        (
            refusal("KMSInvalidStateException", "is pending deletion"),
            (Kind::PendingDeletion, false),
        ),
        (refusal("KMSInvalidStateException", "is creating"), (Kind::InvalidState, false)),
        (refusal("InvalidCiphertextException", ""), (Kind::Mismatch, false)),
        (refusal("IncorrectKeyException", ""), (Kind::UnknownKey, false)),
    ] {
        let about = format!("{reaction:?}");
        for name in [&keys.own, &keys.alias] {
            let reaction = reaction.clone();
            let (provider, _) = keys.reader(name, move |_| reaction.clone());
            check(&load(&provider, [own.clone()]).await.unwrap_err(), expected, &about);
            let generated = provider.generate(&request("users")).await;
            check(&generated.unwrap_err(), expected, &about);
            if *name == keys.alias {
                check(&provider.resolve().await.unwrap_err(), expected, &about);
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_not_of_aws_is_said_with_its_status() {
    let keys = Keys::new().await;
    let (provider, _) = keys.reader(&keys.own, |_| answer(502, "<html>"));

    let error = load(&provider, [keys.copy(&keys.own).await]).await.unwrap_err();

    let text = "the key service failed; retry later (HTTP 502, without an AWS error code)";
    assert!(error.to_string().ends_with(text), "{error}");
}

#[tokio::test]
async fn a_client_without_a_region_is_told_from_a_network_that_fails() {
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    for endpoint in [None, Some("http://127.0.0.1:8000".to_owned())] {
        let mut config = Config::builder().behavior_version(BehaviorVersion::latest());
        config.set_endpoint_url(endpoint);
        let config = config.credentials_provider(Credentials::new("a", "b", None, None, "test"));
        let kms = aws_sdk_kms::Client::from_conf(config.build());
        let provider = KmsKeyProvider::new(kms, &keys.own);

        let error = load(&provider, [own.clone()]).await.unwrap_err();

        check(&error, (DataKeyErrorKind::Region, false), "no Region");
    }
}

#[tokio::test]
async fn t33_what_the_sdk_tried_again_is_worth_another_try_later() {
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    let (kms, script) = keys.backend.scripted_kms(|_| answer(503, ""));
    let config = kms.config().to_builder().retry_config(RetryConfig::standard());
    let provider = KmsKeyProvider::new(aws_sdk_kms::Client::from_conf(config.build()), &keys.own);

    let error = load(&provider, [own]).await.unwrap_err();

    assert_eq!(script.take().len(), 3);
    check(&error, (DataKeyErrorKind::Service, true), "503");
}

#[tokio::test]
async fn t33_a_kms_that_does_not_answer_in_time_is_a_network_failure() {
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    let timeout = Duration::from_secs(3);
    for timeouts in [
        TimeoutConfig::builder().operation_attempt_timeout(timeout),
        TimeoutConfig::builder().operation_timeout(timeout),
        TimeoutConfig::builder().operation_attempt_timeout(timeout).operation_timeout(2 * timeout),
    ] {
        for name in [&keys.own, &keys.alias] {
            let (kms, _) = keys.backend.scripted_kms(|_| Reaction::Hang);
            let config = kms.config().to_builder().timeout_config(timeouts.clone().build());
            let kms = aws_sdk_kms::Client::from_conf(config.build());

            let error = load(&KmsKeyProvider::new(kms, name), [own.clone()]).await.unwrap_err();

            check(&error, (DataKeyErrorKind::Network, true), name);
        }
    }
}

/// The SDK's own HTTP client, with a server that breaks off at each stage.
#[tokio::test]
async fn t33_connections_that_break_are_network_failures() {
    let cut = format!("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{{\"KeyId\":\"{MARKER}");
    let stages = ["", "HTTP/1.1 200 OK\r\ncontent-le", &cut];
    for (reads, sends) in std::iter::once((false, "")).chain(stages.map(|text| (true, text))) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sends = sends.to_owned();
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                break_off(stream, reads, &sends).await;
            }
        });
        let provider = KmsKeyProvider::new(kms_at(&url), "alias/users");

        let error = provider.generate(&request("users")).await.unwrap_err();

        check(&error, (DataKeyErrorKind::Network, true), &url);
        server.abort();
    }
    let provider = KmsKeyProvider::new(kms_at("http://kms.invalid"), "alias/users");
    let error = provider.generate(&request("users")).await.unwrap_err();
    check(&error, (DataKeyErrorKind::Network, true), "a name without an address");
}

async fn break_off(mut stream: TcpStream, reads: bool, sends: &str) {
    if reads {
        // The start of the request; the rest may still be on its way.
        stream.read_exact(&mut [0; 64]).await.unwrap();
        stream.write_all(sends.as_bytes()).await.unwrap();
    } else {
        stream.set_zero_linger().unwrap();
    }
}
