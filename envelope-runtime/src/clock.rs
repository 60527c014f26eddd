//! The machine's time, in one place, so that tests can replace it.

use std::time::{Duration, Instant, SystemTime};

/// The time that a [`Store`](crate::Store), a [`Sealer`](crate::Sealer) or a provider of data keys
/// uses: the operating system's, unless a test provides another.
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

/// A moment by both of a clock's times.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    wall: SystemTime,
    monotonic: Instant,
}

impl Moment {
    pub(crate) fn of(clock: &dyn Clock) -> Self {
        Self { wall: clock.wall(), monotonic: clock.monotonic() }
    }

    /// Returns whether less than `age` has passed since `earlier`, by both times. A machine that
    /// sleeps may stop the monotonic one, and the wall clock may be set. If one was set back,
    /// nobody knows how much has passed.
    pub(crate) fn is_within(self, age: Duration, earlier: Self) -> bool {
        let of_wall = self.wall.duration_since(earlier.wall).ok();
        let of_monotonic = self.monotonic.checked_duration_since(earlier.monotonic);
        of_wall.zip(of_monotonic).is_some_and(|(wall, monotonic)| wall.max(monotonic) < age)
    }
}

/// The operating system's clock.
#[derive(Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_the_longer_of_two_times_and_ends_when_one_is_set_back() {
        let (wall, monotonic) = (SystemTime::UNIX_EPOCH, Instant::now());
        let second = Duration::from_secs(1);
        let earlier = Moment { wall: wall + second, monotonic: monotonic + second };
        let within = |of_wall, of_monotonic| {
            let now = Moment { wall: wall + of_wall, monotonic: monotonic + of_monotonic };
            now.is_within(3 * second, earlier)
        };

        assert!(within(second, second) && within(3 * second, 3 * second));
        assert!(!within(4 * second, second) && !within(second, 4 * second));
        assert!(!within(Duration::ZERO, second) && !within(second, Duration::ZERO));
    }

    #[test]
    fn a_function_gives_the_wall_time_and_the_rest_goes_on() {
        let clock = || SystemTime::UNIX_EPOCH + Duration::from_secs(7);

        assert_eq!(Clock::wall(&clock), SystemTime::UNIX_EPOCH + Duration::from_secs(7));
        let before = Instant::now();
        assert!(clock.monotonic() >= before && SystemClock.monotonic() >= before);
        assert!(SystemClock.wall() > SystemTime::UNIX_EPOCH);
    }
}
