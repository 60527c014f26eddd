//! The calls to KMS: their requests, and the parts used of their answers.

use std::future::poll_fn;
use std::pin::pin;

use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use tracing::dispatcher::{self, Dispatch};
use tracing::level_filters::LevelFilter;
use zeroize::Zeroizing;

use super::KmsKeyProvider;
use super::refusal::refused;
use crate::key::arn::{KeyArn, KeyName};
use crate::key::{
    DataKey, DataKeyError, DataKeyErrorKind, DataKeyRequest, EncryptedDataKey, GeneratedDataKey,
    ProviderId,
};

impl<C> KmsKeyProvider<C> {
    /// Makes one `GenerateDataKey`, and learns the ARN from its answer.
    pub(super) async fn generate_data_key(
        &self,
        request: &DataKeyRequest,
    ) -> Result<GeneratedDataKey, DataKeyError> {
        let name = self.configuration()?;
        let mut call = self
            .client
            .generate_data_key()
            .key_id(self.primary.text.as_str())
            .key_spec(DataKeySpec::Aes256);
        for (name, value) in request.context().iter() {
            call = call.encryption_context(name, value);
        }
        request.count_call();
        let answer = self.answered(unlogged(Box::pin(call.send()))).await?;
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

    /// Makes one Decrypt that names `key`. Returns the ARN of the key that KMS says it used.
    pub(super) async fn call_decrypt(
        &self,
        key: &str,
        copy: &EncryptedDataKey,
        request: &DataKeyRequest,
    ) -> Result<(KeyArn, DataKey), DataKeyError> {
        let mut call = self.client.decrypt().key_id(key).ciphertext_blob(Blob::new(copy.wrapped()));
        for (name, value) in request.context().iter() {
            call = call.encryption_context(name, value);
        }
        request.count_call();
        let answer = self.answered(unlogged(Box::pin(call.send()))).await?;
        let mut answer = answer.map_err(|error| refused(key, &error))?;

        let plaintext = answer.plaintext.take().map(|blob| Zeroizing::new(blob.into_inner()));
        let arn = answer.key_id().and_then(KeyArn::parse);
        let data_key = plaintext.as_deref().and_then(|bytes| DataKey::from_slice(bytes));
        arn.zip(data_key).ok_or_else(|| DataKeyError::new(DataKeyErrorKind::InvalidAnswer, key))
    }

    /// Makes one `DescribeKey` to find the key that the primary's name leads to. Its answer holds
    /// no data key.
    pub(super) async fn describe(&self, name: &KeyName) -> Result<KeyArn, DataKeyError> {
        let call = self.client.describe_key().key_id(self.primary.text.as_str());
        let answer = self.answered(Box::pin(call.send())).await?;
        let answer = answer.map_err(|error| refused(&self.primary.text, &error))?;
        let arn = answer.key_metadata.and_then(|key| KeyArn::parse(key.arn()?));
        let arn = arn.ok_or_else(|| self.error(DataKeyErrorKind::InvalidAnswer))?;
        if !name.may_be(&arn) {
            return Err(self.error(DataKeyErrorKind::WrongKey));
        }
        Ok(arn)
    }
}

/// Awaits a call whose answer holds a data key. At TRACE, the SDK logs answers as they came from
/// the HTTP client, including bodies in memory, so its spans and events of the call are dropped. A
/// subscriber may enable TRACE at any time.
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
