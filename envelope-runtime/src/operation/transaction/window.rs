//! The time in which a transaction may be sent again under its token.
//!
//! DynamoDB keeps a
//! [token](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html#DDB-TransactWriteItems-request-ClientRequestToken)
//! for 10 minutes. After that, the same request would be done a second time.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

use crate::clock::Clock;

/// Half of the time for which DynamoDB keeps a token. The rest is for the request's own way.
const WINDOW: Duration = Duration::from_mins(5);

/// Begins when the transaction is first sent.
#[derive(Clone)]
pub(super) struct Window {
    clock: Arc<dyn Clock>,
    wall: SystemTime,
    monotonic: Instant,
    stopped: Arc<AtomicBool>,
}

impl Window {
    pub(super) fn begin(clock: &Arc<dyn Clock>) -> Self {
        Self {
            wall: clock.wall(),
            monotonic: clock.monotonic(),
            clock: Arc::clone(clock),
            stopped: Arc::default(),
        }
    }

    /// Returns whether the time is over by one of the two clocks. A machine that sleeps may stop
    /// the monotonic one, and the wall clock may be set back.
    pub(super) fn is_over(&self) -> bool {
        let of_wall = self.clock.wall().duration_since(self.wall).unwrap_or_default();
        let of_monotonic = self.clock.monotonic().saturating_duration_since(self.monotonic);
        of_wall.max(of_monotonic) >= WINDOW
    }

    /// Returns whether an attempt was stopped.
    pub(super) fn has_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// Stops attempts, such as a retry by the SDK after the process was frozen.
impl Intercept for Window {
    fn name(&self) -> &'static str {
        "Window"
    }

    fn modify_before_transmit(
        &self,
        _: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.is_over() {
            self.stopped.store(true, Ordering::Relaxed);
            return Err("the transaction's token may be forgotten soon".into());
        }
        Ok(())
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Window")
    }
}
