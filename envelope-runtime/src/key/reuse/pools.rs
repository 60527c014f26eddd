//! The data keys that records are sealed under now, one for each encryption context.

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::{Clock, Moment};
use crate::key::flight::{Flight, Flights};
use crate::key::{
    DataKeyError, DataKeyErrorKind, DataKeyRequest, EncryptionContext, GeneratedDataKey,
    KeyReference,
};

/// The maximum number of encryption contexts whose data keys are kept.
const CONTEXTS: usize = 64;

pub(super) struct Pools {
    records: u64,
    bytes: u64,
    age: Duration,
    running: HashMap<EncryptionContext, Pool>,
    /// The number of requests so far, by which the least recently used pool is known.
    requests: u64,
    flights: Flights<EncryptionContext, Made, Seats>,
}

/// A new data key, and the time at which it was received.
pub(super) type Made = (GeneratedDataKey, Moment);

/// What may still be sealed under a data key that is being made, by those who wait for it.
struct Seats {
    records: u64,
    bytes: u64,
}

/// A data key, and what may still be sealed under it.
struct Pool {
    generated: GeneratedDataKey,
    made: Moment,
    records: u64,
    bytes: u64,
    used: u64,
}

impl Pools {
    pub(super) fn new(records: u64, bytes: u64, age: Duration) -> Self {
        let (running, flights) = (HashMap::new(), Flights::new());
        Self { records, bytes, age, running, requests: 0, flights }
    }

    /// Returns whether a data key could seal the record, and another one after it.
    pub(super) fn can_share(&self, bytes: u64) -> bool {
        self.records > 1 && bytes <= self.bytes && !self.age.is_zero()
    }

    /// The data key of the request's context, if it may seal one record more. The record is
    /// counted, whether it is sealed afterwards or not.
    pub(super) fn take(
        &mut self,
        request: &DataKeyRequest,
        is_current: impl FnOnce(&KeyReference) -> bool,
        clock: &dyn Clock,
    ) -> Option<GeneratedDataKey> {
        self.sweep(Moment::of(clock));
        self.requests += 1;
        let pool = self.running.get_mut(request.context())?;
        let records = pool.records.checked_sub(1)?;
        let bytes = pool.bytes.checked_sub(request.plaintext_len())?;
        if !is_current(pool.generated.reference()) {
            return None;
        }
        (pool.records, pool.bytes, pool.used) = (records, bytes, self.requests);
        Some(pool.generated.clone())
    }

    /// Returns whether a record may stay under its data key, and counts the bytes. The record
    /// itself was counted when it was saved.
    pub(super) fn keeps(
        &mut self,
        reference: &KeyReference,
        request: &DataKeyRequest,
        clock: &dyn Clock,
    ) -> bool {
        if self.records <= 1 || self.age.is_zero() {
            // No data key is shared, so each record stays under its own.
            return true;
        }
        self.sweep(Moment::of(clock));
        self.requests += 1;
        let Some(pool) = self.running.get_mut(request.context()) else { return false };
        if pool.generated.reference() != reference {
            return false;
        }
        let Some(bytes) = pool.bytes.checked_sub(request.plaintext_len()) else { return false };
        (pool.bytes, pool.used) = (bytes, self.requests);
        true
    }

    /// The call in progress for the request's context, if its data key may seal one record more.
    /// The record is counted.
    pub(super) fn join(&mut self, request: &DataKeyRequest) -> Option<Flight<Made>> {
        self.flights.join(request.context(), |seats| {
            let records = seats.records.checked_sub(1);
            let left = records.zip(seats.bytes.checked_sub(request.plaintext_len()));
            (seats.records, seats.bytes) = left.unwrap_or((seats.records, seats.bytes));
            left.is_some()
        })
    }

    /// Begins a call for a data key that seals the request's record first.
    pub(super) fn begin<F>(
        &mut self,
        request: &DataKeyRequest,
        call: impl FnOnce(u64) -> F,
    ) -> Flight<Made>
    where
        F: Future<Output = Result<Made, DataKeyError>> + Send + 'static,
    {
        let seats = Seats {
            records: self.records.saturating_sub(1),
            bytes: self.bytes.saturating_sub(request.plaintext_len()),
        };
        self.flights.begin(request.context().clone(), seats, call)
    }

    /// Keeps what is left of a new data key, unless everything was forgotten meanwhile, or the
    /// process was frozen for so long that the data key may be too old already.
    pub(super) fn landed(
        &mut self,
        request: &DataKeyRequest,
        number: u64,
        begun: Moment,
        answer: Result<GeneratedDataKey, DataKeyError>,
        clock: &dyn Clock,
    ) -> Result<Made, DataKeyError> {
        let context = request.context();
        let seats = self.flights.landed(context, number);
        let generated = answer.inspect_err(|error| self.refused(context, error))?;
        let now = Moment::of(clock);
        if !now.is_within(self.age, begun) {
            // Too old for the others who wait, too.
            return Ok((generated, begun));
        }
        if let Some(Seats { records, bytes }) = seats {
            self.make_room(context);
            let pool = Pool {
                generated: generated.clone(),
                made: now,
                records,
                bytes,
                used: self.requests,
            };
            self.running.insert(context.clone(), pool);
        }
        Ok((generated, now))
    }

    /// Returns whether a data key that was waited for is not too old.
    pub(super) fn is_fresh(&self, made: Moment, clock: &dyn Clock) -> bool {
        Moment::of(clock).is_within(self.age, made)
    }

    /// Ends the use of data keys, also of those that are being made, if a failed call says that the
    /// key service refuses new ones. It may also just be out of reach.
    pub(super) fn refused(&mut self, context: &EncryptionContext, error: &DataKeyError) {
        match error.kind() {
            // Policies may depend on the context.
            DataKeyErrorKind::AccessDenied => {
                self.running.remove(context);
                self.flights.forget_one(context);
            }
            DataKeyErrorKind::Disabled
            | DataKeyErrorKind::NotFound
            | DataKeyErrorKind::PendingDeletion
            | DataKeyErrorKind::InvalidState
            | DataKeyErrorKind::WrongKey => self.clear(),
            _ => {}
        }
    }

    /// Wipes the data keys that are too old.
    pub(super) fn tidy(&mut self, clock: &dyn Clock) {
        self.sweep(Moment::of(clock));
    }

    pub(super) fn clear(&mut self) {
        self.running.clear();
        self.flights.forget();
    }

    pub(super) fn alive(&mut self, clock: &dyn Clock) -> usize {
        self.sweep(Moment::of(clock));
        self.running.len()
    }

    fn sweep(&mut self, now: Moment) {
        self.running.retain(|_, pool| now.is_within(self.age, pool.made));
    }

    /// Wipes the data key that was used least recently if a new context needs its place.
    fn make_room(&mut self, context: &EncryptionContext) {
        if self.running.len() < CONTEXTS || self.running.contains_key(context) {
            return;
        }
        let oldest = self.running.iter().min_by_key(|(_, pool)| pool.used);
        if let Some(oldest) = oldest.map(|(context, _)| context.clone()) {
            self.running.remove(&oldest);
        }
    }
}
