//! The cost of one operation: counted, and shown in its span.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};
use tracing::field::Empty;
use tracing::{Span, info_span, warn};

use super::attempts::Attempts;
use crate::envelope::Loaded;
use crate::key::KeyCounts;
use crate::record::{Readable, RecordSchema};
use crate::store::Store;
use crate::usage::{Cost, Usage, units};

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of units is at least 0 and far below 2^53"
)]
fn thousandths(capacity: Option<&ConsumedCapacity>) -> u64 {
    let units = capacity.and_then(ConsumedCapacity::capacity_units).unwrap_or_default();
    (units * 1000.0).round() as u64
}

/// The counts of one operation. When dropped, it records them in its span and the store's
/// [`Usage`].
pub(super) struct Meter {
    keys: Arc<KeyCounts>,
    attempts: Attempts,
    reread: AtomicU64,
    read: AtomicU64,
    written: AtomicU64,
    skipped: AtomicU64,
    expired: AtomicU64,
    stale: AtomicU64,
    unsealed: AtomicU64,
    /// The logical table of a record that a window let in.
    let_in: OnceLock<&'static str>,
    usage: Option<Usage>,
    span: Span,
}

impl Meter {
    /// A meter for the operation `verb` on a physical table. The span has names and counts, never a
    /// key or a value.
    pub(super) fn new<C>(store: &Store<C>, verb: &'static str, table: &str) -> Self {
        let span = info_span!(
            "dynamodb",
            operation = verb,
            table,
            index = Empty,
            requests = Empty,
            kms_calls = Empty,
            key_hits = Empty,
            key_misses = Empty,
            reread = Empty,
            unsealed = Empty,
            read_units = Empty,
            write_units = Empty,
        );
        Self {
            keys: Arc::default(),
            attempts: Attempts::default(),
            reread: AtomicU64::default(),
            read: AtomicU64::default(),
            written: AtomicU64::default(),
            skipped: AtomicU64::default(),
            expired: AtomicU64::default(),
            stale: AtomicU64::default(),
            unsealed: AtomicU64::default(),
            let_in: OnceLock::new(),
            usage: store.usage().cloned(),
            span,
        }
    }

    /// The operation reads an index.
    pub(super) fn on_index(self, name: &str) -> Self {
        self.span.record("index", name);
        self
    }

    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    pub(super) fn key_counts(&self) -> Arc<KeyCounts> {
        Arc::clone(&self.keys)
    }

    /// Returns whether someone wants to know the number of requests. An interceptor, which counts
    /// them, takes a twentieth of the SDK's time.
    pub(super) fn counts_requests(&self) -> bool {
        self.usage.is_some() || !self.span.is_disabled()
    }

    /// Watches a write.
    pub(super) fn attempts(&self) -> Attempts {
        self.attempts.clone()
    }

    /// Watches one request apart from all others: a read, whose lost answer has no consequence, or
    /// a write that is one of several at the same time.
    pub(super) fn reads(&self) -> Attempts {
        self.attempts.of_another_request()
    }

    /// Returns whether the answer to an attempt at a write was lost: DynamoDB may have done the
    /// write.
    pub(super) fn lost_an_answer(&self) -> bool {
        self.attempts.lost_an_answer()
    }

    /// Requests the consumed capacity if the store is measured.
    pub(super) fn capacity(&self) -> Option<ReturnConsumedCapacity> {
        self.usage.as_ref().map(|_| ReturnConsumedCapacity::Total)
    }

    pub(super) fn has_read(&self, capacity: Option<&ConsumedCapacity>) {
        self.read.fetch_add(thousandths(capacity), Ordering::Relaxed);
    }

    /// Counts the capacity of each table of a request.
    pub(super) fn has_read_all(&self, capacities: &[ConsumedCapacity]) {
        for capacity in capacities {
            self.has_read(Some(capacity));
        }
    }

    /// Counts an item that is read again, whole.
    pub(super) fn reads_again(&self) {
        self.reread.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn has_written(&self, capacity: Option<&ConsumedCapacity>) {
        self.written.fetch_add(thousandths(capacity), Ordering::Relaxed);
    }

    /// Counts an item of another record type.
    pub(super) fn has_skipped(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an item whose fields do not make the keys of the index.
    pub(super) fn has_gone_stale(&self) {
        self.stale.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a record that a window let in.
    pub(super) fn has_opened<R: Readable>(&self, loaded: &Loaded<R>) {
        if loaded.was_unsealed() {
            self.has_let_in(&R::SCHEMA);
        }
    }

    /// Counts an item that a window let in.
    pub(super) fn has_let_in(&self, schema: &RecordSchema) {
        self.let_in.get_or_init(|| schema.table());
        self.unsealed.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an item that has expired.
    pub(super) fn has_expired(&self) {
        self.expired.fetch_add(1, Ordering::Relaxed);
    }
}

/// The names of the tables of one operation, each once.
pub(super) fn table_names<'t>(tables: impl Iterator<Item = &'t str>) -> String {
    let tables: BTreeSet<_> = tables.collect();
    tables.into_iter().collect::<Vec<_>>().join(", ")
}

impl Drop for Meter {
    fn drop(&mut self) {
        let cost = Cost {
            kms_calls: self.keys.calls(),
            key_hits: self.keys.hits(),
            key_misses: self.keys.misses(),
            requests: self.attempts.count(),
            reread: self.reread.load(Ordering::Relaxed),
            read: self.read.load(Ordering::Relaxed),
            written: self.written.load(Ordering::Relaxed),
            skipped: self.skipped.load(Ordering::Relaxed),
            expired: self.expired.load(Ordering::Relaxed),
            stale: self.stale.load(Ordering::Relaxed),
            unsealed: self.unsealed.load(Ordering::Relaxed),
        };
        self.span.record("requests", cost.requests).record("kms_calls", cost.kms_calls);
        if cost.key_hits + cost.key_misses > 0 {
            self.span.record("key_hits", cost.key_hits).record("key_misses", cost.key_misses);
        }
        if cost.reread > 0 {
            self.span.record("reread", cost.reread);
        }
        if let Some(table) = self.let_in.get() {
            let records = cost.unsealed;
            self.span.record("unsealed", records);
            warn!(parent: &self.span, table, records, "a window let in records that are not sealed");
        }
        let Some(usage) = &self.usage else { return };
        self.span.record("read_units", units(cost.read)).record("write_units", units(cost.written));
        usage.add(cost);
    }
}
