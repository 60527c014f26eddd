//! The way of a record's fields to attribute values and back, driven by generated code.

use std::fmt;
use std::mem;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::bytes::{bytes, encode_bytes, encode_optional_bytes};
use super::encode::{checked, encode_set};
use super::maintained::{Now, VersionNumber, check_ttl, next_version, version_number};
use super::{FieldRole, FieldSchema, Fields, OtherAttributes, RecordSchema};
use crate::attribute::{
    self, AttributeValue, ConvertError, ConvertErrorKind, ValueDeserializer, ValueSerializer, Wiped,
};
use crate::report::{Place, debug_is_display};

/// Collects the attribute values of a record, one call for each field of the schema, in its order.
///
/// Part of the surface that generated code calls; a hand-written
/// [`EnvelopeRecord`](crate::EnvelopeRecord) may call it too.
#[derive(Debug)]
pub struct FieldWriter {
    schema: RecordSchema,
    /// Those that are not written yet.
    fields: Fields,
    values: Values,
    now: Now,
    /// The values are compared, and not stored.
    distinct: bool,
}

/// The values of a record.
#[derive(Debug, Default)]
pub(crate) struct Values {
    /// Those of its fields, in the schema's order.
    pub(crate) fields: Vec<Option<Wiped>>,
    pub(crate) others: OtherAttributes,
    /// The version that the record was loaded with; 0 for a new one, `None` without versions.
    pub(crate) version: Option<u64>,
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
    /// Those that are not read yet.
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
    pub(crate) fn new(schema: RecordSchema, now: Now) -> Self {
        let fields = schema.each_field();
        let count = schema.fields().count();
        let values = Values { fields: Vec::with_capacity(count), ..Values::default() };
        Self { schema, fields, values, now, distinct: false }
    }

    /// Collects values to compare: see [`ValueSerializer::distinct`].
    pub(crate) fn distinct(schema: RecordSchema, now: Now) -> Self {
        Self { distinct: true, ..Self::new(schema, now) }
    }

    pub(crate) fn into_values(self) -> Values {
        self.values
    }

    /// Writes a field through serde; serde's `none` is an absent attribute.
    ///
    /// # Errors
    ///
    /// [`FieldError`] when DynamoDB cannot store the value.
    pub fn write<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FieldError> {
        self.push(|to| value.serialize(to))
    }

    /// Writes bytes as a Binary.
    ///
    /// # Errors
    ///
    /// None today; see [`write`](Self::write).
    pub fn write_bytes<T: AsRef<[u8]> + ?Sized>(&mut self, value: &T) -> Result<(), FieldError> {
        self.push(|to| encode_bytes(value, to))
    }

    /// Writes bytes as a Binary, or nothing.
    ///
    /// # Errors
    ///
    /// None today; see [`write`](Self::write).
    pub fn write_optional_bytes<T: AsRef<[u8]>>(
        &mut self,
        value: &Option<T>,
    ) -> Result<(), FieldError> {
        self.push(|to| encode_optional_bytes(value, to))
    }

    /// Writes a collection as a DynamoDB set of strings, numbers or bytes; an empty one is absent.
    ///
    /// # Errors
    ///
    /// [`FieldError`] when the elements are not all strings, numbers or bytes, or two are equal.
    pub fn write_set<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FieldError> {
        self.push(|to| encode_set(value, to))
    }

    /// Writes a field through a function such as serde's `serialize_with`.
    ///
    /// # Errors
    ///
    /// [`FieldError`] when the function fails or DynamoDB cannot store the value.
    pub fn write_with(
        &mut self,
        serialize: impl FnOnce(ValueSerializer) -> Result<Option<Wiped>, ConvertError>,
    ) -> Result<(), FieldError> {
        self.push(serialize)
    }

    /// Writes the version that follows on the record's own.
    ///
    /// # Errors
    ///
    /// [`FieldError`] when it is negative, or the type cannot hold the next one.
    pub fn write_version<T: VersionNumber + Serialize>(
        &mut self,
        version: T,
    ) -> Result<(), FieldError> {
        self.values.version = version_number(version).ok();
        if self.distinct {
            // Each save counts it up.
            return self.push(|_| Ok(None));
        }
        self.push(|to| next_version(version)?.serialize(to))
    }

    /// The time of the save.
    #[must_use]
    pub fn now(&self) -> Now {
        self.now
    }

    /// Writes the attributes of a catch-all.
    ///
    /// # Errors
    ///
    /// [`FieldError`] when one of them has a name of the record's own, or DynamoDB cannot store it.
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

    fn push(
        &mut self,
        write: impl FnOnce(ValueSerializer) -> Result<Option<Wiped>, ConvertError>,
    ) -> Result<(), FieldError> {
        let field = self.fields.next();
        if self.distinct {
            let value = write(ValueSerializer::distinct());
            let value = value.map_err(|error| field_error(&self.schema, field, error))?;
            self.values.fields.push(value);
            return Ok(());
        }
        let is_sealed = field.is_some_and(|field| field.role() == FieldRole::Encrypted);
        let value = write(ValueSerializer::new(is_sealed)).and_then(checked);
        let value = value.and_then(|value| {
            if field.is_some_and(FieldSchema::is_ttl) {
                check_ttl(value.as_deref())?;
            }
            Ok(value)
        });
        let value = value.map_err(|error| field_error(&self.schema, field, error))?;
        let null = field.is_some_and(FieldSchema::writes_null);
        let null = null.then_some(AttributeValue::Null).map(Zeroizing::new);
        self.values.fields.push(value.or(null));
        Ok(())
    }
}

