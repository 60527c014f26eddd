//! Types of fields that serde carries. All that the derive generates for such a field goes through
//! one trait without supertraits, so that a type without serde's traits is one mistake with one
//! message.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::encode::encode_set;
use super::{FieldError, FieldReader, FieldWriter};
use crate::attribute::{self, AttributeValue, ConvertError, ValueSerializer, Wiped};

/// A type that serde can store and load.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored: put `#[derive(Serialize, Deserialize)]` on your type, or \
               `#[envelope(with = …)]` on the field",
    label = "lacks serde's `Serialize` or `Deserialize`",
    note = "for a type of another crate, see whether that crate has a feature `serde`"
)]
pub trait Stored: Sized {
    /// As an attribute value, for the field's handle.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] when serde cannot serialize it.
    fn encode(&self, to: ValueSerializer) -> Result<Option<Wiped>, ConvertError>;

    /// The same for a set.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] when the elements are not all strings, numbers or bytes, or two are equal.
    fn encode_set(&self, to: ValueSerializer) -> Result<Option<Wiped>, ConvertError>;

    /// As [`FieldWriter::write`].
    ///
    /// # Errors
    ///
    /// [`FieldError`] when DynamoDB cannot store the value.
    fn write(&self, fields: &mut FieldWriter) -> Result<(), FieldError>;

    /// As [`FieldWriter::write_set`].
    ///
    /// # Errors
    ///
    /// [`FieldError`] when DynamoDB cannot store the value.
    fn write_set(&self, fields: &mut FieldWriter) -> Result<(), FieldError>;

    /// As [`FieldReader::read`].
    ///
    /// # Errors
    ///
    /// [`FieldError`] when the stored value does not fit the type, or is absent and required.
    fn read(fields: &mut FieldReader) -> Result<Self, FieldError>;

    /// As [`FieldReader::read_or`].
    ///
    /// # Errors
    ///
    /// [`FieldError`] when the stored value does not fit the type.
    fn read_or(
        fields: &mut FieldReader,
        default: impl FnOnce() -> Self,
    ) -> Result<Self, FieldError>;

    /// As [`FieldReader::read_set`].
    ///
    /// # Errors
    ///
    /// [`FieldError`] when the stored value does not fit the type.
    fn read_set(fields: &mut FieldReader) -> Result<Self, FieldError>;
}

// Else the message would be serde's own, about one of its traits at a time.
#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Stored for T {
    fn encode(&self, to: ValueSerializer) -> Result<Option<Wiped>, ConvertError> {
        let value = self.serialize(to)?;
        // An untagged enum writes `None`, and does not read it from nothing.
        if value.is_none() && attribute::from_absent::<T>().is_err() {
            return Ok(Some(Wiped::new(AttributeValue::Null)));
        }
        Ok(value)
    }

    fn encode_set(&self, to: ValueSerializer) -> Result<Option<Wiped>, ConvertError> {
        encode_set(self, to)
    }

    fn write(&self, fields: &mut FieldWriter) -> Result<(), FieldError> {
        fields.write_with(|to| Stored::encode(self, to))
    }

    fn write_set(&self, fields: &mut FieldWriter) -> Result<(), FieldError> {
        fields.write_set(self)
    }

    fn read(fields: &mut FieldReader) -> Result<Self, FieldError> {
        fields.read()
    }

    fn read_or(
        fields: &mut FieldReader,
        default: impl FnOnce() -> Self,
    ) -> Result<Self, FieldError> {
        fields.read_or(default)
    }

    fn read_set(fields: &mut FieldReader) -> Result<Self, FieldError> {
        fields.read_set()
    }
}
