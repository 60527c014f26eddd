//! Data keys from AWS KMS: `GenerateDataKey` on save, Decrypt on load.
//!
//! The configuration alone decides which KMS key unwraps. An item's hint only chooses among the
//! configured keys; it is not trusted otherwise.

mod budget;
mod call;
mod primary;
mod refusal;
mod refused;
mod unwrap;

use std::fmt;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_kms::Client;
use aws_sdk_kms::config::AsyncSleep;
use futures_util::future::{Either, select};

use self::primary::Primary;
use super::arn::{KeyArn, KeyName};
use super::{
    Capability, DataKey, DataKeyError, DataKeyErrorKind, DataKeyRequest, DecryptOnly, EncryptOnly,
    EncryptedDataKey, Full, GeneratedDataKey, KeyFuture, KeyProvider, KeyReference, ProviderId,
};
use crate::clock::{Clock, SystemClock};

/// The time that a call and its retries may take, by default.
const DEADLINE: Duration = Duration::from_secs(30);

/// Gets data keys from AWS KMS: one
/// [GenerateDataKey](https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html)
/// (`AES_256`) per save, one
/// [Decrypt](https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html) per load, each
/// with the record's [`EncryptionContext`](crate::key::EncryptionContext) and the configured KMS
/// key.
///
/// The key is a key ARN, a key id, an alias name (`alias/users`) or an alias ARN. With an ARN,
/// records of other keys are rejected without a call to KMS. With an alias or an id, the ARN is
/// learnt by [`resolve`](Self::resolve) or from KMS's first answer. Until then, records of other
/// keys cost calls, which are limited.
///
/// Repointing an alias is a change of key: records sealed before it need the old key's ARN in
/// [`accept`](Self::accept). A reader notices the change through `kms:DescribeKey` within a minute.
///
/// ```no_run
/// # fn example(kms: aws_sdk_kms::Client) {
/// use envelope_runtime::KmsKeyProvider;
///
/// let provider = KmsKeyProvider::new(kms, "alias/users")
///     .accept("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab");
/// # }
/// ```
#[doc(alias = "GenerateDataKey")]
#[doc(alias = "Decrypt")]
pub struct KmsKeyProvider<C = Full> {
    client: Client,
    primary: Primary,
    /// Further keys that may unwrap; `Err` keeps a text that is not a key ARN.
    accepted: Vec<Result<KeyArn, String>>,
    clock: Arc<dyn Clock>,
    deadline: Duration,
    capability: PhantomData<fn() -> C>,
}

impl KmsKeyProvider {
    /// Wraps data keys under the KMS key `key_id`: a key ARN, key id, alias name or alias ARN.
    ///
    /// No call is made. If `key_id` is none of these, every operation fails with
    /// [`DataKeyErrorKind::Configuration`].
    #[must_use]
    pub fn new(client: Client, key_id: impl Into<String>) -> Self {
        Self {
            client,
            primary: Primary::new(key_id.into(), SystemClock.monotonic()),
            accepted: Vec::new(),
            clock: Arc::new(SystemClock),
            deadline: DEADLINE,
            capability: PhantomData,
        }
    }

    /// Gives up the right to unwrap: a store with this provider has `put` but no `get`.
    #[must_use]
    pub fn encrypt_only(self) -> KmsKeyProvider<EncryptOnly> {
        self.with_capability()
    }

    /// Gives up the right to make data keys: a store with this provider has `get` but no `put`.
    #[must_use]
    pub fn decrypt_only(self) -> KmsKeyProvider<DecryptOnly> {
        self.with_capability()
    }

    fn with_capability<C>(self) -> KmsKeyProvider<C> {
        KmsKeyProvider {
            client: self.client,
            primary: self.primary,
            accepted: self.accepted,
            clock: self.clock,
            deadline: self.deadline,
            capability: PhantomData,
        }
    }
}

impl<C> KmsKeyProvider<C> {
    /// Also unwraps data keys of another KMS key, named by its key ARN: the key from before a
    /// rotation or before an alias was repointed.
    #[must_use]
    pub fn accept(mut self, key_arn: impl Into<String>) -> Self {
        let text = key_arn.into();
        self.accepted.push(KeyArn::parse(&text).ok_or(text));
        self
    }

