//! The record that an operation is about, determined before any request.

use super::hashed::{TargetError, request_key};
use crate::attribute::ConvertError;
use crate::envelope::{ExpectedContext, expected_context};
use crate::key::Scope;
use crate::operation::error::{CheckError, DeleteError, LoadError, QueryError, UpdateError};
use crate::record::{KeyValues, RecordSchema, RequestKey};

/// A key, and the encryption context of the record under it.
pub(crate) struct Target {
    pub(crate) key: RequestKey,
    pub(crate) context: ExpectedContext,
}

impl Target {
    /// The target of a requested key.
    pub(crate) fn of_key(
        schema: &RecordSchema,
        caller: &Scope,
        key: Result<KeyValues, ConvertError>,
    ) -> Result<Self, TargetError> {
        let key = request_key(schema, caller, key)?;
        let context = expected_context(schema, |name| key.part(name), caller);
        Ok(Self { context: context.map_err(TargetError::Context)?, key })
    }
}

macro_rules! from_target_error {
    ($($error:ident),*) => {$(
        impl From<TargetError> for $error {
            fn from(error: TargetError) -> Self {
                match error {
                    TargetError::Key(error) => Self::Key(error),
                    TargetError::Context(error) => Self::Context(error),
                }
            }
        }
    )*};
}

from_target_error!(LoadError, QueryError, UpdateError, DeleteError, CheckError);
