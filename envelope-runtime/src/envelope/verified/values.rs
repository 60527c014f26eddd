//! The values of a verified item, field by field.

use std::mem;

use zeroize::Zeroizing;

use super::Verified;
use crate::attribute::{AttributeValue, Wiped, from_plaintext, unwiped};
use crate::crypto::NONCE_LEN;
use crate::envelope::header::{Header, Name, SealedEntry};
use crate::envelope::identity::Aad;
use crate::envelope::opening::at;
use crate::envelope::{Envelope, Item, OpenError, OpenErrorKind};
use crate::record::{FieldRole, FieldSchema, OtherAttributes, RecordSchema, Values};

/// The attributes that are stored or listed in the envelope, sorted by name.
struct Attributes(Vec<(Name, Attribute)>);

/// An attribute of an item. It has a value, or is listed, or both.
struct Attribute {
    value: Option<AttributeValue>,
    listed: Listed,
}

/// The entry of an attribute in the envelope.
#[derive(Clone, Copy)]
enum Listed {
    No,
    Authenticated,
    Sealed([u8; NONCE_LEN]),
}

impl Attributes {
    fn new(item: Item, header: &Header) -> Self {
        let stored = |(name, value)| (name, Attribute { value: Some(value), listed: Listed::No });
        let mut attributes = Self(item.into_named().map(stored).collect());
        let mut missing = Vec::new();
        let sealed = header.sealed.iter().map(|SealedEntry { name, nonce }| {
            let listed = Listed::Sealed(*nonce);
            (name, listed)
        });
        let authenticated = header.authenticated.iter().map(|name| (name, Listed::Authenticated));
        for (name, listed) in sealed.chain(authenticated) {
            match attributes.index(name).and_then(|index| attributes.at(index)) {
                Some(attribute) => attribute.listed = listed,
                None => missing.push((name.clone(), Attribute { value: None, listed })),
            }
        }
        if !missing.is_empty() {
            attributes.0.append(&mut missing);
            attributes.0.sort_by(|(left, _), (right, _)| left.cmp(right));
        }
        attributes
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(name)).ok()
    }

    fn at(&mut self, index: usize) -> Option<&mut Attribute> {
        self.0.get_mut(index).map(|(_, attribute)| attribute)
    }
}

impl Verified {
    /// Opens the attributes that the schema knows, and returns them with the envelope. Ask
    /// [`lets_in_any`](Self::lets_in_any) first.
    pub(crate) fn into_values(mut self) -> Result<(Values, Envelope), OpenError> {
        let mut attributes = Attributes::new(mem::take(&mut self.item), &self.header);
        let mut aad = self.identity.aad();
        let mut fields = Vec::with_capacity(self.schema.read().count());
        for field in self.schema.read() {
            fields.push(self.field(field, &mut attributes, &mut aad)?);
        }
        // A projection accepts no envelope that lists less than its record's.
        for field in self.schema.not_read().filter(|field| field.is_authenticated()) {
            self.field(field, &mut attributes, &mut aad)?;
        }
        let others = if self.schema.catches_all() {
            self.others(attributes, &mut aad)?
        } else {
            OtherAttributes::default()
        };
        let values = Values { fields, others, version: None };
        Ok((values, Envelope::new(self.header, self.bytes)))
    }

    /// Returns whether a value of an encrypted field that is read is let in by a window.
    pub(crate) fn lets_in_any(&self) -> bool {
        let mut read = self.schema.read();
        read.any(|field| field.role() == FieldRole::Encrypted && self.lets_in(field))
    }

    /// Returns whether a stored value of the field is let in by a window: the envelope does not
    /// list it.
    pub(in crate::envelope) fn lets_in(&self, field: &FieldSchema) -> bool {
        self.windows.accepts(field)
            && !self.header.holds(field)
            && field.names().any(|name| self.item.attribute(name).is_some())
    }

    /// The value of one field, as a load reads it.
    pub(in crate::envelope) fn value(
        &self,
        field: &FieldSchema,
    ) -> Result<Option<Wiped>, OpenError> {
        let stored = field.names().filter_map(|name| Some((name, self.item.attribute(name)?)));
        let mut item = Item::default();
        for (name, value) in stored {
            item.insert(name, value.clone());
        }
        self.field(field, &mut Attributes::new(item, &self.header), &mut self.identity.aad())
    }

    /// The values of all fields, in the schema's order.
    #[cfg(feature = "aws")]
    pub(crate) fn values(&self) -> Result<Vec<Option<Wiped>>, OpenError> {
        self.schema.fields().map(|field| self.value(field)).collect()
    }

    /// The sealed attributes, opened, also those that the schema does not know.
    #[cfg(feature = "aws")]
    pub(crate) fn unsealed(&self) -> Result<Vec<(String, Option<AttributeValue>)>, OpenError> {
        let mut aad = self.identity.aad();
        let sealed = self.header.sealed.iter().map(|SealedEntry { name, nonce }| {
            let stored = self.item.attribute(name).cloned();
            let value = self.unseal(name, *nonce, stored, &mut aad)?;
            Ok((name.clone().into_owned(), value.map(unwiped)))
        });
        sealed.collect()
    }

