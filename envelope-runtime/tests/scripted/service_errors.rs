//! Requests that DynamoDB refuses for reasons other than a condition, and the text of the errors.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeSerializationInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, ProvideCredentials, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use envelope_runtime::error::ServiceErrorKind;
use envelope_runtime::{DeleteError, LoadError, SaveError, Store, UpdateError};

use crate::dynamodb::{Dynamodb, Fault, done, error, failed, local};
use crate::models::{Account, account};

/// The errors of all verbs for a failed request.
async fn failing(fault: Fault) -> (SaveError, LoadError, UpdateError, DeleteError) {
    let dynamodb = Dynamodb::holding(&account()).await;
    let store = dynamodb.store().map_table::<Account>("physical");
    let operations = ["PutItem", "GetItem", "GetItem", "DeleteItem"];
    dynamodb.expect(operations.map(|operation| failed(operation, fault)));
    let failed = (
        store.put(&account()).await.unwrap_err(),
        store.get::<Account>("a-1").await.unwrap_err(),
        store.update::<Account>("a-1").seal(|f| f.email, "x").await.unwrap_err(),
        store.delete::<Account>("a-1").await.unwrap_err(),
    );
    dynamodb.requests();
    failed
}

#[tokio::test]
async fn a_refused_permission_says_what_to_allow() {
    let body = r#"{"__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException"}"#;

    let (save, load, update, delete) = failing(Fault::Answer(400, body)).await;

    assert!(save.is_access_denied() && load.is_access_denied());
    assert!(update.is_access_denied() && delete.is_access_denied());
    assert!(!save.is_retryable() && !load.is_retryable());
    assert!(!update.is_retryable() && !delete.is_retryable());
    let says = "record of table `users`, key `id`: DynamoDB table `physical`: access denied; allow \
                dynamodb:PutItem, GetItem, UpdateItem, DeleteItem, ConditionCheckItem, BatchGetItem, \
                BatchWriteItem, Query and Scan on \
                the table (AccessDeniedException, request R-1)";
    assert_eq!(save.to_string(), format!("cannot save {says}"));
    assert_eq!(load.to_string(), format!("cannot load {says}"));
    assert_eq!(update.to_string(), format!("cannot update {says}"));
    assert_eq!(delete.to_string(), format!("cannot delete {says}"));
    let SaveError::Request(request) = &save else { panic!("{save}") };
    assert_eq!(request.kind(), ServiceErrorKind::AccessDenied);
    assert_eq!(request.table_name(), "physical");
    assert_eq!(request.code(), Some("AccessDeniedException"));
    assert_eq!(request.request_id(), Some("R-1"));
    assert!(save.source().is_none() && !load.is_tampered() && !update.is_tampered());
    assert!(!update.is_not_found() && !update.is_conflict() && !delete.is_conflict());
}

#[tokio::test]
async fn a_scan_that_is_not_permitted_says_what_to_allow() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let body = r#"{"__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException"}"#;
    dynamodb.expect([failed("Scan", Fault::Answer(400, body))]);

    let scan = store.scan::<Account>().page().await.unwrap_err();

    assert!(scan.is_access_denied() && !scan.is_retryable());
    assert!(scan.to_string().contains("Query and Scan on the table"), "{scan}");
    assert_eq!(dynamodb.requests().len(), 1);
}

#[tokio::test]
async fn another_refusal_is_no_refused_permission() {
    let body = r#"{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}"#;

    let (save, load, update, delete) = failing(Fault::Answer(400, body)).await;

    assert!(!save.is_access_denied() && !load.is_access_denied());
    assert!(!update.is_access_denied() && !delete.is_access_denied());
    assert!(!save.is_not_found() && !save.is_conflict() && !save.is_version_conflict());
    for error in [save.to_string(), load.to_string(), update.to_string(), delete.to_string()] {
        assert!(error.contains("no such table in this account and Region"), "{error}");
    }
}

#[tokio::test]
async fn a_request_that_is_too_early_may_be_tried_again() {
    let (save, load, update, delete) = failing(Fault::Answer(429, "<html>")).await;
    assert!(save.is_retryable() && load.is_retryable());
    assert!(update.is_retryable() && delete.is_retryable());
    let says = "cannot save record of table `users`, key `id`: DynamoDB table `physical`: too many \
                requests; retry later (HTTP 429, without an AWS error code)";
    assert_eq!(save.to_string(), says);
}

