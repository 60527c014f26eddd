//! Requests that are refused: their status codes, and how little they say.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use envelope_runtime::Error;
use envelope_runtime::error::QueryError;
use serde::Serialize;

/// A request that is refused.
pub enum Refusal {
    /// The caller is unknown.
    Unauthenticated,
    /// There is no such record.
    NotFound,
    /// The request is invalid.
    Request(StatusCode, &'static str),
    /// The library returned an error.
    Library(Error),
}

#[derive(Serialize)]
struct Body {
    error: &'static str,
}

impl<E: Into<Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Library(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::Unauthenticated => {
                let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
                let body = Json(Body { error: "unknown caller" });
                return (StatusCode::UNAUTHORIZED, challenge, body).into_response();
            }
            Self::NotFound => (StatusCode::NOT_FOUND, "no such customer"),
            Self::Request(status, error) => (status, error),
            Self::Library(error) => answer(&error),
        };
        (status, Json(Body { error })).into_response()
    }
}

/// What a client learns of an error. The rest is for the log; the library's texts name tables and
/// attributes, and hold no value.
fn answer(error: &Error) -> (StatusCode, &'static str) {
    if error.is_retryable() {
        eprintln!("retryable: {error}");
        return (StatusCode::SERVICE_UNAVAILABLE, "try again later");
    }
    if let Error::Query(QueryError::Cursor(_)) = error {
        return (StatusCode::BAD_REQUEST, "the cursor is not valid: begin again, without `after`");
    }
    if error.is_not_found() {
        return (StatusCode::NOT_FOUND, "no such customer");
    }
    if error.is_conflict() {
        return (StatusCode::CONFLICT, "there is such a customer already");
    }
    // An altered item is an incident. It looks like any other fault from outside.
    eprintln!("{}: {error}", if error.is_tampered() { "ALERT, tampered" } else { "failed" });
    (StatusCode::INTERNAL_SERVER_ERROR, "internal error")
}
