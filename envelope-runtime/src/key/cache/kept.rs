//! What a cache remembers: data keys, refusals, and calls in progress.

use std::sync::Arc;
use std::time::Duration;

use quick_cache::unsync::Cache;

use crate::clock::{Clock, Moment};
use crate::key::digest::Digest;
use crate::key::flight::Flights;
use crate::key::{DataKey, DataKeyError, DataKeyErrorKind};

/// The maximum number of remembered refusals.
const REFUSALS: usize = 4096;
/// The time for which a refusal is remembered.
const REFUSED: Duration = Duration::from_mins(1);
/// Data keys that are too old are looked for this many times in an age.
const SWEEPS: u32 = 8;

/// An answer that is known without a call.
pub(super) type Known = Result<Arc<DataKey>, DataKeyError>;

pub(super) struct Kept {
    keys: Cache<Digest, (Moment, Arc<DataKey>)>,
    age: Duration,
    swept: Option<Moment>,
    /// In a table of their own, so that forged items displace no data key.
    refusals: Cache<Digest, (Moment, DataKeyError)>,
    pub(super) flights: Flights<Digest, Arc<DataKey>, Moment>,
}

impl Kept {
    pub(super) fn new(entries: usize, age: Duration) -> Self {
        let (keys, refusals) = (Cache::new(entries), Cache::new(REFUSALS));
        Self { keys, age, swept: None, refusals, flights: Flights::new() }
    }

    /// The remembered answer. What the provider does not accept any more is forgotten.
    pub(super) fn known(
        &mut self,
        digest: &Digest,
        accepted: bool,
        clock: &dyn Clock,
    ) -> Option<Known> {
        let now = Moment::of(clock);
        self.sweep(now);
        if let Some((answered, data_key)) = self.keys.get(digest) {
            if accepted && now.is_within(self.age, *answered) {
                return Some(Ok(Arc::clone(data_key)));
            }
            self.keys.remove(digest);
        }
        if let Some((answered, error)) = self.refusals.get(digest) {
            if accepted && now.is_within(REFUSED, *answered) {
                return Some(Err(error.clone()));
            }
            self.refusals.remove(digest);
        }
        None
    }

    /// Remembers the answer of a call, unless everything was forgotten meanwhile, or the process
    /// was frozen for so long that the answer may be too old already.
    ///
    /// Of a reference that the provider does not accept, nothing is remembered: the provider limits
    /// the calls about those itself, and its knowledge of its keys may change.
    pub(super) fn landed(
        &mut self,
        digest: &Digest,
        number: u64,
        answer: &Known,
        accepted: bool,
        clock: &dyn Clock,
    ) {
        let Some(begun) = self.flights.landed(digest, number).filter(|_| accepted) else { return };
        let now = Moment::of(clock);
        match answer {
            Ok(data_key) if now.is_within(self.age, begun) => {
                self.keys.insert(*digest, (now, Arc::clone(data_key)));
            }
            Err(error) if cannot_change(error) => {
                self.refusals.insert(*digest, (now, error.clone()));
            }
            Ok(_) | Err(_) => {}
        }
    }

    /// Wipes the data keys that are too old, from time to time.
    pub(super) fn tidy(&mut self, clock: &dyn Clock) {
        self.sweep(Moment::of(clock));
    }

    pub(super) fn clear(&mut self) {
        self.keys.clear();
        self.refusals.clear();
        self.flights.forget();
    }

    pub(super) fn alive(&mut self, clock: &dyn Clock) -> usize {
        self.swept = None;
        self.sweep(Moment::of(clock));
        self.keys.len()
    }

    #[cfg(test)]
    pub(super) fn refusals(&self) -> usize {
        self.refusals.len()
    }

    fn sweep(&mut self, now: Moment) {
        let pause = self.age / SWEEPS;
        if self.swept.is_none_or(|swept| !now.is_within(pause, swept)) {
            let age = self.age;
            self.keys.retain(|_, (answered, _)| now.is_within(age, *answered));
            self.swept = Some(now);
        }
    }
}

/// Returns whether the service would give the same answer again.
fn cannot_change(error: &DataKeyError) -> bool {
    matches!(error.kind(), DataKeyErrorKind::Mismatch | DataKeyErrorKind::UnknownKey)
}