    /// Takes the time from `clock` instead of the operating system, for the provider's deadlines
    /// and the ages of its cached knowledge. Forgets what it has learnt before.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.primary = Primary::new(self.primary.text, clock.monotonic());
        self.clock = Arc::new(clock);
        self
    }

    /// Ends a call to KMS that has not been answered within this time, including the SDK's retries,
    /// with [`DataKeyErrorKind::Network`]; 30 seconds by default.
    ///
    /// An SDK client without timeouts waits for an answer without an end, and with it everybody who
    /// waits for the same data key. The timer is one of the async runtime in which the call was
    /// made: use a provider in one runtime.
    #[must_use]
    pub fn deadline(mut self, time: Duration) -> Self {
        self.deadline = time;
        self
    }

    /// Resolves an alias or a key id to its key by one
    /// [DescribeKey](https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html), and
    /// returns the key's ARN. With a key ARN, no call is made.
    ///
    /// The call is optional: the first save or load learns the ARN too. Make it if the program
    /// starts by loading records that others may have forged. A program that resolves its keys at
    /// startup also finds a wrong name early.
    ///
    /// Only this call requires the permission `kms:DescribeKey` on the key. With it, a reader by
    /// alias also follows sooner when the alias is repointed.
    ///
    /// # Errors
    ///
    /// [`DataKeyError`] if KMS refuses or cannot be reached. The provider remains usable.
    ///
    /// ```no_run
    /// # async fn example(kms: aws_sdk_kms::Client) -> Result<(), envelope_runtime::Error> {
    /// use envelope_runtime::KmsKeyProvider;
    ///
    /// let provider = KmsKeyProvider::new(kms, "alias/users");
    /// let arn = provider.resolve().await?;
    /// println!("records are sealed under {arn}");
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "DescribeKey")]
    pub async fn resolve(&self) -> Result<String, DataKeyError> {
        let arn = match self.configuration()? {
            KeyName::Arn(arn) => return Ok(arn.as_str().to_owned()),
            name => self.describe(name).await?,
        };
        let text = arn.as_str().to_owned();
        self.primary.learn(arn);
        Ok(text)
    }

    /// Awaits a call until the deadline.
    async fn answered<F: Future>(&self, call: F) -> Result<F::Output, DataKeyError> {
        match select(pin!(call), pin!(self.sleep(self.deadline))).await {
            Either::Left((answer, _)) => Ok(answer),
            Either::Right(((), _)) => Err(self.error(DataKeyErrorKind::Network)),
        }
    }

    /// Waits in the client's own way, if its configuration sets one.
    async fn sleep(&self, time: Duration) {
        match self.client.config().sleep_impl() {
            Some(sleep) => sleep.sleep(time).await,
            None => tokio::time::sleep(time).await,
        }
    }

    fn error(&self, kind: DataKeyErrorKind) -> DataKeyError {
        DataKeyError::new(kind, self.primary.text.as_str())
    }

    /// The primary key's name, if the whole configuration is valid.
    fn configuration(&self) -> Result<&KeyName, DataKeyError> {
        if let Some(text) = self.accepted.iter().find_map(|key| key.as_ref().err()) {
            return Err(DataKeyError::new(DataKeyErrorKind::Configuration, text.as_str()));
        }
        let name = self.primary.name.as_ref();
        name.ok_or_else(|| self.error(DataKeyErrorKind::Configuration))
    }
}

impl<C: Capability> KeyProvider for KmsKeyProvider<C> {
    type Capability = C;

    fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        Box::pin(self.generate_data_key(request))
    }

    fn decrypt<'a>(
        &'a self,
        reference: &'a KeyReference,
        request: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        Box::pin(async { self.decrypt_data_key(reference, request).await.map(Arc::new) })
    }

    /// False if an accepted key wrapped a copy. Nothing authenticates the list of copies, so an
    /// added copy does not make the reference current.
    fn is_current(&self, reference: &KeyReference, _: &DataKeyRequest) -> bool {
        let KeyReference::Wrapped(copies) = reference else { return true };
        let primary = self.primary.learnt();
        let is_primary = |copy: &EncryptedDataKey| match &primary {
            Some(arn) => copy.hint() == arn.hint(),
            None => !self.accepted.iter().flatten().any(|arn| copy.hint() == arn.hint()),
        };
        copies.iter().all(|copy| copy.provider() == ProviderId::KMS && is_primary(copy))
    }

    /// False for any reference while the ARN of the primary is unknown, unless an accepted key
    /// wrapped a copy.
    fn accepts(&self, reference: &KeyReference) -> bool {
        let KeyReference::Wrapped(copies) = reference else { return false };
        let primary = self.primary.learnt();
        let mut known = copies.iter().filter(|copy| copy.provider() == ProviderId::KMS);
        known.any(|copy| {
            let mut keys = self.accepted.iter().flatten().chain(&primary);
            keys.any(|arn| copy.hint() == arn.hint())
        })
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
