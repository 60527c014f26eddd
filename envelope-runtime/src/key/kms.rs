//! Data keys from AWS KMS: `GenerateDataKey` on save, Decrypt on load.
//!
//! Which KMS key unwraps is decided by the configuration alone. An item's hint chooses among the
//! configured keys and is otherwise not believed.

mod probes;
mod refusal;

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use tracing::dispatcher::{self, Dispatch};
use tracing::level_filters::LevelFilter;
use zeroize::Zeroizing;

use self::probes::Probes;
use self::refusal::{is_unavailable, refused};
use super::arn::{KeyArn, KeyName};
use super::{
    Capability, DataKey, DataKeyError, DataKeyErrorKind, DecryptOnly, EncryptOnly,
    EncryptedDataKey, EncryptionContext, Full, GeneratedDataKey, KeyFuture, KeyProvider,
    KeyReference, ProviderId,
};

/// Gets data keys from AWS KMS: one
/// [GenerateDataKey](https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html)
/// (`AES_256`) a save, one
/// [Decrypt](https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html) a load, each with
/// the record's [`EncryptionContext`] and the configured KMS key.
///
/// The key is given as a key ARN, a key id, an alias name (`alias/users`) or an alias ARN. With an
/// ARN, records of other keys are refused without asking KMS. With an alias or an id, the ARN is
/// learnt from KMS's first answer. Repointing an alias is a change of key: records sealed before it
/// need the old key's ARN in [`accept`](Self::accept).
///
/// ```no_run
/// # fn example(kms: aws_sdk_kms::Client) {
/// use envelope_runtime::KmsKeyProvider;
///
/// let provider = KmsKeyProvider::new(kms, "alias/users")
///     .accept("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab");
/// # }
/// ```
pub struct KmsKeyProvider<C = Full> {
    client: Client,
    primary: Primary,
    /// Further keys that may unwrap; `Err` keeps a text that is no key ARN.
    accepted: Vec<Result<KeyArn, String>>,
    capability: PhantomData<fn() -> C>,
}

/// The key that wraps, and unwraps what it wrapped.
struct Primary {
    text: String,
    /// `None` when the text names no KMS key.
    name: Option<KeyName>,
    /// The ARN that the name leads to, where the name is none itself.
    learnt: Mutex<Option<KeyArn>>,
    probes: tokio::sync::Mutex<Probes>,
}

impl KmsKeyProvider {
    /// Wraps data keys under the KMS key `key_id`: a key ARN, key id, alias name or alias ARN.
    ///
    /// No call is made. A `key_id` that is none of these makes every operation fail with
    /// [`DataKeyErrorKind::Configuration`].
    #[must_use]
    pub fn new(client: Client, key_id: impl Into<String>) -> Self {
        let text = key_id.into();
        let name = KeyName::parse(&text);
        let learnt = match &name {
            Some(KeyName::Arn(arn)) => Some(arn.clone()),
            _ => None,
        };
        Self {
            client,
            primary: Primary {
                text,
                name,
                learnt: Mutex::new(learnt),
                probes: tokio::sync::Mutex::new(Probes::new(Instant::now())),
            },
            accepted: Vec::new(),
            capability: PhantomData,
        }
    }

    /// Gives up the right to unwrap: a store with it has `put`, and no `get`.
    #[must_use]
    pub fn encrypt_only(self) -> KmsKeyProvider<EncryptOnly> {
        self.with_capability()
    }

    /// Gives up the right to make data keys: a store with it has `get`, and no `put`.
    #[must_use]
    pub fn decrypt_only(self) -> KmsKeyProvider<DecryptOnly> {
        self.with_capability()
    }

    fn with_capability<C>(self) -> KmsKeyProvider<C> {
        KmsKeyProvider {
            client: self.client,
            primary: self.primary,
            accepted: self.accepted,
            capability: PhantomData,
        }
    }
}

impl<C> KmsKeyProvider<C> {
    /// Also unwraps data keys of another KMS key, given by its key ARN: the key from before a
    /// rotation or before an alias was repointed.
    #[must_use]
    pub fn accept(mut self, key_arn: impl Into<String>) -> Self {
        let text = key_arn.into();
        self.accepted.push(KeyArn::parse(&text).ok_or(text));
        self
    }

    fn error(&self, kind: DataKeyErrorKind) -> DataKeyError {
        DataKeyError::new(kind, self.primary.text.as_str())
    }

