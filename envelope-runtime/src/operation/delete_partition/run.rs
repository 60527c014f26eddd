//! The deletions, page after page.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure as OnFailure;
use futures_util::stream::{self, StreamExt};

use super::super::batch_write::{CHUNK, CONCURRENCY, REQUESTS, send};
use super::super::batched::{Batched, Remainder, RemainingWrite};
use super::super::error::{BatchError, ServiceError, UnfinishedError};
use super::super::patience::Patience;
use super::super::walk::{Doomed, DoomedPage, Reads};
use super::Deleted;
use crate::expression::{Comparison, Node, Placeholders};
use crate::key::Capability;
use crate::record::FieldSchema;

/// The way in which the items are deleted.
#[derive(Clone, Copy)]
pub(super) struct Way {
    /// One by one, if they have not changed.
    pub(super) only_as_read: bool,
    /// Keeps items that another struct protects.
    pub(super) keeps_protected: bool,
    pub(super) within: Duration,
}

/// The fate of an item.
enum Fate {
    Gone,
    Kept,
    Unknown(ServiceError),
}

/// The reason why not all is known to be deleted; `None` if DynamoDB left deletions unprocessed.
type Stopped = Option<ServiceError>;

pub(super) async fn run<C: Capability>(reads: Reads<C>, way: Way) -> Result<Deleted, BatchError> {
    let mut done = Deleted::default();
    let mut after: Option<Vec<_>> = None;
    loop {
        let page = reads.doomed(after.as_deref()).await;
        let DoomedPage { items: doomed, kept, last } = page.map_err(BatchError::Query)?;
        done.kept += kept;
        let deleted = if way.only_as_read {
            one_by_one(&reads, way, doomed, &mut done).await
        } else {
            in_batches(&reads, way, doomed, &mut done).await
        };
        deleted.map_err(|error| unfinished(&reads, done, way, error))?;
        after = last;
        if after.is_none() {
            return Ok(done);
        }
    }
}

/// The remainder is empty. Sent again later, it would delete without the conditions, or delete
/// records that were written since.
fn unfinished<C: Capability>(
    reads: &Reads<C>,
    done: Deleted,
    way: Way,
    error: Stopped,
) -> BatchError {
    let remainder = Remainder::new(Vec::new(), way.within);
    let place = reads.schema.place();
    let error = UnfinishedError::new(place, done.deleted, done.deleted, remainder, error);
    BatchError::Unfinished(error)
}

async fn in_batches<C: Capability>(
    reads: &Reads<C>,
    way: Way,
    doomed: Vec<Doomed>,
    done: &mut Deleted,
) -> Result<(), Stopped> {
    let Reads { store, meter, schema, table, .. } = reads;
    let deletion = |(position, Doomed { key, .. })| {
        let (schema, table) = (*schema, table.clone());
        RemainingWrite::new(Batched { position, schema, table, key, item: None })
    };
    let mut writes = doomed.into_iter().enumerate().map(deletion).peekable();
    let chunks = std::iter::from_fn(|| {
        writes.peek()?;
        Some(writes.by_ref().take(CHUNK).collect::<Vec<_>>())
    });
    let sent = chunks
        .map(|chunk| send(store, meter, chunk, Patience::of_capacity(store.ticks(), way.within)));
    let mut sent = stream::iter(sent).buffer_unordered(REQUESTS);
    while let Some(progress) = sent.next().await {
        done.deleted += progress.written;
        if !progress.remaining.is_empty() {
            return Err(progress.error);
        }
    }
    Ok(())
}

async fn one_by_one<C: Capability>(
    reads: &Reads<C>,
    way: Way,
    doomed: Vec<Doomed>,
    done: &mut Deleted,
) -> Result<(), Stopped> {
    let is_kept = |item: &Doomed| {
        way.keeps_protected && item.item.attribute(reads.schema.envelope()).is_some()
    };
    let fates = doomed.into_iter().map(|item| async move {
        if is_kept(&item) { Fate::Kept } else { delete(reads, item).await }
    });
    let mut fates = stream::iter(fates).buffer_unordered(CONCURRENCY);
    while let Some(fate) = fates.next().await {
        match fate {
            Fate::Gone => done.deleted += 1,
            Fate::Kept => done.kept += 1,
            Fate::Unknown(error) => return Err(Some(error)),
        }
    }
    Ok(())
}

/// Deletes an item if its envelope and version are those that were read. A second attempt after a
/// lost answer finds the item gone, or one that was written since.
async fn delete<C: Capability>(reads: &Reads<C>, Doomed { key, item }: Doomed) -> Fate {
    let Reads { store, meter, schema, table, .. } = reads;
    let version = schema.version().into_iter().flat_map(FieldSchema::names);
    let as_read = version.chain([schema.envelope()]).map(|name| match item.attribute(name) {
        Some(value) => Node::Compare(name, Comparison::Equal, Ok(value.clone())),
        None => Node::NotExists(name),
    });
    let condition = as_read.fold(None, |all, node| Node::both(all, Some(node)));
    // Only the values of a caller can fail to be stored.
    let Ok(condition) = Placeholders::default().expression(schema, condition) else {
        return Fate::Kept;
    };
    let (text, names, values) = condition.into_sdk();
    let request = store.client().delete_item().table_name(table).set_key(Some(key.into()));
    let request = request
        .set_return_consumed_capacity(meter.capacity())
        .set_condition_expression(text)
        .set_expression_attribute_names(names)
        .set_expression_attribute_values(values)
        .return_values_on_condition_check_failure(OnFailure::AllOld);
    let answer = if meter.counts_requests() {
        request.customize().interceptor(meter.reads()).send().await
    } else {
        request.send().await
    };
    match answer {
        Ok(answer) => {
            meter.has_written(answer.consumed_capacity());
            Fate::Gone
        }
        Err(error) => match refusal(&error) {
            Some(true) => Fate::Kept,
            Some(false) => Fate::Gone,
            None => Fate::Unknown(ServiceError::new(schema.place(), table, &error)),
        },
    }
}

/// Returns whether there is an item that the condition does not hold for; `None` if the request
/// failed for another reason.
fn refusal(error: &SdkError<DeleteItemError>) -> Option<bool> {
    match error.as_service_error() {
        Some(DeleteItemError::ConditionalCheckFailedException(failed)) => {
            Some(failed.item().is_some_and(|item| !item.is_empty()))
        }
        _ => None,
    }
}
