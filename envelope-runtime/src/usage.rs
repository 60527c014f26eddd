//! The total cost of operations.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The total cost of a store's operations: see [`Store::measured`](crate::Store::measured). Clones
/// share one total.
///
/// An operation is counted when it ends, even if it fails or is dropped.
///
/// ```no_run
/// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
/// use envelope_runtime::Usage;
///
/// # async fn example(store: Store) -> Result<(), Error> {
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
    key_hits: AtomicU64,
    key_misses: AtomicU64,
    requests: AtomicU64,
    reread: AtomicU64,
    read: AtomicU64,
    written: AtomicU64,
    skipped: AtomicU64,
    expired: AtomicU64,
    stale: AtomicU64,
    unsealed: AtomicU64,
}

impl Usage {
    /// The number of calls to the key service.
    #[must_use]
    pub fn kms_calls(&self) -> u64 {
        self.0.kms_calls.load(Ordering::Relaxed)
    }

    /// The number of requests for data keys that took no call: a provider had
    /// [kept](crate::key::KeyProvider::cached) them or [reused](crate::key::KeyProvider::reuse)
    /// them, or an operation over many items unwrapped them for another item.
    #[must_use]
    pub fn key_hits(&self) -> u64 {
        self.0.key_hits.load(Ordering::Relaxed)
    }

    /// The number of data keys that a provider which keeps or reuses data keys did not have. Those
    /// that waited for the same call count one each.
    #[must_use]
    pub fn key_misses(&self) -> u64 {
        self.0.key_misses.load(Ordering::Relaxed)
    }

    /// The number of requests to DynamoDB, including those that the SDK sent again.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }

    /// The number of items that were read again, whole, because their envelope authenticates an
    /// attribute that a projection did not fetch: a newer program wrote them.
    #[must_use]
    pub fn reread(&self) -> u64 {
        self.0.reread.load(Ordering::Relaxed)
    }

    /// [Read units](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/capacity-mode.html)
    /// that DynamoDB reports as consumed.
    #[must_use]
    #[doc(alias = "ConsumedCapacity")]
    pub fn read_units(&self) -> f64 {
        units(self.0.read.load(Ordering::Relaxed))
    }

    /// Write units that DynamoDB reports as consumed.
    #[must_use]
    #[doc(alias = "ConsumedCapacity")]
    pub fn write_units(&self) -> f64 {
        units(self.0.written.load(Ordering::Relaxed))
    }

    /// The number of items that queries and scans read and skipped, because their keys are of other
    /// record types.
    #[must_use]
    pub fn skipped_items(&self) -> u64 {
        self.0.skipped.load(Ordering::Relaxed)
    }

    /// The number of records that queries of an index skipped, because their own fields do not make
    /// the index's key. A program that does not know the index has written them, and their next
    /// save mends them; or somebody has altered the key.
    #[must_use]
    pub fn stale_items(&self) -> u64 {
        self.0.stale.load(Ordering::Relaxed)
    }

    /// The number of records that [a window](crate::Store::accept_unsealed) let in without an
    /// envelope, or with a value of an `#[encrypted]` field in plaintext.
    #[must_use]
    pub fn unsealed_records(&self) -> u64 {
        self.0.unsealed.load(Ordering::Relaxed)
    }

    /// The number of items that queries and scans read and left out, because they have expired.
    #[must_use]
    pub fn expired_items(&self) -> u64 {
        self.0.expired.load(Ordering::Relaxed)
    }
}

impl Usage {
    /// Adds the cost of one operation.
    pub(crate) fn add(&self, cost: Cost) {
        let Self(counts) = self;
        counts.kms_calls.fetch_add(cost.kms_calls, Ordering::Relaxed);
        counts.key_hits.fetch_add(cost.key_hits, Ordering::Relaxed);
        counts.key_misses.fetch_add(cost.key_misses, Ordering::Relaxed);
        counts.requests.fetch_add(cost.requests, Ordering::Relaxed);
        counts.reread.fetch_add(cost.reread, Ordering::Relaxed);
        counts.read.fetch_add(cost.read, Ordering::Relaxed);
        counts.written.fetch_add(cost.written, Ordering::Relaxed);
        counts.skipped.fetch_add(cost.skipped, Ordering::Relaxed);
        counts.expired.fetch_add(cost.expired, Ordering::Relaxed);
        counts.stale.fetch_add(cost.stale, Ordering::Relaxed);
        counts.unsealed.fetch_add(cost.unsealed, Ordering::Relaxed);
    }
}

/// The cost of one operation. Capacity is in thousandths of a unit.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) kms_calls: u64,
    pub(crate) key_hits: u64,
    pub(crate) key_misses: u64,
    pub(crate) requests: u64,
    pub(crate) reread: u64,
    pub(crate) read: u64,
    pub(crate) written: u64,
    pub(crate) skipped: u64,
    pub(crate) expired: u64,
    pub(crate) stale: u64,
    pub(crate) unsealed: u64,
}

impl fmt::Debug for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Usage")
            .field("kms_calls", &self.kms_calls())
            .field("key_hits", &self.key_hits())
            .field("key_misses", &self.key_misses())
            .field("requests", &self.requests())
            .field("reread", &self.reread())
            .field("read_units", &self.read_units())
            .field("write_units", &self.write_units())
            .field("skipped_items", &self.skipped_items())
            .field("expired_items", &self.expired_items())
            .field("stale_items", &self.stale_items())
            .field("unsealed_records", &self.unsealed_records())
            .finish()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of units is far below 2^53")]
pub(crate) fn units(thousandths: u64) -> f64 {
    thousandths as f64 / 1000.0
}