    /// The primary key's name, once the whole configuration is known to be sound.
    fn configuration(&self) -> Result<&KeyName, DataKeyError> {
        if let Some(text) = self.accepted.iter().find_map(|key| key.as_ref().err()) {
            return Err(DataKeyError::new(DataKeyErrorKind::Configuration, text.as_str()));
        }
        let name = self.primary.name.as_ref();
        name.ok_or_else(|| self.error(DataKeyErrorKind::Configuration))
    }

    async fn generate_data_key(
        &self,
        context: &EncryptionContext,
    ) -> Result<GeneratedDataKey, DataKeyError> {
        let name = self.configuration()?;
        let mut call = self
            .client
            .generate_data_key()
            .key_id(self.primary.text.as_str())
            .key_spec(DataKeySpec::Aes256);
        for (name, value) in context.iter() {
            call = call.encryption_context(name, value);
        }
        context.count_call();
        let answer = unlogged(call.send()).await;
        let mut answer = answer.map_err(|error| refused(&self.primary.text, &error))?;

        let plaintext = answer.plaintext.take().map(|blob| Zeroizing::new(blob.into_inner()));
        let invalid = || self.error(DataKeyErrorKind::InvalidAnswer);
        let arn = answer.key_id().and_then(KeyArn::parse).ok_or_else(invalid)?;
        if !name.may_be(&arn) {
            return Err(self.error(DataKeyErrorKind::WrongKey));
        }
        let data_key = plaintext.as_deref().and_then(|bytes| DataKey::from_slice(bytes));
        let wrapped = answer.ciphertext_blob.take().and_then(|blob| {
            EncryptedDataKey::new(ProviderId::KMS, *arn.hint(), blob.into_inner())
        });
        self.primary.learn(arn);
        Ok(GeneratedDataKey::new(data_key.ok_or_else(invalid)?, wrapped.ok_or_else(invalid)?))
    }

