//! Sends the prepared actions of a transaction: the same bytes under the same token, each time.
//!
//! DynamoDB does a transaction once for all requests with its token. So a lost answer is no reason
//! to stop, as long as DynamoDB remembers the token: see [`Window`].

use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError as Refusal;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};

use data_encoding::HEXLOWER;

use super::action::{Ready, Stored, Subject};
use super::window::Window;
use crate::crypto;
use crate::envelope::{Item, SealError, SealErrorKind};
use crate::key::Capability;
use crate::operation::attempts::Attempts;
use crate::operation::error::{ServiceError, ServiceErrorKind, TransactionError};
use crate::operation::meter::Meter;
use crate::operation::patience::Patience;
use crate::operation::read::read;
use crate::operation::sdk::from_sdk_item;
use crate::report::Place;
use crate::store::Store;

/// A token has at most 36 characters. These are 32.
const TOKEN_BYTES: usize = 16;

pub(super) struct Sending {
    items: Vec<TransactWriteItem>,
    token: String,
    /// Of the first action, for errors about all of them.
    place: Place,
    tables: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    window: Option<Window>,
    /// The number of requests that were sent and not refused, of whose answers nothing is known.
    unsettled: u32,
    has_happened: bool,
}

/// The outcome of a transaction.
pub(super) enum Outcome {
    Done,
    /// Nothing was written. There is a reason for each action.
    Cancelled(Vec<Reason>),
    /// It happened or not.
    Unknown,
    /// Nothing was written, and it is too late to send the transaction again.
    TooOld,
    /// Nothing was written.
    Failed(ServiceError),
}

/// The part of an action in a cancellation.
pub(super) enum Reason {
    Nothing,
    /// The condition does not hold for this stored item.
    Condition(Stored),
    /// Another transaction, or a lack of capacity, was in the way.
    Busy(ServiceError),
    Other(ServiceError),
}

impl Sending {
    /// The request of actions of which the first is about `place`.
    pub(super) fn new(
        actions: &[Ready],
        place: Place,
        tables: String,
    ) -> Result<Self, TransactionError> {
        let items = actions.iter().map(|action| action.subject().to_sdk());
        let items = items.collect::<Result<_, _>>().map_err(TransactionError::Request)?;
        let mut token = [0; TOKEN_BYTES];
        let random = crypto::fill(&mut token);
        let no_token = |_| SealError::new(place.clone(), SealErrorKind::Random);
        random.map_err(no_token).map_err(TransactionError::Seal)?;
        let token = HEXLOWER.encode(&token);
        Ok(Self { items, token, place, tables, state: Mutex::default() })
    }

    /// Sends the transaction until it is known to have happened or to have been refused, or the
    /// deadline passes.
    pub(super) async fn send<C: Capability>(
        &self,
        store: &Store<C>,
        meter: &Meter,
        actions: &[Ready],
        patience: &mut Patience,
    ) -> Outcome {
        if self.state().has_happened {
            return Outcome::Done;
        }
        let outcome = self.sent(store, meter, actions, patience).await;
        let is_ours = match &outcome {
            Outcome::Unknown => self.is_recognised(store, meter, actions).await,
            _ => false,
        };
        let outcome = if is_ours { Outcome::Done } else { outcome };
        self.state().has_happened |= matches!(outcome, Outcome::Done);
        outcome
    }

    async fn sent<C: Capability>(
        &self,
        store: &Store<C>,
        meter: &Meter,
        actions: &[Ready],
        patience: &mut Patience,
    ) -> Outcome {
        // Concurrent writes of the same operation may lose their own answers.
        let attempts = meter.reads();
        loop {
            let Some(window) = self.begin(store) else { return self.over() };
            let Err(error) = self.request(store, meter, &window, &attempts).await else {
                return Outcome::Done;
            };
            let answer = error.as_service_error();
            let is_served = answer.is_some_and(Refusal::is_transaction_in_progress_exception);
            if !attempts.lost_an_answer() && !is_served {
                self.state().unsettled -= 1;
            }
            if window.has_stopped() {
                return self.over();
            }
            let reasons = reasons(&error, actions);
            let is_unsettled = self.is_unsettled();
            let (outcome, may_wait) = match reasons {
                Some(reasons) => {
                    let may_wait = reasons.iter().all(Reason::may_pass);
                    // A request that is still on its way may be served later.
                    let outcome =
                        if is_unsettled { Outcome::Unknown } else { Outcome::Cancelled(reasons) };
                    (outcome, may_wait)
                }
                None if is_unsettled => (Outcome::Unknown, true),
                None => {
                    let error = self.failed(&error);
                    let is_throttled = error.kind() == ServiceErrorKind::Throttled;
                    (Outcome::Failed(error), is_throttled)
                }
            };
            if !may_wait || !patience.wait(store).await {
                return outcome;
            }
        }
    }

