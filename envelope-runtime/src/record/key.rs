//! Keys: conversion of the values that a caller writes to the attribute values of a request.

mod error;

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::Serialize;

use super::{FieldSchema, KeyAttribute, KeyType, RecordSchema};
#[cfg(feature = "aws")]
use crate::attribute::unwiped;
use crate::attribute::{self, AttributeValue, ConvertError, Wiped};
pub use error::{KeyError, KeyErrorKind};

/// DynamoDB's limit for a partition key, in bytes.
const MAX_PARTITION_KEY: usize = 2048;
/// DynamoDB's limit for a sort key, in bytes.
const MAX_SORT_KEY: usize = 1024;

/// The key of a record that has only a partition key, of the type `P`.
#[derive(Debug)]
pub struct Simple<P>(PhantomData<fn() -> P>);

/// The key of a record with a partition key `P` and a sort key `S`.
#[derive(Debug)]
pub struct Composite<P, S>(PhantomData<fn() -> (P, S)>);

/// The key of a record whose key attributes are made by templates. `P` and `S` are tuples of the
/// types of the fields that the templates name, each once, in order: `P` those of the partition
/// key, `S` those of the sort key that the partition key does not have already. A caller passes
/// them as one flat tuple.
#[derive(Debug)]
pub struct Parts<P, S>(PhantomData<fn() -> (P, S)>);

/// Stands for a key field that is stored as a Binary, in [`Simple`] and [`Composite`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Bytes;

/// The attribute values of a key. `Debug` hides them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyValues(Vec<KeyValue>);

/// The value of one part of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyValue {
    /// Wiped, because the value of a hashed key is secret.
    pub(crate) value: Wiped,
    /// It is the hash that the table holds.
    pub(crate) is_hash: bool,
}

/// A value that can be used as the key `K` of a record: the key field's own type by value or
/// reference, a `&str` for a `String`, byte slices for bytes, and a pair of these for a composite
/// key. For a key made by templates, all of its parts: one alone, or a tuple.
///
/// ```
/// use envelope_runtime::schema::{Composite, IntoKey, Parts, Simple};
///
/// fn key_of_a_user(key: impl IntoKey<Simple<String>>) {}
/// fn key_of_an_order(key: impl IntoKey<Composite<String, u64>>) {}
/// fn key_of_a_line(key: impl IntoKey<Parts<(String,), (u64, u8)>>) {}
///
/// key_of_a_user("foobar");
/// key_of_a_user(&String::from("foobar"));
/// key_of_an_order(("c-1", 4));
/// key_of_a_line(("c-1", 4, 1));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the key of this record",
    label = "the record's key is `{K}`",
    note = "`Simple<P>` takes a `P`, a `&P` or (for `String`) a `&str`; `Composite<P, S>` takes a \
            pair of these, and `Parts<(…), (…)>` all of its parts in one tuple, or the one alone"
)]
pub trait IntoKey<K> {
    /// The key's attribute values.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] if a part cannot be stored.
    fn into_key(self) -> Result<KeyValues, ConvertError>;
}

/// A value that can be used as one part of a key, of the type `P`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand for a key of the type `{P}`",
    label = "the key field's type is `{P}`"
)]
pub trait IntoKeyPart<P> {
    /// The part's attribute value; `None` if the value has none.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] if it cannot be stored.
    fn into_part(self) -> Result<Option<AttributeValue>, ConvertError>;

    /// Returns whether it is the hash that the table holds, and not the value of a hashed key.
    #[doc(hidden)]
    fn is_hash(&self) -> bool {
        false
    }
}

// Suppresses the lists of impls, which say less than the messages of the traits.
#[diagnostic::do_not_recommend]
impl<P, T: IntoKeyPart<P>> IntoKey<Simple<P>> for T {
    fn into_key(self) -> Result<KeyValues, ConvertError> {
        Ok(KeyValues(vec![part(self)?]))
    }
}

#[diagnostic::do_not_recommend]
impl<P, S, A: IntoKeyPart<P>, B: IntoKeyPart<S>> IntoKey<Composite<P, S>> for (A, B) {
    fn into_key(self) -> Result<KeyValues, ConvertError> {
        Ok(KeyValues(vec![part(self.0)?, part(self.1)?]))
    }
}

#[diagnostic::do_not_recommend]
impl IntoKey<Parts<(), ()>> for () {
    fn into_key(self) -> Result<KeyValues, ConvertError> {
        Ok(KeyValues(Vec::new()))
    }
}

#[diagnostic::do_not_recommend]
impl<P, T: IntoKeyPart<P>> IntoKey<Parts<(P,), ()>> for T {
    fn into_key(self) -> Result<KeyValues, ConvertError> {
        Ok(KeyValues(vec![part(self)?]))
    }
}

#[diagnostic::do_not_recommend]
impl<S, T: IntoKeyPart<S>> IntoKey<Parts<(), (S,)>> for T {
    fn into_key(self) -> Result<KeyValues, ConvertError> {
        Ok(KeyValues(vec![part(self)?]))
    }
}

