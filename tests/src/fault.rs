//! Services with faults that emulators lack.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use aws_sdk_dynamodb::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
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

/// Passes requests on to the emulator, except for the configured faults.
pub struct KmsFaults {
    inner: KmsService,
    plan: Mutex<Plan>,
}

#[derive(Clone, Default)]
struct Plan {
    /// The number of requests still to be answered without waiting for others.
    alone: usize,
    together: Option<Arc<Gathering>>,
    error: Option<(&'static str, &'static str)>,
    replace: Option<(String, String)>,
}

impl KmsFaults {
    pub(crate) fn new(inner: KmsService) -> Self {
        Self { inner, plan: Mutex::default() }
    }

    /// Answers the next `alone` requests at once, and withholds the others until `together` of them
    /// wait. A request that was polled for long without them is answered anyway.
    pub fn answer_together(&self, alone: usize, together: usize) {
        let mut plan = self.plan();
        plan.alone = alone;
        plan.together = Some(Arc::new(Gathering::of(together)));
    }

    /// The most requests that waited at the same time after
    /// [`answer_together`](Self::answer_together).
    pub fn most_together(&self) -> usize {
        let together = self.plan().together.clone();
        together.map_or(0, |gathering| gathering.most.load(Ordering::Relaxed))
    }

    /// Answers everything with an error code and message, until [`behave`](Self::behave).
    pub fn fail(&self, code: &'static str, message: &'static str) {
        self.plan().error = Some((code, message));
    }

    /// Replaces a text in every answer.
    pub fn replace(&self, from: impl Into<String>, to: impl Into<String>) {
        self.plan().replace = Some((from.into(), to.into()));
    }

    /// Removes all faults.
    pub fn behave(&self) {
        *self.plan() = Plan::default();
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Requests that wait for each other. Their patience is counted in polls, so it needs no clock, and
/// it also ends on a thread that waits for only one of them.
struct Gathering {
    expected: usize,
    waiting: AtomicUsize,
    most: AtomicUsize,
}

impl Gathering {
    /// Far more polls than the requests need until all are here.
    const PATIENCE: usize = 1_000;

    fn of(expected: usize) -> Self {
        Self { expected, waiting: AtomicUsize::new(0), most: AtomicUsize::new(0) }
    }

    async fn join(&self) {
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(waiting, Ordering::Relaxed);
        let mut polls = 0;
        poll_fn(|cx| {
            polls += 1;
            if polls > Self::PATIENCE || self.most.load(Ordering::Relaxed) >= self.expected {
                return Poll::Ready(());
            }
            // Queues behind all others that are ready.
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
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
                together.join().await;
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
