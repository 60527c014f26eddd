//! A stored item before its record tag is verified: none of it is exposed.

use super::context::ExpectedContext;
use super::header::{Header, HeaderError};
use super::identity::Identity;
use super::{Item, OpenError, OpenErrorKind, Windows};
use crate::attribute::AttributeValue;
use crate::key::KeyReference;
use crate::record::{FieldSchema, KeyAttribute, RecordSchema};

/// The key that an item must have.
#[derive(Clone, Copy)]
pub(crate) enum Asked<'a> {
    #[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "only DynamoDB is asked"))]
    /// The requested key. DynamoDB returned the item with all its attributes.
    Key(&'a [(&'static str, AttributeValue)]),
    #[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "only DynamoDB is asked"))]
    /// A requested partition key, whatever the sort key. DynamoDB returned the item with all its
    /// attributes.
    Partition(&'a AttributeValue),
    #[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "only DynamoDB is asked"))]
    /// Any key of the table. DynamoDB returned the item with all its attributes.
    Table,
    /// The item's own key. Someone else read the item, and attributes may be missing.
    ItemsOwn,
}

/// An item whose envelope could be read, before its data key is requested.
pub(crate) struct Opening {
    pub(super) schema: RecordSchema,
    pub(super) item: Item,
    pub(super) header: Header,
    pub(super) bytes: Vec<u8>,
    pub(super) identity: Identity,
    /// DynamoDB returned the item with all its attributes.
    pub(super) is_whole: bool,
    pub(super) windows: Windows,
}

impl Opening {
    pub(crate) fn new(
        schema: RecordSchema,
        mut item: Item,
        asked: Asked<'_>,
        expected: &ExpectedContext,
        windows: Windows,
    ) -> Result<Self, OpenError> {
        windows.check(&schema)?;
        let stored = item.remove(schema.envelope());
        let stored = stored.ok_or_else(|| at_envelope(&schema, OpenErrorKind::NoEnvelope))?;
        let (header, bytes) = decode_envelope(&schema, stored)?;

        let identity =
            identified(&schema, &item, asked, expected, |name| header.authenticates(name))?;
        let is_whole = !matches!(asked, Asked::ItemsOwn);
        Ok(Self { schema, item, header, bytes, identity, is_whole, windows })
    }

    /// The reference to the data key.
    pub(crate) fn reference(&self) -> &KeyReference {
        &self.header.reference
    }

    /// Everything that an update can start from: the part of the item that the record tag covers,
    /// the values that a window let in, and the envelope.
    pub(crate) fn core(&self) -> Item {
        let mut core = plain_core(&self.schema, &self.item);
        for name in &self.header.authenticated {
            copy(&self.item, name, &mut core);
        }
        for name in self.header.unlisted(&self.schema).flat_map(FieldSchema::names) {
            copy(&self.item, name, &mut core);
        }
        core.insert(self.schema.envelope(), AttributeValue::B(self.bytes.clone()));
        core
    }
}

/// The item's keys and their parts, the attributes that the schema authenticates, the version and
/// the TTL.
pub(crate) fn plain_core(schema: &RecordSchema, item: &Item) -> Item {
    let mut core = Item::default();
    for name in schema.key_names().chain(schema.key_parts()) {
        copy(item, name, &mut core);
    }
    let kept =
        |field: &&FieldSchema| field.is_authenticated() || field.is_version() || field.is_ttl();
    for name in schema.fields().filter(kept).flat_map(FieldSchema::names) {
        copy(item, name, &mut core);
    }
    core
}

fn copy(from: &Item, name: &str, to: &mut Item) {
    if let Some(value) = from.attribute(name) {
        to.insert(name, value.clone());
    }
}

/// The identity of an item with the key and the context that it must have. Attributes that the
/// record knows, or that are `listed`, are not nested too deeply: that bounds the recursion over
/// items that DynamoDB's own limit does not bound.
pub(super) fn identified(
    schema: &RecordSchema,
    item: &Item,
    asked: Asked<'_>,
    expected: &ExpectedContext,
    listed: impl Fn(&str) -> bool,
) -> Result<Identity, OpenError> {
    let matters = |name: &str| schema.catches_all() || schema.knows(name) || listed(name);
    let too_deep = |(name, value): &(&str, &AttributeValue)| value.is_too_deep() && matters(name);
    if let Some((name, _)) = item.iter().find(too_deep) {
        return Err(at(schema, name, OpenErrorKind::TooDeep));
    }
    let identity = Identity::new(schema.table(), &own_keys(schema, item, asked)?);
    match expected.differs(|name| item.attribute(name)) {
        Some(name) => Err(at(schema, name, OpenErrorKind::OtherContext)),
        None => Ok(identity),
    }
}

