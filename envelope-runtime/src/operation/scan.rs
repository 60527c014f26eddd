//! Scanning a table.

use std::fmt;
use std::marker::PhantomData;

use aws_sdk_dynamodb::operation::scan::builders::ScanFluentBuilder;

use super::OperationFuture;
use super::cursor::{After, IntoCursor};
use super::error::QueryError;
use super::walk::{Bounds, Gives, Options, Page, Reads, Records, Segment, Source, Start};
use crate::expression::{Condition, Node};
use crate::key::{Allows, Capability, Full, Scope};
use crate::record::{ContextInKey, Narrows, Readable};
use crate::store::Store;

/// A scan of a whole table. Created by [`Store::scan`]. Set its options, then choose an ending:
/// [`stream`](Self::stream), [`segments`](Self::segments), [`page`](Self::page) or
/// [`count`](Self::count).
///
/// It gives out the records of the type `P`, in no order. In a table of several record types, the
/// key's text decides the type; items of other types are skipped. Expired records are left out.
///
/// Each page is one
/// [Scan](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html) of at most
/// 1 MB, and one KMS call for each data key of the records given out. By default, each record with
/// protected attributes has its own. Up to 16 calls are made at the same time, and no more in a
/// second than [`kms_rate`](crate::Store::kms_rate) allows.
///
/// A record with `#[envelope(context)]` fields is scanned through a store that is
/// [`scoped`](crate::Store::scoped) to one context, and records of others are skipped; or with
/// [`every_context`](Self::every_context).
#[must_use = "a scan does nothing until one of its endings is awaited: `stream`, `segments`, `page`, `count`"]
pub struct Scan<P: Readable, C = Full> {
    store: Store<C>,
    options: Options,
    bounds: Bounds,
    segment: Option<Segment>,
    after: After,
    returns: PhantomData<fn() -> P>,
}

impl<C: Capability> Store<C> {
    /// Scans the records in a table: `store.scan::<User>().stream()`.
    ///
    /// A scan reads and pays for every item of the table, those of other types included.
    pub fn scan<P: Readable>(&self) -> Scan<P, C> {
        Scan {
            store: self.clone(),
            options: Options::default(),
            bounds: Bounds::default(),
            segment: None,
            after: After::Nothing,
            returns: PhantomData,
        }
    }
}

impl<P: Readable, C: Capability> Scan<P, C> {
    /// Only records whose attributes satisfy a condition, and those of earlier calls.
    ///
    /// DynamoDB filters what it has read, so a filter saves no read units. Values are compared
    /// before they are verified.
    #[doc(alias = "filter_expression")]
    pub fn filter(mut self, condition: impl FnOnce(P::Attributes) -> Condition<P::Of>) -> Self {
        let node = condition(P::ATTRIBUTES).into_node();
        self.options.filter = Node::both(self.options.filter, Some(node));
        self
    }

    /// Reads some of the fields of each record: those of the projection `Q`.
    #[doc(alias = "projection_expression")]
    pub fn project<Q: Readable>(self) -> Scan<Q, C>
    where
        P: Narrows<Q>,
    {
        let Self { store, options, bounds, segment, after, returns: _ } = self;
        let returns = PhantomData;
        Scan { store, options, bounds, segment, after, returns }
    }

    /// Makes strongly consistent reads, which cost twice the read units.
    #[doc(alias = "consistent_read")]
    pub fn consistent(mut self) -> Self {
        self.options.consistent = true;
        self
    }

    /// Gives out at most this many records; of [`segments`](Self::segments), each.
    pub fn take(mut self, records: usize) -> Self {
        self.bounds.take = Some(records);
        self
    }

    /// Lets DynamoDB look at this many items for one page, before the filter.
    #[doc(alias = "limit")]
    pub fn page_size(mut self, items: usize) -> Self {
        self.bounds.page_size = Some(items.max(1));
        self
    }

    /// Goes on behind a cursor: a [`Cursor`](super::Cursor), a
    /// [`SealedCursor`](super::SealedCursor), or an `Option` of one.
    #[doc(alias = "exclusive_start_key")]
    pub fn after(mut self, cursor: impl IntoCursor) -> Self {
        self.after = cursor.into_cursor();
        self
    }

