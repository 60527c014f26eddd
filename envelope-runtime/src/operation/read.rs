//! One `GetItem`: for a load, for an update that seals, and for a write whose answer was lost. A
//! projection fetches some attributes, and the whole item if it must.

pub(super) mod batch;

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::get_item::builders::GetItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue as SdkValue;

use super::meter::Meter;
use super::sdk::{from_sdk_item, to_sdk_key};
use crate::attribute::AttributeValue;
use crate::envelope::{Item, authenticates_more};
use crate::expression::Placeholders;
use crate::key::Capability;
use crate::operation::error::{LoadError, ServiceError};
use crate::record::RecordSchema;
use crate::store::Store;

/// The request for the stored item, or for what a projection fetches of it.
pub(super) fn request<C: Capability>(
    store: &Store<C>,
    schema: &RecordSchema,
    table: &str,
    key: &[(&'static str, AttributeValue)],
    consistent: bool,
) -> GetItemFluentBuilder {
    let mut to = Placeholders::default();
    let fetched = schema.fetched().map(|names| to.projection(names));
    let request = store.client().get_item().table_name(table).consistent_read(consistent);
    let request = request.set_key(Some(to_sdk_key(key)));
    let request = request.set_projection_expression(fetched);
    request.set_expression_attribute_names(to.into_sdk_names())
}

/// Reads the stored item, or what a projection fetches of it, as DynamoDB returns it.
pub(super) async fn read<C: Capability>(
    store: &Store<C>,
    meter: &Meter,
    schema: &RecordSchema,
    table: &str,
    key: &[(&'static str, AttributeValue)],
    consistent: bool,
) -> Result<Option<HashMap<String, SdkValue>>, ServiceError> {
    let request = request(store, schema, table, key, consistent);
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

/// The item to open, given what was fetched of it: the same, or the whole item, read again because
/// its envelope authenticates more than a projection fetches. Nothing is decided about an item
/// before. `None` if the item has been deleted meanwhile.
pub(super) async fn complete<C: Capability>(
    store: &Store<C>,
    meter: &Meter,
    schema: &RecordSchema,
    table: &str,
    key: &[(&'static str, AttributeValue)],
    fetched: Item,
) -> Result<Option<Item>, LoadError> {
    if !authenticates_more(schema, &fetched) {
        return Ok(Some(fetched));
    }
    meter.reads_again();
    // An older state than the one fetched would hide a record that is there.
    let item = read(store, meter, &schema.whole(), table, key, true).await;
    let Some(item) = item.map_err(LoadError::Request)? else { return Ok(None) };
    from_sdk_item(schema, item).map(Some).map_err(LoadError::Open)
}
