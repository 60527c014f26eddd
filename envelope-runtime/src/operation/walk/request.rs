//! The requests of a query and of a scan, one for each page.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::scan::builders::ScanFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue as SdkValue;

use super::super::error::{QueryError, ServiceError};
use super::Start;
use super::reads::{Reads, Segment, Source};
use crate::attribute::AttributeValue;
use crate::key::Capability;
use crate::record::IndexSchema;

/// A page as DynamoDB returns it.
pub(super) struct Raw {
    pub(super) items: Vec<HashMap<String, SdkValue>>,
    pub(super) last: Option<HashMap<String, SdkValue>>,
    /// The number of items that DynamoDB looked at.
    pub(super) looked_at: usize,
}

/// Where a page begins, and the number of items that DynamoDB looks at for it.
#[derive(Clone, Copy)]
pub(super) struct Extent<'a> {
    pub(super) after: Option<&'a [AttributeValue]>,
    pub(super) limit: Option<usize>,
}

// The SDK's builders of both requests have the same methods, and so have their answers.
macro_rules! request {
    ($reads:ident, $extent:ident, $request:expr) => {{
        let Extent { after, limit } = $extent;
        let start = after.map(|keys| {
            let named = $reads.position.iter().zip(keys);
            named.map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect()
        });
        $request
            .table_name(&$reads.table)
            .consistent_read($reads.consistent)
            .set_filter_expression($reads.filter.clone())
            .set_projection_expression($reads.projection.clone())
            .set_expression_attribute_names($reads.names.clone())
            .set_expression_attribute_values($reads.values.clone())
            .set_exclusive_start_key(start)
            .set_limit(limit.map(|limit| number(limit.max(1))))
    }};
}

macro_rules! send {
    ($reads:ident, $request:expr) => {{
        let request = $request.set_return_consumed_capacity($reads.meter.capacity());
        let answer = if $reads.meter.counts_requests() {
            request.customize().interceptor($reads.meter.reads()).send().await
        } else {
            request.send().await
        };
        let place = $reads.schema.place();
        let answer = answer.map_err(|error| ServiceError::new(place, &$reads.table, &error))?;
        $reads.meter.has_read(answer.consumed_capacity());
        let looked_at = usize::try_from(answer.scanned_count()).unwrap_or_default();
        let items = answer.items.unwrap_or_default();
        Raw { looked_at: looked_at.max(items.len()), items, last: answer.last_evaluated_key }
    }};
}

impl<C: Capability> Reads<C> {
    /// Makes one request.
    pub(super) async fn page(&self, extent: Extent<'_>) -> Result<Raw, ServiceError> {
        Ok(match &self.source {
            Source::Partition { index, reverse, .. } => {
                send!(self, self.query(*index, *reverse, extent))
            }
            Source::Table { segment } => send!(self, self.scan(*segment, extent)),
        })
    }

    fn query(
        &self,
        index: Option<&IndexSchema>,
        reverse: bool,
        extent: Extent<'_>,
    ) -> QueryFluentBuilder {
        let request = self.store.client().query();
        let request = request
            .set_index_name(index.map(|index| index.name().to_owned()))
            .set_key_condition_expression(self.key_condition.clone())
            .scan_index_forward(!reverse);
        request!(self, extent, request)
    }

    fn scan(&self, segment: Option<Segment>, extent: Extent<'_>) -> ScanFluentBuilder {
        let request = self.store.client().scan();
        let request = request
            .set_segment(segment.map(|segment| number(segment.index)))
            .set_total_segments(segment.map(|segment| number(segment.of)));
        request!(self, extent, request)
    }
}

impl<C: Capability> Start<C> {
    /// The request of a query's first page.
    pub(in crate::operation) fn into_query(
        self,
        index: Option<&IndexSchema>,
        reverse: bool,
    ) -> Result<QueryFluentBuilder, QueryError> {
        let pages = self.pages()?;
        Ok(pages.reads.query(index, reverse, pages.extent()?))
    }

    /// The request of a scan's first page.
    pub(in crate::operation) fn into_scan(
        self,
        segment: Option<Segment>,
    ) -> Result<ScanFluentBuilder, QueryError> {
        let pages = self.pages()?;
        Ok(pages.reads.scan(segment, pages.extent()?))
    }
}

fn number(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}
