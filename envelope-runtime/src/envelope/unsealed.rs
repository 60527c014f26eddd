//! Items without an envelope, of records that a window accepts. Nothing of them is verified.

use zeroize::Zeroizing;

use super::context::ExpectedContext;
use super::identity::Identity;
use super::opening::{Asked, at_envelope, identified};
use super::verified::{add_plain, oldest};
use super::{Item, OpenError, OpenErrorKind, Windows};
use crate::attribute::Wiped;
use crate::record::{FieldSchema, OtherAttributes, RecordSchema, Values};

/// An item without an envelope that a window accepts.
pub(crate) struct Unsealed {
    schema: RecordSchema,
    item: Item,
    identity: Identity,
}

impl Unsealed {
    /// An item with the key and the context that it must have.
    pub(crate) fn new(
        schema: RecordSchema,
        item: Item,
        asked: Asked<'_>,
        expected: &ExpectedContext,
        windows: Windows,
    ) -> Result<Self, OpenError> {
        windows.check(&schema)?;
        if item.attribute(schema.envelope()).is_some() || !windows.accepts_items() {
            return Err(at_envelope(&schema, OpenErrorKind::NoEnvelope));
        }
        let identity = identified(&schema, &item, asked, expected, |_| false)?;
        Ok(Self { schema, item, identity })
    }

    pub(super) fn schema(&self) -> &RecordSchema {
        &self.schema
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(crate) fn item(&self) -> &Item {
        &self.item
    }

    /// The value of one field, as a load reads it.
    pub(crate) fn value(&self, field: &FieldSchema) -> Option<Wiped> {
        let name = oldest(field, |name| self.item.attribute(name).is_some());
        name.and_then(|name| self.item.attribute(name)).cloned().map(Zeroizing::new)
    }

    /// The values of the record, as they are stored.
    pub(crate) fn into_values(self) -> Values {
        let Self { schema, mut item, .. } = self;
        let fields = schema.read().map(|field| {
            let name = oldest(field, |name| item.attribute(name).is_some());
            name.and_then(|name| item.remove(name)).map(Zeroizing::new)
        });
        let fields = fields.collect();
        let mut others = OtherAttributes::default();
        if schema.catches_all() {
            add_plain(&schema, item, &mut others);
        }
        Values { fields, others, version: None }
    }
}
