//! The sources of the vectors: fixed data keys, salts and nonces, run through the code that seals.

mod accepted;
mod refused;

use std::collections::BTreeMap;

use super::super::Item;
use super::super::forge::Forgery;
use super::super::seal::Plan;
use super::{Expected, Vector, is_malformed};
use crate::attribute::{AttributeValue, Number};
use crate::key::{DataKey, EncryptedDataKey, KeyReference, ProviderId};
use crate::record::{FieldRole, FieldSchema, RecordSchema, Values};

const ID: FieldSchema = FieldSchema::new("id", FieldRole::PartitionKey);

fn data_key() -> [u8; 32] {
    std::array::from_fn(|index| u8::try_from(index).unwrap())
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn number(text: &str) -> AttributeValue {
    AttributeValue::N(Number::parse(text).unwrap())
}

fn bytes(bytes: &[u8]) -> AttributeValue {
    AttributeValue::B(bytes.to_vec())
}

fn list(values: &[AttributeValue]) -> AttributeValue {
    AttributeValue::L(values.to_vec())
}

fn map(entries: &[(&str, AttributeValue)]) -> AttributeValue {
    let entries = entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
    AttributeValue::M(entries.collect())
}

fn sealed(names: &[&'static str]) -> Vec<FieldSchema> {
    names.iter().map(|name| FieldSchema::new(name, FieldRole::Encrypted)).collect()
}

fn authenticated(name: &'static str) -> FieldSchema {
    FieldSchema::new(name, FieldRole::Authenticated)
}

fn plain(name: &'static str) -> FieldSchema {
    FieldSchema::new(name, FieldRole::Plain)
}

fn copy(provider: ProviderId, hint: u8, wrapped: &[u8]) -> EncryptedDataKey {
    EncryptedDataKey::new(provider, [hint; 8], wrapped).unwrap()
}

fn one_copy() -> KeyReference {
    KeyReference::Wrapped(vec![copy(ProviderId::KMS, 0x33, b"wrapped by KMS")])
}

/// A vector that this crate's code seals.
fn opens(
    about: &str,
    fields: Vec<FieldSchema>,
    values: &[(&str, AttributeValue)],
    reference: KeyReference,
) -> Vector {
    seal(about, RecordSchema::new("vectors", fields.leak()), values, reference)
}

fn seal(
    about: &str,
    schema: RecordSchema,
    values: &[(&str, AttributeValue)],
    reference: KeyReference,
) -> Vector {
    let values: Item =
        values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let context: BTreeMap<String, String> = schema
        .fields()
        .filter(|field| field.is_context())
        .map(|field| {
            let text = match values.attribute(field.name()) {
                Some(AttributeValue::S(text)) => text.clone(),
                Some(AttributeValue::N(number)) => number.as_str().to_owned(),
                other => panic!("{other:?}"),
            };
            (field.name().to_owned(), text)
        })
        .collect();
    let fields = schema.fields().map(|field| values.attribute(field.name()).cloned());
    let all: Values = fields.collect();
    let plan = Plan::of(schema, all);
    let random: Vec<u8> = (0..16).chain((0..20).flat_map(|nonce| [0xA0 + nonce; 12])).collect();
    let item = plan.seal(&DataKey::new(data_key()), reference, &random).unwrap();
    let expected = Expected::Opens { values, seals: true };
    Vector { about: about.to_owned(), schema, data_key: data_key(), context, item, expected }
}

/// The record that the negative vectors start from.
fn base() -> Vector {
    let mut fields = vec![ID, FieldSchema::new("number", FieldRole::SortKey)];
    fields.extend(sealed(&["email", "ssn"]));
    fields.extend([authenticated("role"), plain("tenant").context(), plain("nickname")]);
    let values = [
        ("id", text("user-1")),
        ("number", number("42")),
        ("email", text("zoe@example.com")),
        ("ssn", text("078-05-1120")),
        ("role", text("patient")),
        ("tenant", text("clinic-7")),
        ("nickname", text("zoë")),
    ];
    opens("a composite key, and a field of every role", fields, &values, one_copy())
}

/// The base record after a change by an attacker or another program.
fn refused(about: &str, reason: &str, change: impl FnOnce(&mut Vector)) -> Vector {
    let mut vector = base();
    change(&mut vector);
    vector.about = about.to_owned();
    vector.expected = Expected::Refused(reason.to_owned());
    vector
}

fn envelope(vector: &Vector) -> Vec<u8> {
    let Some(AttributeValue::B(bytes)) = vector.item.attribute("_envelope") else { panic!() };
    bytes.clone()
}

fn set(vector: &mut Vector, name: &str, value: AttributeValue) {
    vector.item.insert(name, value);
}

/// Changes a byte of a Binary, counted from the end if `at` is negative.
fn flip(vector: &mut Vector, name: &str, at: isize) {
    let Some(AttributeValue::B(mut bytes)) = vector.item.remove(name) else { panic!("{name}") };
    let index = if at < 0 { bytes.len().strict_add_signed(at) } else { at.unsigned_abs() };
    bytes[index] ^= 1;
    set(vector, name, AttributeValue::B(bytes));
}

/// Replaces the header with bytes that no decoder may accept.
fn malformed(about: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vector {
    refused(about, "malformed envelope", |vector| {
        let mut bytes = envelope(vector);
        change(&mut bytes);
        assert!(is_malformed(&bytes), "{about}");
        set(vector, "_envelope", AttributeValue::B(bytes));
    })
}

fn with_schema(
    vector: &mut Vector,
    table: &'static str,
    change: impl Fn(&FieldSchema) -> FieldSchema,
) {
    let fields: Vec<_> = vector.schema.fields().map(change).collect();
    vector.schema = RecordSchema::new(table, fields.leak());
}

/// An item whose header has other lists and a valid tag, as another version of the struct or of the
/// library writes it. `plaintexts` are sealed verbatim.
fn forged(
    about: &str,
    fields: Vec<FieldSchema>,
    plaintexts: &[(&str, &[u8])],
    listed: &[&str],
    values: &[(&str, AttributeValue)],
) -> Vector {
    let item = Forgery {
        table: "vectors",
        keys: &["id"],
        data_key: data_key(),
        item: [("id".to_owned(), text("user-1"))].into_iter().collect(),
        plaintexts,
        authenticated: listed,
        reference: one_copy(),
    };
    let item = item.item().unwrap();
    let values: Item =
        values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Vector {
        about: about.to_owned(),
        schema: RecordSchema::new("vectors", fields.leak()),
        data_key: data_key(),
        context: BTreeMap::new(),
        item,
        expected: Expected::Opens { values, seals: false },
    }
}

pub(super) fn all() -> Vec<(&'static str, Vector)> {
    [
        accepted::values(),
        accepted::keys(),
        accepted::references(),
        accepted::from_elsewhere(),
        refused::moved_or_altered(),
        refused::of_another_version(),
        refused::bad_values(),
        refused::malformed_headers(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
