//! Lists, maps and enums, element by element. Keys of maps are data and never shown in errors.

use std::collections::BTreeMap;
use std::mem;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;
use zeroize::Zeroizing;

use super::{ValueDeserializer, mismatch};
use crate::attribute::number::reads_as;
use crate::attribute::wipe::Entries;
use crate::attribute::{AttributeValue, ConvertError, ConvertErrorKind, Wiped};

/// A deserializer of a single value, which it wipes.
fn deserializer(value: AttributeValue) -> ValueDeserializer {
    ValueDeserializer::new(Some(Zeroizing::new(value)))
}

pub(super) struct Elements {
    list: Zeroizing<Vec<AttributeValue>>,
    next: usize,
}

impl Elements {
    pub(super) fn new(list: Vec<AttributeValue>) -> Self {
        Self { list: Zeroizing::new(list), next: 0 }
    }

    /// Refuses leftover elements.
    pub(super) fn end(&self) -> Result<(), ConvertError> {
        end(self.list.len() - self.next)
    }
}

fn end(left: usize) -> Result<(), ConvertError> {
    let problem = ConvertErrorKind::Value { expected: "a list of the expected length" };
    if left == 0 { Ok(()) } else { Err(ConvertError::new(problem)) }
}

impl<'de> SeqAccess<'de> for Elements {
    type Error = ConvertError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ConvertError> {
        let index = self.next;
        let Some(value) = self.list.get_mut(index) else { return Ok(None) };
        self.next += 1;
        let value = mem::replace(value, AttributeValue::Null);
        seed.deserialize(deserializer(value)).map(Some).map_err(|error| error.at_index(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.list.len() - self.next)
    }
}

/// A Binary, read by a type that requests a list of integers.
pub(super) struct BytesAsList {
    bytes: Zeroizing<Vec<u8>>,
    next: usize,
}

impl BytesAsList {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes: Zeroizing::new(bytes), next: 0 }
    }

    /// Refuses leftover bytes.
    pub(super) fn end(&self) -> Result<(), ConvertError> {
        end(self.bytes.len() - self.next)
    }
}

impl<'de> SeqAccess<'de> for BytesAsList {
    type Error = ConvertError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ConvertError> {
        let Some(byte) = self.bytes.get(self.next) else { return Ok(None) };
        self.next += 1;
        seed.deserialize(byte.into_deserializer()).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.bytes.len() - self.next)
    }
}

/// The entries of a map or the fields of a struct.
///
/// A struct's own fields come first, in declaration order. So an adjacently tagged enum meets its
/// tag before its content, and serde reads the content instead of buffering it. The buffer is not
/// wiped, and loses 128-bit numbers and map keys that are not strings.
pub(super) struct Fields {
    rest: Entries,
    /// The names of the struct's own fields that were not looked up yet; they may be shown in
    /// errors.
    names: std::slice::Iter<'static, &'static str>,
    next: Option<(Option<&'static str>, Wiped)>,
}

impl Fields {
    pub(super) fn new(
        map: BTreeMap<String, AttributeValue>,
        names: &'static [&'static str],
    ) -> Self {
        Self { rest: Entries::new(map), names: names.iter(), next: None }
    }

    fn pop(&mut self) -> Option<(String, AttributeValue, Option<&'static str>)> {
        let own = self.names.by_ref().copied();
        for name in own {
            if let Some((key, value)) = self.rest.remove_entry(name) {
                return Some((key, value, Some(name)));
            }
        }
        self.rest.pop_first().map(|(key, value)| (key, value, None))
    }
}

impl<'de> MapAccess<'de> for Fields {
    type Error = ConvertError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ConvertError> {
        let Some((key, value, name)) = self.pop() else { return Ok(None) };
        self.next = Some((name, Zeroizing::new(value)));
        seed.deserialize(MapKey(Zeroizing::new(key))).map(Some).map_err(ConvertError::in_entry)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<T::Value, ConvertError> {
        let (name, value) =
            self.next.take().ok_or_else(|| ConvertError::new(ConvertErrorKind::Refused))?;
        seed.deserialize(ValueDeserializer::new(Some(value))).map_err(|error| match name {
            Some(name) => error.in_field(name),
            None => error.in_entry(),
        })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// A map's key: a string in storage, read as the key of the Rust type.
struct MapKey(Zeroizing<String>);

macro_rules! parsed_keys {
    ($($method:ident, $key:ty => $visit:ident as $name:literal),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
            match self.0.parse::<$key>() {
                // Accepts only the text that the key is written as: "05" and "5" must not be one
                // key.
                Ok(key) if reads_as(&key, &self.0) => visitor.$visit(key),
                _ => Err(ConvertError::new(ConvertErrorKind::Value { expected: $name })),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for MapKey {
    type Error = ConvertError;

    parsed_keys!(
        deserialize_i8, i8 => visit_i8 as "i8", deserialize_i16, i16 => visit_i16 as "i16",
        deserialize_i32, i32 => visit_i32 as "i32", deserialize_i64, i64 => visit_i64 as "i64",
        deserialize_i128, i128 => visit_i128 as "i128",
        deserialize_u8, u8 => visit_u8 as "u8", deserialize_u16, u16 => visit_u16 as "u16",
        deserialize_u32, u32 => visit_u32 as "u32", deserialize_u64, u64 => visit_u64 as "u64",
        deserialize_u128, u128 => visit_u128 as "u128",
        deserialize_f32, f32 => visit_f32 as "f32", deserialize_f64, f64 => visit_f64 as "f64",
        deserialize_bool, bool => visit_bool as "bool"
    );

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        visitor.visit_str(&self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        StrDeserializer::new(&self.0).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

/// An enum's variant: a string if it has no content, otherwise a map of one entry.
pub(super) struct Variant {
    name: Zeroizing<String>,
    content: Option<Wiped>,
}

impl Variant {
    pub(super) fn new(name: String, content: Option<AttributeValue>) -> Self {
        Self { name: Zeroizing::new(name), content: content.map(Zeroizing::new) }
    }
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = ConvertError;
    type Variant = Content;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Content), ConvertError> {
        let variant = seed.deserialize(MapKey(self.name))?;
        Ok((variant, Content(self.content)))
    }
}

pub(super) struct Content(Option<Wiped>);

impl<'de> VariantAccess<'de> for Content {
    type Error = ConvertError;

    fn unit_variant(self) -> Result<(), ConvertError> {
        match self.0.as_deref() {
            None | Some(AttributeValue::Null) => Ok(()),
            Some(other) => Err(mismatch("a variant without content", other)),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, ConvertError> {
        match self.0 {
            Some(value) => seed
                .deserialize(ValueDeserializer::new(Some(value)))
                .map_err(ConvertError::in_variant),
            None => Err(ConvertError::new(ConvertErrorKind::Missing { field: None })),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        de::Deserializer::deserialize_seq(ValueDeserializer::new(self.0), visitor)
            .map_err(ConvertError::in_variant)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        de::Deserializer::deserialize_struct(
            ValueDeserializer::new(self.0),
            "a variant with fields",
            fields,
            visitor,
        )
        .map_err(ConvertError::in_variant)
    }
}
