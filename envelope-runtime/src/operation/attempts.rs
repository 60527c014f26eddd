//! The fate of each attempt that the SDK makes at a request.

use std::error::Error;
use std::io;
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use aws_sdk_dynamodb::Config;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef, InterceptorContext,
};
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::{BoxError, SdkError};

/// The status of a proxy that gave up waiting for the request or for the service.
const REQUEST_TIMEOUT: u16 = 408;

/// Watches the attempts that the SDK makes at a request.
///
/// A failed attempt may still have done its work, unless nothing of it left this machine or
/// DynamoDB refused it. An error of the service, a broken answer and no answer at all are
/// inconclusive.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts {
    /// The attempts of all requests of the operation.
    count: Arc<AtomicU64>,
    seen: Arc<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// A request left and nothing came back yet.
    sent: AtomicBool,
    lost: AtomicBool,
}

impl Attempts {
    /// Watches another request of the same operation.
    pub(super) fn of_another_request(&self) -> Self {
        Self { count: Arc::clone(&self.count), seen: Arc::default() }
    }

    /// The number of requests sent.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Returns whether an attempt may have done its work without an answer to confirm it.
    pub(super) fn lost_an_answer(&self) -> bool {
        // An operation that times out ends in the middle of an attempt, and not every version of
        // the SDK reports that attempt's end.
        self.seen.lost.load(Ordering::Relaxed) || self.seen.sent.load(Ordering::Relaxed)
    }

    /// The configuration of a request that must not be sent again if it may have done its work.
    pub(super) fn at_most_one_effect(&self) -> Builder {
        Config::builder().retry_classifier(self.clone())
    }
}

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "Attempts"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.seen.sent.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let sent = self.seen.sent.swap(false, Ordering::Relaxed);
        let Some(Err(error)) = context.output_or_error() else { return Ok(()) };
        let refused = context.response().is_some_and(is_refusal);
        let never_left = error.as_connector_error().is_some_and(|error| never_left(error));
        if sent && !refused && !never_left {
            self.seen.lost.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Returns whether a request may have done its work, as far as the error of its last attempt shows.
pub(super) fn may_have_been_served<E>(error: &SdkError<E>) -> bool {
    match error {
        SdkError::ConstructionFailure(_) => false,
        SdkError::DispatchFailure(failure) => failure.as_connector_error().is_some_and(|error| {
            // An error from before there is a connection, such as one of credentials, has no kind.
            let of_connection = error.is_io() || error.is_timeout() || error.as_other().is_some();
            of_connection && !never_left(error)
        }),
        _ => !error.raw_response().is_some_and(is_refusal),
    }
}

fn is_refusal(answer: &HttpResponse) -> bool {
    let status = answer.status();
    status.is_client_error() && status.as_u16() != REQUEST_TIMEOUT
}

/// Runs after each attempt has been watched.
impl ClassifyRetry for Attempts {
    fn classify_retry(&self, _: &InterceptorContext) -> RetryAction {
        if self.lost_an_answer() {
            RetryAction::RetryForbidden
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "Attempts"
    }
}

/// Returns whether there was no connection to send anything through: the name was not resolved, or
/// the connection was refused or not established in time.
fn never_left(error: &(dyn Error + 'static)) -> bool {
    let chain = iter::successors(Some(error), |&error| next(error));
    chain.into_iter().any(|error| {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        matches!(
            kind,
            Some(
                io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkUnreachable
                    | io::ErrorKind::NetworkDown
                    | io::ErrorKind::AddrNotAvailable
            )
        ) || error.to_string() == CONNECT
    })
}

/// The error behind an error. The payload of an I/O error is not among its sources.
fn next<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(error) => error.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    }
}

/// The text by which the SDK's HTTP client reports that it got no connection. Its type is not
/// exported. A client with another text is treated as having sent the request, which is always
/// safe.
const CONNECT: &str = "client error (Connect)";

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<dyn Error + Send + Sync>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|error| error as &(dyn Error + 'static))
        }
    }

    fn over(inner: impl Error + Send + Sync + 'static) -> Layer {
        Layer("io error", Some(Box::new(inner)))
    }

    /// Not every version of the SDK reports the end of an attempt that is cut off.
    #[test]
    fn an_attempt_of_which_nothing_was_heard_may_have_done_its_work() {
        let attempts = Attempts::default();
        assert!(!attempts.lost_an_answer());

        attempts.seen.sent.store(true, Ordering::Relaxed);

        assert!(attempts.lost_an_answer());
        assert!(!attempts.of_another_request().lost_an_answer());
    }

    #[test]
    fn an_attempt_without_an_end_may_have_been_served() {
        let attempts = Attempts::default();
        assert!(!attempts.lost_an_answer());

        attempts.seen.sent.store(true, Ordering::Relaxed);
        assert!(attempts.lost_an_answer());
        assert!(!attempts.of_another_request().lost_an_answer());
    }

    #[test]
    fn what_never_left_is_told_from_what_may_have_arrived() {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        for never in [
            over(refused()),
            over(over(refused())),
            over(io::Error::other(over(refused()))),
            over(Layer(CONNECT, Some(Box::new(Layer("dns error", None))))),
            over(io::Error::from(io::ErrorKind::NetworkUnreachable)),
        ] {
            assert!(never_left(&never), "{never:?}");
        }
        for maybe in [
            over(io::Error::from(io::ErrorKind::ConnectionReset)),
            over(io::Error::from(io::ErrorKind::BrokenPipe)),
            over(io::Error::from(io::ErrorKind::TimedOut)),
            over(Layer("client error (SendRequest)", None)),
            over(Layer("connection closed before message completed", None)),
        ] {
            assert!(!never_left(&maybe), "{maybe:?}");
        }
    }
}
