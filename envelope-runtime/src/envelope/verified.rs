//! A stored item whose record tag was verified. Only such an item is opened or changed.

mod values;

use super::header::{Header, Name, write_name};
use super::identity::{Aad, Identity};
use super::opening::{Opening, at, decode_envelope};
use super::{Item, OpenError, OpenErrorKind, RecordKeys, Windows};
use crate::attribute::{AttributeValue, Plaintext};
use crate::crypto::{NONCE_LEN, Rejected};
use crate::key::{DataKey, KeyReference};
#[cfg(feature = "aws")]
use crate::record::FieldRole;
use crate::record::{FieldSchema, RecordSchema};

pub(super) use values::{add_plain, oldest};

/// An item whose record tag was verified, and the keys that it is sealed with.
pub(crate) struct Verified {
    schema: RecordSchema,
    /// Without its envelope.
    item: Item,
    header: Header,
    bytes: Vec<u8>,
    identity: Identity,
    is_whole: bool,
    windows: Windows,
    keys: Box<RecordKeys>,
}

impl Opening {
    /// Verifies the record tag.
    pub(crate) fn verified(self, data_key: &DataKey) -> Result<Verified, OpenError> {
        let Self { schema, item, header, bytes, identity, is_whole, windows } = self;
        let keys = RecordKeys::derive(data_key, &header.salt);
        let tagged = identity.tagged(&header, &bytes, |name| item.attribute(name));
        let verified = match tagged {
            Some(tagged) => keys.mac.verify(&tagged.parts(), &header.tag),
            None => Err(Rejected),
        };
        let this = Verified { schema, item, header, bytes, identity, is_whole, windows, keys };
        match verified {
            Ok(()) => Ok(this),
            Err(Rejected) => Err(OpenError::new(schema.place(), this.refusal())),
        }
    }
}

impl Verified {
    pub(super) fn schema(&self) -> &RecordSchema {
        &self.schema
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(super) fn keys(&self) -> &RecordKeys {
        &self.keys
    }

    /// The stored item without its envelope.
    pub(crate) fn item(&self) -> &Item {
        &self.item
    }

    /// The reference to the data key.
    pub(crate) fn reference(&self) -> &KeyReference {
        &self.header.reference
    }

    /// The stored bytes of the envelope.
    pub(crate) fn envelope(&self) -> &[u8] {
        &self.bytes
    }

    /// Refuses an attribute that is plaintext in the schema but protected by the envelope.
    pub(crate) fn protection(&self, field: &FieldSchema) -> Result<(), OpenError> {
        self.header.protection(&self.schema, field)
    }

    /// Returns whether the record tag covers an authenticated attribute, with or without a value.
    pub(crate) fn authenticates(&self, field: &FieldSchema) -> bool {
        field.names().any(|name| self.header.authenticates(name))
    }

    /// Refuses an authenticated attribute that is stored but not covered, as a load would.
    pub(crate) fn covered(&self, field: &FieldSchema) -> Result<(), OpenError> {
        let is_stored = field.names().any(|name| self.item.attribute(name).is_some());
        if !is_stored || self.windows.accepts(field) || self.authenticates(field) {
            return Ok(());
        }
        Err(at(&self.schema, field.name(), OpenErrorKind::NotAuthenticated))
    }

    /// The plaintext of a sealed attribute, as it was sealed.
    pub(super) fn plaintext(
        &self,
        name: &str,
        nonce: [u8; NONCE_LEN],
    ) -> Result<Plaintext, OpenError> {
        let stored = self.item.attribute(name).cloned();
        self.opened(name, nonce, stored, &mut self.identity.aad())
    }

    fn opened(
        &self,
        name: &str,
        nonce: [u8; NONCE_LEN],
        stored: Option<AttributeValue>,
        aad: &mut Aad,
    ) -> Result<Plaintext, OpenError> {
        let tampered = || at(&self.schema, name, OpenErrorKind::Tampered);
        let stored = stored.ok_or_else(|| at(&self.schema, name, self.absence()))?;
        let AttributeValue::B(sealed) = stored else { return Err(tampered()) };
        let mut buffer = Plaintext::from(sealed);
        self.keys.content.open(nonce, aad.of(name), &mut buffer).map_err(|Rejected| tampered())?;
        Ok(buffer)
    }

    /// The reason why a listed attribute may be missing.
    fn absence(&self) -> OpenErrorKind {
        if self.is_whole { OpenErrorKind::Tampered } else { OpenErrorKind::Incomplete }
    }

    /// The reason why a record tag may not match.
    fn refusal(&self) -> OpenErrorKind {
        let is_absent = |name: &Name| self.item.attribute(name).is_none();
        if self.header.authenticated.iter().any(is_absent) {
            self.absence()
        } else {
            OpenErrorKind::Tampered
        }
    }
}

impl Header {
    /// Returns whether the lists hold the field, under any of its names.
    pub(super) fn holds(&self, field: &FieldSchema) -> bool {
        field.names().any(|name| self.nonce(name).is_some() || self.authenticates(name))
    }

    /// The fields with a window that the lists do not hold. The window of a row closes with its
    /// next write.
    pub(super) fn unlisted(
        &self,
        schema: &RecordSchema,
    ) -> impl Iterator<Item = &'static FieldSchema> {
        let has_window = |field: &&FieldSchema| {
            field.is_listed_if_absent() || (field.is_authenticated() && field.is_window_open())
        };
        schema.fields().filter(has_window).filter(|field| !self.holds(field))
    }

    /// Refuses an attribute that is plaintext in the schema but listed in the header.
    fn protection(&self, schema: &RecordSchema, field: &FieldSchema) -> Result<(), OpenError> {
        for name in field.names() {
            if self.nonce(name).is_some() {
                return Err(at(schema, name, OpenErrorKind::Sealed));
            }
            if self.authenticates(name) {
                return Err(at(schema, name, OpenErrorKind::Authenticated));
            }
        }
        Ok(())
    }
}

/// The attributes, under all their names, of the fields with a window that a stored envelope does
/// not list.
pub(crate) fn unlisted(schema: &RecordSchema, stored: &AttributeValue) -> Vec<&'static str> {
    // An envelope that cannot be read is none that a record was loaded with.
    let Ok((header, _)) = decode_envelope(schema, stored.clone()) else { return Vec::new() };
    header.unlisted(schema).flat_map(FieldSchema::names).collect()
}

/// Refuses an attribute that is plaintext in the schema but protected by a stored envelope.
pub(crate) fn protection(
    schema: &RecordSchema,
    stored: &AttributeValue,
    field: &FieldSchema,
) -> Result<(), OpenError> {
    let (header, _) = decode_envelope(schema, stored.clone())?;
    header.protection(schema, field)
}

/// The names that a stored envelope lists, and whether as sealed or as authenticated. Nothing is
/// verified.
#[cfg(feature = "aws")]
pub(crate) fn listed_names(
    schema: &RecordSchema,
    stored: &AttributeValue,
) -> Result<Vec<(String, FieldRole)>, OpenError> {
    let (header, _) = decode_envelope(schema, stored.clone())?;
    let sealed = header.sealed.into_iter().map(|entry| (entry.name, FieldRole::Encrypted));
    let authenticated = header.authenticated.into_iter();
    let authenticated = authenticated.map(|name| (name, FieldRole::Authenticated));
    Ok(sealed.chain(authenticated).map(|(name, role)| (name.into_owned(), role)).collect())
}

/// The bytes by which an envelope lists `name`: its length, then the name.
pub(crate) fn listed(name: &str) -> Vec<u8> {
    let mut entry = Vec::new();
    write_name(name, &mut entry);
    entry
}
