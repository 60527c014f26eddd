//! The machine's time, in one place, so that tests can replace it.

use std::time::{Instant, SystemTime};

/// The time that a [`Store`](crate::Store), a [`Sealer`](crate::Sealer) or a
/// [`KmsKeyProvider`](crate::KmsKeyProvider) uses: the operating system's, unless a test provides
/// another.
///
/// A function that returns a [`SystemTime`] is a clock too, with the operating system's monotonic
/// time.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use envelope_runtime::Clock;
///
/// let clock = || SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
/// assert_eq!(Clock::wall(&clock), clock());
/// ```
pub trait Clock: Send + Sync + 'static {
    /// The wall-clock time, which may be set back. TTLs, `#[envelope(created_at)]` and
    /// `#[envelope(updated_at)]` use it.
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    /// A time that is never set back. Deadlines and the ages of remembered values use it. Some
    /// machines stop it while they sleep.
    fn monotonic(&self) -> Instant {
        // tokio's clock, which tests may pause.
        #[cfg(feature = "aws")]
        return tokio::time::Instant::now().into_std();
        #[cfg(not(feature = "aws"))]
        Instant::now()
    }
}

impl<F: Fn() -> SystemTime + Send + Sync + 'static> Clock for F {
    fn wall(&self) -> SystemTime {
        self()
    }
}

/// The operating system's clock.
#[derive(Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_function_gives_the_wall_time_and_the_rest_goes_on() {
        let clock = || SystemTime::UNIX_EPOCH + Duration::from_secs(7);

        assert_eq!(Clock::wall(&clock), SystemTime::UNIX_EPOCH + Duration::from_secs(7));
        let before = Instant::now();
        assert!(clock.monotonic() >= before && SystemClock.monotonic() >= before);
        assert!(SystemClock.wall() > SystemTime::UNIX_EPOCH);
    }
}
