//! A transaction whose actions are prepared.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;

use super::action::{Ready, Verdict};
use super::sending::{Outcome, Reason, Sending};
use crate::key::{Capability, Full};
use crate::operation::OperationFuture;
use crate::operation::error::{
    CancelledError, ContendedError, NotSentError, PositionedError, ServiceError, ServiceErrorKind,
    TransactionError, UnknownOutcomeError,
};
use crate::operation::meter::Meter;
use crate::operation::patience::Patience;
use crate::report::Place;
use crate::store::Store;

/// A transaction that is sealed and has its token. Sending it several times has the effect of
/// sending it once. Created by [`Transaction::prepare`](super::Transaction::prepare).
///
/// DynamoDB remembers a token for 10 minutes, so a transaction can be sent for 5 minutes from its
/// first sending, by the wall clock or the monotonic one, whichever says more. After that,
/// [`send`](Self::send) makes no request to write, also in a process that was frozen in between.
/// The other 5 minutes are for a request that is on its way.
///
/// Clones are the same transaction.
///
/// ```no_run
/// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
/// # async fn example(store: Store, user: User) -> Result<(), Error> {
/// let transaction = store.transaction().create(&user).delete::<User>("old").prepare().await?;
/// let mut sent = transaction.send().await;
/// if sent.as_ref().is_err_and(|error| error.is_unknown_outcome()) {
///     sent = transaction.send().await;
/// }
/// sent?;
/// # Ok(())
/// # }
/// ```
pub struct PreparedTransaction<C = Full> {
    store: Store<C>,
    /// `None` if there are no actions.
    prepared: Option<Arc<Prepared>>,
    within: Duration,
}

/// At least one action, each prepared, and what is sent of them.
pub(super) struct Prepared {
    actions: Vec<Ready>,
    sending: Sending,
    /// Of the first action.
    place: Place,
    tables: String,
}

/// Nothing was written, or it is not known whether anything was.
enum Unsent {
    /// The items of these actions have changed since they were prepared.
    Changed(Vec<PositionedError>),
    Final(TransactionError),
}

impl<C: Capability> PreparedTransaction<C> {
    pub(super) fn new(store: Store<C>, prepared: Option<Prepared>, within: Duration) -> Self {
        Self { store, prepared: prepared.map(Arc::new), within }
    }

    /// Sends the transaction, unless it is known to have happened already.
    ///
    /// # Errors
    ///
    /// [`TransactionError::Cancelled`] if the stored items do not allow it, also if the envelope of
    /// an updated item has changed since it was prepared. [`TransactionError::UnknownOutcome`]
    /// if answers were lost: send it again. [`TransactionError::NotSent`] if it is too late for
    /// that, and nothing was written.
    #[must_use = "a transaction does nothing until it is awaited"]
    pub fn send(&self) -> OperationFuture<(), TransactionError> {
        let Self { store, prepared, within } = self;
        let Some(prepared) = prepared else { return Box::pin(std::future::ready(Ok(()))) };
        let (store, prepared, within) = (store.clone(), Arc::clone(prepared), *within);
        let meter = Meter::new(&store, "transaction", &prepared.tables);
        let span = meter.span();
        let run = async move {
            let mut patience = Patience::of_writers(store.ticks(), within);
            let sent = prepared.send(&store, &meter, &mut patience).await;
            sent.map_err(|unsent| match unsent {
                Unsent::Changed(changed) => cancelled(changed, || prepared.contended()),
                Unsent::Final(error) => error,
            })
        };
        Box::pin(run.instrument(span))
    }
}

impl Prepared {
    /// `None` if there are no actions.
    pub(super) fn new(
        actions: Vec<Ready>,
        tables: String,
    ) -> Result<Option<Self>, TransactionError> {
        let Some(first) = actions.first() else { return Ok(None) };
        let place = first.subject().schema.place();
        let sending = Sending::new(&actions, place.clone(), tables.clone())?;
        Ok(Some(Self { actions, sending, place, tables }))
    }

