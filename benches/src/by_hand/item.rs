//! The record [`Eleven`] as an SDK's item and back, by hand: in plaintext, and with three sealed
//! attributes.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::{NONCE_LEN, open, seal};
use crate::records::Eleven;

/// Attribute values by their names.
pub type SdkItem = HashMap<String, AttributeValue>;

const ENVELOPE: &str = "_envelope";
const ENCRYPTED: [&str; 3] = ["ssn", "email", "phone"];

/// The item in plaintext.
#[must_use]
pub fn plaintext(record: &Eleven) -> SdkItem {
    let mut item = unencrypted(record);
    for (name, value) in ENCRYPTED.into_iter().zip(encrypted(record)) {
        item.insert(name.to_owned(), AttributeValue::S(value.to_owned()));
    }
    item
}

/// The record of an item in plaintext.
///
/// # Panics
///
/// If the item is not of [`plaintext`].
#[must_use]
pub fn from_plaintext(mut item: SdkItem) -> Eleven {
    let values = ENCRYPTED.map(|name| text(&mut item, name)).into_iter().flatten();
    record(&mut item, values)
}

/// The item with sealed attributes. The envelope holds their nonces, and the wrapped key.
#[must_use]
pub fn sealed(record: &Eleven, wrapped_key: &[u8]) -> SdkItem {
    let mut item = unencrypted(record);
    let values: Vec<_> = encrypted(record).collect();
    let mut envelope = Vec::with_capacity(values.len() * NONCE_LEN + wrapped_key.len());
    for (name, (nonce, ciphertext)) in ENCRYPTED.into_iter().zip(seal(&values)) {
        envelope.extend_from_slice(&nonce);
        item.insert(name.to_owned(), AttributeValue::B(Blob::new(ciphertext)));
    }
    envelope.extend_from_slice(wrapped_key);
    item.insert(ENVELOPE.to_owned(), AttributeValue::B(Blob::new(envelope)));
    item
}

/// The record of an item with sealed attributes.
///
/// # Panics
///
/// If the item is not of [`sealed`].
#[must_use]
pub fn from_sealed(mut item: SdkItem) -> Eleven {
    let envelope = bytes(&mut item, ENVELOPE).expect("an envelope");
    let (nonces, _) = envelope.as_chunks();
    let ciphertexts = ENCRYPTED.into_iter().filter_map(|name| bytes(&mut item, name));
    let sealed = nonces.iter().copied().zip(ciphertexts).collect();
    let values = open(sealed).into_iter().map(|value| String::from_utf8(value).expect("UTF-8"));
    record(&mut item, values)
}

/// The values to encrypt. Only the last can be absent.
fn encrypted(record: &Eleven) -> impl Iterator<Item = &str> {
    [Some(&record.ssn), Some(&record.email), record.phone.as_ref()]
        .into_iter()
        .flatten()
        .map(String::as_str)
}

/// The other attributes, with room for the rest.
fn unencrypted(record: &Eleven) -> SdkItem {
    let text = |text: &String| AttributeValue::S(text.clone());
    let mut item = HashMap::with_capacity(12);
    item.insert("id".to_owned(), text(&record.id));
    item.insert("name".to_owned(), text(&record.name));
    item.insert("ward".to_owned(), text(&record.ward));
    item.insert("status".to_owned(), text(&record.status));
    item.insert("logins".to_owned(), AttributeValue::N(record.logins.to_string()));
    item.insert("active".to_owned(), AttributeValue::Bool(record.active));
    item.insert("tags".to_owned(), AttributeValue::L(record.tags.iter().map(text).collect()));
    item.insert("role".to_owned(), text(&record.role));
    item
}

fn record(item: &mut SdkItem, mut encrypted: impl Iterator<Item = String>) -> Eleven {
    let logins = match item.remove("logins") {
        Some(AttributeValue::N(number)) => number.parse().expect("an integer"),
        other => unreachable!("{other:?}"),
    };
    let active = match item.remove("active") {
        Some(AttributeValue::Bool(active)) => active,
        other => unreachable!("{other:?}"),
    };
    let tag = |tag| match tag {
        AttributeValue::S(text) => text,
        other => unreachable!("{other:?}"),
    };
    let tags = match item.remove("tags") {
        Some(AttributeValue::L(tags)) => tags.into_iter().map(tag).collect(),
        other => unreachable!("{other:?}"),
    };
    let mut text = |name| text(item, name).expect("a string");
    Eleven {
        id: text("id"),
        name: text("name"),
        ward: text("ward"),
        status: text("status"),
        logins,
        active,
        tags,
        role: text("role"),
        ssn: encrypted.next().expect("a number"),
        email: encrypted.next().expect("an address"),
        phone: encrypted.next(),
    }
}

fn text(item: &mut SdkItem, name: &str) -> Option<String> {
    match item.remove(name)? {
        AttributeValue::S(text) => Some(text),
        other => unreachable!("{other:?}"),
    }
}

fn bytes(item: &mut SdkItem, name: &str) -> Option<Vec<u8>> {
    match item.remove(name)? {
        AttributeValue::B(bytes) => Some(bytes.into_inner()),
        other => unreachable!("{other:?}"),
    }
}
