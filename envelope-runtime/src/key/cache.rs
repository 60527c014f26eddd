//! A provider that keeps the data keys that another one unwrapped.

mod kept;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::kept::{Kept, Known};
use super::digest::Digest;
use super::flight::{Flight, unpanicked};
use super::{DataKey, DataKeyRequest, GeneratedDataKey, KeyFuture, KeyProvider, KeyReference};
use crate::clock::{Clock, Moment, SystemClock};

/// The limits of a provider that keeps unwrapped data keys: see
/// [`KeyProvider::cached`](crate::key::KeyProvider::cached).
#[derive(Clone)]
#[must_use]
pub struct Cache {
    entries: usize,
    age: Duration,
    clock: Arc<dyn Clock>,
}

impl Cache {
    /// Keeps this many data keys (at least 1), each for five minutes. Those that are used least
    /// make room.
    pub fn entries(entries: usize) -> Self {
        Self { entries: entries.max(1), age: Duration::from_mins(5), clock: Arc::new(SystemClock) }
    }

    /// Keeps each data key for at most this long after the key service's answer. This is also how
    /// long records stay readable after the KMS key was disabled or a permission revoked.
    ///
    /// The time is measured by the wall clock and by the monotonic clock, and the longer one
    /// counts. A machine that sleeps, such as a frozen Lambda function, stops one of them. A clock
    /// that is set back to before the answer ends the age.
    #[doc(alias = "ttl")]
    pub fn for_at_most(mut self, age: Duration) -> Self {
        self.age = age;
        self
    }

    /// Takes the time from `clock` instead of the operating system.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    #[cfg(feature = "aws")]
    pub(crate) fn clock_of(mut self, clock: &Arc<dyn Clock>) -> Self {
        self.clock = Arc::clone(clock);
        self
    }
}

/// A provider that keeps the data keys that `P` unwrapped. Clones share them.
///
/// [`KeyProvider::cached`](crate::key::KeyProvider::cached) makes one and says what it does.
pub struct Cached<P> {
    shared: Arc<Shared<P>>,
}

struct Shared<P> {
    inner: P,
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
    /// True within one operation. Whether its provider had an answer is then for that to say, and
    /// whoever waits for the operation's own call makes none.
    is_of_operation: bool,
}

/// What a cache has for a request.
enum Found {
    Known(Known),
    /// A call that another request has begun.
    Joined(Flight<Arc<DataKey>>),
    /// A call that this request has begun.
    Begun(Flight<Arc<DataKey>>),
}

impl<P: KeyProvider> Cached<P> {
    pub(super) fn new(inner: P, cache: Cache) -> Self {
        Self::lasting(inner, cache, false)
    }

    /// A cache that lasts as long as one operation.
    #[cfg(feature = "aws")]
    pub(crate) fn within_operation(inner: P, cache: Cache) -> Self {
        Self::lasting(inner, cache, true)
    }

    fn lasting(inner: P, cache: Cache, is_of_operation: bool) -> Self {
        let kept = Mutex::new(Kept::new(cache.entries, cache.age));
        Self { shared: Arc::new(Shared { inner, clock: cache.clock, kept, is_of_operation }) }
    }

    /// The provider whose data keys are kept.
    #[must_use]
    pub fn inner(&self) -> &P {
        &self.shared.inner
    }
}

impl<P: KeyProvider> Shared<P> {
    fn find(self: &Arc<Self>, reference: &KeyReference, request: &DataKeyRequest) -> Found {
        let digest = Digest::of(reference, request.context());
        let mut kept = self.kept();
        let accepted = self.inner.accepts(reference);
        if let Some(known) = kept.known(&digest, accepted, &*self.clock) {
            return Found::Known(known);
        }
        if let Some(flight) = kept.flights.join(&digest, |_| true) {
            return Found::Joined(flight);
        }
        let (owner, reference, request) = (Arc::clone(self), reference.clone(), request.clone());
        let now = Moment::of(&*self.clock);
        Found::Begun(kept.flights.begin(digest, now, |number| async move {
            let answer = unpanicked(owner.inner.decrypt(&reference, &request)).await;
            let mut kept = owner.kept();
            // KMS's answer may have taught the provider that it accepts the reference.
            let accepted = owner.inner.accepts(&reference);
            kept.landed(&digest, number, &answer, accepted, &*owner.clock);
            answer
        }))
    }

    /// Held for a moment, never during a call.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: KeyProvider> KeyProvider for Cached<P> {
    type Capability = P::Capability;

    fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        self.shared.kept().tidy(&*self.shared.clock);
        self.shared.inner.generate(request)
    }

    fn decrypt<'a>(
        &'a self,
        reference: &'a KeyReference,
        request: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        Box::pin(async {
            match self.shared.find(reference, request) {
                Found::Known(known) => {
                    request.count_hit();
                    known
                }
                Found::Joined(flight) => {
                    if self.shared.is_of_operation {
                        request.count_hit();
                    } else {
                        request.count_miss();
                    }
                    flight.await
                }
                Found::Begun(flight) => {
                    if !self.shared.is_of_operation {
                        request.count_miss();
                    }
                    flight.await
                }
            }
        })
    }

    fn is_current(&self, reference: &KeyReference, request: &DataKeyRequest) -> bool {
        self.shared.inner.is_current(reference, request)
    }

    fn accepts(&self, reference: &KeyReference) -> bool {
        self.shared.inner.accepts(reference)
    }

    fn clear(&self) {
        self.shared.kept().clear();
        self.shared.inner.clear();
    }

    fn keys_alive(&self) -> usize {
        let own = self.shared.kept().alive(&*self.shared.clock);
        own + self.shared.inner.keys_alive()
    }
}

impl<P> Clone for Cached<P> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<P> fmt::Debug for Cached<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached").finish_non_exhaustive()
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Cache");
        debug.field("entries", &self.entries).field("age", &self.age).finish_non_exhaustive()
    }
}