    async fn request<C: Capability>(
        &self,
        store: &Store<C>,
        meter: &Meter,
        window: &Window,
        attempts: &Attempts,
    ) -> Result<(), SdkError<Refusal>> {
        let request = store.client().transact_write_items().client_request_token(&self.token);
        let request = request.set_transact_items(Some(self.items.clone()));
        let request = request.set_return_consumed_capacity(meter.capacity()).customize();
        let request = request.interceptor(window.clone()).interceptor(attempts.clone());
        let answer = request.send().await?;
        answer.consumed_capacity().iter().for_each(|capacity| meter.has_written(Some(capacity)));
        Ok(())
    }

    /// Begins a request. Until its answer is there, the transaction may have happened, even if
    /// nobody waits for the answer any more. `None` if it is too late.
    fn begin<C: Capability>(&self, store: &Store<C>) -> Option<Window> {
        let mut state = self.state();
        let window = state.window.get_or_insert_with(|| Window::begin(store.ticks())).clone();
        if window.is_over() {
            return None;
        }
        state.unsettled += 1;
        Some(window)
    }

    fn over(&self) -> Outcome {
        if self.is_unsettled() { Outcome::Unknown } else { Outcome::TooOld }
    }

    fn is_unsettled(&self) -> bool {
        self.state().unsettled > 0
    }

    /// Returns whether one of the items has the envelope that the transaction gave it. Another
    /// writer may have changed some of them since.
    async fn is_recognised<C: Capability>(
        &self,
        store: &Store<C>,
        meter: &Meter,
        actions: &[Ready],
    ) -> bool {
        for Subject { schema, table, key, ours, .. } in actions.iter().map(|a| a.subject()) {
            let Some(ours) = ours else { continue };
            let stored = read(store, meter, schema, table, key.attributes(), true).await;
            let Ok(stored) = stored else { return false };
            let stored = stored.map(|item| from_sdk_item(schema, item));
            let envelope = |item: &Item| item.attribute(schema.envelope()) == Some(ours);
            if stored.is_some_and(|item| item.is_ok_and(|item| envelope(&item))) {
                return true;
            }
        }
        false
    }

    fn failed(&self, error: &SdkError<Refusal>) -> ServiceError {
        ServiceError::new(self.place.clone(), &self.tables, error)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reason for each action; `None` if the answer is no cancellation, or gives none.
fn reasons(error: &SdkError<Refusal>, actions: &[Ready]) -> Option<Vec<Reason>> {
    let Some(Refusal::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return None;
    };
    let reasons = cancelled.cancellation_reasons();
    let each = reasons.iter().zip(actions);
    let each = each.map(|(reason, action)| Reason::new(error, reason, action));
    (reasons.len() == actions.len()).then(|| each.collect())
}

impl Reason {
    fn new(error: &SdkError<Refusal>, reason: &CancellationReason, action: &Ready) -> Self {
        let subject = action.subject();
        match reason.code().unwrap_or_default() {
            "" | "None" => Self::Nothing,
            "ConditionalCheckFailed" => {
                let stored = reason.item().cloned();
                Self::Condition(stored.map(|item| from_sdk_item(&subject.schema, item)).transpose())
            }
            code => {
                let message = reason.message().unwrap_or_default();
                let place = subject.schema.place();
                let error = ServiceError::of_reason(place, &subject.table, error, code, message);
                match error.kind() {
                    ServiceErrorKind::Conflict | ServiceErrorKind::Throttled => Self::Busy(error),
                    _ => Self::Other(error),
                }
            }
        }
    }

    /// Returns whether the action may be allowed a moment later, without any change.
    fn may_pass(&self) -> bool {
        matches!(self, Self::Nothing | Self::Busy(_))
    }
}
