//! An item: attribute values under their names.

use std::collections::{BTreeMap, btree_map};
use std::fmt;

use super::header::Name;
use crate::attribute::AttributeValue;

/// The attributes that DynamoDB stores under one key. `Debug` prints names, types and sizes, never
/// a value.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Item(BTreeMap<Name, AttributeValue>);

impl Item {
    /// The maximum number of bytes that DynamoDB stores under one key: 400 KiB.
    pub const MAX_SIZE: usize = 400 * 1024;

    /// The value of an attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&AttributeValue> {
        self.0.get(name)
    }

    /// Inserts a value under a name and returns the previous one.
    pub fn insert(
        &mut self,
        name: impl Into<String>,
        value: AttributeValue,
    ) -> Option<AttributeValue> {
        self.insert_named(name.into().into(), value)
    }

    pub(crate) fn insert_named(
        &mut self,
        name: Name,
        value: AttributeValue,
    ) -> Option<AttributeValue> {
        self.0.insert(name, value)
    }

    /// Removes an attribute and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<AttributeValue> {
        self.0.remove(name)
    }

    /// The number of bytes that DynamoDB counts for the item: names and values, see
    /// [`AttributeValue::size`].
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.size()).sum()
    }

    /// Names and values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &AttributeValue)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// Names and values, sorted by name.
    pub(crate) fn into_named(self) -> impl Iterator<Item = (Name, AttributeValue)> {
        self.0.into_iter()
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.0).finish()
    }
}

impl FromIterator<(String, AttributeValue)> for Item {
    fn from_iter<T: IntoIterator<Item = (String, AttributeValue)>>(attributes: T) -> Self {
        Self(attributes.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

impl IntoIterator for Item {
    type Item = (String, AttributeValue);
    type IntoIter = IntoAttributes;

    fn into_iter(self) -> IntoAttributes {
        IntoAttributes(self.0.into_iter())
    }
}

/// The attributes of an [`Item`], sorted by name. `Debug` prints their number.
pub struct IntoAttributes(btree_map::IntoIter<Name, AttributeValue>);

impl Iterator for IntoAttributes {
    type Item = (String, AttributeValue);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (name.into_owned(), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl fmt::Debug for IntoAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} attributes", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_as_large_as_its_names_and_values() {
        let item: Item = [
            ("id".to_owned(), AttributeValue::S("foobar".into())),
            ("photo".to_owned(), AttributeValue::B(vec![7; 100])),
        ]
        .into_iter()
        .collect();

        assert_eq!(item.size(), 2 + 6 + 5 + 100);
        assert_eq!(Item::default().size(), 0);
        assert_eq!(Item::MAX_SIZE, 409_600);
        assert_eq!(format!("{item:?}"), r#"{"id": S(6 bytes), "photo": B(100 bytes)}"#);
        assert_eq!(item.clone().into_iter().collect::<Item>(), item);
        assert_eq!(item.clone().into_iter().count(), 2);
        assert_eq!(item.clone().into_iter().size_hint(), (2, Some(2)));
        assert_eq!(format!("{:?}", item.into_iter()), "2 attributes");
    }
}
