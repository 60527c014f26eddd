//! The plaintext of a sealed attribute: `type ‖ value ‖ padding?`.
//!
//! `FORMAT.md`, "Values", is the normative text.

use std::mem;

use super::canonical::{
    NotCanonical, PADDED, TYPE_ABSENT, TYPE_B, TYPE_S, read_value, type_byte, value_len,
    write_value,
};
use super::wipe::Plaintext;
use super::{AttributeValue, Wiped};
use crate::crypto::TAG_LEN;

impl AttributeValue {
    /// The length of the plaintext that is sealed.
    pub(crate) fn plaintext_len(&self) -> usize {
        1 + value_len(self)
    }

    /// The plaintext that is sealed, `type ‖ value`, with room for the tag.
    pub(crate) fn to_plaintext(&self) -> Plaintext {
        // The exact length first: growing the buffer would leave copies of the plaintext behind.
        let mut out = Vec::with_capacity(self.plaintext_len() + TAG_LEN);
        out.push(type_byte(self));
        write_value(self, &mut out);
        out.into()
    }
}

/// Like [`to_plaintext`](AttributeValue::to_plaintext), but in the value's own buffer, if that has
/// [`SEAL_ROOM`].
pub(crate) fn into_plaintext(mut value: Wiped) -> Plaintext {
    let kind = type_byte(&value);
    let buffer = match &mut *value {
        AttributeValue::S(text) if has_room(text.capacity(), text.len()) => {
            mem::take(text).into_bytes()
        }
        AttributeValue::B(bytes) if has_room(bytes.capacity(), bytes.len()) => mem::take(bytes),
        value => return value.to_plaintext(),
    };
    let mut plaintext = Plaintext::from(buffer);
    plaintext.insert(0, kind);
    plaintext
}

/// The spare capacity with which a text or bytes can be sealed where they are: for the type and the
/// tag.
pub(crate) const SEAL_ROOM: usize = 1 + TAG_LEN;

fn has_room(capacity: usize, length: usize) -> bool {
    capacity - length >= SEAL_ROOM
}

/// Decodes the plaintext of a sealed attribute: `type ‖ value ‖ padding?`. `None` is the hidden
/// "absent".
///
/// Only canonical bytes are accepted, so that one value has one form.
pub(crate) fn decode_plaintext(bytes: &[u8]) -> Result<Option<AttributeValue>, NotCanonical> {
    let (&first, rest) = bytes.split_first().ok_or(NotCanonical)?;
    let value = if first & PADDED == 0 { rest } else { strip_padding(rest)? };
    let kind = first & !PADDED;
    if kind == TYPE_ABSENT {
        return if value.is_empty() { Ok(None) } else { Err(NotCanonical) };
    }
    read_value(kind, value, 0).map(Some)
}

/// Decodes as [`decode_plaintext`] does, and takes over the buffer of a text or of bytes.
pub(crate) fn from_plaintext(
    mut plaintext: Plaintext,
) -> Result<Option<AttributeValue>, NotCanonical> {
    match plaintext.first() {
        Some(&TYPE_B) => {
            plaintext.remove(0);
            Ok(Some(AttributeValue::B(mem::take(&mut *plaintext))))
        }
        Some(&TYPE_S) => {
            plaintext.remove(0);
            match String::from_utf8(mem::take(&mut *plaintext)) {
                Ok(text) => Ok(Some(AttributeValue::S(text))),
                Err(error) => {
                    drop(Plaintext::from(error.into_bytes()));
                    Err(NotCanonical)
                }
            }
        }
        _ => decode_plaintext(&plaintext),
    }
}

/// The value that a plaintext decodes to, and its re-encoded bytes.
#[cfg(fuzzing)]
pub fn decode(plaintext: &[u8]) -> Option<(Option<AttributeValue>, Vec<u8>)> {
    let value = from_plaintext(plaintext.to_vec().into()).ok()?;
    let encoded = value.as_ref().map_or(vec![TYPE_ABSENT], |value| value.to_plaintext().to_vec());
    Some((value, encoded))
}

fn strip_padding(bytes: &[u8]) -> Result<&[u8], NotCanonical> {
    let marker = bytes.iter().rposition(|&byte| byte != 0).ok_or(NotCanonical)?;
    match bytes.split_at_checked(marker) {
        Some((value, [0x80, ..])) => Ok(value),
        _ => Err(NotCanonical),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::Number;

    fn values() -> [AttributeValue; 5] {
        [
            AttributeValue::Null,
            AttributeValue::S("zoë".into()),
            AttributeValue::B(vec![0, 0x80, 0xFF]),
            AttributeValue::N(Number::from(7)),
            AttributeValue::L(vec![AttributeValue::S("a".into())]),
        ]
    }

    #[test]
    fn a_value_is_sealed_where_it_is_if_there_is_room() {
        for spare in [0, SEAL_ROOM - 1, SEAL_ROOM, SEAL_ROOM + 1] {
            let mut text = String::with_capacity(3 + spare);
            text.push_str("abc");
            let (room, at) = (text.capacity() - text.len() >= SEAL_ROOM, text.as_ptr());

            let plaintext = into_plaintext(Wiped::new(AttributeValue::S(text)));

            assert_eq!(**plaintext, *b"\x01abc");
            assert_eq!(plaintext.as_ptr() == at, room, "{spare}");
            assert!(plaintext.capacity() >= plaintext.len() + TAG_LEN);
        }
        for value in values() {
            let copied = value.to_plaintext();
            assert_eq!(*into_plaintext(Wiped::new(value)), *copied);
        }
    }

    #[test]
    fn a_plaintext_is_read_in_place_as_it_is_read_by_copying() {
        let plaintexts = values().map(|value| value.to_plaintext().to_vec());
        let refused: [&[u8]; 4] = [b"", b"\x01\xFF", b"\x0A", b"\x80a"];
        let others: [&[u8]; 5] = [b"\x01", b"\x03", b"\x81a\x80\0", b"\x83a\x80", b"\x7F"];
        for bytes in plaintexts.iter().map(Vec::as_slice).chain(refused).chain(others) {
            let read = from_plaintext(bytes.to_vec().into());

            assert_eq!(read, decode_plaintext(bytes), "{bytes:?}");
            assert_eq!(read.is_err(), refused.contains(&bytes), "{bytes:?}");
        }
    }
}
