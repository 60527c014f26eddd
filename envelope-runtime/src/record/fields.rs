//! Converts a record's fields to attribute values and back. Generated code calls it.

use std::fmt;
use std::mem;

use zeroize::Zeroizing;

use super::encode::checked;
use super::maintained::{check_ttl, stored_version};
use super::{FieldRole, FieldSchema, Fields, OtherAttributes, RecordSchema};
use crate::attribute::{
    AttributeValue, ConvertError, ConvertErrorKind, ValueDeserializer, ValueSerializer, Wiped,
};
use crate::report::{Place, debug_is_display};

/// Collects the attribute values of a record, one call for each field of the schema, in its order.
///
/// Part of the surface that generated code calls; a hand-written
/// [`EnvelopeRecord`](crate::EnvelopeRecord) may call it too.
#[derive(Debug)]
pub struct FieldWriter {
    schema: RecordSchema,
    /// The fields that are not written yet.
    fields: Fields,
    values: Values,
    /// True if the values are compared and not stored.
    distinct: bool,
}

/// The values of a record.
#[derive(Debug, Default)]
pub(crate) struct Values {
    /// The values of its fields, in the schema's order.
    pub(crate) fields: Vec<Option<Wiped>>,
    pub(crate) others: OtherAttributes,
    /// The version that the record was loaded with, one less than the version written; `None` if it
    /// has no version.
    pub(crate) version: Option<u64>,
}

#[cfg(feature = "aws")]
impl Values {
    /// The value of a field.
    pub(crate) fn value(&self, schema: &RecordSchema, name: &str) -> Option<&AttributeValue> {
        let mut named = schema.fields().zip(&self.fields);
        named.find(|(field, _)| field.name() == name)?.1.as_deref()
    }
}

#[cfg(test)]
impl FromIterator<Option<AttributeValue>> for Values {
    fn from_iter<I: IntoIterator<Item = Option<AttributeValue>>>(fields: I) -> Self {
        let fields = fields.into_iter().map(|value| value.map(Zeroizing::new)).collect();
        Self { fields, ..Self::default() }
    }
}

/// Hands out the attribute values of a record, one call for each field of the schema, in its order.
#[derive(Debug)]
pub struct FieldReader {
    schema: RecordSchema,
    /// The fields that are not read yet.
    fields: Fields,
    values: std::vec::IntoIter<Option<Wiped>>,
    others: OtherAttributes,
}

/// A field that cannot be stored, or a stored value that does not fit its field.
#[derive(Clone)]
pub struct FieldError {
    place: Place,
    error: ConvertError,
}

impl FieldWriter {
    pub(crate) fn new(schema: RecordSchema) -> Self {
        let fields = schema.each_field();
        let count = schema.fields().count();
        let values = Values { fields: Vec::with_capacity(count), ..Values::default() };
        Self { schema, fields, values, distinct: false }
    }

    /// Collects values to compare: see [`ValueSerializer::distinct`].
    pub(crate) fn distinct(schema: RecordSchema) -> Self {
        Self { distinct: true, ..Self::new(schema) }
    }

    pub(crate) fn into_values(mut self) -> Values {
        self.skip_hashes();
        self.values
    }

    /// The next field of the struct.
    fn next_field(&mut self) -> Option<&'static FieldSchema> {
        self.skip_hashes();
        self.fields.next()
    }

    /// Leaves out the hashes that come next, which are made later.
    fn skip_hashes(&mut self) {
        while self.fields.clone().next().is_some_and(|field| field.hashed().is_some()) {
            self.fields.next();
            self.values.fields.push(None);
        }
    }

    /// Writes a field with [`serde::Serialize::serialize`], or another function that makes an
    /// attribute value from it. `None` is an absent attribute.
    ///
    /// # Errors
    ///
    /// [`FieldError`] if the function fails, or DynamoDB cannot store the value.
    pub fn write<T: ?Sized>(
        &mut self,
        value: &T,
        encode: impl FnOnce(&T, ValueSerializer) -> Result<Option<Wiped>, ConvertError>,
    ) -> Result<(), FieldError> {
        let field = self.next_field();
        let value = match self.serializer(field) {
            Some(to) => encode(value, to),
            None => Ok(None),
        };
        self.push(field, value).map_err(|error| field_error(&self.schema, field, error))
    }

    /// `None` for a version that is compared: each save increments it.
    fn serializer(&self, field: Option<&FieldSchema>) -> Option<ValueSerializer> {
        if !self.distinct {
            let is_sealed = field.is_some_and(|field| field.role() == FieldRole::Encrypted);
            return Some(ValueSerializer::new(is_sealed));
        }
        let is_version = field.is_some_and(FieldSchema::is_version);
        (!is_version).then(ValueSerializer::distinct)
    }

    /// Apart from [`write`](Self::write), of which there is a copy for each type of field.
    fn push(
        &mut self,
        field: Option<&FieldSchema>,
        value: Result<Option<Wiped>, ConvertError>,
    ) -> Result<(), ConvertError> {
        if self.distinct {
            self.values.fields.push(value?);
            return Ok(());
        }
        let value = checked(value?)?;
        if field.is_some_and(FieldSchema::is_ttl) {
            check_ttl(value.as_deref())?;
        }
        if field.is_some_and(FieldSchema::is_version) {
            // A save that depends on no version would overwrite any version.
            let before = stored_version(value.as_deref()).and_then(|next| next.checked_sub(1));
            let none = || ConvertError::new(ConvertErrorKind::Version);
            self.values.version = Some(before.ok_or_else(none)?);
        }
        let null = field.is_some_and(FieldSchema::writes_null);
        let null = null.then_some(AttributeValue::Null).map(Zeroizing::new);
        self.values.fields.push(value.or(null));
        Ok(())
    }

    /// Writes the attributes of a catch-all.
    ///
    /// # Errors
    ///
    /// [`FieldError`] if one of them has a name that belongs to the record itself, or DynamoDB
    /// cannot store it.
    pub fn write_others(&mut self, others: &OtherAttributes) -> Result<(), FieldError> {
        for (name, other) in others.others() {
            let is_protected = other.role != FieldRole::Plain;
            let problem = match other.value.as_ref().and_then(AttributeValue::refusal) {
                Some(problem) => problem,
                None if name.is_empty() => ConvertErrorKind::EmptyName,
                None if self.schema.knows(name) => ConvertErrorKind::OwnName,
                None if is_protected && self.schema.is_plaintext_only() => {
                    ConvertErrorKind::Protected
                }
                None => continue,
            };
            return Err(FieldError::new(&self.schema, name, ConvertError::new(problem)));
        }
        self.values.others = others.clone();
        Ok(())
    }
}