/// Implements keys of this many parts, for every length of the partition key: each step moves one
/// part over to it.
macro_rules! parts {
    ([$($p:ident)*] [] $all:tt) => {
        parts!(@ [$($p)*] [] $all);
    };
    ([$($p:ident)*] [$next:ident $($s:ident)*] $all:tt) => {
        parts!(@ [$($p)*] [$next $($s)*] $all);
        parts!([$($p)* $next] [$($s)*] $all);
    };
    (@ [$($p:ident)*] [$($s:ident)*] ($($part:ident $given:ident $index:tt),*)) => {
        #[diagnostic::do_not_recommend]
        impl<$($part, $given: IntoKeyPart<$part>),*> IntoKey<Parts<($($p,)*), ($($s,)*)>>
            for ($($given,)*)
        {
            fn into_key(self) -> Result<KeyValues, ConvertError> {
                Ok(KeyValues(vec![$(part(self.$index)?),*]))
            }
        }
    };
}

parts!([] [A B] (A T 0, B U 1));
parts!([] [A B C] (A T 0, B U 1, C V 2));
parts!([] [A B C D] (A T 0, B U 1, C V 2, D W 3));
parts!([] [A B C D E] (A T 0, B U 1, C V 2, D W 3, E X 4));
parts!([] [A B C D E F] (A T 0, B U 1, C V 2, D W 3, E X 4, F Y 5));

/// An absent part becomes NULL, which no key can be, and is refused with the other checks.
fn part<P>(part: impl IntoKeyPart<P>) -> Result<KeyValue, ConvertError> {
    let is_hash = part.is_hash();
    let value = part.into_part()?.unwrap_or(AttributeValue::Null);
    Ok(KeyValue { value: Wiped::new(value), is_hash })
}

#[diagnostic::do_not_recommend]
impl<P: Serialize> IntoKeyPart<P> for P {
    fn into_part(self) -> Result<Option<AttributeValue>, ConvertError> {
        attribute::to_attribute(&self)
    }
}

#[diagnostic::do_not_recommend]
impl<P: Serialize> IntoKeyPart<P> for &P {
    fn into_part(self) -> Result<Option<AttributeValue>, ConvertError> {
        attribute::to_attribute(self)
    }
}

#[diagnostic::do_not_recommend]
impl IntoKeyPart<String> for &str {
    fn into_part(self) -> Result<Option<AttributeValue>, ConvertError> {
        attribute::to_attribute(self)
    }
}

macro_rules! bytes_part {
    ($([$($generics:tt)*] $part:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> IntoKeyPart<Bytes> for $part {
            fn into_part(self) -> Result<Option<AttributeValue>, ConvertError> {
                let bytes: &[u8] = self.as_ref();
                Ok(Some(AttributeValue::B(bytes.to_vec())))
            }
        }
    )*};
}

bytes_part!(
    [] &[u8], [] Vec<u8>, [] &Vec<u8>, [] Box<[u8]>, [] &Box<[u8]>,
    [const N: usize] [u8; N], [const N: usize] &[u8; N]
);

impl KeyValues {
    pub(super) fn of_part<P>(part: impl IntoKeyPart<P>) -> Result<Self, ConvertError> {
        let mut values = Self::default();
        values.push(part)?;
        Ok(values)
    }

    pub(super) fn push<P>(&mut self, given: impl IntoKeyPart<P>) -> Result<(), ConvertError> {
        self.0.push(part(given)?);
        Ok(())
    }

    #[cfg(feature = "aws")]
    pub(crate) fn into_parts(self) -> Vec<AttributeValue> {
        self.0.into_iter().map(|given| unwiped(given.value)).collect()
    }

    /// The value of a part, of those with these names.
    #[cfg(feature = "aws")]
    pub(crate) fn named(&self, names: &[&str], name: &str) -> Option<&AttributeValue> {
        let mut given = names.iter().zip(&self.0);
        given.find_map(|(part, given)| (*part == name).then_some(&*given.value))
    }

