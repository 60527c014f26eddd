//! One record that stays in its table: what is to be changed, the change, and the proof that it can
//! be read again.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;

use super::blame::{chooses_context, holds_for_others, is_of_the_item};
use super::engine::{Engine, Fate, Work};
use super::in_place::{Change, InPlace};
use super::step::{Need, Sent};
use crate::key::Capability;
use crate::operation::error::{
    ContendedError, Error, ProblemReason, ServiceErrorKind, UpdateError,
};
use crate::operation::patience::Patience;
use crate::operation::sdk::from_sdk_item;
use crate::operation::update::DEADLINE;

impl<C: Capability> Work<C> for InPlace<C> {
    fn verb(&self) -> &'static str {
        match self.change {
            Change::Seal => "migrate",
            Change::Unseal { .. } => "unseal",
        }
    }

    fn is_repeated(&self) -> bool {
        matches!(self.change, Change::Unseal { .. })
    }

    async fn process(
        engine: &Engine<C, Self>,
        item: HashMap<String, SdkValue>,
        may_change: bool,
    ) -> Result<Fate, ProblemReason> {
        let schema = &engine.schema;
        if !engine.is_of_type(&item) {
            return Ok(Fate::Other);
        }
        let failed = |item, error| {
            let error = Error::Update(error);
            if holds_for_others(&error, chooses_context(schema, engine.store.scope())) {
                return Err(ProblemReason::Failed(error));
            }
            let is_final = is_of_the_item(&error);
            Ok(Fate::Failed { item, reason: ProblemReason::Failed(error), is_final })
        };
        let mut item = match from_sdk_item(schema, item) {
            Ok(item) => item,
            Err(error) => return failed(None, UpdateError::Open(error)),
        };
        let mut patience = Patience::of_writers(engine.store.ticks(), DEADLINE);
        loop {
            let step = match engine.need(&item, may_change).await {
                Ok(Need::Step(step)) => step,
                Ok(Need::Other) => return Ok(Fate::Other),
                Ok(Need::Nothing) => return Ok(Fate::Done { item, changed: false }),
                Ok(Need::Left) => return Ok(Fate::Left { item }),
                Err(error) => return failed(Some(item), error),
            };
            match engine.send(&item, step).await {
                Ok(Sent::Written(item)) => return Ok(Fate::Done { item, changed: true }),
                Ok(Sent::Changed(Some(now))) => item = now,
                Ok(Sent::Changed(None)) => return Ok(Fate::Gone),
                // A transaction is about to change it.
                Err(UpdateError::Request(error)) if error.kind() == ServiceErrorKind::Conflict => {}
                Err(error) => return failed(Some(item), error),
            }
            if !patience.wait(&engine.store).await {
                let error = UpdateError::Contended(ContendedError::new(schema.place()));
                return failed(Some(item), error);
            }
        }
    }
}
