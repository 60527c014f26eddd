//! The cost of operations, added up for whoever asks.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Adds up what the operations of a store cost: see [`Store::measured`](crate::Store::measured). Clones count together.
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
        units(self.0.read.load(Ordering::Relaxed))
    }

    /// Write units that DynamoDB says it consumed.
    #[must_use]
    pub fn write_units(&self) -> f64 {
        units(self.0.written.load(Ordering::Relaxed))
    }
}

impl Usage {
    /// Adds the cost of one operation.
    pub(crate) fn add(&self, cost: Cost) {
        let Self(counts) = self;
        counts.kms_calls.fetch_add(cost.kms_calls, Ordering::Relaxed);
        counts.requests.fetch_add(cost.requests, Ordering::Relaxed);
        counts.read.fetch_add(cost.read, Ordering::Relaxed);
        counts.written.fetch_add(cost.written, Ordering::Relaxed);
    }
}

/// The cost of one operation. Capacity is in thousandths of a unit.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) kms_calls: u64,
    pub(crate) requests: u64,
    pub(crate) read: u64,
    pub(crate) written: u64,
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
pub(crate) fn units(thousandths: u64) -> f64 {
    thousandths as f64 / 1000.0
}
