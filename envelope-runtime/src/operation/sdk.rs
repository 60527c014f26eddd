//! Converts attribute values to the SDK's type and back.

use std::collections::HashMap;
use std::hash::BuildHasher;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue as SdkValue;

use crate::attribute::{AttributeValue, Number};
use crate::envelope::{Item, OpenError, OpenErrorKind};
use crate::expression::{Expression, Placeholders};
use crate::operation::error::UnknownAttributeType;
use crate::record::RecordSchema;

impl From<AttributeValue> for SdkValue {
    fn from(value: AttributeValue) -> Self {
        let text = |number: Number| number.as_str().to_owned();
        match value {
            AttributeValue::Null => Self::Null(true),
            AttributeValue::S(text) => Self::S(text),
            AttributeValue::N(number) => Self::N(text(number)),
            AttributeValue::B(bytes) => Self::B(Blob::new(bytes)),
            AttributeValue::Bool(flag) => Self::Bool(flag),
            AttributeValue::M(map) => {
                Self::M(map.into_iter().map(|(key, value)| (key, value.into())).collect())
            }
            AttributeValue::L(list) => Self::L(list.into_iter().map(Self::from).collect()),
            AttributeValue::Ss(set) => Self::Ss(set.into_iter().collect()),
            AttributeValue::Ns(set) => Self::Ns(set.into_iter().map(text).collect()),
            AttributeValue::Bs(set) => Self::Bs(set.into_iter().map(Blob::new).collect()),
        }
    }
}

/// Fails with `None` on a type or a number that this library does not know.
fn from_sdk(value: SdkValue) -> Option<AttributeValue> {
    let number = |text: String| Number::parse(&text).ok();
    Some(match value {
        SdkValue::Null(_) => AttributeValue::Null,
        SdkValue::S(text) => AttributeValue::S(text),
        SdkValue::N(text) => AttributeValue::N(number(text)?),
        SdkValue::B(bytes) => AttributeValue::B(bytes.into_inner()),
        SdkValue::Bool(flag) => AttributeValue::Bool(flag),
        SdkValue::M(map) => AttributeValue::M(
            map.into_iter()
                .map(|(key, value)| Some((key, from_sdk(value)?)))
                .collect::<Option<_>>()?,
        ),
        SdkValue::L(list) => {
            AttributeValue::L(list.into_iter().map(from_sdk).collect::<Option<_>>()?)
        }
        SdkValue::Ss(set) => AttributeValue::Ss(set.into_iter().collect()),
        SdkValue::Ns(set) => {
            AttributeValue::Ns(set.into_iter().map(number).collect::<Option<_>>()?)
        }
        SdkValue::Bs(set) => AttributeValue::Bs(set.into_iter().map(Blob::into_inner).collect()),
        _ => return None,
    })
}

impl<S: BuildHasher + Default> From<Item> for HashMap<String, SdkValue, S> {
    fn from(item: Item) -> Self {
        item.into_iter().map(|(name, value)| (name, value.into())).collect()
    }
}

/// For items from requests that this library does not make: queries, scans, stream images. Open
/// them with an [`Opener`](crate::Opener).
impl<S: BuildHasher> TryFrom<HashMap<String, SdkValue, S>> for Item {
    type Error = UnknownAttributeType;

    fn try_from(item: HashMap<String, SdkValue, S>) -> Result<Self, UnknownAttributeType> {
        let attributes = item.into_iter().map(|(name, value)| match from_sdk(value) {
            Some(value) => Ok((name, value)),
            None => Err(UnknownAttributeType::new(name)),
        });
        attributes.collect()
    }
}

/// The key in the form of a request.
pub(super) fn to_sdk_key(key: &[(&'static str, AttributeValue)]) -> HashMap<String, SdkValue> {
    key.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect()
}

/// The attributes of an item that have these names, as far as it has them.
pub(super) fn some_from_sdk(
    names: impl Iterator<Item = &'static str>,
    item: &HashMap<String, SdkValue>,
) -> Item {
    let attribute = |name| Some((name, from_sdk(item.get(name)?.clone())?));
    let attributes = names.filter_map(attribute);
    attributes.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The text of a condition, and the placeholders for names and values in all expressions of its
/// request.
pub(super) type SdkExpression =
    (Option<String>, Option<HashMap<String, String>>, Option<HashMap<String, SdkValue>>);

impl Placeholders {
    /// The names of a request that has no values.
    pub(super) fn into_sdk_names(self) -> Option<HashMap<String, String>> {
        let names = self.into_names();
        (!names.is_empty()).then(|| names.into_iter().collect())
    }
}

impl Expression {
    pub(super) fn into_sdk(self) -> SdkExpression {
        let Self { text, names, values } = self;
        let values = values.into_iter().map(|(name, value)| (name, value.into()));
        let names = (!names.is_empty()).then(|| names.into_iter().collect());
        (text, names, (values.len() > 0).then(|| values.collect()))
    }
}

/// Like [`Item::try_from`], but skips attributes of an unknown type that the record does not know.
pub(super) fn from_sdk_item(
    schema: &RecordSchema,
    item: HashMap<String, SdkValue>,
) -> Result<Item, OpenError> {
    let unknown =
        |name: &str| OpenError::new(schema.place().attribute(name), OpenErrorKind::UnknownType);
    item.into_iter()
        .filter_map(|(name, value)| match from_sdk(value) {
            Some(value) => Some(Ok((name, value))),
            None => (schema.catches_all() || schema.knows(&name)).then(|| Err(unknown(&name))),
        })
        .collect()
}
