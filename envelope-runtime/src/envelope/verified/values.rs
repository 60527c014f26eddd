//! The values of a verified item, field by field.

use std::mem;

use zeroize::Zeroizing;

use super::Verified;
use crate::attribute::{AttributeValue, Wiped, decode_plaintext, unwiped};
use crate::crypto::NONCE_LEN;
use crate::envelope::header::SealedEntry;
use crate::envelope::opening::at;
use crate::envelope::{Envelope, Item, OpenError, OpenErrorKind};
use crate::record::{FieldRole, FieldSchema, OtherAttributes, RecordSchema, Values};

impl Verified {
    /// Opens the attributes that the schema knows, and returns them with the envelope.
    pub(crate) fn into_values(mut self) -> Result<(Values, Envelope), OpenError> {
        let fields = self.schema.fields();
        let fields = fields.map(|field| self.field(field)).collect::<Result<_, _>>()?;
        let others =
            if self.schema.catches_all() { self.others()? } else { OtherAttributes::default() };
        let values = Values { fields, others, version: None };
        Ok((values, Envelope::new(self.header, self.bytes)))
    }

    /// The name under which an attribute is stored.
    ///
    /// A program that knows a newer name removes the older ones with each write. So if the envelope
    /// lists several values, an older program has since written the one under the oldest name. If
    /// one name is listed, a value under an unlisted name was planted.
    fn stored_name(&self, field: &FieldSchema) -> Result<&'static str, OpenError> {
        let is_sealed = |name: &&str| self.header.nonce(name).is_some();
        let is_listed = |name: &&str| is_sealed(name) || self.header.authenticates(name);
        let is_there = |name: &&str| self.item.attribute(name).is_some();
        if let Some(name) = field.names().find(|name| is_sealed(name) && !is_there(name)) {
            return Err(at(&self.schema, name, self.absence()));
        }
        let listed = field.names().filter(is_listed).last();
        if listed.is_some() && field.names().any(|name| is_there(&name) && !is_listed(&name)) {
            return Err(at(&self.schema, field.name(), OpenErrorKind::Ambiguous));
        }
        Ok(oldest(field, |name| is_there(&name)).or(listed).unwrap_or(field.name()))
    }

    /// The list in the envelope decides what a value is, never the value's appearance.
    fn field(&mut self, field: &FieldSchema) -> Result<Option<Wiped>, OpenError> {
        let name = self.stored_name(field)?;
        let stored = self.item.remove(name);
        let refused = |kind| at(&self.schema, name, kind);
        match (field.role(), self.header.nonce(name)) {
            (FieldRole::Encrypted, Some(nonce)) => self.unseal(name, nonce, stored),
            (FieldRole::Encrypted, None) => match stored {
                Some(_) => Err(refused(OpenErrorKind::NotSealed)),
                None => Ok(None),
            },
            (_, Some(_)) => Err(refused(OpenErrorKind::Sealed)),
            (_, None) => {
                let covered = self.header.authenticates(name) || field.is_window_open();
                if field.is_authenticated() && !covered {
                    return Err(refused(OpenErrorKind::NotAuthenticated));
                }
                Ok(stored.map(Zeroizing::new))
            }
        }
    }

    fn unseal(
        &self,
        name: &str,
        nonce: [u8; NONCE_LEN],
        stored: Option<AttributeValue>,
    ) -> Result<Option<Wiped>, OpenError> {
        let plaintext = self.opened(name, nonce, stored)?;
        let value = decode_plaintext(&plaintext)
            .map_err(|_| at(&self.schema, name, OpenErrorKind::Tampered))?;
        Ok(value.map(Zeroizing::new))
    }

    /// The attributes that no field has taken, with their stored protection.
    fn others(&mut self) -> Result<OtherAttributes, OpenError> {
        let mut others = OtherAttributes::default();
        for SealedEntry { name, nonce } in &self.header.sealed {
            if !self.schema.knows(name) {
                let stored = self.item.remove(name);
                let value = self.unseal(name, *nonce, stored)?;
                others.add(name.clone(), FieldRole::Encrypted, value.map(unwiped));
            }
        }
        for name in &self.header.authenticated {
            if !self.schema.knows(name) {
                let value = self.item.remove(name);
                others.add(name.clone(), FieldRole::Authenticated, value);
            }
        }
        add_plain(&self.schema, mem::take(&mut self.item), &mut others);
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
