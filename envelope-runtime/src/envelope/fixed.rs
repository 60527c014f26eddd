//! A provider of one data key, for tests of fixed bytes.

use std::sync::Arc;

use crate::DataKeyErrorKind;
use crate::key::{
    DataKey, DataKeyError, DataKeyRequest, Full, GeneratedDataKey, KeyFuture, KeyProvider,
    KeyReference,
};

/// Unwraps every data key to these bytes, and generates none.
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
}
