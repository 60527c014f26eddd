//! The records of a query or a scan, page after page.

mod candidate;
mod doomed;
mod pages;
mod reads;
mod request;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_core::Stream;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tracing::Instrument;

use super::OperationFuture;
use super::cursor::{After, Cursor};
use super::error::{ItemError, QueryError, SeveralError};
use super::read::batch::MAX_KEYS;
use crate::attribute::AttributeValue;
use crate::key::{Allows, Capability};
use crate::record::Readable;
use candidate::Candidate;
pub(super) use doomed::{Doomed, DoomedPage};
pub(super) use pages::Bounds;
use pages::Pages;
pub(super) use reads::{Gives, Options, Reads, Segment, Source};

/// One page of a query or a scan.
#[derive(Debug)]
#[non_exhaustive]
pub struct Page<P> {
    /// The records; there may be none though more follow.
    pub items: Vec<P>,
    /// The place behind the last record, to go on there; `None` at the end.
    pub next: Option<Cursor>,
}

/// All records of a query or a scan as a [`Stream`], which reads page after page.
///
/// At most one page of items is in memory, which is at most 1 MB; of records behind an index of
/// keys, it is the items of at most 100 more. The stream goes on behind an item that cannot be
/// opened ([`QueryError::Item`]), and ends with any other error. If the error of an
/// item is [retryable](QueryError::is_retryable), the item may be a good one that was not read: the
/// error has its key.
///
/// Up to 16 records are opened ahead while the stream is polled. Whoever takes long with each
/// record lets their calls to the key service wait, up to the timeouts of its client.
#[must_use = "a stream does nothing until it is polled"]
pub struct Records<P> {
    records: BoxStream<'static, Given<P>>,
    cursor: Option<Cursor>,
}

/// A record or an error of a stream, and the place behind it.
type Given<P> = (Result<P, QueryError>, Option<Cursor>);

/// The values of an item's key attributes, and the record; `None` if it is gone.
type Opened<P> = (Vec<AttributeValue>, Result<Option<P>, ItemError>);

impl<P> Records<P> {
    /// The place behind the last record, or the last item that could not be opened. `None` before
    /// the first one.
    #[must_use]
    pub fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }
}

/// The records that are not given out yet.
struct Walk<P, C> {
    pages: Pages<C>,
    /// Those of the current page that are not read from the table yet.
    waiting: vec::IntoIter<Candidate>,
    /// Those of the current page, opened a few at a time and kept in order.
    opened: Option<BoxStream<'static, Opened<P>>>,
    /// The key of the item that was given out last.
    last: Option<Vec<AttributeValue>>,
}

/// A query or a scan, ready for its first request.
pub(super) struct Start<C> {
    pub(super) reads: Reads<C>,
    pub(super) after: After,
    pub(super) bounds: Bounds,
}

impl<C: Capability> Start<C> {
    fn pages(self) -> Result<Pages<C>, QueryError> {
        let after = self.reads.begin(self.after)?;
        Ok(Pages::new(self.reads, after, self.bounds))
    }

    /// The number of records, none of which is opened.
    pub(super) fn count(start: Result<Self, QueryError>) -> OperationFuture<u64, QueryError> {
        run(start, async |mut pages| {
            let mut number = 0;
            while !pages.is_over() {
                number += pages.next().await?.len();
            }
            Ok(u64::try_from(number).unwrap_or(u64::MAX))
        })
    }

    pub(super) fn all<P: Readable>(
        start: Result<Self, QueryError>,
    ) -> OperationFuture<Vec<P>, QueryError>
    where
        C: Allows<P::Needs>,
    {
        run(start, async |pages| {
            let mut walk = Walk::new(pages);
            let mut records = Vec::new();
            while let Some(record) = walk.next().await {
                records.push(record?);
            }
            Ok(records)
        })
    }

    /// One page of DynamoDB's, or as many records as are to be given out.
    pub(super) fn page<P: Readable>(
        start: Result<Self, QueryError>,
    ) -> OperationFuture<Page<P>, QueryError>
    where
        C: Allows<P::Needs>,
    {
        run(start, async |mut pages| {
            pages.look_ahead();
            let mut walk = Walk::new(pages);
            let mut items = Vec::new();
            let mut is_complete = walk.pages.may_read_nothing();
            while !is_complete {
                walk.fetch().await?;
                while let Some(record) = walk.next_opened().await {
                    items.push(record.map_err(QueryError::Item)?);
                }
                is_complete = walk.has_none_waiting() && walk.pages.ends_page();
            }
            Ok(Page { items, next: walk.pages.cursor() })
        })
    }

