//! A web service over customers with sealed fields: create one, read one, list them by pages.
//!
//! Tenant and user come from the authenticated caller, never from the request. The store is scoped
//! to the tenant, so that a mistake in a handler cannot reach another tenant's records.

mod refusal;

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use envelope_runtime::{Cursors, EnvelopeProjection, EnvelopeRecord, Store};
use serde::{Deserialize, Serialize};

pub use refusal::Refusal;

const LIMITS: &str = "`limit` is a number from 1 to 100";

/// A customer of a tenant. Several record types can share the table, by their key templates.
#[derive(EnvelopeRecord, Serialize)]
#[envelope(table = "app", partition_key = "TENANT#{tenant}", sort_key = "CUSTOMER#{number:010}")]
pub struct Customer {
    #[envelope(context)] // in the KMS encryption context, for key policies and CloudTrail
    tenant: String,
    number: u32,
    name: String,
    plan: String,
    #[encrypted]
    ssn: String,
    #[encrypted]
    email: String,
}

/// A customer as the list shows it. It costs no call to KMS, and nothing of it is verified.
#[derive(EnvelopeProjection, Serialize)]
#[envelope(of = Customer, plaintext_only)]
pub struct CustomerCard {
    number: u32,
    name: String,
    plan: String,
}

/// The body of `POST /customers`. It has no tenant: callers create customers of their own tenant
/// only.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCustomer {
    number: u32,
    name: String,
    plan: String,
    ssn: String,
    email: String,
}

/// The query string of `GET /customers`.
#[derive(Deserialize)]
struct Asked {
    after: Option<String>,
    limit: Option<usize>,
}

/// The answer to `GET /customers`.
#[derive(Serialize)]
struct List {
    items: Vec<CustomerCard>,
    /// The `after` of the next request; `null` at the end.
    next: Option<String>,
}

/// The authenticated sender of a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The tenant whose records it may use.
    pub tenant: String,
    /// Its name within the tenant.
    pub user: String,
}

/// The state of the service.
#[derive(Clone)]
pub struct App {
    store: Store,
    cursors: Cursors,
    callers: Arc<HashMap<String, Caller>>,
}

impl App {
    /// A service over `store`, with the callers by their bearer tokens.
    ///
    /// Real authentication goes here: a service verifies a signed token and takes tenant and user
    /// from its claims.
    #[must_use]
    pub fn new(store: Store, cursors: Cursors, callers: HashMap<String, Caller>) -> Self {
        Self { store, cursors, callers: Arc::new(callers) }
    }

    /// Its routes.
    pub fn router(self) -> Router {
        Router::new()
            .route("/customers", post(create).get(list))
            .route("/customers/{number}", get(read))
            // A longer body would not fit DynamoDB's 400 KB, and a customer needs far less.
            .layer(DefaultBodyLimit::max(16 * 1024))
            .with_state(self)
    }

    /// A store through which no record of another tenant can be saved or read.
    fn store_of(&self, caller: &Caller) -> Store {
        self.store.scoped([("tenant", &caller.tenant)])
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer "));
        token.and_then(|token| app.callers.get(token)).cloned().ok_or(Refusal::Unauthenticated)
    }
}

/// `POST /customers`
async fn create(
    State(app): State<App>,
    caller: Caller,
    body: Result<Json<NewCustomer>, JsonRejection>,
) -> Result<impl IntoResponse, Refusal> {
    // The rejection's own text can quote the body.
    let Json(NewCustomer { number, name, plan, ssn, email }) = body.map_err(|rejection| {
        Refusal::Request(rejection.status(), "the body is not a customer as JSON")
    })?;
    let store = app.store_of(&caller);
    store.create(&Customer { tenant: caller.tenant, number, name, plan, ssn, email }).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/customers/{number}"))]))
}

/// `GET /customers/{number}`
async fn read(
    State(app): State<App>,
    caller: Caller,
    number: Result<Path<u32>, PathRejection>,
) -> Result<impl IntoResponse, Refusal> {
    // No customer has a number that is none.
    let Path(number) = number.map_err(|_| Refusal::NotFound)?;
    let store = app.store_of(&caller);
    let customer = store.get::<Customer>((caller.tenant, number)).await?;
    let customer = customer.ok_or(Refusal::NotFound)?;
    // No proxy or browser may keep what was sealed.
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(customer)))
}

/// `GET /customers?after=…&limit=…`
async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<impl IntoResponse, Refusal> {
    let Query(Asked { after, limit }) =
        asked.map_err(|rejection| Refusal::Request(rejection.status(), LIMITS))?;
    let limit = limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(Refusal::Request(StatusCode::BAD_REQUEST, LIMITS));
    }
    // The text of a cursor is good for this user alone. The partition and the scope of the store
    // tie it to the tenant.
    let cursors = app.cursors.bound_to(&caller.user);
    let store = app.store_of(&caller);
    let page = store
        .query::<CustomerCard>(caller.tenant)
        .after(after.map(|text| cursors.open(text)))
        .take(limit)
        .read_at_most(1_000) // a page with few records and a cursor rather than a slow answer
        .page()
        .await?;
    let next = page.next.map(|cursor| cursors.seal(&cursor)).transpose()?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(List { items: page.items, next })))
}
