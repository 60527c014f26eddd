//! Items of records that protect nothing.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::context::ExpectedContext;
use super::opening::{Asked, at, at_envelope, decode_envelope, own_keys, stored_keys};
use super::verified::{add_plain, oldest};
use super::{Item, OpenError, OpenErrorKind};
use crate::attribute::AttributeValue;
use crate::record::{KeyAttribute, OtherAttributes, RecordSchema, Values};

/// The values of a record that protects nothing, or of a projection that reads nothing protected.
/// Another record type, or a newer program, may have sealed some of the item's attributes: their
/// bytes are never exposed.
pub(crate) fn plaintext_values(
    schema: RecordSchema,
    mut item: Item,
    asked: Asked<'_>,
    expected: &ExpectedContext,
) -> Result<Values, OpenError> {
    if schema.is_key_alone() {
        return key_values(&schema, &item, asked, expected);
    }
    own_keys(&schema, &item, asked)?;
    if let Some(name) = expected.differs(|name| item.attribute(name)) {
        return Err(at(&schema, name, OpenErrorKind::OtherContext));
    }
    let header = match item.remove(schema.envelope()) {
        Some(_) if schema.catches_all() => {
            return Err(at_envelope(&schema, OpenErrorKind::HasEnvelope));
        }
        Some(stored) => Some(decode_envelope(&schema, stored)?.0),
        None if schema.is_plaintext_only() => None,
        // The record that a projection is of has an envelope.
        None => return Err(at_envelope(&schema, OpenErrorKind::NoEnvelope)),
    };
    let is_sealed = |name: &str| header.as_ref().is_some_and(|header| header.nonce(name).is_some());
    let fields = schema.read().map(|field| {
        if field.names().any(is_sealed) {
            return Err(at(&schema, field.name(), OpenErrorKind::Sealed));
        }
        let value = oldest(field, |name| item.attribute(name).is_some());
        let value = value.and_then(|name| item.remove(name));
        if value.as_ref().is_some_and(AttributeValue::is_too_deep) {
            return Err(at(&schema, field.name(), OpenErrorKind::TooDeep));
        }
        Ok(value.map(Zeroizing::new))
    });
    let fields = fields.collect::<Result<_, _>>()?;
    let mut others = OtherAttributes::default();
    if schema.catches_all() {
        add_plain(&schema, item, &mut others);
        if let Some((name, _)) = others.iter().find(|(_, value)| value.is_too_deep()) {
            return Err(at(&schema, name, OpenErrorKind::TooDeep));
        }
    }
    Ok(Values { fields, others, version: None })
}

/// The values of a record's key, in the order of its parts. Nothing else of the item is looked at,
/// and an index may not hold it.
fn key_values(
    schema: &RecordSchema,
    item: &Item,
    asked: Asked<'_>,
    expected: &ExpectedContext,
) -> Result<Values, OpenError> {
    stored_keys(schema, item, asked)?;
    let parts = parts_of_key(schema, item)?;
    if let Some(name) = expected.differs(|name| parts.get(name).or_else(|| item.attribute(name))) {
        return Err(at(schema, name, OpenErrorKind::OtherContext));
    }
    let value = |name: &str| parts.get(name).cloned().map(Zeroizing::new);
    let fields = schema.key_parts().into_iter().map(value).collect();
    Ok(Values { fields, ..Values::default() })
}

/// The parts of the key that an item is stored under, whether or not the item holds them too.
pub(crate) fn parts_of_key(
    schema: &RecordSchema,
    item: &Item,
) -> Result<BTreeMap<&'static str, AttributeValue>, OpenError> {
    let mut parts = BTreeMap::new();
    for key in schema.keys() {
        let no_key = || at(schema, key.name(), OpenErrorKind::KeyTemplate);
        let stored = item.attribute(key.name()).ok_or_else(no_key)?;
        let found = match (key, stored) {
            (KeyAttribute::Field(name), stored) => Some(vec![(name, stored.clone())]),
            (KeyAttribute::Template(template), AttributeValue::S(text)) => template.parts_in(text),
            (KeyAttribute::Template(_), _) => None,
        };
        for (name, value) in found.ok_or_else(no_key)? {
            // One field may be a part twice.
            if parts.insert(name, value.clone()).is_some_and(|other| other != value) {
                return Err(no_key());
            }
        }
    }
    Ok(parts)
}

