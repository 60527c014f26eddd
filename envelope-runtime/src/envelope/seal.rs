//! Seals a whole record into an item.

use std::borrow::Cow;

use zeroize::Zeroizing;

use super::draft::{Draft, Entry, Sealed};
use super::header::Name;
use super::identity::Identity;
use super::{Item, RecordKeys, SALT_LEN, SealError, SealErrorKind};
use crate::attribute::{AttributeValue, Wiped, into_plaintext, unwiped};
use crate::crypto::{MAC_LEN, NONCE_LEN, TAG_LEN};
use crate::key::{DataKey, KeyReference};
use crate::record::{FieldRole, KeyError, RecordSchema, Values};

/// A record's values, grouped by how they are stored, before a data key is requested.
pub(crate) struct Plan {
    schema: RecordSchema,
    /// The plaintext attributes.
    item: Item,
    /// Name and plaintext of the attributes to seal, sorted by name.
    sealed: Vec<(Name, Wiped)>,
    /// The names of authenticated attributes, sorted.
    authenticated: Vec<Name>,
}

impl Plan {
    pub(crate) fn new(schema: RecordSchema, values: Values) -> Result<Self, SealError> {
        let sealed = Vec::with_capacity(values.fields.len());
        let mut plan = Self { schema, item: Item::default(), sealed, authenticated: Vec::new() };
        if values.fields.len() != schema.fields().count() {
            return Err(SealError::new(schema.place(), SealErrorKind::Schema));
        }
        for (field, value) in schema.fields().zip(values.fields) {
            if field.is_authenticated() {
                // Under older names as well, so that an older program sees that they have no value.
                plan.authenticated.extend(field.names().map(Cow::Borrowed));
            }
            if field.is_listed_if_absent() && value.is_none() {
                plan.authenticated.extend(field.names().map(Cow::Borrowed));
            }
            if let Some(value) = value {
                plan.add(field.name().into(), field.role(), value);
            }
        }
        for (name, mut other) in values.others.into_others() {
            if other.role == FieldRole::Authenticated {
                plan.authenticated.push(name.clone().into());
            }
            if let Some(value) = other.value.take() {
                plan.add(name.into(), other.role, Zeroizing::new(value));
            }
        }
        plan.sealed.sort_by(|(left, _), (right, _)| left.cmp(right));
        plan.authenticated.sort();
        Ok(plan)
    }

    fn add(&mut self, name: Name, role: FieldRole, value: Wiped) {
        if role == FieldRole::Encrypted {
            self.sealed.push((name, value));
        } else {
            self.item.insert_named(name, unwiped(value));
        }
    }

    pub(crate) fn schema(&self) -> &RecordSchema {
        &self.schema
    }

    /// The value of an attribute, sealed or not.
    pub(super) fn value(&self, name: &str) -> Option<&AttributeValue> {
        let sealed = self.sealed.iter().find(|(sealed, _)| sealed == name);
        sealed.map_or_else(|| self.item.attribute(name), |(_, value)| Some(value))
    }

    pub(super) fn insert(&mut self, name: &'static str, value: AttributeValue) {
        self.item.insert_named(name.into(), value);
    }

    /// The value of a plaintext attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&AttributeValue> {
        self.item.attribute(name)
    }

    /// Adds the key attributes of the table and of its indexes that templates make, and checks all
    /// keys.
    pub(crate) fn with_key(mut self) -> Result<Self, KeyError> {
        for key in self.schema.keys() {
            let value = key.value(&self.schema, |name| self.item.attribute(name))?;
            if let Cow::Owned(value) = value {
                self.item.insert_named(key.name().into(), value);
            }
        }
        for (name, value) in self.schema.index_values(|name| self.item.attribute(name), |_| true)? {
            self.item.insert_named(name.into(), value);
        }
        Ok(self)
    }

    /// Refuses an item that DynamoDB would not store.
    pub(crate) fn check_size(&self) -> Result<(), SealError> {
        let size = self.least_size();
        if size <= Item::MAX_SIZE {
            return Ok(());
        }
        let sealed = self.sealed.iter().map(|(name, value)| (&**name, &**value));
        let mut all = self.item.iter().chain(sealed);
        Err(match all.find(|(_, value)| value.holds_bytes_as_numbers()) {
            Some((name, _)) => {
                let place = self.schema.place().attribute(name);
                SealError::new(place, SealErrorKind::BytesAsNumbers(size))
            }
            None => SealError::new(self.schema.place(), SealErrorKind::ItemTooLarge(size)),
        })
    }

    /// The size of the sealed item without its wrapped key, which only the provider knows.
    pub(super) fn least_size(&self) -> usize {
        if self.schema.is_plaintext_only() {
            return self.item.size();
        }
        let sealed = self
            .sealed
            .iter()
            .map(|(name, value)| 2 * name.len() + 1 + NONCE_LEN + value.plaintext_len() + TAG_LEN);
        let authenticated = self.authenticated.iter().map(|name| 1 + name.len());
        let fixed = self.schema.envelope().len() + 2 + SALT_LEN + MAC_LEN + 3;
        self.item.size() + fixed + sealed.sum::<usize>() + authenticated.sum::<usize>()
    }

    /// The number of bytes to seal.
    pub(crate) fn plaintext_len(&self) -> u64 {
        let lengths = self.sealed.iter().map(|(_, value)| value.plaintext_len());
        u64::try_from(lengths.sum::<usize>()).unwrap_or(u64::MAX)
    }

    /// The number of random bytes for a record: its salt, then a nonce for each sealed attribute.
    pub(crate) fn random_len(&self) -> usize {
        SALT_LEN + self.sealed.len() * NONCE_LEN
    }

    /// The item of a record that protects nothing.
    pub(crate) fn into_plaintext(self) -> Item {
        self.item
    }

    pub(crate) fn seal(
        self,
        data_key: &DataKey,
        reference: KeyReference,
        random: &[u8],
    ) -> Result<Item, SealError> {
        let Self { schema, mut item, sealed, authenticated } = self;
        let error = |kind| SealError::new(schema.place(), kind);
        let (salt, nonces) =
            random.split_first_chunk().ok_or_else(|| error(SealErrorKind::Random))?;
        let entry = |(name, value)| (name, Entry::Plaintext(into_plaintext(value)));
        let sealed = sealed.into_iter().map(entry).collect();
        let draft = Draft { sealed, authenticated, salt: *salt, reference };
        let keys = RecordKeys::derive(data_key, salt);
        let attribute = |name: &'static str| Some((name, item.attribute(name)?));
        let own: Vec<_> = schema.key_names().filter_map(attribute).collect();
        let identity = Identity::new(schema.table(), &own);
        let sealed = draft.seal(&identity, &keys, nonces, |name| item.attribute(name));
        let Sealed { attributes, envelope } = sealed.map_err(error)?;
        for (name, bytes) in attributes {
            item.insert_named(name, AttributeValue::B(bytes));
        }
        item.insert_named(schema.envelope().into(), AttributeValue::B(envelope));
        Ok(item)
    }
}

#[cfg(test)]
impl Plan {
    /// The plan of a record with its key.
    pub(super) fn of(schema: RecordSchema, values: Values) -> Self {
        Self::new(schema, values).unwrap().with_key().unwrap()
    }
}
