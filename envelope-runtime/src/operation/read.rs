//! One `GetItem`: for a load, for an update that seals, and for a write whose answer was lost.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;

use super::meter::Meter;
use super::sdk::to_sdk_key;
use crate::key::Capability;
use crate::operation::error::ServiceError;
use crate::record::{RecordSchema, RequestKey};
use crate::store::Store;

/// Reads the stored item, as DynamoDB returns it.
pub(super) async fn read<C: Capability>(
    store: &Store<C>,
    meter: &Meter,
    schema: &RecordSchema,
    table: &str,
    key: &RequestKey,
    consistent: bool,
) -> Result<Option<HashMap<String, SdkValue>>, ServiceError> {
    let request = store.client().get_item().table_name(table).consistent_read(consistent);
    let request = request.set_key(Some(to_sdk_key(key)));
    let request = request.set_return_consumed_capacity(meter.capacity());
    let answer = if meter.counts_requests() {
        request.customize().interceptor(meter.reads()).send().await
    } else {
        request.send().await
    };
    let answer = answer.map_err(|error| ServiceError::new(schema.place(), table, &error))?;
    meter.has_read(answer.consumed_capacity());
    Ok(answer.item)
}
