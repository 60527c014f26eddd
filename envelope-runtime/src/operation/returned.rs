//! The outputs of operations, as types: each builder has one of them as a parameter, and it
//! determines the builder's output.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue as SdkValue, ReturnValue};

use super::meter::Meter;
use super::open::Reading;
use super::sdk::from_sdk_item;
use super::target::Target;
use crate::envelope::Asked;
use crate::key::Allows;
use crate::operation::error::LoadError;
use crate::record::Readable;
use crate::store::Store;

/// A write that returns no stored record.
#[derive(Debug)]
#[non_exhaustive]
pub struct Nothing;

/// A write that returns the record as it was before: `.return_old()`.
#[derive(Debug)]
#[non_exhaustive]
pub struct Old;

/// An update that returns the record as it is afterwards: `.return_new()`.
#[derive(Debug)]
#[non_exhaustive]
pub struct New;

/// A load that returns the record.
#[derive(Debug)]
#[non_exhaustive]
pub struct Record;

/// A load that returns the record and its envelope: `.with_envelope()`.
#[derive(Debug)]
#[non_exhaustive]
pub struct WithEnvelope;

/// The item that a write requests from DynamoDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Returned {
    Nothing,
    Old,
    New,
}

impl Returned {
    pub(super) fn to_sdk(self) -> Option<ReturnValue> {
        match self {
            Self::Nothing => None,
            Self::Old => Some(ReturnValue::AllOld),
            Self::New => Some(ReturnValue::AllNew),
        }
    }
}

/// Opens the item that was requested from DynamoDB, if it returned one.
pub(super) async fn open_returned<R: Readable, C: Allows<R::Needs>>(
    store: &Store<C>,
    meter: &Meter,
    item: Option<HashMap<String, SdkValue>>,
    target: &Target,
) -> Result<Option<R>, LoadError> {
    let Some(item) = item.filter(|item| !item.is_empty()) else { return Ok(None) };
    let item = from_sdk_item(&R::SCHEMA, item).map_err(LoadError::Open)?;
    let (asked, context) = (Asked::Key(target.key.attributes()), &target.context);
    let (provider, windows, counts) = (store.provider(), store.windows::<R>(), meter.key_counts());
    let reading = Reading { provider, asked, context, windows, counts };
    let loaded = reading.open::<R>(item, false).await?;
    meter.has_opened(&loaded);
    Ok(Some(loaded.into_record()))
}
