//! The hashes in a record's key: made for a save and a lookup, and compared on load.

use super::{ExpectedContext, OpenError, OpenErrorKind, Plan};
use crate::attribute::AttributeValue;
use crate::record::{FieldSchema, HashOf, KeyError, KeyErrorKind, RecordSchema, Values};

impl ExpectedContext {
    /// The hash of a value, as the attribute `name` stores it.
    pub(crate) fn hash(
        &self,
        schema: &RecordSchema,
        name: &str,
        of: HashOf,
        value: &AttributeValue,
    ) -> Result<AttributeValue, KeyError> {
        let error = |problem| KeyError::new(schema, of.attribute, problem);
        let secret = self.secret().ok_or_else(|| error(KeyErrorKind::NoSecret))?;
        let input = of.input(value).map_err(error)?;
        let hash = secret.hash(&of.purpose(schema, &self.pairs()), &input);
        let key_type = schema.field(name).and_then(FieldSchema::type_of_key);
        Ok(HashOf::stored(&hash, key_type))
    }

    /// The hashes of a record, by the names of their attributes. `value` returns a field's value.
    pub(crate) fn hashes<'a>(
        &self,
        schema: &RecordSchema,
        value: impl Fn(&str) -> Option<&'a AttributeValue>,
    ) -> Result<Vec<(&'static str, AttributeValue)>, KeyError> {
        let hashes = schema.fields().filter_map(|field| Some((field.name(), field.hashed()?)));
        let hashes = hashes.map(|(name, of)| {
            let value = value(of.attribute).unwrap_or(&AttributeValue::Null);
            Ok((name, self.hash(schema, name, of, value)?))
        });
        hashes.collect()
    }

    /// Refuses a record whose opened values do not have the hashes of its key. The record tag binds
    /// both, so a program with another secret has written them. Without a secret, nothing is
    /// compared.
    pub(crate) fn check_hashes(
        &self,
        schema: &RecordSchema,
        values: &Values,
    ) -> Result<(), OpenError> {
        if self.secret().is_none() {
            return Ok(());
        }
        let read = |name: &str| {
            let mut named = schema.read().zip(&values.fields);
            named.find(|(field, _)| field.name() == name).map(|(_, value)| value.as_deref())
        };
        for field in schema.read() {
            let (Some(of), Some(Some(stored))) = (field.hashed(), read(field.name())) else {
                continue;
            };
            // A projection may not read what is hashed.
            let Some(value) = read(of.attribute) else { continue };
            let value = value.unwrap_or(&AttributeValue::Null);
            if self.hash(schema, field.name(), of, value).ok().as_ref() != Some(stored) {
                let place = schema.place().attribute(field.name());
                return Err(OpenError::new(place, OpenErrorKind::UnknownSecret));
            }
        }
        Ok(())
    }
}

impl Plan {
    /// Adds the hashes of which the record's key is made.
    pub(crate) fn with_hashes(mut self, context: &ExpectedContext) -> Result<Self, KeyError> {
        let hashes = context.hashes(self.schema(), |name| self.value(name))?;
        for (name, hash) in hashes {
            self.insert(name, hash);
        }
        Ok(self)
    }
}
