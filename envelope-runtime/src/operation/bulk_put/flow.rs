//! The way of records from the input over sealing to the requests, with a bound at each step.

use std::collections::{BTreeSet, VecDeque};
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use futures_util::stream::{FuturesOrdered, FuturesUnordered};

use super::super::batch_write::{CHUNK, CONCURRENCY, Pending, Progress, REQUESTS, send};
use super::super::batched::RemainingWrite;
use super::super::error::BatchError;
use super::super::meter::Meter;
use super::super::patience::Patience;
use crate::attribute::AttributeValue;
use crate::key::CanEncrypt;
use crate::store::Store;

/// The number of records that are sealed or waiting for their request.
const AHEAD: usize = CHUNK + CONCURRENCY;

pub(super) type OnProgress = Box<dyn FnMut(u64) + Send>;

/// The values of a record's key attributes.
type Key = Vec<AttributeValue>;

/// A bulk load that is running.
pub(super) struct Flow<'a, C> {
    store: &'a Store<C>,
    meter: &'a Meter,
    on_progress: Option<OnProgress>,
    within: Duration,
    /// `None` if no more records are taken.
    input: Option<BoxStream<'static, Pending<C>>>,
    taken: usize,
    /// Records in the order of the input.
    sealing: FuturesOrdered<BoxFuture<'a, Result<RemainingWrite, BatchError>>>,
    sealed: VecDeque<RemainingWrite>,
    sending: FuturesUnordered<BoxFuture<'a, (Vec<Key>, Progress)>>,
    /// The keys in the requests that are being sent.
    busy: BTreeSet<Key>,
    /// The error of a record that cannot be sealed. Those before it are still written.
    refused: Option<BatchError>,
    written: u64,
    /// The first request that did not write all of its records, with what remains of all requests.
    failed: Option<Progress>,
}

enum Event<C> {
    Taken(Pending<C>),
    /// The input has ended.
    Exhausted,
    Sealed(Result<RemainingWrite, BatchError>),
    Sent(Vec<Key>, Progress),
    /// There is nothing more to do.
    Over,
}

impl<'a, C: CanEncrypt> Flow<'a, C> {
    pub(super) fn new(
        store: &'a Store<C>,
        meter: &'a Meter,
        input: BoxStream<'static, Pending<C>>,
        on_progress: Option<OnProgress>,
        within: Duration,
    ) -> Self {
        Self {
            store,
            meter,
            on_progress,
            within,
            input: Some(input),
            taken: 0,
            sealing: FuturesOrdered::new(),
            sealed: VecDeque::new(),
            sending: FuturesUnordered::new(),
            busy: BTreeSet::new(),
            refused: None,
            written: 0,
            failed: None,
        }
    }

    /// The number of records that were written.
    pub(super) async fn run(mut self) -> Result<u64, BatchError> {
        loop {
            self.send_what_is_ready();
            match poll_fn(|cx| self.poll(cx)).await {
                Event::Taken(record) => self.seal(record),
                Event::Exhausted => self.input = None,
                Event::Sealed(Ok(write)) => self.sealed.push_back(write),
                Event::Sealed(Err(error)) => self.refuse(error),
                Event::Sent(keys, progress) => self.count(&keys, progress),
                Event::Over => break,
            }
        }
        let Self { within, taken, sealed, refused, written, failed, .. } = self;
        if let Some(mut failed) = failed {
            failed.remaining.extend(sealed);
            failed.written = written;
            failed.finished(u64::try_from(taken).unwrap_or(u64::MAX), within)?;
        }
        refused.map_or(Ok(written), Err)
    }

    /// Requests and seals make progress before another record is taken.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Event<C>> {
        if let Poll::Ready(Some((keys, progress))) = self.sending.poll_next_unpin(cx) {
            return Poll::Ready(Event::Sent(keys, progress));
        }
        if let Poll::Ready(Some(sealed)) = self.sealing.poll_next_unpin(cx) {
            return Poll::Ready(Event::Sealed(sealed));
        }
        let may_seal =
            self.sealing.len() < CONCURRENCY && self.sealing.len() + self.sealed.len() < AHEAD;
        match &mut self.input {
            Some(input) if may_seal => {
                input.poll_next_unpin(cx).map(|taken| taken.map_or(Event::Exhausted, Event::Taken))
            }
            None if self.sending.is_empty() && self.sealing.is_empty() => Poll::Ready(Event::Over),
            _ => Poll::Pending,
        }
    }

    fn seal(&mut self, record: Pending<C>) {
        let (position, store, meter) = (self.taken, self.store, self.meter);
        self.taken += 1;
        self.sealing.push_back(Box::pin(async move {
            record.checked(position, store)?.sealed(store, meter).await
        }));
    }

    /// Drops the record that cannot be sealed and those behind it.
    fn refuse(&mut self, error: BatchError) {
        self.input = None;
        self.taken -= 1 + self.sealing.len();
        self.sealing = FuturesOrdered::new();
        self.refused = Some(error);
    }

    fn send_what_is_ready(&mut self) {
        while self.sending.len() < REQUESTS && self.failed.is_none() {
            let Some(number) = self.ready() else { return };
            let writes: Vec<_> = self.sealed.drain(..number).collect();
            let keys: Vec<_> = writes.iter().map(key).collect();
            self.busy.extend(keys.iter().cloned());
            let (store, meter) = (self.store, self.meter);
            let patience = Patience::of_capacity(store.ticks(), self.within);
            self.sending
                .push(Box::pin(async move { (keys, send(store, meter, writes, patience).await) }));
        }
    }

    fn count(&mut self, keys: &[Key], progress: Progress) {
        for key in keys {
            self.busy.remove(key);
        }
        self.written += progress.written;
        if let Some(tell) = &mut self.on_progress {
            tell(self.written);
        }
        if progress.remaining.is_empty() {
            return;
        }
        self.input = None;
        match &mut self.failed {
            Some(failed) => failed.remaining.extend(progress.remaining),
            None => self.failed = Some(progress),
        }
    }

    /// The number of records for the next request. It has no key twice, which DynamoDB refuses, and
    /// none of a request that is being sent, which could overtake it.
    fn ready(&self) -> Option<usize> {
        let mut keys = BTreeSet::new();
        let mut is_cut = self.input.is_none() && self.sealing.is_empty();
        for write in self.sealed.iter().take(CHUNK) {
            let key = key(write);
            if self.busy.contains(&key) {
                break;
            }
            if !keys.insert(key) {
                is_cut = true;
                break;
            }
        }
        let number = keys.len();
        (number == CHUNK || (is_cut && number > 0)).then_some(number)
    }
}

fn key(write: &RemainingWrite) -> Key {
    write.key().iter().map(|(_, value)| value.clone()).collect()
}
