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
            Err(Rejected) => Err(OpenError::new(self.schema.place(), OpenErrorKind::Tampered)),
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

    /// How the envelope protects a plaintext attribute, against the schema.
    pub(crate) fn protection(&self, field: &FieldSchema) -> Option<OpenError> {
        self.opening.header.protection(&self.opening.schema, field)
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
    /// How it protects an attribute that is plaintext in the schema.
    fn protection(&self, schema: &RecordSchema, field: &FieldSchema) -> Option<OpenError> {
        field.names().find_map(|name| match name {
            name if self.nonce(name).is_some() => Some(at(schema, name, OpenErrorKind::Sealed)),
            name if self.authenticates(name) => {
                Some(at(schema, name, OpenErrorKind::Authenticated))
            }
            _ => None,
        })
    }
}

/// How a stored envelope protects an attribute that is plaintext in the schema.
pub(crate) fn protection(
    schema: &RecordSchema,
    stored: &AttributeValue,
    field: &FieldSchema,
) -> Result<(), OpenError> {
    let (header, _) = decode_envelope(schema, stored.clone())?;
    header.protection(schema, field).map_or(Ok(()), Err)
}

/// The bytes that stand in an envelope that lists `name`: its length and itself.
pub(crate) fn listed(name: &str) -> Vec<u8> {
    let mut entry = Vec::new();
    write_name(name, &mut entry);
    entry
}
