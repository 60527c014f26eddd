//! Fields of bytes: Binary in storage, whatever the Rust type.

use std::mem;

use zeroize::Zeroizing;

use crate::attribute::{
    AttributeValue, ConvertError, ConvertErrorKind, Plaintext, ValueDeserializer, ValueSerializer,
    Wiped,
};

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

/// Reads a Binary into a `Vec<u8>`, which takes over the buffer.
///
/// # Errors
///
/// [`ConvertError`] if the stored value is not a Binary, or is absent.
#[doc(hidden)]
pub fn decode_vec(from: ValueDeserializer) -> Result<Vec<u8>, ConvertError> {
    stored_bytes(from.present()?)
}

/// Reads a Binary into a `Vec<u8>`, if there is one.
///
/// # Errors
///
/// [`ConvertError`] if the stored value is not a Binary.
#[doc(hidden)]
pub fn decode_optional_vec(from: ValueDeserializer) -> Result<Option<Vec<u8>>, ConvertError> {
    if from.is_none() { Ok(None) } else { decode_vec(from).map(Some) }
}

/// Reads a Binary.
///
/// # Errors
///
/// [`ConvertError`] if the stored value is not a Binary or has the wrong length, or is absent.
#[doc(hidden)]
pub fn decode_bytes<T: TryFrom<Vec<u8>>>(from: ValueDeserializer) -> Result<T, ConvertError> {
    let bytes = stored_bytes(from.present()?).map(Plaintext::from)?;
    // Without spare capacity: a type that gives it back may move the bytes, and does not wipe them.
    T::try_from(bytes.to_vec()).map_err(|_| wrong_length())
}

/// Reads a Binary, if there is one.
///
/// # Errors
///
/// [`ConvertError`] if the stored value is not a Binary or has the wrong length.
#[doc(hidden)]
pub fn decode_optional_bytes<T: TryFrom<Vec<u8>>>(
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
    bytes.as_slice().try_into().map_err(|_| wrong_length())
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

fn wrong_length() -> ConvertError {
    ConvertError::new(ConvertErrorKind::Value { expected: "bytes of the expected length" })
}
