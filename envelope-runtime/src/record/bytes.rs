//! Fields of bytes: Binary in storage, whatever the Rust type.

use std::mem;

use zeroize::Zeroizing;

use crate::attribute::{
    AttributeValue, ConvertError, ConvertErrorKind, Plaintext, ValueDeserializer, ValueSerializer,
    Wiped,
};

/// A growable or boxed slice of bytes.
pub trait FromBytes {
    /// Takes over the bytes, whose buffer may have spare capacity.
    fn from_bytes(bytes: Vec<u8>) -> Self;
}

impl FromBytes for Vec<u8> {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        bytes
    }
}

impl FromBytes for Box<[u8]> {
    /// The standard library's own conversion may move the bytes without wiping the old ones.
    fn from_bytes(bytes: Vec<u8>) -> Self {
        Plaintext::from(bytes).as_slice().into()
    }
}

/// Encodes bytes as a Binary.
///
/// # Errors
///
/// None.
#[doc(hidden)]
pub fn encode_bytes<T: AsRef<[u8]> + ?Sized>(
    bytes: &T,
    to: ValueSerializer,
) -> Result<Option<Wiped>, ConvertError> {
    Ok(Some(Wiped::new(to.bytes(bytes.as_ref()))))
}

/// Encodes bytes as a Binary, or `None` as an absent attribute.
///
/// # Errors
///
/// None.
#[doc(hidden)]
pub fn encode_optional_bytes<T: AsRef<[u8]>>(
    bytes: &Option<T>,
    to: ValueSerializer,
) -> Result<Option<Wiped>, ConvertError> {
    match bytes {
        Some(bytes) => encode_bytes(bytes, to),
        None => Ok(None),
    }
}

/// Reads a Binary.
///
/// # Errors
///
/// [`ConvertError`] if the stored value is not a Binary, or is absent.
#[doc(hidden)]
pub fn decode_bytes<T: FromBytes>(from: ValueDeserializer) -> Result<T, ConvertError> {
    stored_bytes(from.present()?).map(T::from_bytes)
}

/// Reads a Binary, if there is one.
///
/// # Errors
///
/// [`ConvertError`] if the stored value is not a Binary.
#[doc(hidden)]
pub fn decode_optional_bytes<T: FromBytes>(
    from: ValueDeserializer,
) -> Result<Option<T>, ConvertError> {
    if from.is_none() { Ok(None) } else { decode_bytes(from).map(Some) }
}

fn stored_bytes(mut value: Wiped) -> Result<Vec<u8>, ConvertError> {
    match &mut *value {
        AttributeValue::B(bytes) => Ok(mem::take(bytes)),
        // Written by a mapper that treats bytes as a list of numbers.
        AttributeValue::L(list) => {
            let mut bytes = Zeroizing::new(Vec::with_capacity(list.len()));
            for (index, value) in list.iter().enumerate() {
                bytes.push(
                    byte(value).map_err(|problem| ConvertError::new(problem).at_index(index))?,
                );
            }
            Ok(mem::take(&mut *bytes))
        }
        other => Err(ConvertError::new(ConvertErrorKind::Type {
            expected: "type B",
            found: other.type_name(),
        })),
    }
}

fn byte(value: &AttributeValue) -> Result<u8, ConvertErrorKind> {
    match value {
        AttributeValue::N(number) => {
            number.as_str().parse().map_err(|_| ConvertErrorKind::Value { expected: "u8" })
        }
        other => Err(ConvertErrorKind::Type { expected: "u8", found: other.type_name() }),
    }
}

/// Decodes a field of type `[u8; N]`: the standard library's own conversion would drop its buffer
/// without wiping it.
///
/// # Errors
///
/// [`ConvertError`] if the stored value is not a Binary of `N` bytes, or is absent.
#[doc(hidden)]
pub fn decode_array<const N: usize>(from: ValueDeserializer) -> Result<[u8; N], ConvertError> {
    let bytes = stored_bytes(from.present()?).map(Plaintext::from)?;
    let expected = "bytes of the expected length";
    let wrong_length = |_| ConvertError::new(ConvertErrorKind::Value { expected });
    bytes.as_slice().try_into().map_err(wrong_length)
}

/// Decodes a field of type `Option<[u8; N]>`, see [`decode_array`].
///
/// # Errors
///
/// [`ConvertError`] if the stored value is not a Binary of `N` bytes.
#[doc(hidden)]
pub fn decode_optional_array<const N: usize>(
    from: ValueDeserializer,
) -> Result<Option<[u8; N]>, ConvertError> {
    if from.is_none() { Ok(None) } else { decode_array(from).map(Some) }
}
