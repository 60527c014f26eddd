//! Answers, and how little they say of a failure.

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use aws_lambda_events::encodings::Body;
use aws_lambda_events::http::{HeaderName, HeaderValue, header};
use envelope_runtime::Error;
use serde::Serialize;
use serde_json::json;

/// A request that is refused.
pub(crate) enum Refusal {
    /// There is no such user, or no such route.
    NotFound,
    /// The route has no such method.
    Method,
    /// The request is invalid.
    Request(i64, &'static str),
    /// The library returned an error.
    Library(Error),
}

impl<E: Into<Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Library(error.into())
    }
}

impl Refusal {
    pub(crate) fn into_answer(self) -> ApiGatewayV2httpResponse {
        match self {
            Self::NotFound => refused(404, "no such user"),
            Self::Method => with(refused(405, "no such method"), header::ALLOW, "GET, PUT"),
            Self::Request(status, text) => refused(status, text),
            Self::Library(error) => failed(&error),
        }
    }
}

/// The library's texts name tables, attributes and keys of KMS, and hold no value: they are for the
/// log, which is the function's standard error.
fn failed(error: &Error) -> ApiGatewayV2httpResponse {
    if error.is_retryable() {
        eprintln!("retryable: {error}");
        return with(refused(503, "try again later"), header::RETRY_AFTER, "1");
    }
    // An altered item is an incident. It looks like any other fault from outside.
    eprintln!("{}: {error}", if error.is_tampered() { "ALERT, tampered" } else { "failed" });
    refused(500, "internal error")
}

fn refused(status: i64, error: &'static str) -> ApiGatewayV2httpResponse {
    body(status, json!({ "error": error }).to_string())
}

pub(crate) fn empty() -> ApiGatewayV2httpResponse {
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = 204;
    answer
}

pub(crate) fn json(
    status: i64,
    value: &impl Serialize,
) -> Result<ApiGatewayV2httpResponse, Refusal> {
    let text = serde_json::to_string(value).map_err(|_| Refusal::Request(500, "internal error"))?;
    // No proxy or browser may keep what was encrypted.
    Ok(with(body(status, text), header::CACHE_CONTROL, "no-store"))
}

fn body(status: i64, text: String) -> ApiGatewayV2httpResponse {
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = status;
    answer.body = Some(Body::Text(text));
    with(answer, header::CONTENT_TYPE, "application/json")
}

fn with(
    mut answer: ApiGatewayV2httpResponse,
    name: HeaderName,
    value: &'static str,
) -> ApiGatewayV2httpResponse {
    answer.headers.insert(name, HeaderValue::from_static(value));
    answer
}