    pub(super) fn first<P: Readable>(
        start: Result<Self, QueryError>,
    ) -> OperationFuture<Option<P>, QueryError>
    where
        C: Allows<P::Needs>,
    {
        run(start, async |pages| Walk::new(pages).next().await.transpose())
    }

    /// The only record.
    pub(super) fn one<P: Readable>(
        start: Result<Self, QueryError>,
    ) -> OperationFuture<Option<P>, QueryError>
    where
        C: Allows<P::Needs>,
    {
        run(start, async |pages| {
            let mut walk = Walk::new(pages);
            let first = walk.next().await.transpose()?;
            match walk.next().await.transpose()? {
                None => Ok(first),
                Some(_) => {
                    let place = walk.pages.reads.schema.place();
                    Err(QueryError::Several(SeveralError::new(place)))
                }
            }
        })
    }

    pub(super) fn records<P: Readable>(start: Result<Self, QueryError>) -> Records<P>
    where
        C: Allows<P::Needs>,
    {
        let pages = match start.and_then(Self::pages) {
            Ok(pages) => pages,
            Err(error) => {
                let records = stream::iter([(Err(error), None)]).boxed();
                return Records { records, cursor: None };
            }
        };
        let span = pages.reads.span();
        let records = stream::unfold(Walk::new(pages), move |mut walk| {
            let next = async {
                let record = walk.next().await?;
                let cursor = walk.last.clone().map(|keys| walk.pages.reads.cursor(keys));
                Some(((record, cursor), walk))
            };
            next.instrument(span.clone())
        });
        // A stream may be polled behind its end.
        Records { records: records.fuse().boxed(), cursor: None }
    }
}

/// Reads pages in the operation's span.
fn run<C: Capability, T: Send + 'static, F>(
    start: Result<Start<C>, QueryError>,
    read: impl FnOnce(Pages<C>) -> F + Send + 'static,
) -> OperationFuture<T, QueryError>
where
    F: Future<Output = Result<T, QueryError>> + Send + 'static,
{
    let pages = start.and_then(Start::pages);
    match pages {
        Ok(pages) => {
            let span = pages.reads.span();
            Box::pin(read(pages).instrument(span))
        }
        Err(error) => Box::pin(std::future::ready(Err(error))),
    }
}

impl<P: Readable, C: Allows<P::Needs>> Walk<P, C> {
    fn new(pages: Pages<C>) -> Self {
        Self { pages, waiting: Vec::new().into_iter(), opened: None, last: None }
    }

    /// The next record; `None` at the end.
    async fn next(&mut self) -> Option<Result<P, QueryError>> {
        loop {
            if let Some(record) = self.next_opened().await {
                return Some(record.map_err(QueryError::Item));
            }
            if self.has_none_waiting() && self.pages.is_over() {
                return None;
            }
            if let Err(error) = self.fetch().await {
                self.pages.end();
                self.waiting = Vec::new().into_iter();
                return Some(Err(error));
            }
        }
    }

    fn has_none_waiting(&self) -> bool {
        self.waiting.as_slice().is_empty()
    }

    /// Reads a page, and begins to open its records. Of those that are read from the table, it is
    /// as many as one request takes.
    async fn fetch(&mut self) -> Result<(), QueryError> {
        if self.has_none_waiting() {
            self.waiting = self.pages.next().await?.into_iter();
        }
        let reads = Arc::clone(&self.pages.reads);
        let number = if reads.loads() { MAX_KEYS } else { usize::MAX };
        let mut candidates: Vec<_> = self.waiting.by_ref().take(number).collect();
        if reads.loads() {
            reads.load(&mut candidates).await?;
        }
        let concurrency = reads.concurrency;
        let opened = stream::iter(candidates).map(move |candidate| {
            let reads = Arc::clone(&reads);
            async move {
                let keys = reads.position_of(candidate.key());
                (keys, reads.open::<P>(candidate).await)
            }
        });
        self.opened = Some(opened.buffered(concurrency).boxed());
        Ok(())
    }

    async fn next_opened(&mut self) -> Option<Result<P, ItemError>> {
        let opened = self.opened.as_mut()?;
        while let Some((keys, next)) = opened.next().await {
            match next.transpose() {
                Some(record) => {
                    self.last = Some(keys);
                    return Some(record);
                }
                None => self.pages.give_back(),
            }
        }
        self.opened = None;
        None
    }
}

impl<P> Stream for Records<P> {
    type Item = Result<P, QueryError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let given = ready!(self.records.poll_next_unpin(cx));
        Poll::Ready(given.map(|(record, cursor)| {
            if cursor.is_some() {
                self.cursor = cursor;
            }
            record
        }))
    }
}

impl<P> fmt::Debug for Records<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Records")
    }
}
