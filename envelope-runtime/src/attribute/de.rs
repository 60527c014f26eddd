//! Converts attribute values to Rust values, through serde.

mod access;

use std::mem;

use serde::de::{self, DeserializeOwned, Visitor};

use self::access::{BytesAsList, Elements, Fields, Variant};
use super::convert::{ConvertError, ConvertErrorKind};
use super::number::reads_as;
use super::{AttributeValue, Number, Wiped, private};

/// Deserializes a stored value.
pub(crate) fn from_attribute<T: DeserializeOwned>(value: Wiped) -> Result<T, ConvertError> {
    T::deserialize(ValueDeserializer::new(Some(value)))
}

/// Deserializes from an absent attribute: `None` for an `Option`, an error for anything else.
pub(crate) fn from_absent<T: DeserializeOwned>() -> Result<T, ConvertError> {
    T::deserialize(ValueDeserializer::new(None))
}

/// The deserializer that a field's `deserialize_with` function receives.
///
/// It lends strings and bytes to visitors, then wipes them.
#[derive(Debug)]
pub struct ValueDeserializer {
    /// `None` if the attribute is absent.
    value: Option<Wiped>,
    /// True if a visitor gets a string itself, and keeps it.
    gives_text: bool,
}

impl ValueDeserializer {
    pub(crate) fn new(value: Option<Wiped>) -> Self {
        Self { value, gives_text: false }
    }

    /// For a type that keeps the string: a visitor that only looks at it would drop it unwiped.
    pub(crate) fn giving_text(self) -> Self {
        Self { gives_text: true, ..self }
    }

    /// Returns whether the attribute is absent.
    pub(crate) fn is_absent(&self) -> bool {
        self.value.is_none()
    }

    /// Returns whether the value reads as serde's `none`.
    pub(crate) fn is_none(&self) -> bool {
        self.value.as_deref().is_none_or(|value| *value == AttributeValue::Null)
    }

    /// The value. A map that represents a number is returned as that number.
    fn or_number(
        self,
        number: fn(&AttributeValue) -> Option<Number>,
    ) -> Result<Wiped, ConvertError> {
        let value = self.present()?;
        let number = number(&value).map(|number| Wiped::new(AttributeValue::N(number)));
        Ok(number.unwrap_or(value))
    }

    pub(crate) fn present(self) -> Result<Wiped, ConvertError> {
        self.value.ok_or_else(|| ConvertError::new(ConvertErrorKind::Missing { field: None }))
    }
}

pub(super) fn mismatch(expected: &'static str, found: &AttributeValue) -> ConvertError {
    ConvertError::new(ConvertErrorKind::Type { expected, found: found.type_name() })
}

