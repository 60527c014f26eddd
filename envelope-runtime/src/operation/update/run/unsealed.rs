//! An update of protected attributes of an item that has no envelope, and that a window accepts:
//! the whole item is sealed.

use super::moved::stayed;
use super::protected::Over;
use super::{Attempt, Basis, Running};
use crate::attribute::AttributeValue;
use crate::crypto;
use crate::envelope::{Asked, Item, Unsealed, Windows, unlisted};
use crate::key::{Allows, CanEncrypt, DataKeyRequest};
use crate::operation::error::UpdateError;
use crate::operation::meter::Meter;
use crate::record::EnvelopeRecord;

/// The record that an update is based on, which must still be as it was loaded.
pub(super) enum BasedOn<'a> {
    /// It had this envelope.
    Envelope(&'a AttributeValue),
    /// It had none.
    Unsealed,
}

impl Basis {
    /// Returns whether a window let in the item, or a value of it, that the update seals.
    pub(in crate::operation) fn lets_in(&self) -> bool {
        matches!(self, Self::Protected(over) if over.lets_in())
    }
}

impl<R: EnvelopeRecord, C: CanEncrypt + Allows<R::Needs>> Running<R, C> {
    /// The record that the update is based on, if the envelope or its absence tells whether it is
    /// still that.
    pub(super) fn based_on(&self) -> Option<BasedOn<'_>> {
        match self.known.as_ref()?.attribute(self.schema.envelope()) {
            Some(envelope) => Some(BasedOn::Envelope(envelope)),
            None if self.schema.is_plaintext_only() => None,
            None => Some(BasedOn::Unsealed),
        }
    }

    /// The protected attributes that no envelope covered when the record was loaded on which the
    /// update is based. They must be as they were.
    pub(super) fn uncovered_when_loaded(&self) -> Vec<&'static str> {
        match self.based_on() {
            Some(BasedOn::Envelope(envelope)) => unlisted(&self.schema, envelope),
            Some(BasedOn::Unsealed) => self.schema.protected_names(),
            None => Vec::new(),
        }
    }

    /// Returns whether an item is the record that the update is based on.
    pub(super) fn is_as_loaded(&self, stored: &Item) -> bool {
        let (Some(based_on), Some(known)) = (self.based_on(), &self.known) else { return true };
        let envelope = match based_on {
            BasedOn::Envelope(envelope) => Some(envelope),
            BasedOn::Unsealed => None,
        };
        stored.attribute(self.schema.envelope()) == envelope
            && stayed(&self.uncovered_when_loaded(), known, stored)
    }

    /// Seals the item with the changes. Nothing of it is verified, so the write depends on every
    /// attribute that it protects.
    pub(super) async fn over_unsealed(
        &self,
        meter: &Meter,
        item: Item,
        windows: Windows,
    ) -> Result<(Attempt, Over), UpdateError> {
        let schema = self.schema;
        let asked = Asked::Key(self.target.key.attributes());
        let unsealed = Unsealed::new(schema, item, asked, &self.target.context, windows);
        let unsealed = unsealed.map_err(UpdateError::Open)?;
        let item = unsealed.item();
        self.check_older_names(item)?;
        self.check_maps(item)?;
        let moved = self.moved(item)?;
        let counted = self.counted(item)?;
        let changes = self.plan.protected.iter().chain(&counted);
        let changes: Vec<_> = changes.map(|(field, change)| (*field, change)).collect();

        let context = self.target.context.encryption_context(&schema);
        let sealed = unsealed.plaintext_len(&changes);
        let request = DataKeyRequest::counting(context, sealed, meter.key_counts());
        let (data_key, reference) = self.generate(&request).await?.into_parts();
        let rewrite = unsealed.seal(&changes, &data_key, reference, crypto::fill);
        let rewrite = rewrite.and_then(|rewrite| {
            unsealed.check_size(&rewrite, |name| self.is_plaintext(name))?;
            Ok(rewrite)
        })?;

        let mut names = schema.protected_names();
        names.extend(&self.parts);
        self.attempt_over(&rewrite, moved.as_ref(), None, names, item, self.nulls(item))
    }
}
