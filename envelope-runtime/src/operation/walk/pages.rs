//! Page after page: which items are given out, and where to go on.

use std::sync::Arc;

use super::super::cursor::Cursor;
use super::super::error::{QueryError, ReadLimitError};
use super::candidate::Candidate;
use super::reads::Reads;
use super::request::Extent;
use crate::attribute::AttributeValue;
use crate::key::Capability;

/// The number of items that a filtered query looks at first for each record to give out.
const STEP_OF_FILTERED: usize = 4;

/// The limits on records and items.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::operation) struct Bounds {
    /// Records to give out.
    pub(in crate::operation) take: Option<usize>,
    /// Items that DynamoDB looks at for one page.
    pub(in crate::operation) page_size: Option<usize>,
    /// Items that DynamoDB looks at in all.
    pub(in crate::operation) read_at_most: Option<usize>,
}

/// The pages of a query or a scan that are not read yet.
pub(super) struct Pages<C> {
    pub(super) reads: Arc<Reads<C>>,
    place: Place,
    bounds: Bounds,
    /// The number of items that the next request looks at, if the number of records is limited.
    step: Option<usize>,
}

enum Place {
    /// Behind these key attributes, or at the beginning.
    Behind(Option<Vec<AttributeValue>>),
    End,
}

impl<C: Capability> Pages<C> {
    pub(super) fn new(reads: Reads<C>, after: Option<Vec<AttributeValue>>, bounds: Bounds) -> Self {
        // DynamoDB looks at items before it filters: more of them are needed then.
        let times = if reads.has_filter() { STEP_OF_FILTERED } else { 1 };
        let step = bounds.take.map(|take| take.saturating_mul(times));
        Self { reads: Arc::new(reads), place: Place::Behind(after), bounds, step }
    }

    /// Looks at one item more than is given out, to know whether another one follows.
    pub(super) fn look_ahead(&mut self) {
        self.step = self.step.map(|step| step.saturating_add(1));
    }

    /// Returns whether there is nothing more to give out.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.place, Place::End) || self.bounds.take == Some(0)
    }

    /// Returns whether nothing more is to be given out or may be read.
    pub(super) fn may_read_nothing(&self) -> bool {
        self.is_over() || self.bounds.read_at_most == Some(0)
    }

    /// Returns whether a page is complete after a request.
    pub(super) fn ends_page(&self) -> bool {
        self.may_read_nothing() || self.bounds.take.is_none()
    }

    /// An item that was to be given out turned out to be none: another one takes its place.
    pub(super) fn give_back(&mut self) {
        self.bounds.take = self.bounds.take.map(|take| take.saturating_add(1));
    }

    pub(super) fn end(&mut self) {
        self.place = Place::End;
    }

    /// The place behind the last item that was given out, if more may follow.
    pub(super) fn cursor(self) -> Option<Cursor> {
        match self.place {
            Place::Behind(Some(keys)) => Some(self.reads.cursor(keys)),
            Place::Behind(None) | Place::End => None,
        }
    }

    /// The items of the next page that are to be given out, and no more than that.
    pub(super) async fn next(&mut self) -> Result<Vec<Candidate>, QueryError> {
        let extent = self.extent()?;
        if let Place::End = self.place {
            return Ok(Vec::new());
        }
        let page = self.reads.page(extent).await.map_err(QueryError::Request)?;
        self.place = match &page.last {
            Some(last) => Place::Behind(Some(self.reads.last_of(last))),
            None => Place::End,
        };
        if let Some(left) = &mut self.bounds.read_at_most {
            *left = left.saturating_sub(page.looked_at);
        }
        // Those of other types and the expired ones are passed in ever longer strides.
        self.step = self.step.map(|step| step.saturating_mul(2));
        let (items, now) = (page.items.into_iter(), self.reads.now());
        let mut candidates: Vec<_> =
            items.filter_map(|item| self.reads.candidate(item, now)).collect();
        if let Some(take) = &mut self.bounds.take {
            if candidates.len() > *take {
                candidates.truncate(*take);
                // `LastEvaluatedKey` is behind those that were not given out.
                let last = candidates.last().map(|last| self.reads.position_of(last.key()));
                self.place = Place::Behind(last);
            }
            *take -= candidates.len();
        }
        Ok(candidates)
    }

    /// Where the next page begins, and how much is read for it.
    pub(super) fn extent(&self) -> Result<Extent<'_>, QueryError> {
        if self.bounds.read_at_most == Some(0) {
            let place = self.reads.schema.place();
            return Err(QueryError::ReadLimit(ReadLimitError::new(place)));
        }
        let Bounds { page_size, read_at_most, .. } = self.bounds;
        let limit = [page_size, read_at_most, self.step].into_iter().flatten().min();
        let after = match &self.place {
            Place::Behind(after) => after.as_deref(),
            Place::End => None,
        };
        Ok(Extent { after, limit })
    }
}
