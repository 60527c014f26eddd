//! Sending the writes of a batch until DynamoDB has processed them, or the deadline.

use std::time::Duration;

use super::super::batched::{Batched, Remainder, RemainingWrite};
use super::super::error::{BatchError, ServiceError, ServiceErrorKind, UnfinishedError};
use super::super::meter::Meter;
use super::super::patience::Patience;
use super::CHUNK;
use super::request::{Undone, request};
use crate::key::Capability;
use crate::store::Store;

/// The progress of the writes of a batch.
#[derive(Default)]
pub(in crate::operation) struct Progress {
    /// The number of writes that are known to have happened.
    pub(in crate::operation) written: u64,
    pub(in crate::operation) remaining: Vec<RemainingWrite>,
    /// The reason why writes remain; `None` if DynamoDB left them unprocessed.
    pub(in crate::operation) error: Option<ServiceError>,
}

impl Progress {
    pub(in crate::operation) fn finished(
        self,
        taken: u64,
        within: Duration,
    ) -> Result<(), BatchError> {
        let Self { written, remaining, error } = self;
        match remaining.first().map(|first| first.write().schema.place()) {
            None => Ok(()),
            Some(place) => {
                let remainder = Remainder::new(remaining, within);
                let error = UnfinishedError::new(place, written, taken, remainder, error);
                Err(BatchError::Unfinished(error))
            }
        }
    }
}

/// Sends the writes 25 at a time. Those that DynamoDB leaves unprocessed fill up the next request.
pub(in crate::operation) async fn send<C: Capability>(
    store: &Store<C>,
    meter: &Meter,
    mut writes: Vec<RemainingWrite>,
    mut patience: Patience,
) -> Progress {
    let mut progress = Progress::default();
    // The next ones are at the end.
    writes.reverse();
    while !writes.is_empty() {
        let chunk = writes.split_off(writes.len() - of_distinct_keys(&writes));
        let sent = chunk.len();
        let chunk = chunk.into_iter().rev().collect();
        let Undone { writes: undone, error } = request(store, meter, chunk).await;
        progress.written += u64::try_from(sent - undone.len()).unwrap_or_default();
        let is_over =
            error.as_ref().is_some_and(|error| error.kind() != ServiceErrorKind::Throttled);
        let is_delayed = !undone.is_empty();
        if undone.len() < sent {
            patience.begin_again();
        }
        writes.extend(undone.into_iter().rev());
        if is_over || (is_delayed && !patience.wait(store).await) {
            progress.error = error;
            break;
        }
    }
    progress.remaining = writes;
    progress
}

/// The number of writes at the end that one request can have: DynamoDB refuses two of one key.
fn of_distinct_keys(writes: &[RemainingWrite]) -> usize {
    let mut chunk: Vec<&Batched> = Vec::with_capacity(CHUNK);
    for write in writes.iter().rev().take(CHUNK).map(RemainingWrite::write) {
        let is_same = |other: &&Batched| other.table == write.table && other.key == write.key;
        if chunk.iter().any(is_same) {
            break;
        }
        chunk.push(write);
    }
    chunk.len()
}