/// Refuses an item that a `plaintext_only` record must not overwrite.
#[cfg(feature = "aws")]
pub(crate) fn refuse_protected(schema: &RecordSchema, stored: &Item) -> Result<(), OpenError> {
    match stored.attribute(schema.envelope()) {
        Some(_) if schema.is_plaintext_only() => {
            Err(at_envelope(schema, OpenErrorKind::HasEnvelope))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::Number;
    use crate::envelope::expected_context;
    use crate::key::Scope;
    use crate::record::{FieldRole, FieldSchema, KeyPiece, KeyTemplate};

    const FIELDS: &[FieldSchema] = &[
        FieldSchema::new("id", FieldRole::PartitionKey),
        FieldSchema::new("plan", FieldRole::Plain),
        FieldSchema::new("ssn", FieldRole::Encrypted),
    ];

    /// Whoever writes the table could strip the envelope, and plant what it listed as sealed.
    #[test]
    fn a_projection_of_plaintext_refuses_an_item_without_an_envelope() {
        let record = RecordSchema::new("users", FIELDS);
        let projection = record.project_plaintext(FIELDS.get(1..2).unwrap_or_default());
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let item: Item = [("id", "u-1"), ("plan", "free")]
            .map(|(n, v)| (n.to_owned(), text(v)))
            .into_iter()
            .collect();
        let context = expected_context(&record, |_| None, &Scope::default()).ok().unwrap();
        let read = |schema| plaintext_values(schema, item.clone(), Asked::ItemsOwn, &context);

        assert_eq!(read(projection).unwrap_err().kind(), OpenErrorKind::NoEnvelope);
        assert!(read(record.plaintext_only()).is_ok());
    }

    const LINE: RecordSchema = RecordSchema::new(
        "app",
        &[
            FieldSchema::new("tenant", FieldRole::Plain).context(),
            FieldSchema::new("sku", FieldRole::Plain),
            FieldSchema::new("number", FieldRole::Plain),
            FieldSchema::new("note", FieldRole::Encrypted),
        ],
    )
    .partition_key(KeyTemplate::new(
        "PK",
        &[
            KeyPiece::text("T#"),
            KeyPiece::part("tenant"),
            KeyPiece::text("#"),
            KeyPiece::part("sku"),
        ],
    ))
    .sort_key(KeyTemplate::new(
        "SK",
        &[KeyPiece::part("sku"), KeyPiece::text("#"), KeyPiece::number("number", 3)],
    ));

    /// The values of the key, or the attribute at fault.
    fn key_of(pairs: &[(&str, &str)], tenant: &str, asked: Asked<'_>) -> Result<Values, String> {
        let item = pairs.iter().map(|(n, v)| ((*n).to_owned(), AttributeValue::S((*v).into())));
        let caller = Scope::new([("tenant", tenant)]);
        let context = expected_context(&LINE, |_| None, &caller).ok().unwrap();
        let values = plaintext_values(LINE.keys_only(), item.collect(), asked, &context);
        values.map_err(|error| format!("{:?} {}", error.kind(), error.attribute().unwrap_or("")))
    }

    #[test]
    fn a_key_alone_is_read_from_the_attributes_of_the_key() {
        let stored = [("PK", "T#t-1#book"), ("SK", "book#007"), ("note", "not opened")];
        let values = key_of(&stored, "t-1", Asked::Table).unwrap();
        let fields: Vec<_> =
            values.fields.iter().map(|value| (**value.as_ref().unwrap()).clone()).collect();
        let text = |text: &str| AttributeValue::S(text.to_owned());
        assert_eq!(fields, [text("t-1"), text("book"), AttributeValue::N(Number::from(7_u8))]);

        let partition = text("T#t-1#book");
        assert!(key_of(&stored, "t-1", Asked::Partition(&partition)).is_ok());
        for (pairs, tenant, asked, refused) in [
            (&stored[..], "t-2", Asked::Table, "OtherContext tenant"),
            (&stored[..1], "t-1", Asked::Table, "Tampered SK"),
            (&stored[..1], "t-1", Asked::ItemsOwn, "Incomplete SK"),
            (&stored[..], "t-1", Asked::Partition(&text("T#t-2#book")), "Tampered PK"),
            (&[("PK", "T#t-1#book"), ("SK", "pen#007")], "t-1", Asked::Table, "KeyTemplate SK"),
            (&[("PK", "T#t-1#book"), ("SK", "book#7")], "t-1", Asked::Table, "KeyTemplate SK"),
            (&[("PK", "t-1"), ("SK", "book#007")], "t-1", Asked::Table, "KeyTemplate PK"),
        ] {
            assert_eq!(key_of(pairs, tenant, asked).unwrap_err(), refused);
        }
    }
}
