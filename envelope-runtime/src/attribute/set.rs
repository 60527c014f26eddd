//! Lists into DynamoDB sets.

use std::collections::BTreeSet;

use super::{AttributeValue, ConvertError, Number, Problem};

impl AttributeValue {
    /// The set of a list's elements; `None` when there are none, since DynamoDB has no empty sets.
    pub(crate) fn into_set(self) -> Result<Option<Self>, ConvertError> {
        let Self::L(list) = self else { return Err(not_a_set(&self)) };
        let Some(first) = list.first() else { return Ok(None) };
        Ok(Some(match first {
            Self::S(_) => Self::Ss(collect(list, |value| match value {
                Self::S(text) => Ok(text),
                other => Err(not_a_set(&other)),
            })?),
            Self::N(_) => Self::Ns(collect(list, |value| match value {
                Self::N(number) => Ok(number),
                other => Err(not_a_set(&other)),
            })?),
            _ => Self::Bs(collect(list, bytes)?),
        }))
    }
}

/// Bytes, or what serde makes of a `Vec<u8>`: a list of numbers.
fn bytes(value: AttributeValue) -> Result<Vec<u8>, ConvertError> {
    let byte = |value: AttributeValue| match value {
        AttributeValue::N(number) => {
            number.as_str().parse().map_err(|_| not_a_set(&AttributeValue::N(Number::from(0_u8))))
        }
        other => Err(not_a_set(&other)),
    };
    match value {
        AttributeValue::B(bytes) => Ok(bytes),
        AttributeValue::L(list) => list.into_iter().map(byte).collect(),
        other => Err(not_a_set(&other)),
    }
}

/// A set has no equal elements; a `Vec` that has some would load shorter than it was.
fn collect<T: Ord>(
    list: Vec<AttributeValue>,
    element: impl Fn(AttributeValue) -> Result<T, ConvertError>,
) -> Result<BTreeSet<T>, ConvertError> {
    let mut set = BTreeSet::new();
    for (index, value) in list.into_iter().enumerate() {
        let element = element(value).map_err(|error| error.at_index(index))?;
        if !set.insert(element) {
            return Err(ConvertError::new(Problem::DuplicateElement).at_index(index));
        }
    }
    Ok(set)
}

fn not_a_set(found: &AttributeValue) -> ConvertError {
    let expected = "a collection of strings, numbers or bytes";
    ConvertError::new(Problem::Type { expected, found: found.type_name() })
}
