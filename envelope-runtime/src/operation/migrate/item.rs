//! One record: what is to be changed, the change, and the proof that it can be read again.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;

use super::Engine;
use super::step::{Need, Sent};
use crate::envelope::{Item, OpenErrorKind, SealErrorKind};
use crate::key::{Capability, DataKeyError, DataKeyErrorKind};
use crate::operation::error::{ContendedError, ServiceErrorKind, UpdateError};
use crate::operation::patience::Patience;
use crate::operation::sdk::{from_sdk_item, some_from_sdk};
use crate::operation::update::DEADLINE;
use crate::record::KeyAttribute;

/// The outcome for an item.
pub(super) enum Fate {
    /// It is of another type or context.
    Other,
    /// Somebody has deleted it.
    Gone,
    /// It is as it is to be.
    Done { item: Item, changed: bool },
    /// It could be changed, and was not.
    Left { item: Item },
    /// It cannot be changed.
    Failed { item: Option<Item>, error: UpdateError },
}

impl<C: Capability> Engine<C> {
    /// Changes an item that was read if it needs that, and if `may_change` says so. Other writers
    /// may change it meanwhile. An error holds for other items too.
    pub(super) async fn process(
        &self,
        item: HashMap<String, SdkValue>,
        may_change: bool,
    ) -> Result<Fate, UpdateError> {
        let schema = &self.schema;
        if !self.is_of_type(&item) {
            return Ok(Fate::Other);
        }
        let mut item = match from_sdk_item(schema, item) {
            Ok(item) => item,
            Err(error) => return Ok(Fate::Failed { item: None, error: UpdateError::Open(error) }),
        };
        let mut patience = Patience::of_writers(self.store.ticks(), DEADLINE);
        loop {
            let step = match self.need(&item, may_change).await {
                Ok(Need::Step(step)) => step,
                Ok(Need::Other) => return Ok(Fate::Other),
                Ok(Need::Nothing) => return Ok(Fate::Done { item, changed: false }),
                Ok(Need::Left) => return Ok(Fate::Left { item }),
                Err(error) if self.holds_for_others(&error) => return Err(error),
                Err(error) => return Ok(Fate::Failed { item: Some(item), error }),
            };
            match self.send(&item, step).await {
                Ok(Sent::Written(item)) => return Ok(Fate::Done { item, changed: true }),
                Ok(Sent::Changed(Some(now))) => item = now,
                Ok(Sent::Changed(None)) => return Ok(Fate::Gone),
                // A transaction is about to change it.
                Err(UpdateError::Request(error)) if error.kind() == ServiceErrorKind::Conflict => {}
                Err(error) if self.holds_for_others(&error) => return Err(error),
                Err(error) => return Ok(Fate::Failed { item: Some(item), error }),
            }
            if !patience.wait(&self.store).await {
                let error = UpdateError::Contended(ContendedError::new(schema.place()));
                return Ok(Fate::Failed { item: Some(item), error });
            }
        }
    }

    /// Returns whether an item's key is one of the record's.
    fn is_of_type(&self, item: &HashMap<String, SdkValue>) -> bool {
        let key = self.key_of(item);
        let is_made = |attribute: KeyAttribute| {
            key.attribute(attribute.name()).is_some_and(|value| attribute.makes(value))
        };
        self.schema.keys().all(is_made)
    }

    /// Returns whether the change of another item would fail for the same reason.
    fn holds_for_others(&self, error: &UpdateError) -> bool {
        match error {
            UpdateError::GenerateDataKey(error) => !(self.chooses_context() && of_a_context(error)),
            UpdateError::DecryptDataKey(error) => is_of_the_service(error),
            UpdateError::Request(error) => !matches!(
                error.kind(),
                ServiceErrorKind::Conflict
                    | ServiceErrorKind::ItemTooLarge
                    | ServiceErrorKind::OperandType
                    | ServiceErrorKind::Validation
            ),
            _ => false,
        }
    }

    /// Returns whether an item without an envelope chooses a part of its own context.
    fn chooses_context(&self) -> bool {
        let mut context = self.schema.fields().filter(|field| field.is_context());
        context.any(|field| self.store.scope().value(field.name()).is_none())
    }

    /// The key attributes of an item.
    pub(super) fn key_of(&self, item: &HashMap<String, SdkValue>) -> Item {
        some_from_sdk(self.schema.key_names(), item)
    }
}

/// Returns whether an item fails because of what it holds. It fails as often as it is tried, so
/// that its segment of the table is done.
///
/// Otherwise whoever plants such an item would keep that segment open, and what they plant there
/// later would be sealed.
pub(super) fn is_of_the_item(error: &UpdateError) -> bool {
    match error {
        UpdateError::Field(_) | UpdateError::Key(_) | UpdateError::Context(_) => true,
        // No window is open.
        UpdateError::Open(error) => {
            !matches!(error.kind(), OpenErrorKind::NoEnvelope | OpenErrorKind::WindowTooLong)
        }
        UpdateError::Seal(error) => matches!(error.kind(), SealErrorKind::ItemTooLarge(_)),
        UpdateError::GenerateDataKey(error) => of_a_context(error) && !error.is_access_denied(),
        UpdateError::DecryptDataKey(error) => {
            !is_of_the_service(error) && !error.is_access_denied()
        }
        _ => false,
    }
}

/// Returns whether the key service fails, and not the item. It is not asked about an item of an
/// unknown key after others of such keys: whoever plants some must not end the run.
fn is_of_the_service(error: &DataKeyError) -> bool {
    error.is_retryable() && error.kind() != DataKeyErrorKind::NotAsked
}

/// Returns whether the key service may refuse this context alone: a policy does not allow it, or it
/// is too long.
fn of_a_context(error: &DataKeyError) -> bool {
    matches!(error.kind(), DataKeyErrorKind::AccessDenied | DataKeyErrorKind::Other)
}
