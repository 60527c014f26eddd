//! A provider that seals several records under one data key.

#[cfg(test)]
mod orders;
mod pools;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::pools::{Made, Pools};
use super::flight::{Flight, unpanicked};
use super::{DataKey, DataKeyRequest, GeneratedDataKey, KeyFuture, KeyProvider, KeyReference};
use crate::clock::{Clock, Moment, SystemClock};

/// The limits of a data key that seals several records: see
/// [`KeyProvider::reuse`](crate::key::KeyProvider::reuse).
#[derive(Clone)]
#[must_use]
pub struct Reuse {
    records: u64,
    bytes: u64,
    age: Duration,
    clock: Arc<dyn Clock>,
}

impl Reuse {
    /// Seals at most this many records (at least 1) under one data key, within five minutes. A
    /// stolen data key opens them all.
    pub fn records(records: u64) -> Self {
        let age = Duration::from_mins(5);
        Self { records: records.max(1), bytes: u64::MAX, age, clock: Arc::new(SystemClock) }
    }

    /// Seals records under a data key for at most this long after the key service made it, and so
    /// after the KMS key was disabled or a permission revoked.
    ///
    /// The time is measured by the wall clock and by the monotonic clock, and the longer one
    /// counts. A machine that sleeps, such as a frozen Lambda function, stops one of them. A clock
    /// that is set back to before the answer ends the age.
    #[doc(alias = "ttl")]
    pub fn for_at_most(mut self, age: Duration) -> Self {
        self.age = age;
        self
    }

    /// Seals at most this many bytes under one data key: of plaintext, and of the updates of
    /// protected attributes. A record with more gets a data key of its own; each update of its
    /// protected attributes gets one, too.
    pub fn bytes(mut self, bytes: u64) -> Self {
        self.bytes = bytes;
        self
    }

    /// Takes the time from `clock` instead of the operating system.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }
}

/// A provider that seals several records under one data key of `P`. Clones share the data keys.
///
/// [`KeyProvider::reuse`](crate::key::KeyProvider::reuse) makes one and says what it does.
pub struct Reused<P> {
    shared: Arc<Shared<P>>,
}

struct Shared<P> {
    inner: P,
    clock: Arc<dyn Clock>,
    pools: Mutex<Pools>,
}

/// The source of a request's data key. The request is counted.
enum Source {
    /// The running data key of the context.
    Running(GeneratedDataKey),
    /// A call that this request has begun.
    Begun(Flight<Made>),
    /// A call that another request has begun.
    Joined(Flight<Made>),
    /// A data key for this request alone.
    Own,
}

impl<P: KeyProvider> Reused<P> {
    pub(super) fn new(inner: P, reuse: Reuse) -> Self {
        let pools = Mutex::new(Pools::new(reuse.records, reuse.bytes, reuse.age));
        Self { shared: Arc::new(Shared { inner, clock: reuse.clock, pools }) }
    }

    /// The provider that makes the data keys.
    #[must_use]
    pub fn inner(&self) -> &P {
        &self.shared.inner
    }
}

impl<P: KeyProvider> Shared<P> {
    fn source(self: &Arc<Self>, request: &DataKeyRequest) -> Source {
        let mut pools = self.pools();
        if !pools.can_share(request.plaintext_len()) {
            return Source::Own;
        }
        let is_current = |reference: &KeyReference| self.inner.is_current(reference, request);
        if let Some(generated) = pools.take(request, is_current, &*self.clock) {
            return Source::Running(generated);
        }
        if let Some(flight) = pools.join(request) {
            return Source::Joined(flight);
        }
        let (owner, first) = (Arc::clone(self), request.clone());
        let begun = Moment::of(&*self.clock);
        Source::Begun(pools.begin(request, |number| async move {
            let answer = unpanicked(owner.inner.generate(&first)).await;
            owner.pools().landed(&first, number, begun, answer, &*owner.clock)
        }))
    }

    /// Held for a moment, never during a call.
    fn pools(&self) -> MutexGuard<'_, Pools> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: KeyProvider> KeyProvider for Reused<P> {
    type Capability = P::Capability;

    fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        Box::pin(async {
            let mut source = self.shared.source(request);
            match source {
                Source::Running(_) => request.count_hit(),
                Source::Begun(_) | Source::Joined(_) | Source::Own => request.count_miss(),
            }
            loop {
                match source {
                    Source::Running(generated) => return Ok(generated),
                    Source::Begun(flight) => return flight.await.map(|(generated, _)| generated),
                    Source::Joined(flight) => {
                        let (generated, made) = flight.await?;
                        if self.shared.pools().is_fresh(made, &*self.shared.clock) {
                            return Ok(generated);
                        }
                        source = self.shared.source(request);
                    }
                    Source::Own => {
                        let answer = self.shared.inner.generate(request).await;
                        return answer.inspect_err(|error| {
                            self.shared.pools().refused(request.context(), error);
                        });
                    }
                }
            }
        })
    }

    fn decrypt<'a>(
        &'a self,
        reference: &'a KeyReference,
        request: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        self.shared.pools().tidy(&*self.shared.clock);
        self.shared.inner.decrypt(reference, request)
    }

    /// True only under the data key that the context's records are sealed under now, whose bytes
    /// are then counted. A record under another one would otherwise prolong that one's use.
    fn is_current(&self, reference: &KeyReference, request: &DataKeyRequest) -> bool {
        self.shared.inner.is_current(reference, request)
            && self.shared.pools().keeps(reference, request, &*self.shared.clock)
    }

    fn accepts(&self, reference: &KeyReference) -> bool {
        self.shared.inner.accepts(reference)
    }

    fn clear(&self) {
        self.shared.pools().clear();
        self.shared.inner.clear();
    }

    fn keys_alive(&self) -> usize {
        let own = self.shared.pools().alive(&*self.shared.clock);
        own + self.shared.inner.keys_alive()
    }
}

impl<P> Clone for Reused<P> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<P> fmt::Debug for Reused<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reused").finish_non_exhaustive()
    }
}

impl fmt::Debug for Reuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reuse")
            .field("records", &self.records)
            .field("bytes", &self.bytes)
            .field("age", &self.age)
            .finish_non_exhaustive()
    }
}
