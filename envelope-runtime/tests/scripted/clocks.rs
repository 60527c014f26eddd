//! Clocks that tests set.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use envelope_runtime::Clock;

/// A clock on which a fixed time passes whenever someone looks at it.
pub(crate) struct Passing {
    now: Mutex<Instant>,
    step: Duration,
}

impl Passing {
    pub(crate) fn by_seconds(seconds: u64) -> Self {
        Self { now: Mutex::new(Instant::now()), step: Duration::from_secs(seconds) }
    }
}

impl Clock for Passing {
    fn monotonic(&self) -> Instant {
        let mut now = self.now.lock().unwrap();
        *now += self.step;
        *now
    }
}
