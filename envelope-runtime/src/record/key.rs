//! Keys: from what a caller writes to the attribute values that DynamoDB is asked for.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;

use super::RecordSchema;
use crate::attribute::{self, AttributeValue, ConvertError};
use crate::error::Place;

/// DynamoDB's limit for a partition key, in bytes.
const MAX_PARTITION_KEY: usize = 2048;
/// DynamoDB's limit for a sort key, in bytes.
const MAX_SORT_KEY: usize = 1024;

/// The key of a record that has only a partition key, of the type `P`.
#[derive(Debug)]
pub struct Lone<P>(PhantomData<fn() -> P>);

/// The key of a record with a partition key `P` and a sort key `S`.
#[derive(Debug)]
pub struct Composite<P, S>(PhantomData<fn() -> (P, S)>);

/// Stands for a key field that is stored as a Binary, in [`Lone`] and [`Composite`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Bytes;

/// The attribute values of a key. `Debug` hides them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyValues {
    partition: AttributeValue,
    sort: Option<AttributeValue>,
}

/// What can stand for the key `K` of a record: the key field's own type by value or reference, a
/// `&str` for a `String`, byte slices for bytes, and a pair of these for a composite key.
///
/// ```
/// use envelope_runtime::{Composite, IntoKey, Lone};
///
/// fn key_of_a_user(key: impl IntoKey<Lone<String>>) {}
/// fn key_of_an_order(key: impl IntoKey<Composite<String, u64>>) {}
///
/// key_of_a_user("foobar");
/// key_of_a_user(&String::from("foobar"));
/// key_of_an_order(("c-1", 4));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the key of this record",
    label = "the record's key is `{K}`",
    note = "`Lone<P>` takes a `P`, a `&P` or (for `String`) a `&str`; `Composite<P, S>` takes a \
            pair of these"
)]
pub trait IntoKey<K> {
    /// The key's attribute values.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] when a part cannot be stored.
    fn into_key(self) -> Result<KeyValues, ConvertError>;
}

/// What can stand for one part, of the type `P`, of a key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand for a key of the type `{P}`",
    label = "the key field's type is `{P}`"
)]
pub trait IntoKeyPart<P> {
    /// The part's attribute value; `None` when the value has none.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] when it cannot be stored.
    fn into_part(self) -> Result<Option<AttributeValue>, ConvertError>;
}

/// Why a key cannot be used in a request. It names the attribute, never the value.
#[derive(Clone, Debug)]
pub struct InvalidKey {
    place: Place,
    problem: KeyProblem,
}

/// What is wrong with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyProblem {
    /// It has no value.
    Absent,
    /// It is an empty string or empty bytes.
    Empty,
    /// It is stored as a type that cannot be a key: only S, N and B can.
    Type(&'static str),
    /// It is longer than DynamoDB's limit, given in bytes.
    TooLong(usize),
    /// It cannot be stored at all.
    Convert(ConvertError),
}

impl<P, T: IntoKeyPart<P>> IntoKey<Lone<P>> for T {
    fn into_key(self) -> Result<KeyValues, ConvertError> {
        Ok(KeyValues { partition: part(self)?, sort: None })
    }
}

impl<P, S, A: IntoKeyPart<P>, B: IntoKeyPart<S>> IntoKey<Composite<P, S>> for (A, B) {
    fn into_key(self) -> Result<KeyValues, ConvertError> {
        Ok(KeyValues { partition: part(self.0)?, sort: Some(part(self.1)?) })
    }
}

/// An absent part becomes NULL, which no key can be, and is refused with the other checks.
fn part<P>(part: impl IntoKeyPart<P>) -> Result<AttributeValue, ConvertError> {
    Ok(part.into_part()?.unwrap_or(AttributeValue::Null))
}

impl<P: Serialize> IntoKeyPart<P> for P {
    fn into_part(self) -> Result<Option<AttributeValue>, ConvertError> {
        attribute::to_attribute(&self)
    }
}

impl<P: Serialize> IntoKeyPart<P> for &P {
    fn into_part(self) -> Result<Option<AttributeValue>, ConvertError> {
        attribute::to_attribute(self)
    }
}

impl IntoKeyPart<String> for &str {
    fn into_part(self) -> Result<Option<AttributeValue>, ConvertError> {
        attribute::to_attribute(self)
    }
}

macro_rules! bytes_part {
    ($([$($generics:tt)*] $part:ty),*) => {$(
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

#[cfg(feature = "aws")]
impl KeyValues {
    /// The key's attributes under the schema's names, once DynamoDB would take them.
    pub(crate) fn checked(
        self,
        schema: &RecordSchema,
    ) -> Result<Vec<(&'static str, AttributeValue)>, InvalidKey> {
        let values = [Some(self.partition), self.sort].into_iter().flatten();
        schema
            .keys()
            .zip(values)
            .map(|(field, value)| {
                check(schema, field.name(), Some(&value))?;
                Ok((field.name(), value))
            })
            .collect()
    }
}

/// Checks one key attribute by DynamoDB's rules.
pub(crate) fn check(
    schema: &RecordSchema,
    name: &'static str,
    value: Option<&AttributeValue>,
) -> Result<(), InvalidKey> {
    let is_partition = schema.keys().next().is_some_and(|field| field.name() == name);
    let limit = if is_partition { MAX_PARTITION_KEY } else { MAX_SORT_KEY };
    let length = match value {
        Some(AttributeValue::S(text)) => Some(text.len()),
        Some(AttributeValue::B(bytes)) => Some(bytes.len()),
        Some(AttributeValue::N(_)) => None,
        None | Some(AttributeValue::Null) => return Err(invalid(schema, name, KeyProblem::Absent)),
        Some(other) => return Err(invalid(schema, name, KeyProblem::Type(other.type_name()))),
    };
    match length {
        Some(0) => Err(invalid(schema, name, KeyProblem::Empty)),
        Some(length) if length > limit => Err(invalid(schema, name, KeyProblem::TooLong(limit))),
        _ => Ok(()),
    }
}

fn invalid(schema: &RecordSchema, name: &str, problem: KeyProblem) -> InvalidKey {
    InvalidKey { place: schema.place().attribute(name), problem }
}

impl InvalidKey {
    #[cfg(feature = "aws")]
    pub(crate) fn convert(schema: &RecordSchema, error: ConvertError) -> Self {
        Self { place: schema.place(), problem: KeyProblem::Convert(error) }
    }

    /// The key attribute; `None` when it is the key as a whole.
    #[must_use]
    pub fn attribute(&self) -> Option<&str> {
        self.place.attribute_name()
    }

    /// What is wrong with the key.
    #[must_use]
    pub fn problem(&self) -> &KeyProblem {
        &self.problem
    }
}

impl fmt::Display for InvalidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        match &self.problem {
            KeyProblem::Absent => f.write_str("a key needs a value"),
            KeyProblem::Empty => f.write_str("a key must not be empty"),
            KeyProblem::Type(found) => {
                write!(f, "a key is stored as S, N or B, and this one as {found}")
            }
            KeyProblem::TooLong(limit) => write!(f, "longer than DynamoDB's {limit} bytes"),
            KeyProblem::Convert(error) => write!(f, "the key cannot be stored: {error}"),
        }
    }
}

impl std::error::Error for InvalidKey {}
