//! The record that an operation is about, determined before any request.

use crate::attribute::AttributeValue;
#[cfg(feature = "aws")]
use crate::attribute::ConvertError;
#[cfg(feature = "aws")]
use crate::envelope::expected_context;
use crate::envelope::{ContextError, ExpectedContext, context_of_record};
use crate::key::ContextPairs;
#[cfg(feature = "aws")]
use crate::operation::error::{DeleteError, UpdateError};
use crate::operation::error::{LoadError, SaveError};
#[cfg(feature = "aws")]
use crate::record::KeyValues;
use crate::record::{KeyError, RecordSchema, RequestKey};

/// A key, and the encryption context of the record under it.
pub(crate) struct Target {
    pub(crate) key: RequestKey,
    pub(crate) context: ExpectedContext,
}

/// The reason that there is no target. No request was made.
pub(crate) enum TargetError {
    Key(KeyError),
    Context(ContextError),
}

impl Target {
    /// The target of a record about to be saved; `value` returns its plaintext values by name.
    pub(crate) fn of_record<'a>(
        schema: &RecordSchema,
        caller: &ContextPairs,
        value: impl Fn(&str) -> Option<&'a AttributeValue> + Copy,
    ) -> Result<Self, TargetError> {
        let key = RequestKey::of_record(schema, value).map_err(TargetError::Key)?;
        let context = context_of_record(schema, caller, value).map_err(TargetError::Context)?;
        Ok(Self { key, context })
    }

    /// The target of a requested key.
    #[cfg(feature = "aws")]
    pub(crate) fn of_key(
        schema: &RecordSchema,
        caller: &ContextPairs,
        key: Result<KeyValues, ConvertError>,
    ) -> Result<Self, TargetError> {
        let key = key.map_err(|error| KeyError::convert(schema, error));
        let key = key.and_then(|key| key.checked(schema)).map_err(TargetError::Key)?;
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

from_target_error!(SaveError, LoadError);
#[cfg(feature = "aws")]
from_target_error!(UpdateError, DeleteError);