impl FieldReader {
    pub(crate) fn new(schema: RecordSchema, values: Values) -> Self {
        let Values { fields, others, .. } = values;
        Self { schema, fields: schema.read(), values: fields.into_iter(), others }
    }

    /// Reads a field with [`serde::Deserialize::deserialize`], or another function. The function is
    /// called for an absent attribute too, which reads as serde's `none` and as nothing else.
    ///
    /// # Errors
    ///
    /// [`FieldError`] if the stored value does not fit the type, or is absent and required.
    pub fn read<T>(
        &mut self,
        decode: impl FnOnce(ValueDeserializer) -> Result<T, ConvertError>,
    ) -> Result<T, FieldError> {
        self.take(|value| decode(ValueDeserializer::new(value)))
    }

    /// Reads a field, or calls `default` if the attribute is absent.
    ///
    /// # Errors
    ///
    /// [`FieldError`] if the stored value does not fit the type.
    pub fn read_or<T>(
        &mut self,
        decode: impl FnOnce(ValueDeserializer) -> Result<T, ConvertError>,
        default: impl FnOnce() -> T,
    ) -> Result<T, FieldError> {
        self.take(|value| match value {
            Some(value) => decode(ValueDeserializer::new(Some(value))),
            None => Ok(default()),
        })
    }

    /// Reads the next part of a key, of a schema that reads the key alone.
    pub(super) fn read_part<T>(
        &mut self,
        decode: impl FnOnce(ValueDeserializer) -> Result<T, ConvertError>,
    ) -> Result<T, FieldError> {
        let parts = self.schema.key_parts();
        let name = parts.len().checked_sub(self.values.len()).and_then(|index| parts.get(index));
        let value = self.values.next().flatten();
        decode(ValueDeserializer::new(value)).map_err(|error| {
            FieldError::new(&self.schema, name.copied().unwrap_or_default(), error)
        })
    }

    /// Takes the attributes that no field reads, of a record whose schema has a catch-all.
    pub fn read_others(&mut self) -> OtherAttributes {
        mem::take(&mut self.others)
    }

    fn take<T>(
        &mut self,
        read: impl FnOnce(Option<Wiped>) -> Result<T, ConvertError>,
    ) -> Result<T, FieldError> {
        let (mut field, mut value) = (self.fields.next(), self.values.next());
        while field.is_some_and(|field| field.hashed().is_some()) {
            (field, value) = (self.fields.next(), self.values.next());
        }
        let value = value.flatten();
        read(value).map_err(|error| field_error(&self.schema, field, error))
    }
}

#[cold]
fn field_error(
    schema: &RecordSchema,
    field: Option<&FieldSchema>,
    error: ConvertError,
) -> FieldError {
    let name = field.map_or("", FieldSchema::name);
    FieldError::new(schema, name, error)
}

impl FieldError {
    pub(crate) fn new(schema: &RecordSchema, name: &str, error: ConvertError) -> Self {
        Self { place: schema.place().attribute(name), error }
    }

    /// The attribute's name.
    #[must_use]
    pub fn attribute(&self) -> &str {
        self.place.attribute_name().unwrap_or_default()
    }

    /// The kind of error, in terms of types.
    #[must_use]
    pub fn kind(&self) -> ConvertErrorKind {
        self.error.kind()
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.error)
    }
}

debug_is_display!(FieldError);

impl std::error::Error for FieldError {}
