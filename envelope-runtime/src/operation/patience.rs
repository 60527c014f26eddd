//! The waits between attempts, until a deadline.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::clock::Clock;
use crate::store::Store;

/// Waits longer each time, up to a limit, plus jitter of up to the same length.
pub(super) struct Patience {
    clock: Arc<dyn Clock>,
    started: Instant,
    within: Duration,
    delays: ExponentialBackoff,
}

impl Patience {
    /// Waits of milliseconds, for other writers of an item.
    pub(super) fn of_writers(clock: &Arc<dyn Clock>, within: Duration) -> Self {
        Self::new(clock, within, Duration::from_millis(5), Duration::from_millis(250))
    }

    /// Waits of seconds, for a change of a table.
    pub(super) fn of_a_table(clock: &Arc<dyn Clock>, within: Duration) -> Self {
        Self::new(clock, within, Duration::from_millis(250), Duration::from_secs(5))
    }

    /// Waits of a fraction of a second, for the capacity of a table.
    pub(super) fn of_capacity(clock: &Arc<dyn Clock>, within: Duration) -> Self {
        Self::new(clock, within, Duration::from_millis(50), Duration::from_secs(2))
    }

    fn new(clock: &Arc<dyn Clock>, within: Duration, first: Duration, last: Duration) -> Self {
        let delays = ExponentialBuilder::default()
            .with_min_delay(first)
            .with_max_delay(last)
            .without_max_times()
            .with_jitter()
            .build();
        Self { clock: Arc::clone(clock), started: clock.monotonic(), within, delays }
    }

    /// Waits before another attempt; `false` once the time is up.
    pub(super) async fn wait<C>(&mut self, store: &Store<C>) -> bool {
        let left = self.within.saturating_sub(self.clock.monotonic().duration_since(self.started));
        let Some(delay) = self.delays.next().filter(|delay| *delay < left) else { return false };
        store.wait(delay).await;
        true
    }
}
