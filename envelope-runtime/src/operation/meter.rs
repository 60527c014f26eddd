//! What an operation costs: counted, shown in its span, and added up for who asks.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};
use tracing::field::Empty;
use tracing::{Span, info_span};

use super::attempts::Attempts;
use crate::store::Store;

/// Adds up what the operations of a store cost: see [`Store::measured`]. Clones count together.
///
/// An operation is counted when it ends, also where it fails or is given up.
///
/// ```no_run
/// use envelope_runtime::{EnvelopeRecord, LoadError, Store, Usage};
///
/// # #[derive(EnvelopeRecord)]
/// # #[envelope(table = "users")]
/// # struct User {
/// #     #[partition_key]
/// #     id: String,
/// #     #[encrypted]
/// #     ssn: String,
/// # }
/// # async fn example(store: Store) -> Result<(), LoadError> {
/// let usage = Usage::default();
/// let user: Option<User> = store.measured(&usage).get("foobar").await?;
/// println!("{} calls to KMS, {} read units", usage.kms_calls(), usage.read_units());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Usage(Arc<Counts>);

/// Capacity is counted in thousandths of a unit.
#[derive(Default)]
struct Counts {
    kms_calls: AtomicU64,
    requests: AtomicU64,
    read: AtomicU64,
    written: AtomicU64,
}

impl Usage {
    /// Calls to the key service.
    #[must_use]
    pub fn kms_calls(&self) -> u64 {
        self.0.kms_calls.load(Ordering::Relaxed)
    }

    /// Requests to DynamoDB, those that the SDK sent again included.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }

    /// [Read units](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/capacity-mode.html)
    /// that DynamoDB says it consumed.
    #[must_use]
    pub fn read_units(&self) -> f64 {
        units(&self.0.read)
    }

    /// Write units that DynamoDB says it consumed.
    #[must_use]
    pub fn write_units(&self) -> f64 {
        units(&self.0.written)
    }
}

impl fmt::Debug for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Usage")
            .field("kms_calls", &self.kms_calls())
            .field("requests", &self.requests())
            .field("read_units", &self.read_units())
            .field("write_units", &self.write_units())
            .finish()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of units is far below 2^53")]
fn units(thousandths: &AtomicU64) -> f64 {
    thousandths.load(Ordering::Relaxed) as f64 / 1000.0
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of units is at least 0 and far below 2^53"
)]
fn thousandths(capacity: Option<&ConsumedCapacity>) -> u64 {
    let units = capacity.and_then(ConsumedCapacity::capacity_units).unwrap_or_default();
    (units * 1000.0).round() as u64
}

/// Counts for one operation. When it is dropped, its span and the store's [`Usage`] get the counts.
pub(super) struct Meter {
    kms_calls: Arc<AtomicU64>,
    attempts: Attempts,
    read: AtomicU64,
    written: AtomicU64,
    usage: Option<Usage>,
    span: Span,
}

impl Meter {
    /// For the operation `verb` on a physical table. The span has names and counts, never a key or a value.
    pub(super) fn new<C>(store: &Store<C>, verb: &'static str, table: &str) -> Self {
        let span = info_span!(
            "dynamodb",
            operation = verb,
            table,
            requests = Empty,
            kms_calls = Empty,
            read_units = Empty,
            write_units = Empty,
        );
        Self {
            kms_calls: Arc::default(),
            attempts: Attempts::default(),
            read: AtomicU64::default(),
            written: AtomicU64::default(),
            usage: store.usage().cloned(),
            span,
        }
    }

    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    pub(super) fn kms_calls(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.kms_calls)
    }

    /// Watches a write.
    pub(super) fn attempts(&self) -> Attempts {
        self.attempts.clone()
    }

    /// Watches a read, whose lost answer changes nothing.
    pub(super) fn reads(&self) -> Attempts {
        self.attempts.of_another_request()
    }

    /// Whether the answer to an attempt at a write was lost: DynamoDB may have done its work.
    pub(super) fn lost_an_answer(&self) -> bool {
        self.attempts.lost_an_answer()
    }

    /// Asks for consumed capacity if somebody wants it.
    pub(super) fn capacity(&self) -> Option<ReturnConsumedCapacity> {
        self.usage.as_ref().map(|_| ReturnConsumedCapacity::Total)
    }

    pub(super) fn has_read(&self, capacity: Option<&ConsumedCapacity>) {
        self.read.fetch_add(thousandths(capacity), Ordering::Relaxed);
    }

    pub(super) fn has_written(&self, capacity: Option<&ConsumedCapacity>) {
        self.written.fetch_add(thousandths(capacity), Ordering::Relaxed);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        let requests = self.attempts.count();
        let kms_calls = self.kms_calls.load(Ordering::Relaxed);
        self.span.record("requests", requests).record("kms_calls", kms_calls);
        let Some(Usage(usage)) = &self.usage else { return };
        self.span
            .record("read_units", units(&self.read))
            .record("write_units", units(&self.written));
        usage.requests.fetch_add(requests, Ordering::Relaxed);
        usage.kms_calls.fetch_add(kms_calls, Ordering::Relaxed);
        usage.read.fetch_add(self.read.load(Ordering::Relaxed), Ordering::Relaxed);
        usage.written.fetch_add(self.written.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}
