//! Hashed keys: what is hashed, and the key's type.

mod normal;
#[cfg(test)]
mod tests;

use std::fmt;
use std::marker::PhantomData;

use data_encoding::HEXLOWER;
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Bytes, IntoKeyPart, KeyErrorKind, KeyType, RecordSchema};
use crate::attribute::{
    AttributeValue, ConvertError, ConvertErrorKind, ValueDeserializer, unwiped, write_lp,
    write_type_and_value,
};
pub use normal::Normalization;

/// The number of bytes in a hash.
const HASH_LEN: usize = 32;

/// Stands for a key field of the type `P` of which the table holds a hash. A caller passes the
/// value itself, or a [`HashedKey`]. Such keys have no order and no beginning.
#[derive(Debug)]
pub struct Hashed<P>(PhantomData<fn() -> P>);

/// The stored form of a hashed key, as [`Keys`](crate::Keys) reads it: the value itself is sealed.
/// Every operation takes it in place of the value. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct HashedKey(AttributeValue);

/// The attribute that is hashed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HashOf {
    pub(crate) attribute: &'static str,
    normalization: Normalization,
}

impl HashedKey {
    /// Reads a stored hash: 32 bytes, or their text.
    pub(super) fn read(from: ValueDeserializer) -> Result<Self, ConvertError> {
        let value = from.present()?;
        let is_hash = match &*value {
            AttributeValue::B(bytes) => bytes.len() == HASH_LEN,
            AttributeValue::S(text) => is_hex(text),
            _ => false,
        };
        let expected = || ConvertError::new(ConvertErrorKind::Value { expected: "hash" });
        is_hash.then(|| Self(unwiped(value))).ok_or_else(expected)
    }
}

fn is_hex(text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 2 * HASH_LEN && text.bytes().all(is_digit)
}

impl HashOf {
    pub(super) const fn new(attribute: &'static str, normalization: Normalization) -> Self {
        Self { attribute, normalization }
    }

    /// The bytes that are hashed: those of the value after its normalization. A value that cannot
    /// be a key is refused.
    pub(crate) fn input(&self, value: &AttributeValue) -> Result<Zeroizing<Vec<u8>>, KeyErrorKind> {
        let value = self.normal(value)?;
        let mut input = Zeroizing::new(Vec::with_capacity(5 + value.plaintext_len()));
        write_type_and_value(&value, &mut input);
        Ok(input)
    }

    /// The hash as its attribute stores it: as B if that is the key's type, or as text.
    pub(crate) fn stored(hash: &[u8; HASH_LEN], key_type: Option<KeyType>) -> AttributeValue {
        match key_type {
            Some(KeyType::B) => AttributeValue::B(hash.to_vec()),
            _ => AttributeValue::S(HEXLOWER.encode(hash)),
        }
    }

    /// What the hash is for, framed: equal values of two fields, tables or contexts have unrelated
    /// hashes. `context` has the values of the record's context fields, sorted by name.
    pub(crate) fn purpose(&self, schema: &RecordSchema, context: &[(&str, &str)]) -> Vec<u8> {
        let mut purpose = Vec::new();
        write_lp(b"key", &mut purpose);
        write_lp(schema.table().as_bytes(), &mut purpose);
        write_lp(self.attribute.as_bytes(), &mut purpose);
        purpose.extend_from_slice(&self.normalization.code());
        for (name, text) in context {
            write_lp(name.as_bytes(), &mut purpose);
            write_lp(text.as_bytes(), &mut purpose);
        }
        purpose
    }

    fn normal(&self, value: &AttributeValue) -> Result<Zeroizing<AttributeValue>, KeyErrorKind> {
        let value = match value {
            AttributeValue::S(text) => AttributeValue::S(self.normalization.apply(text)?),
            AttributeValue::Null => return Err(KeyErrorKind::Absent),
            AttributeValue::N(_) | AttributeValue::B(_) if !self.normalization.is_none() => {
                return Err(KeyErrorKind::NotText(value.type_name()));
            }
            AttributeValue::N(_) | AttributeValue::B(_) => value.clone(),
            other => return Err(KeyErrorKind::Type(other.type_name())),
        };
        let is_empty = match &value {
            AttributeValue::S(text) => text.is_empty(),
            AttributeValue::B(bytes) => bytes.is_empty(),
            _ => false,
        };
        if is_empty { Err(KeyErrorKind::Empty) } else { Ok(Zeroizing::new(value)) }
    }
}

#[diagnostic::do_not_recommend]
impl<P: Serialize> IntoKeyPart<Hashed<P>> for P {
    fn into_part(self) -> Result<Option<AttributeValue>, ConvertError> {
        IntoKeyPart::<P>::into_part(self)
    }
}

#[diagnostic::do_not_recommend]
impl<P: Serialize> IntoKeyPart<Hashed<P>> for &P {
    fn into_part(self) -> Result<Option<AttributeValue>, ConvertError> {
        IntoKeyPart::<P>::into_part(self)
    }
}

#[diagnostic::do_not_recommend]
impl IntoKeyPart<Hashed<String>> for &str {
    fn into_part(self) -> Result<Option<AttributeValue>, ConvertError> {
        IntoKeyPart::<String>::into_part(self)
    }
}

macro_rules! bytes_part {
    ($([$($generics:tt)*] $part:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> IntoKeyPart<Hashed<Bytes>> for $part {
            fn into_part(self) -> Result<Option<AttributeValue>, ConvertError> {
                IntoKeyPart::<Bytes>::into_part(self)
            }
        }
    )*};
}

bytes_part!(
    [] &[u8], [] Vec<u8>, [] &Vec<u8>, [] Box<[u8]>, [] &Box<[u8]>,
    [const N: usize] [u8; N], [const N: usize] &[u8; N]
);

#[diagnostic::do_not_recommend]
impl<P> IntoKeyPart<Hashed<P>> for HashedKey {
    fn into_part(self) -> Result<Option<AttributeValue>, ConvertError> {
        Ok(Some(self.0))
    }

    fn is_hash(&self) -> bool {
        true
    }
}

impl fmt::Debug for HashedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashedKey([REDACTED])")
    }
}