    /// Sends the transaction, and prepares it anew if the item of an update has changed.
    pub(super) async fn run<C: Capability>(
        mut self,
        store: &Store<C>,
        meter: &Meter,
        within: Duration,
    ) -> Result<(), TransactionError> {
        let mut patience = Patience::of_writers(store.ticks(), within);
        loop {
            let changed = match self.send(store, meter, &mut patience).await {
                Ok(()) => return Ok(()),
                Err(Unsent::Changed(changed)) => changed,
                Err(Unsent::Final(error)) => return Err(error),
            };
            if !patience.wait(store).await {
                return Err(self.contended());
            }
            for position in changed.iter().map(PositionedError::position) {
                let Some(action) = self.actions.get_mut(position) else { continue };
                let error =
                    |error| TransactionError::Unprepared(PositionedError::new(position, error));
                action.prepare_again(meter).await.map_err(error)?;
            }
            // Nothing of it has happened, so a new token does nothing twice.
            self.sending = Sending::new(&self.actions, self.place.clone(), self.tables.clone())?;
        }
    }

    async fn send<C: Capability>(
        &self,
        store: &Store<C>,
        meter: &Meter,
        patience: &mut Patience,
    ) -> Result<(), Unsent> {
        let error = match self.sending.send(store, meter, &self.actions, patience).await {
            Outcome::Done => return Ok(()),
            Outcome::Cancelled(reasons) => return Err(self.judged(meter, reasons)),
            Outcome::Unknown => {
                TransactionError::UnknownOutcome(UnknownOutcomeError::new(self.place.clone()))
            }
            Outcome::TooOld => TransactionError::NotSent(NotSentError::new(self.place.clone())),
            Outcome::Failed(error) => TransactionError::Request(error),
        };
        Err(Unsent::Final(error))
    }

    /// The meaning of a cancellation: what the stored items do not allow weighs more than what has
    /// changed, and that more than what was in the way.
    fn judged(&self, meter: &Meter, reasons: Vec<Reason>) -> Unsent {
        let (mut refused, mut changed, mut busy) = (Vec::new(), Vec::new(), Vec::new());
        for (position, (reason, action)) in reasons.into_iter().zip(&self.actions).enumerate() {
            let error = |error| PositionedError::new(position, error);
            match reason {
                Reason::Nothing => {}
                Reason::Busy(error) => busy.push(error),
                Reason::Other(other) => refused.push(error(action.failed(other))),
                Reason::Condition(stored) => match action.verdict(meter, stored) {
                    Verdict::Refused(reason) => refused.push(error(reason)),
                    Verdict::Changed(reason) => changed.push(error(reason)),
                },
            }
        }
        if refused.is_empty() && !changed.is_empty() {
            return Unsent::Changed(changed);
        }
        let is_throttled = |error: &ServiceError| error.kind() == ServiceErrorKind::Throttled;
        let throttled = if busy.iter().all(is_throttled) { busy.pop() } else { None };
        let in_the_way = || throttled.map_or_else(|| self.contended(), TransactionError::Request);
        Unsent::Final(cancelled(refused, in_the_way))
    }

    fn contended(&self) -> TransactionError {
        TransactionError::Contended(ContendedError::new(self.place.clone()))
    }
}

/// The error of these actions, if there are any.
fn cancelled(
    actions: Vec<PositionedError>,
    otherwise: impl FnOnce() -> TransactionError,
) -> TransactionError {
    let mut actions = actions.into_iter();
    match actions.next() {
        Some(first) => TransactionError::Cancelled(CancelledError::new(first, actions.collect())),
        None => otherwise(),
    }
}

impl<C> Clone for PreparedTransaction<C> {
    fn clone(&self) -> Self {
        let Self { store, prepared, within } = self;
        Self { store: store.clone(), prepared: prepared.clone(), within: *within }
    }
}

impl<C> fmt::Debug for PreparedTransaction<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let actions = self.prepared.as_ref().map_or(0, |prepared| prepared.actions.len());
        f.debug_struct("PreparedTransaction").field("actions", &actions).finish_non_exhaustive()
    }
}
