//! The writes of a batch, separate from sending them: sealed once, the same bytes each time they
//! are sent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::envelope::Item;
use crate::record::RecordSchema;

/// A write of a batch.
pub(super) struct Batched {
    pub(super) position: usize,
    pub(super) schema: RecordSchema,
    /// The physical table.
    pub(super) table: String,
    /// The key attributes.
    pub(super) key: Item,
    /// The whole item; `None` deletes it.
    pub(super) item: Option<Item>,
}

/// A write of a batch that is not known to have happened.
#[derive(Clone)]
pub struct RemainingWrite {
    write: Arc<Batched>,
    may_have_happened: bool,
}

/// The writes of a batch that are not known to have happened, sealed as they were.
///
/// `Debug` shows their number. A clone shares the writes.
#[derive(Clone)]
pub struct Remainder {
    writes: Arc<[RemainingWrite]>,
    within: Duration,
}

impl RemainingWrite {
    pub(super) fn new(write: Batched) -> Self {
        Self { write: Arc::new(write), may_have_happened: false }
    }

    pub(super) fn write(&self) -> &Batched {
        &self.write
    }

    /// A request that had the write got no answer.
    pub(super) fn lost(&mut self) {
        self.may_have_happened = true;
    }

    /// The write's position in the batch, or in the input of a bulk load. The first one is 0.
    #[must_use]
    pub fn position(&self) -> usize {
        self.write.position
    }

    /// The key attributes of the item, to find it in the table.
    #[must_use]
    pub fn key(&self) -> &Item {
        &self.write.key
    }

    /// Returns whether the write may have happened: a request that had it got no answer. If not, it
    /// has not happened.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        self.may_have_happened
    }
}

impl Remainder {
    /// Sorted by position.
    pub(super) fn new(mut writes: Vec<RemainingWrite>, within: Duration) -> Self {
        writes.sort_by_key(RemainingWrite::position);
        Self { writes: writes.into(), within }
    }

    pub(super) fn within(&self) -> Duration {
        self.within
    }

    /// The writes, in the order in which they were added to the batch.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &RemainingWrite> {
        self.writes.iter()
    }

    /// The number of writes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }
}

impl fmt::Debug for Remainder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remainder").field("writes", &self.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for RemainingWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemainingWrite")
            .field("position", &self.position())
            .field("key", self.key())
            .field("may_have_happened", &self.may_have_happened)
            .finish_non_exhaustive()
    }
}
