//! The function's own binary takes events from a runtime API, as in Lambda.

#![allow(missing_docs, clippy::missing_panics_doc, reason = "tests")]

mod freeze;
mod function;

use aws_sdk_dynamodb::types::AttributeValue;
use envelope_tests::Outcome;
use function::{Function, SENSITIVE, event, once, secrets};
use serde_json::{Value, json};

const INVALID: &str = "the body is not a user as JSON";
const FOREIGN: &str =
    "not a request to an HTTP API; integrate the function with payload format 2.0";

fn foobar() -> Value {
    json!({
        "id": "foobar",
        "nonSensitiveStuff": "will not be encrypted",
        "sensitiveStuff": SENSITIVE,
        "otherStuff": "is not either",
    })
}

fn with_body(body: &str) -> Value {
    let mut save = event("save");
    save["body"] = json!(body);
    save
}

#[tokio::test]
async fn one_process_saves_a_user_and_loads_it_again() {
    let mut function = Function::start().await;

    let saved = function.request(event("save")).await;
    let loaded = function.request(event("load")).await;

    assert_eq!(saved.status(), 204);
    assert_eq!((loaded.status(), loaded.json()), (200, foobar()));
    assert_eq!(loaded.header("content-type"), Some("application/json"));
    assert_eq!(loaded.header("cache-control"), Some("no-store"));
    assert_eq!(function.log().await, "");
}

#[tokio::test]
async fn a_save_and_a_load_take_one_call_to_kms_each_bound_to_the_table() {
    let mut function = Function::start().await;

    function.request(event("save")).await;
    function.request(event("load")).await;

    let calls = function.kms.take();
    let operations: Vec<_> = calls.iter().map(|call| &*call.operation).collect();
    assert_eq!(operations, ["GenerateDataKey", "Decrypt"]);
    for call in calls {
        let context = &call.body["EncryptionContext"];
        assert_eq!(context["envelope:table"], "users", "{call:?}");
        assert!(!context.to_string().contains("foobar"), "{call:?}");
    }
}

#[tokio::test]
async fn with_shared_keys_one_call_serves_all_saves_and_one_all_loads() {
    let mut function = Function::start_with(|process| process.env("KEY_POLICY", "shared")).await;

    for file in ["save", "load", "save-base64", "load", "save", "load"] {
        assert!(function.request(event(file)).await.status() < 300);
    }

    assert_eq!(function.kms_calls(), ["GenerateDataKey", "Decrypt"]);
}

#[tokio::test]
async fn all_invocations_of_a_process_share_its_clients() {
    let mut function = Function::start().await;

    for _ in 0..5 {
        function.request(event("save")).await;
        function.request(event("load")).await;
    }

    assert_eq!(function.kms_calls().len(), 10);
    assert_eq!((function.to_dynamodb.accepted(), function.to_kms.accepted()), (1, 1));
}

#[tokio::test]
async fn the_table_holds_nothing_encrypted_in_plaintext() {
    let mut function = Function::start().await;

    function.request(event("save")).await;
    function.request(event("save-base64")).await;

    let stored = function.stored().await;
    assert_eq!(stored.len(), 2);
    for item in stored {
        let mut names: Vec<_> = item.keys().map(String::as_str).collect();
        names.sort_unstable();
        let expected = ["_envelope", "id", "nonSensitiveStuff", "otherStuff", "sensitiveStuff"];
        assert_eq!(names, expected);
        assert_eq!(item["otherStuff"], AttributeValue::S("is not either".into()));
        let sealed = item["sensitiveStuff"].as_b().unwrap().as_ref();
        assert!(secrets().find(sealed).is_empty());
        assert!(secrets().find(format!("{item:?}").as_bytes()).is_empty());
    }
}

#[tokio::test]
async fn a_body_in_base64_is_saved_as_any_other() {
    let mut function = Function::start().await;
    let mut load = event("load");
    load["pathParameters"]["id"] = json!("encoded");

    assert_eq!(function.request(event("save-base64")).await.status(), 204);

    let loaded = function.request(load).await.json();
    assert_eq!((&loaded["id"], &loaded["sensitiveStuff"]), (&json!("encoded"), &json!(SENSITIVE)));
}