macro_rules! numbers {
    ($($method:ident, $number:ty => $visit:ident as $name:literal),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
            match &*self.or_number(private::number)? {
                AttributeValue::N(number) => match number.as_str().parse::<$number>() {
                    Ok(number) => visitor
                        .$visit(number)
                        .map_err(|error: ConvertError| error.or_expected($name)),
                    Err(_) => Err(ConvertError::new(ConvertErrorKind::Value { expected: $name })),
                },
                other => Err(mismatch($name, other)),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for ValueDeserializer {
    type Error = ConvertError;

    numbers!(
        deserialize_i8, i8 => visit_i8 as "i8", deserialize_i16, i16 => visit_i16 as "i16",
        deserialize_i32, i32 => visit_i32 as "i32", deserialize_i64, i64 => visit_i64 as "i64",
        deserialize_i128, i128 => visit_i128 as "i128",
        deserialize_u8, u8 => visit_u8 as "u8", deserialize_u16, u16 => visit_u16 as "u16",
        deserialize_u32, u32 => visit_u32 as "u32", deserialize_u64, u64 => visit_u64 as "u64",
        deserialize_u128, u128 => visit_u128 as "u128"
    );

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        match &*self.or_number(private::number)? {
            // A number out of range parses to infinity, which cannot be stored again.
            AttributeValue::N(number) => match number.as_str().parse::<f32>() {
                Ok(number) if number.is_finite() => visitor.visit_f32(number),
                _ => Err(ConvertError::new(ConvertErrorKind::Value { expected: "f32" })),
            },
            other => Err(mismatch("f32", other)),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        match &*self.or_number(private::number)? {
            // Every number that DynamoDB holds is in range.
            AttributeValue::N(number) => match number.as_str().parse::<f64>() {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => Err(ConvertError::new(ConvertErrorKind::Value { expected: "f64" })),
            },
            other => Err(mismatch("f64", other)),
        }
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        let result = match &mut *self.or_number(private::number_as_written)? {
            AttributeValue::Null => visitor.visit_unit(),
            AttributeValue::S(text) => visitor.visit_str(text),
            AttributeValue::N(number) => visit_any_number(number.as_str(), visitor),
            AttributeValue::B(bytes) => visitor.visit_bytes(bytes),
            AttributeValue::Bool(flag) => visitor.visit_bool(*flag),
            AttributeValue::M(map) => visitor.visit_map(Fields::new(mem::take(map), &[])),
            AttributeValue::L(list) => visit_list(mem::take(list), visitor),
            AttributeValue::Ss(set) => visit_set(mem::take(set), AttributeValue::S, visitor),
            AttributeValue::Ns(set) => visit_set(mem::take(set), AttributeValue::N, visitor),
            AttributeValue::Bs(set) => visit_set(mem::take(set), AttributeValue::B, visitor),
        };
        result.map_err(|error| error.or_expected("its type"))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        match &mut *self.present()? {
            AttributeValue::Bool(flag) => visitor.visit_bool(*flag),
            other => Err(mismatch("bool", other)),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        match &mut *self.present()? {
            AttributeValue::S(text) => {
                visitor.visit_str(text).map_err(|error: ConvertError| error.or_expected("char"))
            }
            other => Err(mismatch("char", other)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        let gives_text = self.gives_text;
        match &mut *self.present()? {
            AttributeValue::S(text) if gives_text => visitor.visit_string(mem::take(text)),
            AttributeValue::S(text) => visitor
                .visit_str(text)
                .map_err(|error: ConvertError| error.or_expected("the type read from a string")),
            other => Err(mismatch("a string", other)),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        self.deserialize_byte_buf(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        match &mut *self.present()? {
            AttributeValue::B(bytes) => visitor
                .visit_bytes(bytes)
                .map_err(|error: ConvertError| error.or_expected("the type read from bytes")),
            AttributeValue::L(list) => visit_list(mem::take(list), visitor),
            other => Err(mismatch("bytes", other)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        if self.is_none() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        match &mut *self.present()? {
            AttributeValue::Null => visitor.visit_unit(),
            other => Err(mismatch("NULL", other)),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        if name != private::RAW_VALUE {
            return visitor.visit_newtype_struct(self);
        }
        // `RawValue` requests a newtype, but reads a struct of one field.
        let mut value = self.present()?;
        let Some(text) = private::raw_value(&mut value) else {
            return Err(mismatch("JSON text", &value));
        };
        let text = AttributeValue::S(mem::take(text));
        visitor.visit_map(Fields::new([(name.to_owned(), text)].into(), &[]))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        let result = match &mut *self.present()? {
            AttributeValue::L(list) => visit_list(mem::take(list), visitor),
            AttributeValue::B(bytes) => {
                let mut bytes = BytesAsList::new(mem::take(bytes));
                let value = visitor.visit_seq(&mut bytes)?;
                bytes.end()?;
                Ok(value)
            }
            AttributeValue::Ss(set) => visit_set(mem::take(set), AttributeValue::S, visitor),
            AttributeValue::Ns(set) => visit_set(mem::take(set), AttributeValue::N, visitor),
            AttributeValue::Bs(set) => visit_set(mem::take(set), AttributeValue::B, visitor),
            other => return Err(mismatch("a list", other)),
        };
        result.map_err(|error| error.or_expected("a list of the expected length"))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        match &mut *self.present()? {
            AttributeValue::M(map) => visitor.visit_map(Fields::new(mem::take(map), &[])),
            other => Err(mismatch("a map", other)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        match &mut *self.present()? {
            AttributeValue::M(map) => visitor
                .visit_map(Fields::new(mem::take(map), fields))
                .map_err(|error| error.or_expected(name)),
            other => Err(mismatch(name, other)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        let variant = match &mut *self.present()? {
            AttributeValue::S(name) => Variant::new(mem::take(name), None),
            AttributeValue::M(map) if map.len() == 1 => match map.pop_first() {
                Some((name, content)) => Variant::new(name, Some(content)),
                None => return Err(ConvertError::new(ConvertErrorKind::Value { expected: name })),
            },
            other => return Err(mismatch(name, other)),
        };
        visitor.visit_enum(variant).map_err(|error: ConvertError| error.or_expected(name))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        visitor.visit_unit()
    }
}

/// Visits the number as the narrowest of serde's number types that holds it. Beyond 64 bits that is
/// a float if the float is exact, since types that accept any number, such as JSON's, have no wider
/// integers.
fn visit_any_number<'de, V: Visitor<'de>>(
    text: &str,
    visitor: V,
) -> Result<V::Value, ConvertError> {
    if let Ok(number) = text.parse::<u64>() {
        visitor.visit_u64(number)
    } else if let Ok(number) = text.parse::<i64>() {
        visitor.visit_i64(number)
    } else {
        let float =
            text.parse::<f64>().map_err(|_| ConvertError::new(ConvertErrorKind::Refused))?;
        match text.parse::<i128>() {
            Ok(number) if !reads_as(&float, text) => visitor.visit_i128(number),
            _ => visitor.visit_f64(float),
        }
    }
}

/// Refuses a type that reads fewer elements than are stored: the next save would lose the rest.
fn visit_list<'de, V: Visitor<'de>>(
    list: Vec<AttributeValue>,
    visitor: V,
) -> Result<V::Value, ConvertError> {
    let mut elements = Elements::new(list);
    let value = visitor.visit_seq(&mut elements)?;
    elements.end()?;
    Ok(value)
}

fn visit_set<'de, T, V: Visitor<'de>>(
    set: impl IntoIterator<Item = T>,
    wrap: fn(T) -> AttributeValue,
    visitor: V,
) -> Result<V::Value, ConvertError> {
    visit_list(set.into_iter().map(wrap).collect(), visitor)
}
