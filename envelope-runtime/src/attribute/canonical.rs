//! The canonical bytes of one attribute value, as they are sealed, authenticated and used in AAD.
//!
//! `FORMAT.md`, "Values", is the normative text.

use std::collections::BTreeSet;
use std::mem;

use zeroize::{Zeroize, Zeroizing};

use super::wipe::Entries;
use super::{AttributeValue, MAX_DEPTH, Number};

const TYPE_NULL: u8 = 0;
pub(super) const TYPE_S: u8 = 1;
const TYPE_N: u8 = 2;
pub(super) const TYPE_B: u8 = 3;
const TYPE_BOOL: u8 = 4;
const TYPE_M: u8 = 5;
const TYPE_L: u8 = 6;
const TYPE_SS: u8 = 7;
const TYPE_NS: u8 = 8;
const TYPE_BS: u8 = 9;
pub(super) const TYPE_ABSENT: u8 = 0x7F;
pub(super) const PADDED: u8 = 0x80;

/// The bytes are not the canonical form of any value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotCanonical;

/// Appends `type ‖ lp(value)`.
pub(crate) fn write_type_and_value(value: &AttributeValue, out: &mut Vec<u8>) {
    out.push(type_byte(value));
    write_framed(out, |out| write_value(value, out));
}

/// Appends `lp(bytes)`: a u32 length, big-endian, then the bytes.
pub(crate) fn write_lp(bytes: &[u8], out: &mut Vec<u8>) {
    write_count(bytes.len(), out);
    out.extend_from_slice(bytes);
}

pub(super) fn type_byte(value: &AttributeValue) -> u8 {
    match value {
        AttributeValue::Null => TYPE_NULL,
        AttributeValue::S(_) => TYPE_S,
        AttributeValue::N(_) => TYPE_N,
        AttributeValue::B(_) => TYPE_B,
        AttributeValue::Bool(_) => TYPE_BOOL,
        AttributeValue::M(_) => TYPE_M,
        AttributeValue::L(_) => TYPE_L,
        AttributeValue::Ss(_) => TYPE_SS,
        AttributeValue::Ns(_) => TYPE_NS,
        AttributeValue::Bs(_) => TYPE_BS,
    }
}

pub(super) fn value_len(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::Null => 0,
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => number.as_str().len(),
        AttributeValue::B(bytes) => bytes.len(),
        AttributeValue::Bool(_) => 1,
        AttributeValue::M(map) => {
            4 + map.iter().map(|(key, value)| 4 + key.len() + 5 + value_len(value)).sum::<usize>()
        }
        AttributeValue::L(list) => 4 + list.iter().map(|value| 5 + value_len(value)).sum::<usize>(),
        AttributeValue::Ss(set) => 4 + set.iter().map(|text| 4 + text.len()).sum::<usize>(),
        AttributeValue::Ns(set) => 4 + set.iter().map(|n| 4 + n.as_str().len()).sum::<usize>(),
        AttributeValue::Bs(set) => 4 + set.iter().map(|bytes| 4 + bytes.len()).sum::<usize>(),
    }
}

pub(super) fn write_value(value: &AttributeValue, out: &mut Vec<u8>) {
    match value {
        AttributeValue::Null => {}
        AttributeValue::S(text) => out.extend_from_slice(text.as_bytes()),
        AttributeValue::N(number) => out.extend_from_slice(number.as_str().as_bytes()),
        AttributeValue::B(bytes) => out.extend_from_slice(bytes),
        AttributeValue::Bool(flag) => out.push(u8::from(*flag)),
        AttributeValue::M(map) => {
            write_count(map.len(), out);
            for (key, value) in map {
                write_lp(key.as_bytes(), out);
                write_type_and_value(value, out);
            }
        }
        AttributeValue::L(list) => {
            write_count(list.len(), out);
            for value in list {
                write_type_and_value(value, out);
            }
        }
        AttributeValue::Ss(set) => write_set(set.iter().map(String::as_bytes), set.len(), out),
        AttributeValue::Ns(set) => {
            write_set(set.iter().map(|number| number.as_str().as_bytes()), set.len(), out);
        }
        AttributeValue::Bs(set) => write_set(set.iter().map(Vec::as_slice), set.len(), out),
    }
}

/// A `BTreeSet` of strings, numbers or bytes yields its elements sorted by their bytes.
fn write_set<'a>(elements: impl Iterator<Item = &'a [u8]>, count: usize, out: &mut Vec<u8>) {
    write_count(count, out);
    for element in elements {
        write_lp(element, out);
    }
}