#[tokio::test]
async fn an_absent_user_is_not_found() {
    let mut function = Function::start().await;

    function.request(event("load")).await.assert_refused(404, "no such user");

    assert_eq!(function.kms_calls(), [""; 0]);
}

#[tokio::test]
async fn invalid_bodies_are_refused_and_not_quoted() {
    let mut function = Function::start().await;
    let whole = event("save")["body"].as_str().unwrap().to_owned();
    let mut absent = event("save");
    absent.as_object_mut().unwrap().remove("body");
    let mut encoded = with_body(&format!("{SENSITIVE}!"));
    encoded["isBase64Encoded"] = json!(true);
    let mut not_text = with_body("/////w==");
    not_text["isBase64Encoded"] = json!(true);

    let mut invalid = vec![absent, encoded, not_text];
    for body in [
        "",
        "null",
        SENSITIVE,
        &whole[..whole.len() - 1],
        &format!("{whole}{whole}"),
        &json!([SENSITIVE]).to_string(),
        &json!({"sensitiveStuff": SENSITIVE}).to_string(),
        &json!({"nonSensitiveStuff": "", "sensitiveStuff": [SENSITIVE], "otherStuff": ""})
            .to_string(),
        // The id is in the path, and an envelope is the library's.
        &foobar().to_string(),
        &whole.replace("otherStuff", "_envelope"),
        &whole.replace("otherStuff", "dataKey"),
    ] {
        invalid.push(with_body(body));
    }
    for event in invalid {
        function.request(event).await.assert_refused(400, INVALID);
    }
    let long = with_body(&format!("{whole}{}", " ".repeat(64 * 1024)));
    function.request(long).await.assert_refused(413, "the body is too long");

    assert_eq!(function.stored().await, []);
    assert_eq!(function.kms_calls(), [""; 0]);
    assert_eq!(function.log().await, "");
}

#[tokio::test]
async fn other_routes_methods_and_ids_are_refused() {
    let mut function = Function::start().await;
    function.request(event("save")).await;
    let mut load = event("load");

    for route in ["$default", "GET /users", "GET /accounts/{id}", "GET  /users/{id}", ""] {
        load["routeKey"] = json!(route);
        function.request(load.clone()).await.assert_refused(404, "no such user");
    }
    load["routeKey"] = json!("ANY /users/{id}");
    for id in [json!(""), json!("x".repeat(257)), Value::Null] {
        load["pathParameters"] = if id.is_null() { Value::Null } else { json!({ "id": id }) };
        function.request(load.clone()).await.assert_refused(400, "an id has 1 to 256 bytes");
    }
    load["pathParameters"] = json!({"id": "x".repeat(256)});
    function.request(load.clone()).await.assert_refused(404, "no such user");
    for method in ["POST", "DELETE", "PATCH", "HEAD"] {
        load["requestContext"]["http"]["method"] = json!(method);
        let answer = function.request(load.clone()).await;
        answer.assert_refused(405, "no such method");
        assert_eq!(answer.header("allow"), Some("GET, PUT"));
    }
}

#[tokio::test]
async fn a_foreign_event_fails_its_invocation_and_is_not_quoted() {
    let mut function = Function::start().await;
    let mut of_format_1 = event("save");
    of_format_1["version"] = json!("1.0");
    let mut misshapen = event("save");
    misshapen["requestContext"]["timeEpoch"] = json!(SENSITIVE);
    let foreign = [
        event("foreign-rest"),
        event("foreign-queue"),
        of_format_1,
        misshapen,
        json!({}),
        json!(null),
        json!(SENSITIVE),
    ];

    for event in foreign {
        let Outcome::Failed(report) = function.invoke(event).await else { panic!("an answer") };
        assert_eq!(report["errorMessage"], FOREIGN);
        assert!(secrets().find(report.to_string().as_bytes()).is_empty(), "{report}");
    }

    assert_eq!(function.stored().await, []);
    assert_eq!(function.request(event("save")).await.status(), 204);
    function.log().await;
}

