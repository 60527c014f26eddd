//! One `BatchWriteItem`, and which of its writes its answer leaves undone.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeValue as SdkValue, DeleteRequest, PutRequest, WriteRequest,
};

use super::super::batched::{Batched, RemainingWrite};
use super::super::error::ServiceError;
use super::super::meter::Meter;
use super::super::sdk::some_from_sdk;
use crate::key::Capability;
use crate::store::Store;

/// The writes of a request that DynamoDB left undone, or may have.
pub(super) struct Undone {
    pub(super) writes: Vec<RemainingWrite>,
    /// The reason why the request has no answer.
    pub(super) error: Option<ServiceError>,
}

type Answered = HashMap<String, Vec<WriteRequest>>;

/// Sends up to 25 writes, as often as the SDK sees fit: a second time they have the same effect.
pub(super) async fn request<C: Capability>(
    store: &Store<C>,
    meter: &Meter,
    mut writes: Vec<RemainingWrite>,
) -> Undone {
    let Some(first) = writes.first().map(RemainingWrite::write) else {
        return Undone { writes, error: None };
    };
    let (schema, table) = (first.schema, first.table.clone());
    let mut items: Answered = HashMap::new();
    for write in writes.iter().map(RemainingWrite::write) {
        items.entry(write.table.clone()).or_default().push(to_sdk(write));
    }
    let attempts = meter.reads();
    let request = store.client().batch_write_item().set_request_items(Some(items));
    let request = request.set_return_consumed_capacity(meter.capacity());
    let answer = request.customize().interceptor(attempts.clone()).send().await;
    if attempts.lost_an_answer() {
        writes.iter_mut().for_each(RemainingWrite::lost);
    }
    match answer {
        Err(error) => {
            let error = ServiceError::new(schema.place(), &table, &error);
            Undone { writes, error: Some(error) }
        }
        Ok(answer) => {
            for capacity in answer.consumed_capacity() {
                meter.has_written(Some(capacity));
            }
            let left = answer.unprocessed_items.unwrap_or_default();
            Undone { writes: undone(writes, &left), error: None }
        }
    }
}

/// Our own writes that an answer names as unprocessed. If it names one that is not ours, it cannot
/// be understood, and all of ours may be unprocessed.
fn undone(mut writes: Vec<RemainingWrite>, left: &Answered) -> Vec<RemainingWrite> {
    let left =
        || left.iter().flat_map(|(table, writes)| writes.iter().map(move |write| (table, write)));
    let is = |write: &RemainingWrite, (table, other): (&String, &WriteRequest)| {
        write.write().table == *table && is_same(write.write(), other)
    };
    let is_foreign = |other| !writes.iter().any(|write| is(write, other));
    if left().any(is_foreign) {
        writes.iter_mut().for_each(RemainingWrite::lost);
        return writes;
    }
    writes.retain(|write| left().any(|other| is(write, other)));
    writes
}

/// Returns whether two writes of one table are of the same kind, and of the same key.
fn is_same(write: &Batched, other: &WriteRequest) -> bool {
    let is_put = write.item.is_some();
    let key: Option<&HashMap<String, SdkValue>> =
        match (other.put_request(), other.delete_request()) {
            (Some(put), None) if is_put => Some(put.item()),
            (None, Some(delete)) if !is_put => Some(delete.key()),
            _ => None,
        };
    key.is_some_and(|key| some_from_sdk(write.schema.key_names(), key) == write.key)
}

/// The SDK's builders fail only without the one value that they are given here.
fn to_sdk(write: &Batched) -> WriteRequest {
    let request = WriteRequest::builder();
    match &write.item {
        Some(item) => {
            let put = PutRequest::builder().set_item(Some(item.clone().into()));
            request.set_put_request(put.build().ok()).build()
        }
        None => {
            let delete = DeleteRequest::builder().set_key(Some(write.key.clone().into()));
            request.set_delete_request(delete.build().ok()).build()
        }
    }
}
