//! Opening and sealing under one data key, for tests of fixed bytes.

use std::sync::Arc;

use super::opening::{Asked, Opening};
use super::{Item, Windows, expected_context};
use crate::error::DataKeyErrorKind;
use crate::key::{
    DataKey, DataKeyError, DataKeyRequest, Full, GeneratedDataKey, KeyFuture, KeyProvider,
    KeyReference, Scope,
};
use crate::operation::error::LoadError;

use crate::record::{EnvelopeRecord, FieldReader};

/// Opens an item as an operation does, but with the given data key.
pub(super) fn open_with<R: EnvelopeRecord>(
    data_key: [u8; 32],
    item: Item,
    asked: Asked<'_>,
    context: &Scope,
) -> Result<R, LoadError> {
    let expected = expected_context(&R::SCHEMA, |_| None, context).map_err(LoadError::Context)?;
    let opening = Opening::new(R::SCHEMA, item, asked, &expected, Windows::of_fields(0))
        .map_err(LoadError::Open)?;
    let verified = opening.verified(&DataKey::new(data_key)).map_err(LoadError::Open)?;
    let (values, _) = verified.into_values().map_err(LoadError::Open)?;
    R::read_fields(&mut FieldReader::new(R::SCHEMA, values)).map_err(LoadError::Field)
}

/// A provider that unwraps every data key to these bytes, and generates none.
pub(super) struct Fixed(pub(super) [u8; 32]);

impl KeyProvider for Fixed {
    type Capability = Full;

    fn generate<'a>(&'a self, _: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        Box::pin(async { Err(DataKeyError::new(DataKeyErrorKind::Unsupported, "fixed")) })
    }

    fn decrypt<'a>(
        &'a self,
        _: &'a KeyReference,
        _: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        Box::pin(async { Ok(DataKey::new(self.0).into()) })
    }

    fn is_current(&self, _: &KeyReference, _: &DataKeyRequest) -> bool {
        true
    }

    fn accepts(&self, _: &KeyReference) -> bool {
        true
    }
}
