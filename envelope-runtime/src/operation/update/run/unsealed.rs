//! An update of protected attributes of an item that has no envelope, and that a window accepts:
//! the whole item is sealed.

use super::protected::Over;
use super::{Attempt, Running};
use crate::attribute::AttributeValue;
use crate::crypto;
use crate::envelope::{Asked, Item, Unsealed, Windows};
use crate::key::{Allows, CanEncrypt, DataKeyRequest};
use crate::operation::error::UpdateError;
use crate::operation::meter::Meter;
use crate::record::EnvelopeRecord;

/// The record that an update is based on, which must still be as it was loaded.
pub(super) enum BasedOn<'a> {
    /// It had this envelope.
    Envelope(&'a AttributeValue),
    /// It had none.
    Unsealed(&'a Item),
}

impl<R: EnvelopeRecord, C: CanEncrypt + Allows<R::Needs>> Running<R, C> {
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
        meter.has_let_in(&schema);
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
