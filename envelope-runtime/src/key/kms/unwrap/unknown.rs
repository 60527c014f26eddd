//! The calls, and their limits, for a copy whose hint fits no key of a known ARN.

use std::pin::{Pin, pin};
use std::time::Instant;

use futures_util::future::select;
use tokio::sync::futures::Notified;

use super::Unwrap;
use crate::key::arn::KeyArn;
use crate::key::digest::Digest;
use crate::key::kms::primary::{Asking, Token, Turn};
use crate::key::kms::refusal::is_about_the_copy;
use crate::key::{DataKey, DataKeyError, DataKeyErrorKind, EncryptedDataKey};

/// The next step after KMS was asked for the primary's ARN.
pub(super) enum Next {
    /// The ARN has changed: look at the copies again.
    Look,
    /// KMS does not tell the ARN: ask about the copies.
    Probe,
    /// The ARN is the known one.
    Stop,
}

impl<'a, C> Unwrap<'a, C> {
    /// Asks whether an alias has moved from `learnt`: at most once a minute among all loads, unless
    /// the answer was new.
    pub(super) async fn has_moved(&mut self, learnt: &KeyArn) -> Result<Next, DataKeyError> {
        let primary = self.primary;
        loop {
            let mut changed = pin!(primary.changed());
            changed.as_mut().enable();
            if primary.learnt().as_ref() != Some(learnt) {
                return Ok(Next::Look);
            }
            match primary.turn(self.now()) {
                Turn::Denied => return Ok(Next::Probe),
                Turn::Ask(_) if self.described => return Ok(Next::Stop),
                Turn::Ask(asking) => return self.describe(asking).await,
                // Another load asked on behalf of this one.
                Turn::Same(at) if at > self.started => return Ok(Next::Stop),
                Turn::Wait if self.wait(changed, self.deadline()).await => {}
                Turn::Wait | Turn::Same(_) => return Err(self.not_asked()),
            }
        }
    }

    async fn describe(&mut self, asking: Asking<'_>) -> Result<Next, DataKeyError> {
        self.request.count_call();
        let answer = self.provider.describe(self.name).await;
        match answer {
            Ok(arn) => {
                self.described = true;
                let is_news = self.primary.learnt().as_ref() != Some(&arn);
                asking.answered(arn, self.now());
                Ok(if is_news { Next::Look } else { Next::Stop })
            }
            Err(error)
                if matches!(
                    error.kind(),
                    DataKeyErrorKind::AccessDenied | DataKeyErrorKind::Other
                ) =>
            {
                asking.denied(self.now());
                Ok(Next::Probe)
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Asks the primary's name to open one copy. `None` if the copy was refused, or if `learnt` is
    /// stale.
    pub(super) async fn probe(
        &mut self,
        copy: &'a EncryptedDataKey,
        learnt: Option<&KeyArn>,
    ) -> Result<Option<DataKey>, DataKeyError> {
        let digest = Digest::of_copy(copy, self.request.context());
        // With its hint, since the same copy under its own hint is a record's.
        let hinted = Digest::of(&copy.clone().into(), self.request.context());
        let now = self.now();
        if self.primary.was_refused(&digest, now) || self.primary.was_refused(&hinted, now) {
            self.done.push(copy);
            self.refusal = Some(self.provider.error(DataKeyErrorKind::NotAsked));
            return Ok(None);
        }
        let Some(token) = self.token(learnt).await? else { return Ok(None) };
        match self.provider.call_decrypt(&self.primary.text, copy, self.request).await {
            Ok((arn, _)) if !self.name.may_be(&arn) => {
                Err(self.provider.error(DataKeyErrorKind::WrongKey))
            }
            Ok((arn, data_key)) => {
                let is_hint_of_key = arn.hint() == copy.hint();
                self.primary.learn(arn);
                if is_hint_of_key {
                    return Ok(Some(data_key));
                }
                token.spend(hinted, self.now());
                Err(self.provider.error(DataKeyErrorKind::Mismatch))
            }
            Err(error) if is_about_the_copy(error.kind()) => {
                token.spend(digest, self.now());
                if error.kind() != DataKeyErrorKind::UnknownKey {
                    return Err(error);
                }
                // It is another key's copy; the next one may be this key's.
                self.done.push(copy);
                self.refusal.get_or_insert(error);
                Ok(None)
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Takes the right to ask about a copy, and waits for it if necessary. `None` if another ARN
    /// was learnt meanwhile.
    async fn token(&mut self, learnt: Option<&KeyArn>) -> Result<Option<Token<'a>>, DataKeyError> {
        let primary = self.primary;
        loop {
            let mut changed = pin!(primary.changed());
            changed.as_mut().enable();
            if primary.learnt().as_ref() != learnt {
                return Ok(None);
            }
            let empty = match primary.take(self.now()) {
                Ok(token) => return Ok(Some(token)),
                Err(empty) => empty,
            };
            // Many forged items came first. The ARN behind the key's name settles all of them.
            if empty.spent
                && let Turn::Ask(asking) = primary.turn(self.now())
            {
                self.describe(asking).await?;
            } else if !self.wait(changed, empty.next).await {
                return Err(self.not_asked());
            }
        }
    }

    /// Waits for a change, at most until `next`; `false` once the load has waited long enough.
    async fn wait(&self, changed: Pin<&mut Notified<'_>>, next: Instant) -> bool {
        let now = self.now();
        let left = next.min(self.deadline()).saturating_duration_since(now);
        if now >= self.deadline() {
            return false;
        }
        select(changed, pin!(self.provider.sleep(left))).await;
        true
    }
}
