//! Field types that serde serializes. Everything that the derive generates for such a field goes
//! through one trait without supertraits, so that a type without serde's traits causes one error
//! with one message.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::encode::encode_set;
use crate::attribute::{
    self, AttributeValue, ConvertError, ValueDeserializer, ValueSerializer, Wiped,
};

/// A type that serde can store and load.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored: put `#[derive(Serialize, Deserialize)]` on your type, or \
               `#[envelope(with = …)]` on the field",
    label = "lacks serde's `Serialize` or `Deserialize`",
    note = "for a type of another crate, see whether that crate has a feature `serde`"
)]
pub trait Stored: Sized {
    /// Converts to an attribute value, for the field's handle.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] if serde cannot serialize it.
    fn encode(&self, to: ValueSerializer) -> Result<Option<Wiped>, ConvertError>;

    /// The same for a set.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] if the elements are not all strings, numbers or bytes, or two are equal.
    fn encode_set(&self, to: ValueSerializer) -> Result<Option<Wiped>, ConvertError>;

    /// Converts from an attribute value, or an absent one.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] if the stored value does not fit the type, or is absent and required.
    fn decode(from: ValueDeserializer) -> Result<Self, ConvertError>;

    /// The same for a set: an absent one is empty, or `None`.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] if the stored value does not fit the type.
    fn decode_set(from: ValueDeserializer) -> Result<Self, ConvertError>;
}

/// Decodes a `String` or an `Option<String>`, which takes over the buffer.
///
/// # Errors
///
/// [`ConvertError`] if the stored value is not a string, or is absent and required.
#[doc(hidden)]
pub fn decode_text<T: Stored>(from: ValueDeserializer) -> Result<T, ConvertError> {
    T::decode(from.giving_text())
}

// Otherwise the message would be serde's own, about one of its traits at a time.
#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Stored for T {
    fn encode(&self, to: ValueSerializer) -> Result<Option<Wiped>, ConvertError> {
        let value = self.serialize(to)?;
        // An untagged enum writes `None`, but does not read it from an absent attribute.
        if value.is_none() && attribute::from_absent::<T>().is_err() {
            return Ok(Some(Wiped::new(AttributeValue::Null)));
        }
        Ok(value)
    }

    fn encode_set(&self, to: ValueSerializer) -> Result<Option<Wiped>, ConvertError> {
        encode_set(self, to)
    }

    fn decode(from: ValueDeserializer) -> Result<Self, ConvertError> {
        T::deserialize(from)
    }

    fn decode_set(from: ValueDeserializer) -> Result<Self, ConvertError> {
        if from.is_absent() {
            return attribute::from_absent()
                .or_else(|_| attribute::from_attribute(Wiped::new(AttributeValue::L(Vec::new()))));
        }
        T::deserialize(from)
    }
}