    /// The name under which the attribute of a field is stored or listed, and its place.
    ///
    /// A program that knows a newer name removes the older ones with each write. So if the envelope
    /// lists several values, an older program has since written the one under the oldest name. If
    /// one name is listed, a value under an unlisted name was planted.
    fn stored(
        &self,
        field: &FieldSchema,
        attributes: &mut Attributes,
    ) -> Result<Option<(&'static str, usize)>, OpenError> {
        let (mut with_value, mut without) = (None, None);
        let (mut is_listed, mut is_unlisted) = (false, false);
        for name in field.names() {
            let Some(index) = attributes.index(name) else { continue };
            let Some(Attribute { value, listed }) = attributes.at(index) else { continue };
            match listed {
                Listed::Sealed(_) if value.is_none() => {
                    return Err(at(&self.schema, name, self.absence()));
                }
                Listed::Sealed(_) | Listed::Authenticated => is_listed = true,
                Listed::No => is_unlisted = true,
            }
            let oldest = if value.is_some() { &mut with_value } else { &mut without };
            *oldest = Some((name, index));
        }
        if is_listed && is_unlisted {
            return Err(at(&self.schema, field.name(), OpenErrorKind::Ambiguous));
        }
        Ok(with_value.or(without))
    }

    /// The list in the envelope decides what a value is, never the value's appearance.
    fn field(
        &self,
        field: &FieldSchema,
        attributes: &mut Attributes,
        aad: &mut Aad,
    ) -> Result<Option<Wiped>, OpenError> {
        let stored = self.stored(field, attributes)?;
        let name = stored.map_or(field.name(), |(name, _)| name);
        let attribute = stored.and_then(|(_, index)| attributes.at(index));
        let (value, listed) = match attribute {
            Some(attribute) => (attribute.value.take(), attribute.listed),
            None => (None, Listed::No),
        };
        let refused = |kind| at(&self.schema, name, kind);
        match (field.role(), listed) {
            (FieldRole::Encrypted, Listed::Sealed(nonce)) => self.unseal(name, nonce, value, aad),
            (FieldRole::Encrypted, Listed::No) if self.windows.accepts(field) => {
                Ok(value.map(Zeroizing::new))
            }
            (FieldRole::Encrypted, Listed::No | Listed::Authenticated) => match value {
                Some(_) => Err(refused(OpenErrorKind::NotSealed)),
                None => Ok(None),
            },
            (_, Listed::Sealed(_)) => Err(refused(OpenErrorKind::Sealed)),
            (_, Listed::No) if field.is_authenticated() && !self.windows.accepts(field) => {
                Err(refused(OpenErrorKind::NotAuthenticated))
            }
            (_, Listed::No | Listed::Authenticated) => Ok(value.map(Zeroizing::new)),
        }
    }

    fn unseal(
        &self,
        name: &str,
        nonce: [u8; NONCE_LEN],
        stored: Option<AttributeValue>,
        aad: &mut Aad,
    ) -> Result<Option<Wiped>, OpenError> {
        let plaintext = self.opened(name, nonce, stored, aad)?;
        let value = from_plaintext(plaintext)
            .map_err(|_| at(&self.schema, name, OpenErrorKind::Tampered))?;
        Ok(value.map(Zeroizing::new))
    }

    /// The attributes that no field has taken, with their stored protection.
    fn others(&self, attributes: Attributes, aad: &mut Aad) -> Result<OtherAttributes, OpenError> {
        let mut others = OtherAttributes::default();
        for (name, Attribute { value, listed }) in attributes.0 {
            if self.schema.knows(&name) {
                continue;
            }
            let (role, value) = match listed {
                Listed::No => (FieldRole::Plain, value),
                Listed::Authenticated => (FieldRole::Authenticated, value),
                Listed::Sealed(nonce) => {
                    let value = self.unseal(&name, nonce, value, aad)?;
                    (FieldRole::Encrypted, value.map(unwiped))
                }
            };
            others.add(name.into_owned(), role, value);
        }
        Ok(others)
    }
}

/// The oldest of a field's names that has a value. Names are declared from newest to oldest.
pub(in crate::envelope) fn oldest(
    field: &FieldSchema,
    is_there: impl Fn(&str) -> bool,
) -> Option<&'static str> {
    field.names().filter(|name| is_there(name)).last()
}

pub(in crate::envelope) fn add_plain(
    schema: &RecordSchema,
    item: Item,
    others: &mut OtherAttributes,
) {
    for (name, value) in item {
        if !schema.knows(&name) {
            others.add(name, FieldRole::Plain, Some(value));
        }
    }
}
