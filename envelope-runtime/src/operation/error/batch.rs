//! The errors of writes in batches.

use std::error::Error;
use std::fmt;

use super::super::batched::Remainder;
use super::predicates::{predicates, verb};
use super::{Cause, PositionedError, QueryError, ServiceError};
use crate::report::{Place, debug_is_display};

/// A batch was not written, or not all of it.
#[derive(Clone)]
#[non_exhaustive]
pub enum BatchError {
    /// A write cannot be prepared. Of a [batch](crate::operation::BatchWrite), nothing was written;
    /// of a [bulk load](crate::operation::BulkPut), exactly the records before it.
    Unprepared(PositionedError),
    /// Two writes of the batch have the same key; no request was made.
    SameKey(SameKeyError),
    /// The keys in a partition could not be read; what was read before is deleted.
    Query(QueryError),
    /// Some of the writes are not known to have happened.
    Unfinished(UnfinishedError),
}

/// Two writes of a batch have the same key.
#[derive(Clone)]
pub struct SameKeyError {
    place: Place,
    first: usize,
    second: usize,
}

/// Some of the writes of a batch are not known to have happened.
#[derive(Clone)]
pub struct UnfinishedError(Box<Unfinished>);

#[derive(Clone)]
struct Unfinished {
    place: Place,
    written: u64,
    taken: u64,
    remainder: Remainder,
    error: Option<ServiceError>,
}

verb! { BatchError {
    Unfinished => "",
    Unprepared | SameKey => "cannot write a batch: ",
    Query => "cannot delete a partition: ",
}}

impl SameKeyError {
    /// The place names the key attribute.
    pub(crate) fn new(place: Place, first: usize, second: usize) -> Self {
        Self { place, first, second }
    }

    /// The positions of the two writes. The first one of the batch has 0.
    #[must_use]
    pub fn positions(&self) -> (usize, usize) {
        (self.first, self.second)
    }

    /// The partition key's attribute.
    #[must_use]
    pub fn attribute(&self) -> &str {
        self.place.attribute_name().unwrap_or_default()
    }
}

impl UnfinishedError {
    pub(crate) fn new(
        place: Place,
        written: u64,
        taken: u64,
        remainder: Remainder,
        error: Option<ServiceError>,
    ) -> Self {
        Self(Box::new(Unfinished { place, written, taken, remainder, error }))
    }

    /// The number of writes that are known to have happened.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.0.written
    }

    /// The number of writes that have happened or are in the [`remainder`](Self::remainder): all of
    /// a batch. Of a bulk load, they are the first ones of its input, and those behind them were
    /// not touched.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.0.taken
    }

    /// The writes that are not known to have happened, to send them again. The deletion of a
    /// partition leaves none here: begin it again.
    #[must_use]
    pub fn remainder(&self) -> &Remainder {
        &self.0.remainder
    }

    /// The refusal of a request, or the lack of its answer. `None` if DynamoDB answered, and left
    /// writes unprocessed until the deadline: the table or an index has not the capacity for them.
    #[must_use]
    #[doc(alias = "UnprocessedItems")]
    pub fn error(&self) -> Option<&ServiceError> {
        self.0.error.as_ref()
    }
}

impl Cause for SameKeyError {
    fn attribute(&self) -> Option<&str> {
        Some(self.attribute())
    }
}

impl Cause for QueryError {
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

impl Cause for UnfinishedError {
    fn is_retryable(&self) -> bool {
        self.error().is_none_or(ServiceError::is_retryable)
    }

    fn is_access_denied(&self) -> bool {
        self.error().is_some_and(Cause::is_access_denied)
    }
}

impl fmt::Display for SameKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, first, second } = self;
        write!(
            f,
            "{place}: the writes at the positions {first} and {second} have the same key, and a batch \
             has no order; keep the later one, or write two batches"
        )
    }
}

impl fmt::Display for UnfinishedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unfinished { place, written, remainder, error, .. } = &*self.0;
        write!(f, "{written} writes of the batch have happened")?;
        if !remainder.is_empty() {
            write!(f, ", and {} are not known to have", remainder.len())?;
        }
        match error {
            Some(error) => write!(f, ": {error}"),
            None if remainder.is_empty() => write!(
                f,
                ": {place}: DynamoDB left the others unprocessed until the deadline; delete the \
                 partition again, or allow more time with `.deadline(…)`"
            ),
            None => write!(
                f,
                ": {place}: DynamoDB left them unprocessed until the deadline; send the remainder \
                 again later, or allow more time with `.deadline(…)`"
            ),
        }
    }
}

debug_is_display!(SameKeyError, UnfinishedError);

impl Error for SameKeyError {}
impl Error for UnfinishedError {}
