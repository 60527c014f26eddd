//! Converts lists to DynamoDB sets.

use std::collections::BTreeSet;
use std::mem;

use zeroize::{Zeroize, Zeroizing};

use super::{AttributeValue, ConvertError, ConvertErrorKind, Number};

impl AttributeValue {
    /// Moves a list's elements into a set; `None` if there are none, since DynamoDB has no empty
    /// sets.
    pub(crate) fn take_set(&mut self) -> Result<Option<Self>, ConvertError> {
        let Self::L(list) = self else { return Err(not_a_set(self)) };
        let Some(first) = list.first() else { return Ok(None) };
        Ok(Some(match first {
            Self::S(_) => Self::Ss(collect(list, |value| match value {
                Self::S(text) => Ok(mem::take(text)),
                other => Err(not_a_set(other)),
            })?),
            Self::N(_) => Self::Ns(collect(list, |value| match value {
                Self::N(number) => Ok(mem::replace(number, Number::from(0_u8))),
                other => Err(not_a_set(other)),
            })?),
            _ => Self::Bs(collect(list, bytes)?),
        }))
    }
}

/// Reads bytes, or a list of numbers, which is serde's form of a `Vec<u8>`.
fn bytes(value: &mut AttributeValue) -> Result<Vec<u8>, ConvertError> {
    match value {
        AttributeValue::B(bytes) => Ok(mem::take(bytes)),
        AttributeValue::L(list) => {
            let mut bytes = Zeroizing::new(Vec::with_capacity(list.len()));
            for value in list {
                match value {
                    AttributeValue::N(number) => {
                        let byte = number.as_str().parse().map_err(|_| not_a_set(value))?;
                        bytes.push(byte);
                    }
                    other => return Err(not_a_set(other)),
                }
            }
            Ok(mem::take(&mut *bytes))
        }
        other => Err(not_a_set(other)),
    }
}

/// Refuses equal elements: a `Vec` that has some would load shorter than it was.
fn collect<T: Ord + Zeroize>(
    list: &mut [AttributeValue],
    element: impl Fn(&mut AttributeValue) -> Result<T, ConvertError>,
) -> Result<BTreeSet<T>, ConvertError> {
    let mut elements = Zeroizing::new(Vec::with_capacity(list.len()));
    for (index, value) in list.iter_mut().enumerate() {
        elements.push(element(value).map_err(|error| error.at_index(index))?);
    }
    let mut seen = BTreeSet::new();
    if let Some(index) = elements.iter().position(|element| !seen.insert(element)) {
        return Err(ConvertError::new(ConvertErrorKind::DuplicateElement).at_index(index));
    }
    Ok(mem::take(&mut *elements).into_iter().collect())
}

fn not_a_set(found: &AttributeValue) -> ConvertError {
    let expected = "a collection of strings, numbers or bytes";
    ConvertError::new(ConvertErrorKind::Type { expected, found: found.type_name() })
}
