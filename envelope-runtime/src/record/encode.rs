//! Encodes field values as attribute values.

use serde::Serialize;

use crate::attribute::{ConvertError, ValueDeserializer, ValueSerializer, Wiped};

/// Converts a value of a field to an attribute value, as the field's options say.
pub type Encode<T> = fn(&T, ValueSerializer) -> Result<Option<Wiped>, ConvertError>;

/// Converts an attribute value, or an absent one, to a value of a field, as the field's options
/// say.
pub type Decode<T> = fn(ValueDeserializer) -> Result<T, ConvertError>;

/// Refuses a value that DynamoDB would not store.
pub(crate) fn checked(value: Option<Wiped>) -> Result<Option<Wiped>, ConvertError> {
    match value.as_ref().and_then(|value| value.refusal()) {
        Some(problem) => Err(ConvertError::new(problem)),
        None => Ok(value),
    }
}

/// Encodes a collection as a set; an empty one becomes an absent attribute.
///
/// # Errors
///
/// [`ConvertError`] if the elements are not all strings, numbers or bytes, or two are equal.
pub(super) fn encode_set<T: Serialize + ?Sized>(
    set: &T,
    to: ValueSerializer,
) -> Result<Option<Wiped>, ConvertError> {
    match set.serialize(to)? {
        Some(list) if to.is_distinct() => Ok(Some(list)),
        Some(mut list) => Ok(list.take_set()?.map(Wiped::new)),
        None => Ok(None),
    }
}