impl FieldReader {
    pub(crate) fn new(schema: RecordSchema, values: Values) -> Self {
        let Values { fields, others, .. } = values;
        Self { schema, fields: schema.each_field(), values: fields.into_iter(), others }
    }

    /// Reads a field through serde; an absent attribute is serde's `none`.
    ///
    /// # Errors
    ///
    /// [`FieldError`] when the stored value does not fit the type, or is absent and required.
    pub fn read<T: DeserializeOwned>(&mut self) -> Result<T, FieldError> {
        self.take(|value| match value {
            Some(value) => attribute::from_attribute(value),
            None => attribute::from_absent(),
        })
    }

    /// Reads a field through serde, or calls `default` when the attribute is absent.
    ///
    /// # Errors
    ///
    /// [`FieldError`] when the stored value does not fit the type.
    pub fn read_or<T: DeserializeOwned>(
        &mut self,
        default: impl FnOnce() -> T,
    ) -> Result<T, FieldError> {
        self.take(|value| value.map_or_else(|| Ok(default()), attribute::from_attribute))
    }

    /// Reads a set; an absent attribute is an empty one, or `None`.
    ///
    /// # Errors
    ///
    /// [`FieldError`] when the stored value does not fit the type.
    pub fn read_set<T: DeserializeOwned>(&mut self) -> Result<T, FieldError> {
        self.take(|value| match value {
            Some(value) => attribute::from_attribute(value),
            None => attribute::from_absent().or_else(|_| {
                attribute::from_attribute(Zeroizing::new(AttributeValue::L(Vec::new())))
            }),
        })
    }

    /// Reads a Binary.
    ///
    /// # Errors
    ///
    /// [`FieldError`] when the stored value is no Binary or has the wrong length, or is absent.
    pub fn read_bytes<T: TryFrom<Vec<u8>>>(&mut self) -> Result<T, FieldError> {
        self.take(|value| match value {
            Some(value) => bytes(value),
            None => Err(ConvertError::new(ConvertErrorKind::Missing { field: None })),
        })
    }

    /// Reads a Binary, or calls `default` when the attribute is absent.
    ///
    /// # Errors
    ///
    /// [`FieldError`] when the stored value is no Binary or has the wrong length.
    pub fn read_bytes_or<T: TryFrom<Vec<u8>>>(
        &mut self,
        default: impl FnOnce() -> T,
    ) -> Result<T, FieldError> {
        self.take(|value| value.map_or_else(|| Ok(default()), bytes))
    }

    /// Reads a Binary, if there is one.
    ///
    /// # Errors
    ///
    /// [`FieldError`] when the stored value is no Binary or has the wrong length.
    pub fn read_optional_bytes<T: TryFrom<Vec<u8>>>(&mut self) -> Result<Option<T>, FieldError> {
        self.take(|value| match value {
            Some(value) if *value != AttributeValue::Null => bytes(value).map(Some),
            _ => Ok(None),
        })
    }

    /// Reads a Binary, or nothing, or calls `default` when the attribute is absent.
    ///
    /// # Errors
    ///
    /// [`FieldError`] when the stored value is no Binary or has the wrong length.
    pub fn read_optional_bytes_or<T: TryFrom<Vec<u8>>>(
        &mut self,
        default: impl FnOnce() -> Option<T>,
    ) -> Result<Option<T>, FieldError> {
        self.take(|value| match value {
            None => Ok(default()),
            Some(value) if *value == AttributeValue::Null => Ok(None),
            Some(value) => bytes(value).map(Some),
        })
    }

    /// Reads a field through a function such as serde's `deserialize_with`.
    ///
    /// # Errors
    ///
    /// [`FieldError`] when the function fails; it is asked for an absent attribute too, which reads as
    /// serde's `none` and as nothing else.
    pub fn read_with<T>(
        &mut self,
        deserialize: impl FnOnce(ValueDeserializer) -> Result<T, ConvertError>,
    ) -> Result<T, FieldError> {
        self.take(|value| deserialize(ValueDeserializer::new(value)))
    }

    /// Reads a field through a function, or calls `default` when the attribute is absent.
    ///
    /// # Errors
    ///
    /// [`FieldError`] when the function fails.
    pub fn read_with_or<T>(
        &mut self,
        deserialize: impl FnOnce(ValueDeserializer) -> Result<T, ConvertError>,
        default: impl FnOnce() -> T,
    ) -> Result<T, FieldError> {
        self.take(|value| match value {
            Some(value) => deserialize(ValueDeserializer::new(Some(value))),
            None => Ok(default()),
        })
    }

    /// Takes the attributes that no field reads; of a record whose schema says that it has a catch-all.
    pub fn read_others(&mut self) -> OtherAttributes {
        mem::take(&mut self.others)
    }

    fn take<T>(
        &mut self,
        read: impl FnOnce(Option<Wiped>) -> Result<T, ConvertError>,
    ) -> Result<T, FieldError> {
        let field = self.fields.next();
        let value = self.values.next().flatten();
        read(value).map_err(|error| field_error(&self.schema, field, error))
    }
}

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

    /// What is wrong with it, in terms of types.
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
