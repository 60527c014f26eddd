//! Unwrapping: chooses the configured key to call for each copy.
//!
//! Nothing is ever concluded from a hint, since whoever writes the table writes hints too. A hint
//! only says which key is tried first. If the hint fits no key of a known ARN, the record may still
//! be of the primary key: its ARN may be unknown so far, or may have changed if the name is an
//! alias.

mod unknown;

use std::time::{Duration, Instant};

use self::unknown::Next;
use super::KmsKeyProvider;
use super::primary::Primary;
use super::refusal::is_unavailable;
use crate::key::arn::{KeyArn, KeyName};
use crate::key::{
    DataKey, DataKeyError, DataKeyErrorKind, DataKeyRequest, EncryptedDataKey, KeyReference,
    ProviderId,
};

/// The time for which a load waits until it may ask KMS about a copy of an unknown key.
const PATIENCE: Duration = Duration::from_secs(5);

/// The unwrapping of one record's data key.
struct Unwrap<'a, C> {
    provider: &'a KmsKeyProvider<C>,
    primary: &'a Primary,
    name: &'a KeyName,
    request: &'a DataKeyRequest,
    started: Instant,
    /// Copies that the primary's name is done with: KMS refused them, just now or recently.
    done: Vec<&'a EncryptedDataKey>,
    /// True once this load has asked KMS what an alias leads to.
    described: bool,
    /// The error of a key that was unavailable.
    unavailable: Option<DataKeyError>,
    /// The reason that a copy of an unknown key was not opened.
    refusal: Option<DataKeyError>,
}

/// The outcome of opening one key's copy.
enum Opened {
    DataKey(DataKey),
    /// The key was unavailable.
    Unavailable,
    /// The key has no copy here.
    None,
}

impl<C> KmsKeyProvider<C> {
    pub(super) async fn decrypt_data_key(
        &self,
        reference: &KeyReference,
        request: &DataKeyRequest,
    ) -> Result<DataKey, DataKeyError> {
        let name = self.configuration()?;
        let KeyReference::Wrapped(copies) = reference else {
            return Err(self.error(DataKeyErrorKind::Unsupported));
        };
        let copies: Vec<_> =
            copies.iter().filter(|copy| copy.provider() == ProviderId::KMS).collect();
        let mut unwrap = Unwrap {
            provider: self,
            primary: &self.primary,
            name,
            request,
            started: self.clock.monotonic(),
            done: Vec::new(),
            described: false,
            unavailable: None,
            refusal: None,
        };
        // Accepted keys first, since the primary may be an alias that led to one of them until now.
        for arn in self.accepted.iter().flatten() {
            if let Opened::DataKey(data_key) = unwrap.open(arn.as_str(), arn, &copies).await? {
                return Ok(data_key);
            }
        }
        unwrap.by_primary(&copies).await
    }
}

impl<'a, C> Unwrap<'a, C> {
    /// Asks a key of a known ARN to open its copy. One copy is enough: an unavailable key is
    /// unavailable for the next copy too, and any other answer ends the search.
    async fn open(
        &mut self,
        key: &str,
        arn: &KeyArn,
        copies: &[&EncryptedDataKey],
    ) -> Result<Opened, DataKeyError> {
        let Some(copy) = copies.iter().find(|copy| copy.hint() == arn.hint()) else {
            return Ok(Opened::None);
        };
        match self.provider.call_decrypt(key, copy, self.request).await {
            Ok((answered, data_key)) if answered == *arn => Ok(Opened::DataKey(data_key)),
            Ok(_) => Err(DataKeyError::new(DataKeyErrorKind::WrongKey, key)),
            Err(error) if is_unavailable(error.kind()) => {
                self.cannot_ask(error);
                Ok(Opened::Unavailable)
            }
            Err(error) => Err(error),
        }
    }

    async fn by_primary(
        mut self,
        copies: &[&'a EncryptedDataKey],
    ) -> Result<DataKey, DataKeyError> {
        let mut asked: Option<KeyArn> = None;
        loop {
            let learnt = self.primary.learnt();
            let is_new =
                |arn: &&KeyArn| asked.as_ref() != Some(*arn) && !self.accepts(|a| a == *arn);
            if let Some(arn) = learnt.as_ref().filter(is_new) {
                asked = Some(arn.clone());
                match self.open(&self.primary.text, arn, copies).await {
                    Ok(Opened::DataKey(data_key)) => return Ok(data_key),
                    Ok(Opened::Unavailable) => return Err(self.not_opened()),
                    Ok(Opened::None) => {}
                    // The hint is forged, or the alias now leads to another key.
                    Err(error)
                        if error.kind() == DataKeyErrorKind::UnknownKey && self.name.can_move() =>
                    {
                        self.refusal = Some(error);
                    }
                    Err(error) => return Err(error),
                }
            }
            let is_known = |copy: &EncryptedDataKey| {
                let hint = copy.hint();
                self.accepts(|arn| arn.hint() == hint)
                    || learnt.as_ref().is_some_and(|arn| arn.hint() == hint)
            };
            let mut foreign = copies.iter().filter(|copy| !is_known(copy));
            let Some(copy) = foreign.find(|copy| !self.done.contains(copy)).copied() else {
                return Err(self.not_opened());
            };
            if let Some(arn) = &learnt {
                if !self.name.can_move() {
                    return Err(self.not_opened());
                }
                match self.has_moved(arn).await? {
                    Next::Look => continue,
                    Next::Probe => {}
                    Next::Stop => return Err(self.not_opened()),
                }
            }
            if let Some(data_key) = self.probe(copy, learnt.as_ref()).await? {
                return Ok(data_key);
            }
        }
    }

    fn now(&self) -> Instant {
        self.provider.clock.monotonic()
    }

    fn deadline(&self) -> Instant {
        self.started + PATIENCE
    }

    fn accepts(&self, is: impl Fn(&KeyArn) -> bool) -> bool {
        self.provider.accepted.iter().flatten().any(is)
    }

    /// Records an unavailable key. One that may be available later takes precedence.
    fn cannot_ask(&mut self, error: DataKeyError) {
        if self.unavailable.as_ref().is_none_or(|first| !first.is_retryable()) {
            self.unavailable = Some(error);
        }
    }

    fn failed(&mut self, error: DataKeyError) -> DataKeyError {
        if !is_unavailable(error.kind()) {
            return error;
        }
        self.cannot_ask(error);
        self.not_opened()
    }

    fn not_asked(&mut self) -> DataKeyError {
        self.refusal = Some(self.provider.error(DataKeyErrorKind::NotAsked));
        self.not_opened()
    }

    /// The reason that no copy was opened.
    fn not_opened(&mut self) -> DataKeyError {
        let why = self.unavailable.take().or_else(|| self.refusal.take());
        why.unwrap_or_else(|| self.provider.error(DataKeyErrorKind::UnknownKey))
    }
}
