//! Services that do what no emulator does by itself.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use tokio::sync::Barrier;
use winterbaume_core::{MockRequest, MockResponse, MockService};
use winterbaume_kms::KmsService;

/// Answers every request with one error.
pub(crate) struct AlwaysFails {
    pub(crate) url: &'static str,
    pub(crate) code: &'static str,
}

impl MockService for AlwaysFails {
    fn service_name(&self) -> &'static str {
        "dynamodb"
    }

    fn url_patterns(&self) -> Vec<&str> {
        vec![self.url]
    }

    fn handle(&self, _: MockRequest) -> Pin<Box<dyn Future<Output = MockResponse> + Send + '_>> {
        let answer = error(self.code, "");
        Box::pin(async move { answer })
    }
}

fn error(code: &str, message: &str) -> MockResponse {
    MockResponse::json(400, format!(r#"{{"__type":"{code}","message":"{message}"}}"#))
}

/// Passes requests on to the emulator, but for what it was told to do.
pub struct KmsFaults {
    inner: KmsService,
    plan: Mutex<Plan>,
}

#[derive(Clone, Default)]
struct Plan {
    /// How many requests are still answered without waiting for others.
    alone: usize,
    together: Option<Arc<Barrier>>,
    error: Option<(&'static str, &'static str)>,
    replace: Option<(String, String)>,
}

impl KmsFaults {
    pub(crate) fn new(inner: KmsService) -> Self {
        Self { inner, plan: Mutex::default() }
    }

    /// Answers the next `alone` requests at once, and none of the others before `together` are there.
    pub fn answer_together(&self, alone: usize, together: usize) {
        let mut plan = self.plan();
        plan.alone = alone;
        plan.together = Some(Arc::new(Barrier::new(together)));
    }

    /// Answers everything with an error code and message, until told otherwise.
    pub fn fail(&self, code: &'static str, message: &'static str) {
        self.plan().error = Some((code, message));
    }

    /// Replaces a text in every answer.
    pub fn replace(&self, from: impl Into<String>, to: impl Into<String>) {
        self.plan().replace = Some((from.into(), to.into()));
    }

    /// Behaves again.
    pub fn behave(&self) {
        *self.plan() = Plan::default();
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MockService for KmsFaults {
    fn service_name(&self) -> &str {
        self.inner.service_name()
    }

    fn url_patterns(&self) -> Vec<&str> {
        self.inner.url_patterns()
    }

    fn handle(
        &self,
        request: MockRequest,
    ) -> Pin<Box<dyn Future<Output = MockResponse> + Send + '_>> {
        let plan = {
            let mut plan = self.plan();
            let now = plan.clone();
            plan.alone = now.alone.saturating_sub(1);
            now
        };
        Box::pin(async move {
            if let (0, Some(together)) = (plan.alone, plan.together) {
                together.wait().await;
            }
            if let Some((code, message)) = plan.error {
                return error(code, message);
            }
            let mut answer = self.inner.handle(request).await;
            if let Some((from, to)) = plan.replace {
                answer.body = String::from_utf8_lossy(&answer.body).replace(&from, &to).into();
            }
            answer
        })
    }
}

/// Turns the first answer of a client into a server error, after the server has done its work.
#[derive(Debug, Default)]
pub(crate) struct LoseFirstAnswer(AtomicBool);

impl Intercept for LoseFirstAnswer {
    fn name(&self) -> &'static str {
        "LoseFirstAnswer"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if !self.0.swap(true, Ordering::Relaxed) {
            *context.response_mut().status_mut() = 500_u16.try_into()?;
        }
        Ok(())
    }
}
