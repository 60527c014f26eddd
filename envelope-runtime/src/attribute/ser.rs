//! Converts Rust values to attribute values, through serde.

mod collections;

use std::collections::BTreeMap;
use std::{fmt, mem};

use serde::{Serialize, ser};
use zeroize::Zeroizing;

pub use self::collections::{List, Map};

use super::convert::{ConvertError, ConvertErrorKind};
use super::plaintext::SEAL_ROOM;
use super::wipe::{Entries, Text, unwiped};
use super::{AttributeValue, MAX_DEPTH, Number, Wiped, private};

/// A serialized value. `None` is serde's `none`: absent as an attribute of an item, NULL inside
/// lists and maps.
type Stored = Option<Wiped>;

/// The newtype name that marks a secret: only a sealed field accepts it.
pub(crate) const SECRET: &str = "envelope_runtime::secret";

/// Serializes a plaintext value; `None` means that the attribute is absent.
pub(crate) fn to_attribute<T: Serialize + ?Sized>(
    value: &T,
) -> Result<Option<AttributeValue>, ConvertError> {
    Ok(value.serialize(ValueSerializer::new(false))?.map(unwiped))
}

/// The serializer that a field's `serialize_with` function receives.
#[derive(Clone, Copy, Debug)]
pub struct ValueSerializer {
    depth: usize,
    form: Form,
}

/// The purpose of the serialized value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Plaintext,
    Sealed,
    /// For comparison: values that are stored alike differ if serde distinguishes them.
    Distinct,
}

impl ValueSerializer {
    /// A serializer for the value of a field, sealed or not.
    pub(crate) fn new(sealed: bool) -> Self {
        Self { depth: 0, form: if sealed { Form::Sealed } else { Form::Plaintext } }
    }

    /// A serializer for values that are compared and not stored: an integer and a float of equal
    /// value differ, and so do `None` and `Some(None)`. Lists are sorted, since those of a hash set
    /// have no order.
    pub(crate) fn distinct() -> Self {
        Self { depth: 0, form: Form::Distinct }
    }

    pub(crate) fn is_distinct(self) -> bool {
        self.form == Form::Distinct
    }

    /// The spare capacity of a text or bytes that may be sealed.
    fn room(self) -> usize {
        if self.form == Form::Sealed && self.depth == 0 { SEAL_ROOM } else { 0 }
    }

    /// A Binary.
    pub(crate) fn bytes(self, value: &[u8]) -> AttributeValue {
        let mut bytes = Vec::with_capacity(value.len() + self.room());
        bytes.extend_from_slice(value);
        AttributeValue::B(bytes)
    }

    /// A serializer for the values inside a list or map.
    fn nested(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }

    /// The value, tagged with its serde type if it is only compared.
    #[expect(clippy::unnecessary_wraps, reason = "what each method of a serializer returns")]
    fn stored(self, what: &'static str, value: AttributeValue) -> Result<Stored, ConvertError> {
        let value = if self.is_distinct() { tagged(what, value) } else { value };
        Ok(Some(Zeroizing::new(value)))
    }

    /// Checked before each step down, so that an endlessly nested value does not exhaust the stack.
    fn within_depth(self) -> Result<Self, ConvertError> {
        if self.depth < MAX_DEPTH {
            Ok(self)
        } else {
            Err(ConvertError::new(ConvertErrorKind::TooDeep))
        }
    }

    fn inner<T: Serialize + ?Sized>(self, value: &T) -> Result<Wiped, ConvertError> {
        self.within_depth()?;
        Ok(value.serialize(self)?.unwrap_or_else(|| Zeroizing::new(AttributeValue::Null)))
    }
}

macro_rules! integers {
    ($($method:ident: $integer:ty),*) => {$(
        fn $method(self, value: $integer) -> Result<Stored, ConvertError> {
            self.stored(stringify!($integer), AttributeValue::N(Number::from(value)))
        }
    )*};
}

