//! Calls to a key service that several callers wait for.
//!
//! A call is a shared future: whoever waits for it polls it, so it goes on when the caller who
//! began it has gone, and no task is spawned. When nobody waits any more, it is dropped.

use std::collections::HashMap;
use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};

use super::{DataKeyError, DataKeyErrorKind};

type Call<T> = Pin<Box<dyn Future<Output = Result<T, DataKeyError>> + Send>>;

/// A call that several callers wait for.
pub(super) type Flight<T> = Shared<Call<T>>;

/// The number of remembered calls up to which those that were given up are not looked for.
const FEW: usize = 64;

/// The last call for each thing that is asked for, with what the owner says of it.
pub(super) struct Flights<K, T, I> {
    calls: HashMap<K, Begun<T, I>>,
    begun: u64,
    /// The number of calls at which those that were given up are forgotten.
    full: usize,
}

struct Begun<T, I> {
    number: u64,
    info: I,
    call: Option<WeakShared<Call<T>>>,
}

impl<K: Eq + Hash, T: Clone + 'static, I> Flights<K, T, I> {
    pub(super) fn new() -> Self {
        Self { calls: HashMap::new(), begun: 0, full: FEW }
    }

    /// The call in progress, to wait for it too, if `admits` lets one more do so.
    pub(super) fn join(
        &mut self,
        key: &K,
        admits: impl FnOnce(&mut I) -> bool,
    ) -> Option<Flight<T>> {
        let begun = self.calls.get_mut(key)?;
        let call = begun.call()?;
        admits(&mut begun.info).then_some(call)
    }

    /// Begins a call, in the place of an earlier one. `call` is given its number, with which it
    /// says that it has [`landed`](Self::landed).
    pub(super) fn begin<F>(&mut self, key: K, info: I, call: impl FnOnce(u64) -> F) -> Flight<T>
    where
        F: Future<Output = Result<T, DataKeyError>> + Send + 'static,
    {
        if self.calls.len() >= self.full {
            self.calls.retain(|_, begun| begun.call().is_some());
            self.full = FEW.max(2 * self.calls.len());
        }
        self.begun += 1;
        let number = self.begun;
        let call: Call<T> = Box::pin(unpanicked(call(number)));
        let call = call.shared();
        self.calls.insert(key, Begun { number, info, call: call.downgrade() });
        call
    }

    /// Ends a call that was answered. `None` if the answer is not to be kept: after
    /// [`forget`](Self::forget), or if a later call took its place.
    pub(super) fn landed(&mut self, key: &K, number: u64) -> Option<I> {
        if self.calls.get(key)?.number != number {
            return None;
        }
        self.calls.remove(key).map(|begun| begun.info)
    }

    /// Forgets the call in progress for one thing, as [`forget`](Self::forget) does.
    pub(super) fn forget_one(&mut self, key: &K) {
        self.calls.remove(key);
    }

    /// Forgets the calls in progress. Their answers go to those who wait, and are not kept.
    pub(super) fn forget(&mut self) {
        self.calls.clear();
    }
}

impl<T: Clone, I> Begun<T, I> {
    /// The call, as long as somebody waits for it.
    fn call(&self) -> Option<Flight<T>> {
        self.call.as_ref()?.upgrade()
    }
}

/// A panic of a provider is an error of all who wait. Passed on, it would reach only one of them,
/// and the others would wait for ever.
pub(super) async fn unpanicked<T>(
    call: impl Future<Output = Result<T, DataKeyError>>,
) -> Result<T, DataKeyError> {
    let panicked = |_| DataKeyError::new(DataKeyErrorKind::Other, "a provider that panicked");
    AssertUnwindSafe(call).catch_unwind().await.map_err(panicked).flatten()
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[test]
    fn a_call_that_nobody_waits_for_is_dropped_and_forgotten() {
        let mut flights: Flights<usize, u8, ()> = Flights::new();
        let waiting = flights.begin(0, (), |_| pending());
        for key in 1..10 * FEW {
            let given_up = flights.begin(key, (), |_| pending());
            assert!(flights.join(&key, |()| true).is_some());
            drop(given_up);
            assert!(flights.join(&key, |()| true).is_none());
        }

        assert!(flights.calls.len() <= FEW, "{}", flights.calls.len());
        assert!(flights.join(&0, |()| true).is_some());
        drop(waiting);
        assert!(flights.join(&0, |()| true).is_none());
    }

    #[test]
    fn many_calls_that_are_waited_for_are_all_remembered() {
        let mut flights: Flights<usize, u8, ()> = Flights::new();
        let begin = |key| flights.begin(key, (), |_| pending());
        let waiting: Vec<_> = (0..5 * FEW).map(begin).collect();

        assert!((0..waiting.len()).all(|key| flights.join(&key, |()| true).is_some()));
        // They are not all looked at for each further call.
        assert!(flights.full > waiting.len(), "{}", flights.full);
    }

    #[test]
    fn nobody_joins_a_call_that_does_not_admit_one_more() {
        let mut flights: Flights<u8, u8, u32> = Flights::new();
        let join = |flights: &mut Flights<u8, u8, u32>| {
            let admits = |seats: &mut u32| seats.checked_sub(1).map(|left| *seats = left).is_some();
            flights.join(&7, admits).is_some()
        };
        let _call = flights.begin(7, 2, |_| pending());

        assert!(join(&mut flights) && join(&mut flights) && !join(&mut flights));
        assert_eq!(flights.landed(&7, 1), Some(0));
    }

    #[test]
    fn an_answer_counts_once_and_not_after_a_later_call_or_when_it_was_forgotten() {
        let mut flights: Flights<u8, u8, ()> = Flights::new();
        let number = |flights: &mut Flights<u8, u8, ()>| {
            let mut given = 0;
            drop(flights.begin(7, (), |number| {
                given = number;
                pending()
            }));
            given
        };

        let first = number(&mut flights);
        let second = number(&mut flights);
        assert_eq!((flights.landed(&7, first), flights.landed(&7, second)), (None, Some(())));
        assert_eq!(flights.landed(&7, second), None);

        let third = number(&mut flights);
        flights.forget();
        assert_eq!(flights.landed(&7, third), None);
    }

    #[tokio::test]
    async fn a_panic_is_an_error_of_all_who_wait() {
        let mut flights: Flights<u8, u8, ()> = Flights::new();
        let first = flights.begin(7, (), |_| async { panic!("a test's own") });
        let second = flights.join(&7, |()| true).unwrap();

        for call in [first, second] {
            let error = call.await.unwrap_err();
            assert_eq!(error.kind(), DataKeyErrorKind::Other);
            assert!(error.to_string().contains("panicked"), "{error}");
        }
    }
}
