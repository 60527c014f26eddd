//! An item between the verification of its record tag and what is done with it.

use zeroize::Zeroizing;

use super::header::{Header, write_name};
use super::identity::Identity;
use super::open::{Opening, at, decode_envelope};
use super::{Item, OpenError, OpenErrorKind, RecordKeys};
use crate::attribute::AttributeValue;
use crate::crypto::{NONCE_LEN, Rejected};
use crate::key::{DataKey, KeyReference};
use crate::record::{FieldSchema, RecordSchema};

/// An item whose record tag was verified, and the keys that it is sealed with.
pub(crate) struct Verified {
    pub(super) opening: Opening,
    pub(super) keys: RecordKeys,
}

impl Opening {
    /// How the data key is stored.
    pub(crate) fn reference(&self) -> &KeyReference {
        &self.header.reference
    }

    /// Verifies the record tag.
    pub(crate) fn verified(self, data_key: &DataKey) -> Result<Verified, OpenError> {
        let keys = RecordKeys::derive(data_key, &self.header.salt);
        let input = self.identity.tag_input(&self.header, |name| self.item.attribute(name));
        match keys.mac.verify(&input, &self.header.tag) {
            Ok(()) => Ok(Verified { opening: self, keys }),
            Err(Rejected) => Err(OpenError::new(self.schema.place(), self.refusal())),
        }
    }
}

impl Verified {
    pub(super) fn schema(&self) -> &RecordSchema {
        &self.opening.schema
    }

    pub(super) fn header(&self) -> &Header {
        &self.opening.header
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.opening.identity
    }

    pub(super) fn keys(&self) -> &RecordKeys {
        &self.keys
    }

    /// The stored item without its envelope.
    pub(crate) fn item(&self) -> &Item {
        &self.opening.item
    }

    /// How the data key is stored.
    pub(crate) fn reference(&self) -> &KeyReference {
        self.opening.reference()
    }

    /// The stored bytes of the envelope.
    pub(crate) fn envelope(&self) -> &[u8] {
        &self.opening.bytes
    }

    /// Refuses an attribute that is plaintext in the schema and that the envelope protects.
    pub(crate) fn protection(&self, field: &FieldSchema) -> Result<(), OpenError> {
        self.opening.header.protection(&self.opening.schema, field)
    }

    /// Whether the record tag covers an authenticated attribute, with or without a value.
    pub(crate) fn authenticates(&self, field: &FieldSchema) -> bool {
        field.names().any(|name| self.header().authenticates(name))
    }

    /// Refuses an authenticated attribute that is stored and not covered, as a load would.
    pub(crate) fn covered(&self, field: &FieldSchema) -> Result<(), OpenError> {
        let is_stored = field.names().any(|name| self.item().attribute(name).is_some());
        if !is_stored || field.is_window_open() || self.authenticates(field) {
            return Ok(());
        }
        Err(at(self.schema(), field.name(), OpenErrorKind::NotAuthenticated))
    }

    /// The plaintext of a sealed attribute, as it was sealed.
    pub(super) fn plaintext(
        &self,
        name: &str,
        nonce: [u8; NONCE_LEN],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let stored = self.opening.item.attribute(name).cloned();
        self.opening.plaintext(name, nonce, stored, &self.keys)
    }
}

impl Header {
    /// Refuses an attribute that is plaintext in the schema and that the header lists.
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

/// Refuses an attribute that is plaintext in the schema and that a stored envelope protects.
pub(crate) fn protection(
    schema: &RecordSchema,
    stored: &AttributeValue,
    field: &FieldSchema,
) -> Result<(), OpenError> {
    let (header, _) = decode_envelope(schema, stored.clone())?;
    header.protection(schema, field)
}

/// The bytes that stand in an envelope that lists `name`: its length and itself.
pub(crate) fn listed(name: &str) -> Vec<u8> {
    let mut entry = Vec::new();
    write_name(name, &mut entry);
    entry
}
