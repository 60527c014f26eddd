//! A Lambda function behind an HTTP API of API Gateway: it saves and loads users with one encrypted
//! field.

mod answer;
mod setup;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::http::Method;
use data_encoding::BASE64;
use envelope_runtime::{EnvelopeRecord, Store};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use answer::Refusal;
pub use setup::{Policy, Settings, app, provider};

/// Far below the 400 KB of an item.
const LONGEST_BODY: usize = 64 * 1024;
const LONGEST_ID: usize = 256;

/// A user, as the table and the answers have it.
#[derive(EnvelopeRecord, Serialize)]
#[envelope(table = "users")]
#[serde(rename_all = "camelCase")]
pub struct User {
    #[partition_key]
    id: String,
    non_sensitive_stuff: String,
    #[encrypted]
    sensitive_stuff: String,
    other_stuff: String,
}

/// The body of `PUT /users/{id}`. The id is in the path alone.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names of the table")]
struct NewUser {
    non_sensitive_stuff: String,
    sensitive_stuff: String,
    other_stuff: String,
}

/// The function. It lives as long as its process, and serves one invocation after another.
#[derive(Clone)]
pub struct App {
    store: Store,
}

impl App {
    /// A function over `store`.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Serves one event.
    ///
    /// # Errors
    ///
    /// If the event is not a request to an HTTP API with payload format 2.0. Its invocation fails
    /// then: an answer of status 400 would be a success to a queue or a stream, which would drop
    /// the event.
    pub async fn invoke(&self, event: Value) -> Result<ApiGatewayV2httpResponse, &'static str> {
        // The parser's own text can quote the event, so nobody sees it.
        match serde_json::from_value::<ApiGatewayV2httpRequest>(event) {
            Ok(request) if request.version.as_deref() == Some("2.0") => {
                Ok(self.handle(request).await)
            }
            _ => {
                Err("not a request to an HTTP API; integrate the function with payload format 2.0")
            }
        }
    }

    /// Answers one request.
    pub async fn handle(&self, request: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
        self.route(request).await.unwrap_or_else(Refusal::into_answer)
    }

    async fn route(
        &self,
        request: ApiGatewayV2httpRequest,
    ) -> Result<ApiGatewayV2httpResponse, Refusal> {
        // The route as the API has it, such as `PUT /users/{id}` or `ANY /users/{id}`. The path of
        // the request has the stage in front, and is encoded.
        let route = request.route_key.as_deref().and_then(|route| route.split_once(' '));
        if route.is_none_or(|(_, path)| path != "/users/{id}") {
            return Err(Refusal::NotFound);
        }
        let id = request.path_parameters.get("id").map(String::as_str).unwrap_or_default();
        if id.is_empty() || id.len() > LONGEST_ID {
            return Err(Refusal::Request(400, "an id has 1 to 256 bytes"));
        }
        match request.request_context.http.method {
            Method::PUT => self.save(id, &request).await,
            Method::GET => self.load(id).await,
            _ => Err(Refusal::Method),
        }
    }

    async fn save(
        &self,
        id: &str,
        request: &ApiGatewayV2httpRequest,
    ) -> Result<ApiGatewayV2httpResponse, Refusal> {
        let NewUser { non_sensitive_stuff, sensitive_stuff, other_stuff } = body(request)?;
        let id = id.to_owned();
        let user = User { id, non_sensitive_stuff, sensitive_stuff, other_stuff };
        user.save(&self.store).await?;
        Ok(answer::empty())
    }

    async fn load(&self, id: &str) -> Result<ApiGatewayV2httpResponse, Refusal> {
        let user = User::load(&self.store, id).consistent().await?.ok_or(Refusal::NotFound)?;
        answer::json(200, &user)
    }
}

fn body(request: &ApiGatewayV2httpRequest) -> Result<NewUser, Refusal> {
    const INVALID: Refusal = Refusal::Request(400, "the body is not a user as JSON");
    let text = request.body.as_deref().unwrap_or_default();
    if text.len() > LONGEST_BODY {
        return Err(Refusal::Request(413, "the body is too long"));
    }
    // API Gateway encodes the bodies of most media types.
    let bytes = if request.is_base64_encoded {
        &*BASE64.decode(text.as_bytes()).map_err(|_| INVALID)?
    } else {
        text.as_bytes()
    };
    serde_json::from_slice(bytes).map_err(|_| INVALID)
}
