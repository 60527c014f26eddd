//! Records that a write gives back.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;

use super::meter::Meter;
use super::sdk::from_sdk_item;
use crate::attribute::AttributeValue;
use crate::envelope::{ExpectedContext, open_item};
use crate::error::LoadError;
use crate::key::CanDecrypt;
use crate::record::EnvelopeRecord;
use crate::store::Store;

/// Opens the item that DynamoDB was asked to return, if it was.
pub(super) async fn open_returned<R: EnvelopeRecord, C: CanDecrypt>(
    store: &Store<C>,
    meter: &Meter,
    item: Option<HashMap<String, SdkValue>>,
    asked: Option<&[(&'static str, AttributeValue)]>,
    expected: ExpectedContext,
) -> Result<Option<R>, LoadError> {
    let Some(item) = item.filter(|item| !item.is_empty()) else { return Ok(None) };
    let item = from_sdk_item(&R::SCHEMA, item).map_err(LoadError::Open)?;
    let loaded =
        open_item::<R, C>(store.provider(), item, asked, &expected, meter.kms_calls(), false)
            .await?;
    Ok(Some(loaded.into_record()))
}
