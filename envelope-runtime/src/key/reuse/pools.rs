//! The data keys that records are sealed under now, one for each encryption context.

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::{Clock, Moment};
use crate::key::flight::Flights;
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
    pub(super) flights: Flights<EncryptionContext, GeneratedDataKey>,
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
        self.records > 1 && bytes <= self.bytes
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
        if self.records <= 1 {
            // Every data key is of one record, which stays under it.
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

    /// Keeps the answer of the call that `request` has made, whose own record it counts.
    pub(super) fn landed(
        &mut self,
        request: &DataKeyRequest,
        number: u64,
        answer: &Result<GeneratedDataKey, DataKeyError>,
        clock: &dyn Clock,
    ) {
        let context = request.context();
        if !self.flights.landed(context, number) {
            return;
        }
        match answer {
            Ok(generated) => {
                let pool = Pool {
                    generated: generated.clone(),
                    made: Moment::of(clock),
                    records: self.records.saturating_sub(1),
                    bytes: self.bytes.saturating_sub(request.plaintext_len()),
                    used: self.requests,
                };
                self.make_room(context);
                self.running.insert(context.clone(), pool);
            }
            Err(error) => self.refused(context, error),
        }
    }

    /// Ends the use of data keys if a failed call says that the key service refuses new ones. It
    /// may also just be out of reach.
    pub(super) fn refused(&mut self, context: &EncryptionContext, error: &DataKeyError) {
        match error.kind() {
            // Policies may depend on the context.
            DataKeyErrorKind::AccessDenied => drop(self.running.remove(context)),
            DataKeyErrorKind::Disabled
            | DataKeyErrorKind::NotFound
            | DataKeyErrorKind::PendingDeletion
            | DataKeyErrorKind::InvalidState
            | DataKeyErrorKind::WrongKey => self.running.clear(),
            _ => {}
        }
    }

    pub(super) fn clear(&mut self) {
        self.running.clear();
        self.flights.forget();
    }

    pub(super) fn alive(&mut self, clock: &dyn Clock) -> usize {
        self.sweep(Moment::of(clock));
        self.running.len()
    }

    /// Wipes the data keys that are too old.
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