/// The item's own key. It must be the requested one, and match the templates rendered from the
/// item's attributes, or a field would lie.
pub(super) fn own_keys<'a>(
    schema: &RecordSchema,
    item: &'a Item,
    asked: Asked<'_>,
) -> Result<Vec<(&'static str, &'a AttributeValue)>, OpenError> {
    let stored = stored_keys(schema, item, asked)?;
    for (key, (name, stored)) in schema.keys().zip(&stored) {
        if let KeyAttribute::Template(template) = key
            && template.render(|part| item.attribute(part)).ok().as_ref() != Some(*stored)
        {
            return Err(at(schema, name, OpenErrorKind::KeyTemplate));
        }
    }
    Ok(stored)
}

/// The key that an item is stored under. It must be the requested one.
pub(super) fn stored_keys<'a>(
    schema: &RecordSchema,
    item: &'a Item,
    asked: Asked<'_>,
) -> Result<Vec<(&'static str, &'a AttributeValue)>, OpenError> {
    let keys = schema.keys().enumerate().map(|(index, key)| {
        let name = key.name();
        let stored = item.attribute(name);
        let stored = match asked {
            Asked::ItemsOwn => stored.ok_or(OpenErrorKind::Incomplete),
            Asked::Key(wanted) => {
                let wanted = wanted.iter().find(|(key, _)| *key == name).map(|(_, value)| value);
                stored.filter(|stored| Some(*stored) == wanted).ok_or(OpenErrorKind::Tampered)
            }
            Asked::Partition(wanted) => stored
                .filter(|stored| index > 0 || *stored == wanted)
                .ok_or(OpenErrorKind::Tampered),
            Asked::Table => stored.ok_or(OpenErrorKind::Tampered),
        };
        Ok((name, stored.map_err(|kind| at(schema, name, kind))?))
    });
    keys.collect()
}

/// Returns whether an item has a key, and the attributes that make it.
#[cfg(feature = "aws")]
pub(crate) fn makes_its_key(schema: &RecordSchema, item: &Item) -> bool {
    own_keys(schema, item, Asked::Table).is_ok()
}

pub(super) fn decode_envelope(
    schema: &RecordSchema,
    stored: AttributeValue,
) -> Result<(Header, Vec<u8>), OpenError> {
    let AttributeValue::B(bytes) = stored else {
        return Err(at_envelope(schema, OpenErrorKind::MalformedEnvelope));
    };
    match Header::decode(&bytes) {
        Ok(header) => Ok((header, bytes)),
        Err(error) => {
            let kind = match error {
                HeaderError::Malformed => OpenErrorKind::MalformedEnvelope,
                HeaderError::Version(version) => OpenErrorKind::UnsupportedVersion(version),
                HeaderError::Suite(suite) => OpenErrorKind::UnsupportedSuite(suite),
            };
            Err(at_envelope(schema, kind))
        }
    }
}

#[cold]
pub(super) fn at(schema: &RecordSchema, name: &str, kind: OpenErrorKind) -> OpenError {
    OpenError::new(schema.place().attribute(name), kind)
}

pub(super) fn at_envelope(schema: &RecordSchema, kind: OpenErrorKind) -> OpenError {
    at(schema, schema.envelope(), kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::FieldRole;

    const SCHEMA: RecordSchema = RecordSchema::new(
        "orders",
        &[
            FieldSchema::new("tenant", FieldRole::PartitionKey),
            FieldSchema::new("number", FieldRole::SortKey),
        ],
    );

    fn item(attributes: &[(&str, &str)]) -> Item {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        attributes.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect()
    }

    /// The fault of an item's key, and the attribute.
    fn refusal(item: &Item, asked: Asked<'_>) -> Option<(OpenErrorKind, String)> {
        let error = own_keys(&SCHEMA, item, asked).err()?;
        Some((error.kind(), error.attribute().unwrap_or_default().to_owned()))
    }

    #[test]
    fn an_item_has_the_partition_that_was_asked_for_and_a_key_of_its_own() {
        let wanted = AttributeValue::S("t-1".into());
        let here = item(&[("tenant", "t-1"), ("number", "7")]);
        let elsewhere = item(&[("tenant", "t-2"), ("number", "t-1")]);
        let half = item(&[("tenant", "t-1")]);
        let tampered = |name: &str| Some((OpenErrorKind::Tampered, name.to_owned()));

        assert_eq!(refusal(&here, Asked::Partition(&wanted)), None);
        assert_eq!(refusal(&elsewhere, Asked::Partition(&wanted)), tampered("tenant"));
        assert_eq!(refusal(&half, Asked::Partition(&wanted)), tampered("number"));
        for asked in [Asked::Table, Asked::ItemsOwn] {
            assert_eq!(refusal(&here, asked), None);
            assert_eq!(refusal(&elsewhere, asked), None);
        }
        assert_eq!(refusal(&half, Asked::Table), tampered("number"));
        let incomplete = Some((OpenErrorKind::Incomplete, "number".to_owned()));
        assert_eq!(refusal(&half, Asked::ItemsOwn), incomplete);
    }
}