    async fn decrypt_data_key(
        &self,
        reference: &KeyReference,
        context: &EncryptionContext,
    ) -> Result<DataKey, DataKeyError> {
        let name = self.configuration()?;
        let KeyReference::Wrapped(copies) = reference else {
            return Err(self.error(DataKeyErrorKind::Unsupported));
        };
        let copies: Vec<_> =
            copies.iter().filter(|copy| copy.provider() == ProviderId::KMS).collect();

        // Keys whose ARN is known: the hint says which one to name. Accepted ones first, since the
        // primary may be an alias that pointed to one of them until now.
        let mut unavailable = None;
        // Taken once: another task may learn the ARN at any time.
        let learnt = self.primary.learnt().clone();
        let accepted = self.accepted.iter().flatten().map(|arn| (arn.as_str(), arn));
        let primary = learnt.iter().map(|arn| (self.primary.text.as_str(), arn));
        let known: Vec<_> = accepted.chain(primary).collect();
        for (key, arn) in &known {
            for copy in copies.iter().filter(|copy| copy.hint() == arn.hint()) {
                match self.call_decrypt(key, copy, context).await {
                    Ok((answered, data_key)) if answered == **arn => return Ok(data_key),
                    Ok(_) => return Err(DataKeyError::new(DataKeyErrorKind::WrongKey, *key)),
                    Err(error) if is_unavailable(error.kind()) => {
                        unavailable.get_or_insert(error);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        let is_known =
            |copy: &EncryptedDataKey| known.iter().any(|(_, arn)| arn.hint() == copy.hint());
        let foreign: Vec<_> = copies.into_iter().filter(|copy| !is_known(copy)).collect();
        let settled = learnt.is_some() && !name.can_move();
        if foreign.is_empty() || settled {
            return Err(unavailable.unwrap_or_else(|| self.error(DataKeyErrorKind::UnknownKey)));
        }
        self.probe(name, &foreign, context).await
    }

    /// Asks KMS whether an alias or id, whose ARN is unknown or may have changed, unwraps a copy.
    /// One task at a time: the others then find the ARN learnt.
    async fn probe(
        &self,
        name: &KeyName,
        copies: &[&EncryptedDataKey],
        context: &EncryptionContext,
    ) -> Result<DataKey, DataKeyError> {
        let mut refusal = self.error(DataKeyErrorKind::UnknownKey);
        for copy in copies {
            let mut probes = self.primary.probes.lock().await;
            let expected = self.primary.learnt().clone().filter(|arn| arn.hint() == copy.hint());
            if let Some(expected) = expected {
                drop(probes);
                return match self.call_decrypt(&self.primary.text, copy, context).await? {
                    (answered, data_key) if answered == expected => Ok(data_key),
                    _ => Err(self.error(DataKeyErrorKind::WrongKey)),
                };
            }
            if !probes.take(Instant::now()) {
                return Err(self.error(DataKeyErrorKind::NotAsked));
            }
            match self.call_decrypt(&self.primary.text, copy, context).await {
                Ok((arn, _)) if !name.may_be(&arn) => {
                    return Err(self.error(DataKeyErrorKind::WrongKey));
                }
                Ok((arn, data_key)) => {
                    let hinted = arn.hint() == copy.hint();
                    self.primary.learn(arn);
                    if hinted {
                        probes.give_back();
                        return Ok(data_key);
                    }
                    return Err(self.error(DataKeyErrorKind::Mismatch));
                }
                // Another key's copy; the next one may be of this key.
                Err(error) if error.kind() == DataKeyErrorKind::UnknownKey => refusal = error,
                Err(error) => {
                    // KMS said nothing about the copy.
                    if error.is_retryable() {
                        probes.give_back();
                    }
                    return Err(error);
                }
            }
        }
        Err(refusal)
    }

    /// One Decrypt that names `key`; gives the ARN of the key that KMS says it used.
    async fn call_decrypt(
        &self,
        key: &str,
        copy: &EncryptedDataKey,
        context: &EncryptionContext,
    ) -> Result<(KeyArn, DataKey), DataKeyError> {
        let mut call = self.client.decrypt().key_id(key).ciphertext_blob(Blob::new(copy.wrapped()));
        for (name, value) in context.iter() {
            call = call.encryption_context(name, value);
        }
        context.count_call();
        let mut answer = unlogged(call.send()).await.map_err(|error| refused(key, &error))?;

        let plaintext = answer.plaintext.take().map(|blob| Zeroizing::new(blob.into_inner()));
        let arn = answer.key_id().and_then(KeyArn::parse);
        let data_key = plaintext.as_deref().and_then(|bytes| DataKey::from_slice(bytes));
        arn.zip(data_key).ok_or_else(|| DataKeyError::new(DataKeyErrorKind::InvalidAnswer, key))
    }
}

/// Awaits a call whose answer holds a data key. At TRACE the SDK logs answers as they came from the HTTP
/// client, bodies in memory included: then its spans and events of the call are dropped. A subscriber may
/// begin to take TRACE at any time.
async fn unlogged<F: Future>(call: F) -> F::Output {
    let mut call = pin!(call);
    poll_fn(|cx| {
        if LevelFilter::current() == LevelFilter::TRACE {
            dispatcher::with_default(&Dispatch::none(), || call.as_mut().poll(cx))
        } else {
            call.as_mut().poll(cx)
        }
    })
    .await
}

impl<C: Capability> KeyProvider for KmsKeyProvider<C> {
    type Capability = C;

    fn generate<'a>(&'a self, context: &'a EncryptionContext) -> KeyFuture<'a, GeneratedDataKey> {
        Box::pin(self.generate_data_key(context))
    }

    fn decrypt<'a>(
        &'a self,
        reference: &'a KeyReference,
        context: &'a EncryptionContext,
    ) -> KeyFuture<'a, DataKey> {
        Box::pin(self.decrypt_data_key(reference, context))
    }

    /// Not so where an accepted key has wrapped it. Nothing authenticates the list of copies: one that was added
    /// does not make it current.
    fn is_current(&self, reference: &KeyReference) -> bool {
        let KeyReference::Wrapped(copies) = reference else { return true };
        let primary = self.primary.learnt().clone();
        let is_primary = |copy: &EncryptedDataKey| match &primary {
            Some(arn) => copy.hint() == arn.hint(),
            None => !self.accepted.iter().flatten().any(|arn| copy.hint() == arn.hint()),
        };
        copies.iter().all(|copy| copy.provider() == ProviderId::KMS && is_primary(copy))
    }
}

impl<C> fmt::Debug for KmsKeyProvider<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KmsKeyProvider")
            .field("key", &self.primary.text)
            .field("accepted", &self.accepted)
            .finish_non_exhaustive()
    }
}

impl Primary {
    fn learnt(&self) -> MutexGuard<'_, Option<KeyArn>> {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, arn: KeyArn) {
        *self.learnt() = Some(arn);
    }
}