fn write_framed(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let length = count_bytes(out.len() - start - 4);
    if let Some(frame) = out.get_mut(start..start + 4) {
        frame.copy_from_slice(&length);
    }
}

fn write_count(count: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&count_bytes(count));
}

/// A count as u32, big-endian. DynamoDB limits items to 400 KB, far below 4 GiB; a count beyond
/// that saturates, and no reader accepts it.
fn count_bytes(count: usize) -> [u8; 4] {
    u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes()
}

pub(super) fn read_value(
    kind: u8,
    bytes: &[u8],
    depth: usize,
) -> Result<AttributeValue, NotCanonical> {
    if depth >= MAX_DEPTH {
        return Err(NotCanonical);
    }
    Ok(match kind {
        TYPE_NULL if bytes.is_empty() => AttributeValue::Null,
        TYPE_S => AttributeValue::S(text(bytes)?.to_owned()),
        TYPE_N => AttributeValue::N(number(bytes)?),
        TYPE_B => AttributeValue::B(bytes.to_vec()),
        TYPE_BOOL if bytes == [0] => AttributeValue::Bool(false),
        TYPE_BOOL if bytes == [1] => AttributeValue::Bool(true),
        TYPE_M => {
            let mut map = Entries::default();
            let mut input = Input(bytes);
            for _ in 0..input.count()? {
                let key = text(input.framed()?)?;
                let follows = |(last, _): (&String, _)| last.as_str() < key;
                if key.is_empty() || !map.last_key_value().is_none_or(follows) {
                    return Err(NotCanonical);
                }
                let value = read_value(input.byte()?, input.framed()?, depth + 1)?;
                map.insert(key.to_owned(), value);
            }
            input.end()?;
            AttributeValue::M(map.take())
        }
        TYPE_L => {
            let mut list = Zeroizing::new(Vec::new());
            let mut input = Input(bytes);
            for _ in 0..input.count()? {
                list.push(read_value(input.byte()?, input.framed()?, depth + 1)?);
            }
            input.end()?;
            AttributeValue::L(mem::take(&mut *list))
        }
        TYPE_SS => AttributeValue::Ss(read_set(bytes, |bytes| Ok(text(bytes)?.to_owned()))?),
        TYPE_NS => AttributeValue::Ns(read_set(bytes, number)?),
        TYPE_BS => AttributeValue::Bs(read_set(bytes, |bytes| Ok(bytes.to_vec()))?),
        _ => return Err(NotCanonical),
    })
}

fn read_set<T: Ord + Zeroize>(
    bytes: &[u8],
    read: impl Fn(&[u8]) -> Result<T, NotCanonical>,
) -> Result<BTreeSet<T>, NotCanonical> {
    let mut set = Zeroizing::new(Vec::new());
    let mut input = Input(bytes);
    for _ in 0..input.count()? {
        let element = read(input.framed()?)?;
        let follows = set.last().is_none_or(|last| *last < element);
        set.push(element);
        if !follows {
            return Err(NotCanonical);
        }
    }
    input.end()?;
    if set.is_empty() { Err(NotCanonical) } else { Ok(mem::take(&mut *set).into_iter().collect()) }
}

fn text(bytes: &[u8]) -> Result<&str, NotCanonical> {
    std::str::from_utf8(bytes).map_err(|_| NotCanonical)
}

fn number(bytes: &[u8]) -> Result<Number, NotCanonical> {
    let text = text(bytes)?;
    let mut number = Number::parse(text).map_err(|_| NotCanonical)?;
    if number.as_str() == text {
        return Ok(number);
    }
    number.zeroize();
    Err(NotCanonical)
}