    /// Puts hashes in place of the values that are not hashes yet. `hash` returns `None` for a part
    /// that is not hashed.
    #[cfg(feature = "aws")]
    pub(crate) fn hashed<E>(
        mut self,
        names: &[&'static str],
        hash: impl Fn(&'static str, &AttributeValue) -> Result<Option<AttributeValue>, E>,
    ) -> Result<Self, E> {
        for (name, given) in names.iter().zip(&mut self.0).filter(|(_, given)| !given.is_hash) {
            if let Some(value) = hash(name, &given.value)? {
                *given = KeyValue { value: Wiped::new(value), is_hash: true };
            }
        }
        Ok(self)
    }

    /// The attribute of a part that must be hashed first.
    #[cfg(feature = "aws")]
    pub(crate) fn clear(
        &self,
        schema: &RecordSchema,
        names: &[&'static str],
    ) -> Option<&'static str> {
        let mut given = names.iter().zip(&self.0);
        let clear = given.find(|(name, given)| !given.is_hash && schema.hash_of(name).is_some());
        clear.map(|(name, _)| *name)
    }

    /// Refuses values in place of hashes, so that none gets into a request.
    #[cfg(feature = "aws")]
    pub(crate) fn refuse_clear(
        &self,
        schema: &RecordSchema,
        names: &[&'static str],
    ) -> Result<(), KeyError> {
        match self.clear(schema, names) {
            Some(name) => Err(KeyError::new(schema, name, KeyErrorKind::NoSecret)),
            None => Ok(()),
        }
    }

    /// The key under the schema's names, checked by DynamoDB's rules.
    #[cfg(feature = "aws")]
    pub(crate) fn checked(self, schema: &RecordSchema) -> Result<RequestKey, KeyError> {
        let names = schema.key_parts();
        self.refuse_clear(schema, &names)?;
        RequestKey::new(schema, names.into_iter().zip(self.into_parts()).collect())
    }
}

/// A key that DynamoDB accepts: its attributes, and the parts that they are made from.
#[cfg(feature = "aws")]
#[derive(Clone)]
pub(crate) struct RequestKey {
    attributes: Vec<(&'static str, AttributeValue)>,
    parts: Vec<(&'static str, AttributeValue)>,
}

#[cfg(feature = "aws")]
impl RequestKey {
    fn new(
        schema: &RecordSchema,
        parts: Vec<(&'static str, AttributeValue)>,
    ) -> Result<Self, KeyError> {
        let part =
            |name: &str| parts.iter().find_map(|(part, value)| (*part == name).then_some(value));
        let attribute = |key: KeyAttribute| Ok((key.name(), key.value(schema, part)?.into_owned()));
        let attributes = schema.keys().map(attribute);
        let attributes = attributes.collect::<Result<_, _>>()?;
        Ok(Self { attributes, parts })
    }

    /// The key of a record. `value` returns its values by attribute name.
    pub(crate) fn of_record<'a>(
        schema: &RecordSchema,
        value: impl Fn(&str) -> Option<&'a AttributeValue>,
    ) -> Result<Self, KeyError> {
        let part = |name: &'static str| Some((name, value(name)?.clone()));
        Self::new(schema, schema.key_parts().into_iter().filter_map(part).collect())
    }

    pub(crate) fn attributes(&self) -> &[(&'static str, AttributeValue)] {
        &self.attributes
    }

    /// The value of a field that is the key or a part of it.
    pub(crate) fn part(&self, name: &str) -> Option<&AttributeValue> {
        self.parts.iter().find_map(|(part, value)| (*part == name).then_some(value))
    }
}

impl KeyAttribute {
    /// The key attribute's value: a part, or made from the parts. Checked by DynamoDB's rules.
    pub(crate) fn value<'a>(
        &self,
        schema: &RecordSchema,
        part: impl Fn(&str) -> Option<&'a AttributeValue>,
    ) -> Result<Cow<'a, AttributeValue>, KeyError> {
        let value = match self {
            Self::Field(name) => match part(name) {
                Some(value) => Cow::Borrowed(value),
                None => Cow::Owned(AttributeValue::Null),
            },
            Self::Template(template) => Cow::Owned(
                template
                    .render(part)
                    .map_err(|(name, problem)| KeyError::new(schema, name, problem))?,
            ),
        };
        check(schema, self.name(), &value)?;
        Ok(value)
    }

    /// Checks a value that the key attribute is compared with, or set to.
    #[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "only DynamoDB is asked"))]
    pub(crate) fn check(
        &self,
        schema: &RecordSchema,
        value: &AttributeValue,
    ) -> Result<(), KeyError> {
        check(schema, self.name(), value)
    }
}

/// Checks one key attribute by DynamoDB's rules.
fn check(
    schema: &RecordSchema,
    name: &'static str,
    value: &AttributeValue,
) -> Result<(), KeyError> {
    let limit = if schema.sorts_by(name) { MAX_SORT_KEY } else { MAX_PARTITION_KEY };
    let (length, key_type) = match value {
        AttributeValue::S(text) => (Some(text.len()), KeyType::S),
        AttributeValue::B(bytes) => (Some(bytes.len()), KeyType::B),
        AttributeValue::N(_) => (None, KeyType::N),
        AttributeValue::Null => return Err(KeyError::new(schema, name, KeyErrorKind::Absent)),
        other => return Err(KeyError::new(schema, name, KeyErrorKind::Type(other.type_name()))),
    };
    let expected = schema.field(name).and_then(FieldSchema::type_of_key);
    if let Some(expected) = expected.filter(|expected| *expected != key_type) {
        let problem = KeyErrorKind::OtherType { expected, found: key_type };
        return Err(KeyError::new(schema, name, problem));
    }
    match length {
        Some(0) => Err(KeyError::new(schema, name, KeyErrorKind::Empty)),
        Some(length) if length > limit => {
            Err(KeyError::new(schema, name, KeyErrorKind::TooLong(limit)))
        }
        _ => Ok(()),
    }
}
