//! Calls to a key service that several callers wait for.
//!
//! A call is a shared future: whoever waits for it polls it, so it goes on when the caller who
//! began it has gone, and no task is spawned. When nobody waits any more, it is dropped.

use std::collections::HashMap;
use std::hash::Hash;
use std::pin::Pin;

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};

use super::DataKeyError;

type Call<T> = Pin<Box<dyn Future<Output = Result<T, DataKeyError>> + Send>>;

/// A call that several callers wait for.
pub(super) type Flight<T> = Shared<Call<T>>;

/// The number of remembered calls up to which those that were given up are not looked for.
const FEW: usize = 64;

/// A call's number, and the call as long as somebody waits for it.
type Begun<T> = (u64, Option<WeakShared<Call<T>>>);

/// The calls in progress, each under what it asks for.
pub(super) struct Flights<K, T> {
    calls: HashMap<K, Begun<T>>,
    begun: u64,
    /// The number of calls at which those that were given up are forgotten.
    full: usize,
}

impl<K: Eq + Hash, T: Clone> Flights<K, T> {
    pub(super) fn new() -> Self {
        Self { calls: HashMap::new(), begun: 0, full: FEW }
    }

    /// The call in progress, to wait for it too.
    pub(super) fn join(&self, key: &K) -> Option<Flight<T>> {
        alive(self.calls.get(key)?)
    }

    /// Begins a call. `call` is given its number, with which it says that it has [`landed`].
    ///
    /// [`landed`]: Self::landed
    pub(super) fn begin<F>(&mut self, key: K, call: impl FnOnce(u64) -> F) -> Flight<T>
    where
        F: Future<Output = Result<T, DataKeyError>> + Send + 'static,
    {
        if self.calls.len() >= self.full {
            self.calls.retain(|_, call| alive(call).is_some());
            self.full = FEW.max(2 * self.calls.len());
        }
        self.begun += 1;
        let call: Call<T> = Box::pin(call(self.begun));
        let flight = call.shared();
        self.calls.insert(key, (self.begun, flight.downgrade()));
        flight
    }

    /// Ends a call that was answered. Returns whether the answer counts: not after
    /// [`forget`](Self::forget), nor if a later call took its place.
    pub(super) fn landed(&mut self, key: &K, number: u64) -> bool {
        let counts = self.calls.get(key).is_some_and(|(begun, _)| *begun == number);
        if counts {
            self.calls.remove(key);
        }
        counts
    }

    /// Forgets the calls in progress. Their answers go to those who wait, and do not count.
    pub(super) fn forget(&mut self) {
        self.calls.clear();
    }
}

fn alive<T: Clone>((_, call): &Begun<T>) -> Option<Flight<T>> {
    call.as_ref()?.upgrade()
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[test]
    fn a_call_that_nobody_waits_for_is_dropped_and_forgotten() {
        let mut flights: Flights<usize, u8> = Flights::new();
        let waiting = flights.begin(0, |_| pending());
        for key in 1..10 * FEW {
            let given_up = flights.begin(key, |_| pending());
            assert!(flights.join(&key).is_some());
            drop(given_up);
            assert!(flights.join(&key).is_none());
        }

        assert!(flights.calls.len() <= FEW, "{}", flights.calls.len());
        assert!(flights.join(&0).is_some());
        drop(waiting);
        assert!(flights.join(&0).is_none());
    }

    #[test]
    fn many_calls_that_are_waited_for_are_all_remembered() {
        let mut flights: Flights<usize, u8> = Flights::new();
        let waiting: Vec<_> = (0..5 * FEW).map(|key| flights.begin(key, |_| pending())).collect();

        assert!((0..waiting.len()).all(|key| flights.join(&key).is_some()));
        // They are not all looked at for each further call.
        assert!(flights.full > waiting.len(), "{}", flights.full);
    }

    #[test]
    fn an_answer_counts_once_and_not_after_a_later_call_or_when_it_was_forgotten() {
        let mut flights: Flights<u8, u8> = Flights::new();
        let number = |flights: &mut Flights<u8, u8>| {
            let mut given = 0;
            drop(flights.begin(7, |number| {
                given = number;
                pending()
            }));
            given
        };

        let first = number(&mut flights);
        let second = number(&mut flights);
        assert!(!flights.landed(&7, first) && flights.landed(&7, second));
        assert!(!flights.landed(&7, second));

        let third = number(&mut flights);
        flights.forget();
        assert!(!flights.landed(&7, third));
    }
}