#[tokio::test]
async fn a_throttled_kms_is_worth_another_try() {
    let mut function = Function::start_with(once).await;

    for code in ["ThrottlingException", "KMSInternalException", "DependencyTimeoutException"] {
        function.faults.fail(code, SENSITIVE);
        let answer = function.request(event("save")).await;
        answer.assert_refused(503, "try again later");
        assert_eq!(answer.header("retry-after"), Some("1"));
        function.faults.behave();
        assert_eq!(function.request(event("save")).await.status(), 204);
    }

    assert!(function.log().await.starts_with("retryable: "));
}

#[tokio::test]
async fn a_denied_key_is_an_internal_error() {
    let mut function = Function::start_with(once).await;
    function.request(event("save")).await;

    function.faults.fail("AccessDeniedException", SENSITIVE);
    for file in ["save", "load"] {
        let answer = function.request(event(file)).await;
        answer.assert_refused(500, "internal error");
        assert_eq!(answer.header("retry-after"), None);
    }
    function.faults.behave();

    assert_eq!(function.request(event("load")).await.json(), foobar());
    assert!(function.log().await.starts_with("failed: "));
}

#[tokio::test]
async fn a_failing_dynamodb_is_worth_another_try() {
    use envelope_tests::Fault::{Answered, ResetBefore};

    let (mut function, dynamodb) = Function::with_faulty_dynamodb().await;
    let throttled = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException"}"#;

    for fault in [Answered(503, ""), Answered(400, throttled), ResetBefore] {
        for (file, operation) in [("save", "PutItem"), ("load", "GetItem")] {
            dynamodb.fail(operation, [fault]);
            let answer = function.request(event(file)).await;
            answer.assert_refused(503, "try again later");
            assert_eq!(answer.header("retry-after"), Some("1"));
            assert!(function.request(event(file)).await.status() < 300);
        }
    }

    function.log().await;
}

#[tokio::test]
async fn an_altered_item_is_an_alert_and_an_internal_error() {
    let mut function = Function::start().await;
    function.request(event("save")).await;
    function.request(event("save-base64")).await;
    // The encrypted attribute of one user in the place of another's.
    let [mut of_one, of_other] = function.stored().await.try_into().unwrap();
    of_one.insert("sensitiveStuff".into(), of_other["sensitiveStuff"].clone());
    let mut load = event("load");
    load["pathParameters"]["id"] = json!(of_one["id"].as_s().unwrap());
    let put = function.backend.dynamodb.put_item().table_name(&function.table);
    put.set_item(Some(of_one)).send().await.unwrap();

    function.request(load).await.assert_refused(500, "internal error");

    let log = function.log().await;
    assert!(log.starts_with("ALERT, tampered: "), "{log}");
    assert!(log.contains("sensitiveStuff"), "{log}");
}

#[tokio::test]
async fn a_missing_setting_is_named_before_the_first_invocation() {
    for (name, value, text) in [
        ("TABLE_NAME", None, "TABLE_NAME is not set: it is the name of the DynamoDB table"),
        ("TABLE_NAME", Some(""), "TABLE_NAME is not set: it is the name of the DynamoDB table"),
        ("KMS_KEY_ID", None, "KMS_KEY_ID is not set: it is the ARN of the KMS key"),
        ("KEY_POLICY", Some("double"), "KEY_POLICY has no known value: it is `single` or `shared`"),
    ] {
        let function = Function::start_with(|process| match value {
            Some(value) => process.env(name, value),
            None => process.env_remove(name),
        });
        let mut function = function.await;

        let (status, log) = function.fail_to_start().await;

        assert_eq!(status.code(), Some(1));
        assert_eq!(log, format!("the function cannot run: {text}\n"));
    }
}
