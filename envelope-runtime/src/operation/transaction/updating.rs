//! An update in a transaction. It is prepared over the item that is stored, and depends on that
//! item's envelope.

use super::action::{Action, Preparing, Ready, Stored, Subject, Verdict};
use crate::key::{Allows, CanEncrypt};
use crate::operation::error::{ConditionError, ServiceError, UpdateError, WriteError};
use crate::operation::meter::Meter;
use crate::operation::prepared::Write;
use crate::operation::update::{Basis, Held, Running};
use crate::record::EnvelopeRecord;

pub(super) struct Updating<R, C> {
    running: Running<R, C>,
    basis: Basis,
    subject: Subject,
    /// The record's data key, for preparing the update anew.
    held: Held,
}

impl<R: EnvelopeRecord, C: CanEncrypt + Allows<R::Needs>> Updating<R, C> {
    pub(super) async fn prepare(
        running: Result<Running<R, C>, UpdateError>,
        meter: &Meter,
    ) -> Result<Ready, WriteError> {
        let running = running.map_err(WriteError::Update)?;
        let mut held = Held::None;
        let (subject, basis) = prepared(&running, meter, &mut held).await?;
        if basis.lets_in() {
            meter.has_let_in(&R::SCHEMA);
        }
        Ok(Box::new(Self { running, basis, subject, held }))
    }
}

async fn prepared<R: EnvelopeRecord, C: CanEncrypt + Allows<R::Needs>>(
    running: &Running<R, C>,
    meter: &Meter,
    held: &mut Held,
) -> Result<(Subject, Basis), WriteError> {
    let over = running.over_stored(meter, held).await;
    let (attempt, basis, size) = over.map_err(WriteError::Update)?;
    Ok((Subject::of_write(attempt.map(Write::Update), size), basis))
}

impl<R: EnvelopeRecord, C: CanEncrypt + Allows<R::Needs>> Action for Updating<R, C> {
    fn subject(&self) -> &Subject {
        &self.subject
    }

    fn verdict(&self, meter: &Meter, stored: Stored) -> Verdict {
        let stored = stored.map_err(UpdateError::Open);
        match stored.and_then(|stored| self.running.changed(meter, &self.basis, stored)) {
            Err(error) => Verdict::Refused(WriteError::Update(error)),
            Ok(stored) => {
                let error = ConditionError::not_as_loaded(self.subject.schema.place(), stored);
                Verdict::Changed(WriteError::Update(UpdateError::Condition(error)))
            }
        }
    }

    fn failed(&self, error: ServiceError) -> WriteError {
        WriteError::Update(UpdateError::Request(error))
    }

    fn prepare_again<'a>(&'a mut self, meter: &'a Meter) -> Preparing<'a, ()> {
        Box::pin(async move {
            let again = prepared(&self.running, meter, &mut self.held).await;
            (self.subject, self.basis) = again?;
            Ok(())
        })
    }
}