macro_rules! parsed_numbers {
    ($($method:ident: $number:ty, $format:literal),*) => {$(
        fn $method(self, value: $number) -> Result<Stored, ConvertError> {
            let text = Text::of(&format_args!($format, value))?;
            // DynamoDB's zero has no sign.
            let what = if *text == "-0e0" { "-0.0" } else { stringify!($number) };
            self.stored(what, AttributeValue::N(Number::parse(&text)?))
        }
    )*};
}

impl ser::Serializer for ValueSerializer {
    type Ok = Stored;
    type Error = ConvertError;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = List;
    type SerializeMap = Map;
    type SerializeStruct = Map;
    type SerializeStructVariant = Map;

    integers!(
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64
    );

    // `{:e}` of a float is the shortest text that reads back as the same float.
    parsed_numbers!(
        serialize_i128: i128, "{}", serialize_u128: u128, "{}",
        serialize_f32: f32, "{:e}", serialize_f64: f64, "{:e}"
    );

    fn serialize_bool(self, value: bool) -> Result<Stored, ConvertError> {
        self.stored("bool", AttributeValue::Bool(value))
    }

    fn serialize_char(self, value: char) -> Result<Stored, ConvertError> {
        self.stored("char", AttributeValue::S(value.into()))
    }

    fn serialize_str(self, value: &str) -> Result<Stored, ConvertError> {
        let mut text = String::with_capacity(value.len() + self.room());
        text.push_str(value);
        self.stored("str", AttributeValue::S(text))
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<Stored, ConvertError> {
        let mut text = Text::of(value)?;
        self.stored("str", AttributeValue::S(mem::take(&mut *text)))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Stored, ConvertError> {
        self.stored("bytes", self.bytes(value))
    }

    fn serialize_none(self) -> Result<Stored, ConvertError> {
        if self.is_distinct() { self.stored("None", AttributeValue::Null) } else { Ok(None) }
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Stored, ConvertError> {
        match value.serialize(self)? {
            Some(value) if self.is_distinct() => self.stored("Some", unwiped(value)),
            value => Ok(value),
        }
    }

    fn serialize_unit(self) -> Result<Stored, ConvertError> {
        self.stored("unit", AttributeValue::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Stored, ConvertError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Stored, ConvertError> {
        self.stored("variant", AttributeValue::S(variant.to_owned()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Stored, ConvertError> {
        if name == SECRET && self.form == Form::Plaintext {
            return Err(ConvertError::new(ConvertErrorKind::PlaintextSecret));
        }
        let mut stored = value.serialize(self)?;
        if self.is_distinct() {
            return Ok(stored);
        }
        match stored.as_deref_mut().and_then(|value| private::set(name, value)) {
            Some(set) => set.map(Some),
            None => Ok(stored),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Stored, ConvertError> {
        let inner = self.nested().inner(value).map_err(ConvertError::in_variant)?;
        self.stored("variant", tagged(variant, unwiped(inner)))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List, ConvertError> {
        Ok(List { variant: None, elements: Zeroizing::default(), inside: self.nested() })
    }

    fn serialize_tuple(self, length: usize) -> Result<List, ConvertError> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<List, ConvertError> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<List, ConvertError> {
        let list = self.nested().within_depth()?.serialize_seq(Some(length))?;
        Ok(List { variant: Some(variant), ..list })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Map, ConvertError> {
        let (name, entries) = ("", Entries::default());
        Ok(Map { name, variant: None, entries, key: None, inside: self.nested() })
    }

    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Map, ConvertError> {
        let map = self.serialize_map(Some(length))?;
        // Its only field is the value itself, which adds no level.
        let inside = if private::is_struct(name) { self } else { map.inside };
        Ok(Map { name, inside, ..map })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Map, ConvertError> {
        let map = self.nested().within_depth()?.serialize_map(Some(length))?;
        Ok(Map { variant: Some(variant), ..map })
    }
}

fn tagged(variant: &'static str, value: AttributeValue) -> AttributeValue {
    AttributeValue::M(BTreeMap::from([(variant.to_owned(), value)]))
}