    /// Supplies values of context fields, as [`Get::context`](super::Get::context) does.
    #[doc(alias = "encryption_context")]
    pub fn context<N: Into<String>, V: Into<String>>(
        mut self,
        context: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.options.given.extend(Scope::new(context));
        self
    }

    /// One part of the table, `index` of `of`, for workers on several machines. Together, the parts
    /// `0` to `of - 1` are the table.
    pub fn segment(mut self, index: u32, of: u32) -> Self {
        self.segment = Some(Segment { index, of });
        self
    }

    /// Reads records of every context. Each one's context is what its key says, so that the key
    /// service is asked for many contexts.
    ///
    /// An attacker who can write the table chooses which contexts are asked for, though not what is
    /// opened under them: a record opens only in its own context.
    pub fn every_context(mut self) -> Self
    where
        P::Of: ContextInKey,
    {
        self.options.every_context = true;
        self
    }

    /// The number of records that the scan would give out. It reads them, without opening or
    /// verifying any, and makes no call to the key service.
    #[must_use = "a scan does nothing until it is awaited"]
    pub fn count(mut self) -> OperationFuture<u64, QueryError> {
        self.options.gives = Gives::Counted;
        Start::count(self.start())
    }

    /// The SDK's request for the first page, ready to be sent, for an option that this builder
    /// lacks. Open the items of its answer with an [`Opener`](crate::Opener).
    ///
    /// What the library does with an answer is then the caller's: further pages, items of other
    /// types and contexts, expired records, [`take`](Self::take), of which the request has only a
    /// limit for its page, the rate of calls to the key service, and the counts of costs. A
    /// projection whose item authenticates more than it fetches is not read again whole: an
    /// `Opener` refuses it as [`Incomplete`](crate::error::OpenErrorKind::Incomplete). `Debug` of
    /// the request shows keys and the values of filters.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(
    /// #     store: Store,
    /// #     opener: Opener,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// let request = store.scan::<User>().filter(|f| f.tags.size().ge(3)).into_request()?;
    /// for item in request.send().await?.items.unwrap_or_default() {
    ///     let user = opener.open::<User>(Item::try_from(item)?).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`QueryError`], as from the endings before their first request.
    pub fn into_request(self) -> Result<ScanFluentBuilder, QueryError> {
        let segment = self.segment;
        self.start()?.into_scan(segment)
    }

    fn start(self) -> Result<Start<C>, QueryError> {
        let Self { store, options, bounds, segment, after, .. } = self;
        let source = Source::Table { segment };
        Ok(Start { reads: Reads::new::<P>(store, source, options)?, after, bounds })
    }
}

impl<P: Readable, C: Allows<P::Needs>> Scan<P, C> {
    /// All records as a stream, with one page in memory.
    pub fn stream(self) -> Records<P> {
        Start::records(self.start())
    }

    /// All records as this many streams, to be read at the same time: those of the table, or of one
    /// [`segment`](Self::segment) of it.
    ///
    /// Of the 16 calls to the key service that a scan makes at the same time, each stream has its
    /// share, and at least one.
    #[doc(alias = "total_segments")]
    #[must_use = "a scan does nothing until its streams are polled"]
    pub fn segments(self, number: u32) -> Vec<Records<P>> {
        let number = number.max(1);
        let whole = self.segment.unwrap_or(Segment { index: 0, of: 1 });
        let segment = |part: u32| Segment {
            index: whole.index.saturating_mul(number).saturating_add(part),
            of: whole.of.saturating_mul(number),
        };
        (0..number).map(|part| self.part(segment(part), number).stream()).collect()
    }

    fn part(&self, segment: Segment, streams: u32) -> Self {
        let Self { store, options, bounds, after, .. } = self;
        Self {
            store: store.clone(),
            options: Options { streams, ..options.clone() },
            bounds: *bounds,
            segment: Some(segment),
            after: after.clone(),
            returns: PhantomData,
        }
    }

    /// One page. With [`take`](Self::take), it holds that many records, if there are as many, and
    /// its cursor is behind the last of them. Without, it is one page of DynamoDB's.
    ///
    /// # Errors
    ///
    /// [`QueryError::Item`] if one of its records cannot be opened.
    #[must_use = "a scan does nothing until it is awaited"]
    pub fn page(self) -> OperationFuture<Page<P>, QueryError> {
        Start::page(self.start())
    }
}

impl<P: Readable, C> fmt::Debug for Scan<P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scan").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}