/// Each code is returned once, or for every attempt of the SDK.
#[tokio::test]
async fn each_code_of_dynamodb_is_a_kind_of_error() {
    use ServiceErrorKind as Kind;
    for (status, code, message, kind) in [
        (400, "ProvisionedThroughputExceededException", "", Kind::Throttled),
        (400, "RequestLimitExceeded", "", Kind::Throttled),
        (400, "ReplicatedWriteConflictException", "", Kind::Conflict),
        (400, "TransactionConflictException", "", Kind::Conflict),
        (400, "ValidationException", "Item size has exceeded", Kind::ItemTooLarge),
        (400, "ValidationException", "", Kind::Validation),
        (400, "ItemCollectionSizeLimitExceededException", "", Kind::Other),
        (500, "InternalServerError", "", Kind::Service),
        (400, "ExpiredTokenException", "", Kind::ExpiredCredentials),
        (400, "UnrecognizedClientException", "", Kind::Credentials),
        (400, "RequestExpired", "", Kind::Clock),
    ] {
        let body = error(code, message).to_string();
        let fault = Fault::Answer(status, Box::leak(body.into_boxed_str()));
        let dynamodb = Dynamodb::new();
        // The maximum number of attempts of a client.
        dynamodb.expect([
            failed("GetItem", fault),
            failed("GetItem", fault),
            failed("GetItem", fault),
        ]);
        let error = dynamodb.store().get::<Account>("a-1").await.unwrap_err();
        let LoadError::Request(request) = &error else { panic!("{error}") };
        assert_eq!((request.kind(), request.code()), (kind, Some(code)), "{error}");
    }
}

#[tokio::test]
async fn a_network_that_fails_has_no_code() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect((0..3).map(|_| failed("GetItem", Fault::ConnectionReset)));
    let error = dynamodb.store().get::<Account>("a-1").await.unwrap_err();
    dynamodb.requests();
    let LoadError::Request(request) = &error else { panic!("{error}") };
    assert_eq!((request.kind(), request.code()), (ServiceErrorKind::Network, None));
    assert_eq!(request.request_id(), None);
    let says = "cannot load record of table `users`, key `id`: DynamoDB table `users`: could not be \
                reached in time; check the endpoint, or retry later";
    assert_eq!(error.to_string(), says);
}

#[derive(Debug)]
struct NoCredentials;

impl ProvideCredentials for NoCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("none")))
    }
}

#[tokio::test]
async fn missing_credentials_are_told_from_a_network_that_fails() {
    let dynamodb = Dynamodb::new();
    let config = dynamodb.client().config().to_builder().credentials_provider(NoCredentials);
    let store = Store::new(Client::from_conf(config.build()), local());

    let error = store.get::<Account>("a-1").await.unwrap_err();

    let LoadError::Request(request) = &error else { panic!("{error}") };
    assert_eq!(request.kind(), ServiceErrorKind::Credentials, "{error}");
}

#[tokio::test]
async fn a_client_without_a_region_is_told_from_a_network_that_fails() {
    let dynamodb = Dynamodb::new();
    for endpoint in [None, Some("http://127.0.0.1:8000".to_owned())] {
        let mut config = dynamodb.config_without_a_region();
        config.set_endpoint_url(endpoint.clone());
        let store = Store::new(Client::from_conf(config.build()), local());

        let loaded = store.get::<Account>("a-1").await.unwrap_err();
        let created = store.create(&account()).await.unwrap_err();

        let (LoadError::Request(request), SaveError::Request(other)) = (&loaded, &created) else {
            panic!("{loaded}, {created}")
        };
        assert_eq!(
            (request.kind(), other.kind()),
            (ServiceErrorKind::Region, ServiceErrorKind::Region)
        );
        assert!(!loaded.is_retryable() && !created.is_retryable(), "{endpoint:?}");
        assert!(loaded.to_string().contains("set AWS_REGION"), "{loaded}");
    }
}

/// An interceptor, such as a program may have, that lets nothing through.
#[derive(Debug)]
struct Bars;

impl Intercept for Bars {
    fn name(&self) -> &'static str {
        "Bars"
    }

    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        Err("not today".into())
    }
}

#[tokio::test]
async fn a_request_that_cannot_be_built_is_not_said_to_be_a_network_that_fails() {
    let dynamodb = Dynamodb::new();
    let config = dynamodb.client().config().to_builder().interceptor(Bars);
    let store = Store::new(Client::from_conf(config.build()), local());

    let error = store.get::<Account>("a-1").await.unwrap_err();

    let LoadError::Request(request) = &error else { panic!("{error}") };
    assert_eq!(request.kind(), ServiceErrorKind::Other, "{error}");
    assert!(!error.is_retryable(), "{error}");
}

#[tokio::test]
async fn a_record_that_was_updated_and_cannot_be_given_back_says_so() {
    let dynamodb = Dynamodb::holding(&account()).await;
    dynamodb.alter(|item| drop(item.remove("role")));
    dynamodb.expect([done("UpdateItem")]);

    let update = dynamodb.store().update::<Account>("a-1").set(|f| f.status, "x");
    let error = update.return_new().await.unwrap_err();

    assert_eq!(dynamodb.request().body["ReturnValues"], "ALL_NEW");
    assert!(matches!(error, UpdateError::Unreadable(_)) && error.is_tampered(), "{error}");
    let says = "the record is updated, but cannot be returned: cannot load record of table `users`";
    assert!(error.to_string().starts_with(says), "{error}");
}
