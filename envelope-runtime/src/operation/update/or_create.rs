//! Updating a record, or creating it if it is not there.

use std::fmt;

use tracing::Instrument;

use super::super::OperationFuture;
use super::super::meter::Meter;
use super::super::patience::Patience;
use super::super::prepared::Write;
use super::super::returned::Returned;
use super::super::save::Put;
use super::super::write::Outcome;
use super::{AtKey, Options, Running};
use crate::expression::Update;
use crate::key::{Allows, CanEncrypt, Capability, Full};
use crate::operation::error::{
    ContendedError, Presence, SaveError, UnknownOutcomeError, UpdateError,
};
use crate::record::{EnvelopeRecord, KeyError};

/// An update that creates the record if it is not there, ready to be awaited. Created by
/// [`or_create`](Update::or_create).
#[must_use = "an update does nothing until it is awaited"]
pub struct Upsert<R: EnvelopeRecord, C = Full> {
    update: Update<R, AtKey<C>>,
    put: Put<R, C>,
}

/// What an update [`or_create`](Update::or_create) did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third case")]
pub enum Upserted {
    /// The record was there, and was updated.
    Updated,
    /// The record was not there, and was created.
    Created,
}

impl<R: EnvelopeRecord, C: Capability> Update<R, AtKey<C>> {
    /// Creates `record` as it is, without the changes, if there is no record under its key.
    ///
    /// The record is sealed once, when it is found missing: one KMS call. If another writer creates
    /// it first, it is updated after all. If the answer to the creation is lost and the stored item
    /// does not tell, the error is [`UpdateError::UnknownOutcome`]. An item that cannot be opened,
    /// or is of another context, is an error and never replaced.
    ///
    /// An update that depends on a [`version`](Update::version) or is
    /// [`based_on`](Update::based_on) a loaded record creates nothing: the error is
    /// [`UpdateError::NotFound`].
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// use envelope_runtime::operation::Upserted;
    ///
    /// # async fn example(store: Store, first: User) -> Result<(), Error> {
    /// let login = store.update::<User>(&first.id).add(|f| f.logins, 1).or_create(&first);
    /// if login.await? == Upserted::Created {
    ///     println!("welcome");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Awaited, those of the update, and [`UpdateError::Key`] if the record has another key,
    /// [`UpdateError::GenerateDataKey`] or [`UpdateError::Seal`] if it cannot be sealed.
    pub fn or_create(self, record: &R) -> Upsert<R, C>
    where
        C: CanEncrypt + Allows<R::Needs>,
    {
        let put = Put::new(&self.target.store, record, Some(Presence::Absent));
        Upsert { update: self, put }
    }
}

impl<R: EnvelopeRecord, C: CanEncrypt + Allows<R::Needs>> Upsert<R, C> {
    async fn run(self, meter: &Meter) -> Result<Upserted, UpdateError> {
        let Self { update, put } = self;
        let Update { changes, target, .. } = update;
        let AtKey { store, key: asked, given, known, version, within, returns: _ } = target;
        let caller = store.caller_context(&R::SCHEMA, given.clone());
        let own = put.key(&caller.map_err(UpdateError::Context)?).map_err(not_created)?;
        let may_create = known.is_none() && version.is_none();
        let options = Options { key: asked, given, known, version, returned: Returned::Nothing };
        let running = Running::<R, C>::new(&store, put.now(), changes, options)?;
        if running.key() != own.attributes() {
            return Err(UpdateError::Key(KeyError::of_another(&R::SCHEMA)));
        }
        let mut patience = Patience::of_writers(store.ticks(), within);
        if is_updated(&running, meter, &mut patience, may_create).await? {
            return Ok(Upserted::Updated);
        }
        let creation = put.prepare(meter).await.map_err(not_created)?.prepared.map(Write::Put);
        loop {
            match creation.clone().send(&store, meter, Returned::Nothing).await {
                Outcome::Written(_) | Outcome::Recognised(_) => return Ok(Upserted::Created),
                Outcome::Failed(error) => return Err(UpdateError::Request(error)),
                // Another writer was faster.
                Outcome::Refused(refused) if !refused.after_a_loss => {}
                Outcome::Refused(_) | Outcome::Unknown => {
                    let place = R::SCHEMA.place();
                    return Err(UpdateError::UnknownOutcome(UnknownOutcomeError::new(place)));
                }
            }
            if is_updated(&running, meter, &mut patience, true).await? {
                return Ok(Upserted::Updated);
            }
            if !patience.wait(&store).await {
                return Err(UpdateError::Contended(ContendedError::new(R::SCHEMA.place())));
            }
        }
    }
}

/// Updates the record; `false` if it is not there and may be created.
async fn is_updated<R: EnvelopeRecord, C: CanEncrypt + Allows<R::Needs>>(
    running: &Running<R, C>,
    meter: &Meter,
    patience: &mut Patience,
    may_create: bool,
) -> Result<bool, UpdateError> {
    match running.run(meter, patience).await {
        Ok(_) => Ok(true),
        Err(UpdateError::NotFound(_)) if may_create => Ok(false),
        Err(error) => Err(error),
    }
}

/// The error of a record that could not be sealed.
fn not_created(error: SaveError) -> UpdateError {
    match error {
        SaveError::Field(error) => UpdateError::Field(error),
        SaveError::Key(error) => UpdateError::Key(error),
        SaveError::Context(error) => UpdateError::Context(error),
        SaveError::GenerateDataKey(error) => UpdateError::GenerateDataKey(error),
        SaveError::Seal(error) => UpdateError::Seal(error),
        SaveError::Presence(error) => UpdateError::NotFound(error),
        SaveError::Condition(error) => UpdateError::Condition(error),
        SaveError::Version(error) => UpdateError::Version(error),
        SaveError::Open(error) => UpdateError::Open(error),
        SaveError::UnknownOutcome(error) => UpdateError::UnknownOutcome(error),
        SaveError::Unreadable(error) => UpdateError::Unreadable(error),
        SaveError::Request(error) => UpdateError::Request(error),
    }
}

impl<R, C> IntoFuture for Upsert<R, C>
where
    R: EnvelopeRecord,
    C: CanEncrypt + Allows<R::Needs>,
{
    type Output = Result<Upserted, UpdateError>;
    type IntoFuture = OperationFuture<Upserted, UpdateError>;

    fn into_future(self) -> Self::IntoFuture {
        let store = &self.update.target.store;
        let meter = Meter::new(store, "or_create", store.physical_table::<R>());
        let span = meter.span();
        Box::pin(async move { self.run(&meter).await }.instrument(span))
    }
}

impl<R: EnvelopeRecord, C> fmt::Debug for Upsert<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upsert").field("update", &self.update).finish_non_exhaustive()
    }
}
