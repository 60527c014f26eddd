//! The key that wraps, and the knowledge about the ARN behind its name.
//!
//! All of it is behind one mutex, which is never held during a call to KMS.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::budget::{Budget, Empty};
use super::refused::Refused;
use crate::key::arn::{KeyArn, KeyName};
use crate::key::digest::Digest;

/// The time for which an alias is assumed not to have moved, or `DescribeKey` to be denied.
const BELIEVED: Duration = Duration::from_mins(1);

/// The key that wraps data keys, and unwraps those that it wrapped.
pub(super) struct Primary {
    /// The key's name, as it was configured.
    pub(super) text: String,
    /// `None` if the text names no KMS key.
    pub(super) name: Option<KeyName>,
    state: Mutex<State>,
    /// Wakes waiting loads: the ARN was learnt, a token spent or returned, or `DescribeKey`
    /// answered.
    changed: Notify,
}

struct State {
    /// The ARN that the name leads to.
    learnt: Option<KeyArn>,
    budget: Budget,
    refused: Refused,
    described: Described,
}

/// The outcome of `DescribeKey`.
enum Described {
    /// The last answer is stale, or it was new.
    Open,
    /// A call is in progress.
    Asking,
    /// The alias had not moved at that time.
    Same(Instant),
    /// The call was denied at that time.
    Denied(Instant),
}

/// The permission to call `DescribeKey`, or the reason not to.
pub(super) enum Turn<'a> {
    Ask(Asking<'a>),
    /// Another load is calling it.
    Wait,
    /// It was called at that time, less than a minute ago, and the alias had not moved.
    Same(Instant),
    /// It was denied less than a minute ago.
    Denied,
}

/// The right to call `DescribeKey`. Dropped without an answer, it leaves the call to the next load.
pub(super) struct Asking<'a> {
    primary: &'a Primary,
    answer: Described,
}

/// The right to one Decrypt of a copy of an unknown key. Unless it was spent, it is returned on
/// drop, also if the load is dropped.
pub(super) struct Token<'a> {
    primary: &'a Primary,
    spent: bool,
}

impl Primary {
    pub(super) fn new(text: String, now: Instant) -> Self {
        let name = KeyName::parse(&text);
        let learnt = match &name {
            Some(KeyName::Arn(arn)) => Some(arn.clone()),
            _ => None,
        };
        let state = State {
            learnt,
            budget: Budget::new(now),
            refused: Refused::default(),
            described: Described::Open,
        };
        Self { text, name, state: Mutex::new(state), changed: Notify::new() }
    }

    pub(super) fn learnt(&self) -> Option<KeyArn> {
        self.state().learnt.clone()
    }

    pub(super) fn learn(&self, arn: KeyArn) {
        self.state().learnt = Some(arn);
        self.changed.notify_waiters();
    }

    /// A future that completes at the next change after it was enabled.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    pub(super) fn take(&self, now: Instant) -> Result<Token<'_>, Empty> {
        self.state().budget.take(now)?;
        Ok(Token { primary: self, spent: false })
    }

    pub(super) fn was_refused(&self, digest: &Digest, now: Instant) -> bool {
        self.state().refused.contains(digest, now)
    }

    /// Returns whether `DescribeKey` may be called now.
    pub(super) fn turn(&self, now: Instant) -> Turn<'_> {
        let believed = |at: &Instant| now.saturating_duration_since(*at) < BELIEVED;
        let mut state = self.state();
        match &state.described {
            Described::Asking => return Turn::Wait,
            Described::Same(at) if believed(at) => return Turn::Same(*at),
            Described::Denied(at) if believed(at) => return Turn::Denied,
            Described::Open | Described::Same(_) | Described::Denied(_) => {}
        }
        state.described = Described::Asking;
        Turn::Ask(Asking { primary: self, answer: Described::Open })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asking<'_> {
    /// Records that the name leads to `arn`. Only an answer that was not new keeps the next load
    /// from asking.
    pub(super) fn answered(mut self, arn: KeyArn, now: Instant) {
        let mut state = self.primary.state();
        if state.learnt.as_ref() == Some(&arn) {
            self.answer = Described::Same(now);
        }
        state.learnt = Some(arn);
    }

    pub(super) fn denied(mut self, now: Instant) {
        self.answer = Described::Denied(now);
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.primary.state().described = std::mem::replace(&mut self.answer, Described::Open);
        self.primary.changed.notify_waiters();
    }
}

impl Token<'_> {
    /// Records that KMS refused the copy.
    pub(super) fn spend(mut self, digest: Digest, now: Instant) {
        self.spent = true;
        let mut state = self.primary.state();
        state.budget.spend();
        state.refused.insert(digest, now);
    }
}

impl Drop for Token<'_> {
    fn drop(&mut self) {
        if !self.spent {
            self.primary.state().budget.give_back();
        }
        self.primary.changed.notify_waiters();
    }
}
