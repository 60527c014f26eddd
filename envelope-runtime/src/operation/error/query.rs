//! The errors of reads of several records.

use std::error::Error;
use std::fmt;

use super::predicates::{predicates, verb};
use super::{Cause, CursorError, LoadError, ReadTransactionError, ServiceError};
use crate::envelope::{ContextError, Item};
use crate::record::{FieldError, KeyError};
use crate::report::{Place, debug_is_display};

/// Records were not read: by a query, a scan, a batch get or a read transaction.
#[derive(Clone)]
#[non_exhaustive]
pub enum QueryError {
    /// A key, a partition or the condition on the sort key cannot be used, or the filter is about a
    /// key attribute or one that the index does not hold; no request was made.
    Key(KeyError),
    /// A value of the filter cannot be stored; no request was made.
    Filter(FieldError),
    /// A context field has no usable value; no request was made.
    Context(ContextError),
    /// The cursor is of another query, altered or too old; no request was made.
    Cursor(CursorError),
    /// DynamoDB did not answer with items.
    Request(ServiceError),
    /// One of the items cannot be opened: it is refused, or its data key could not be unwrapped. A
    /// stream goes on behind it.
    Item(ItemError),
    /// [`one`](crate::operation::Query::one) found more than one record.
    Several(SeveralError),
    /// The number of items that
    /// [`read_at_most`](crate::operation::Query::read_at_most) allows was not enough.
    ReadLimit(ReadLimitError),
    /// DynamoDB left keys of a batch unprocessed until the deadline.
    Unprocessed(UnprocessedError),
    /// DynamoDB takes no such read transaction; no request was made.
    ReadTransaction(ReadTransactionError),
}

/// An item that cannot be opened. `Debug` and `Display` show no value of its
/// key.
#[derive(Clone)]
pub struct ItemError {
    key: Box<Item>,
    error: Box<LoadError>,
}

/// More than one record matches.
#[derive(Clone)]
pub struct SeveralError {
    place: Place,
}

/// A limit on the number of items to read was reached first.
#[derive(Clone)]
pub struct ReadLimitError {
    place: Place,
}

/// DynamoDB left keys of a batch unprocessed until the deadline.
#[derive(Clone)]
pub struct UnprocessedError {
    place: Place,
    unprocessed: usize,
    keys: usize,
}

verb! { QueryError {
    Key | Filter | Context | Cursor | Request | Several | ReadLimit | Unprocessed | ReadTransaction
        => "cannot read ",
    Item => "at one of the items: ",
}}

impl ItemError {
    pub(crate) fn new(key: Item, error: LoadError) -> Self {
        Self { key: Box::new(key), error: Box::new(error) }
    }

    /// The key attributes of the item, to find it in the table. They are not verified.
    #[must_use]
    pub fn key(&self) -> &Item {
        &self.key
    }

    /// The reason why the item cannot be opened.
    #[must_use]
    pub fn error(&self) -> &LoadError {
        &self.error
    }
}

predicates!(ItemError);

impl ItemError {
    fn cause(&self) -> &dyn Cause {
        LoadError::cause(&self.error)
    }
}

impl SeveralError {
    pub(crate) fn new(place: Place) -> Self {
        Self { place }
    }
}

impl ReadLimitError {
    pub(crate) fn new(place: Place) -> Self {
        Self { place }
    }
}

impl UnprocessedError {
    pub(crate) fn new(place: Place, unprocessed: usize, keys: usize) -> Self {
        Self { place, unprocessed, keys }
    }

    /// The number of keys that were not read, including those that were not asked for yet.
    #[must_use]
    pub fn unprocessed(&self) -> usize {
        self.unprocessed
    }

    /// The number of different keys that were to be read.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.keys
    }
}

impl fmt::Display for ItemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl fmt::Display for SeveralError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = &self.place;
        write!(f, "{place}: more than one record matches; use `first()`, or narrow the condition")
    }
}

impl fmt::Display for ReadLimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: as many items as `read_at_most` allows were read, and there may be more; narrow the \
             condition, or go on with a cursor from `page()`",
            self.place
        )
    }
}

impl fmt::Display for UnprocessedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, unprocessed, keys } = self;
        write!(
            f,
            "{place}: {unprocessed} of {keys} keys were not processed until the deadline; retry \
             later, with a longer `.deadline(…)` or fewer keys at once, or give the table more \
             capacity"
        )
    }
}

debug_is_display!(ItemError, SeveralError, ReadLimitError, UnprocessedError);

impl Error for ItemError {}
impl Error for SeveralError {}
impl Error for ReadLimitError {}
impl Error for UnprocessedError {}

impl Cause for ItemError {
    fn is_retryable(&self) -> bool {
        self.is_retryable()
    }

    fn is_access_denied(&self) -> bool {
        self.is_access_denied()
    }

    fn is_tampered(&self) -> bool {
        self.is_tampered()
    }

    fn is_unsealed(&self) -> bool {
        self.is_unsealed()
    }

    fn attribute(&self) -> Option<&str> {
        self.attribute()
    }
}

impl Cause for SeveralError {}

impl Cause for ReadLimitError {}

impl Cause for UnprocessedError {
    fn is_retryable(&self) -> bool {
        true
    }
}