/// The remaining input. Lengths are checked against it before anything is taken or allocated.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> Result<u8, NotCanonical> {
        let (&byte, rest) = self.0.split_first().ok_or(NotCanonical)?;
        self.0 = rest;
        Ok(byte)
    }

    fn count(&mut self) -> Result<usize, NotCanonical> {
        let (&count, rest) = self.0.split_first_chunk::<4>().ok_or(NotCanonical)?;
        self.0 = rest;
        usize::try_from(u32::from_be_bytes(count)).map_err(|_| NotCanonical)
    }

    fn framed(&mut self) -> Result<&'a [u8], NotCanonical> {
        let length = self.count()?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(NotCanonical)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn end(&self) -> Result<(), NotCanonical> {
        if self.0.is_empty() { Ok(()) } else { Err(NotCanonical) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::attribute::decode_plaintext;

    fn every_type() -> Vec<AttributeValue> {
        let n = |text| Number::parse(text).unwrap();
        let scalars = vec![
            AttributeValue::Null,
            AttributeValue::S(String::new()),
            AttributeValue::S("zoë".into()),
            AttributeValue::N(n("-12.5")),
            AttributeValue::B(vec![]),
            AttributeValue::B(vec![0, 0x80, 0]),
            AttributeValue::Bool(true),
            AttributeValue::Bool(false),
            AttributeValue::Ss(["b".to_owned(), "a".to_owned()].into()),
            AttributeValue::Ns([n("1"), n("10"), n("-2")].into()),
            AttributeValue::Bs([vec![], vec![1]].into()),
            AttributeValue::L(vec![]),
            AttributeValue::M(BTreeMap::new()),
        ];
        let nested = AttributeValue::M(BTreeMap::from([
            ("list".to_owned(), AttributeValue::L(scalars.clone())),
            ("a".to_owned(), AttributeValue::Null),
        ]));
        scalars.into_iter().chain([nested]).collect()
    }

    #[test]
    fn every_type_comes_back_as_it_was() {
        for value in every_type() {
            let bytes = value.to_plaintext();

            assert_eq!(bytes.len(), 1 + value_len(&value), "{value:?}");
            assert_eq!(decode_plaintext(&bytes).unwrap(), Some(value));
        }
    }

    #[test]
    fn every_truncation_and_every_trailing_byte_changes_the_value_or_is_refused() {
        for value in every_type() {
            let bytes = value.to_plaintext();
            for end in 0..bytes.len() {
                assert_ne!(decode_plaintext(&bytes[..end]), Ok(Some(value.clone())), "{value:?}");
            }
            let longer = [bytes.as_slice(), &[1]].concat();
            assert_ne!(decode_plaintext(&longer), Ok(Some(value.clone())), "{value:?}");
        }
    }

    #[test]
    fn a_padded_value_and_a_hidden_absence_are_read() {
        let padded = [&[TYPE_S | PADDED], b"abc".as_slice(), &[0x80, 0, 0, 0]].concat();
        assert_eq!(decode_plaintext(&padded), Ok(Some(AttributeValue::S("abc".into()))));
        assert_eq!(decode_plaintext(&[TYPE_ABSENT]), Ok(None));
        assert_eq!(decode_plaintext(&[TYPE_ABSENT | PADDED, 0x80, 0]), Ok(None));
    }

    #[test]
    fn t24_bytes_that_are_not_canonical_are_refused() {
        let lp = |bytes: &[u8]| {
            let mut out = Vec::new();
            write_lp(bytes, &mut out);
            out
        };
        let unsorted = [&[TYPE_SS], [0, 0, 0, 2].as_slice(), &lp(b"b"), &lp(b"a")].concat();
        let twice = [&[TYPE_SS], [0, 0, 0, 2].as_slice(), &lp(b"a"), &lp(b"a")].concat();
        let nested = |lists| {
            (0..lists).fold(vec![TYPE_NULL], |inner: Vec<u8>, _| {
                [[TYPE_L].as_slice(), &[0, 0, 0, 1], &inner[..1], &lp(&inner[1..])].concat()
            })
        };
        let too_deep = nested(MAX_DEPTH);
        assert!(decode_plaintext(&nested(MAX_DEPTH - 1)).is_ok());
        for (why, bytes) in [
            ("empty", vec![]),
            ("unknown type", vec![10]),
            ("null with a value", vec![TYPE_NULL, 0]),
            ("boolean of two bytes", vec![TYPE_BOOL, 1, 0]),
            ("boolean 2", vec![TYPE_BOOL, 2]),
            ("string that is not UTF-8", vec![TYPE_S, 0xFF]),
            ("number not in normal form", [&[TYPE_N], b"1.0".as_slice()].concat()),
            ("set out of order", unsorted),
            ("set with a duplicate", twice),
            ("empty set", vec![TYPE_SS, 0, 0, 0, 0]),
            ("count beyond the bytes", vec![TYPE_L, 0xFF, 0xFF, 0xFF, 0xFF]),
            ("length beyond the bytes", vec![TYPE_SS, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF]),
            ("nested too deep", too_deep),
            ("absent with a value", vec![TYPE_ABSENT, 0]),
            ("padding of zeros only", vec![TYPE_S | PADDED, 0, 0]),
            ("padding without its marker", vec![TYPE_S | PADDED, b'a', 0]),
        ] {
            assert_eq!(decode_plaintext(&bytes), Err(NotCanonical), "{why}");
        }
    }
}
