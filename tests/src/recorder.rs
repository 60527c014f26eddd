//! Records the requests to KMS, on any back end.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_kms::config::interceptors::BeforeSerializationInterceptorContextRef;
use aws_sdk_kms::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_kms::error::BoxError;
use aws_sdk_kms::operation::decrypt::DecryptInput;
use aws_sdk_kms::operation::generate_data_key::GenerateDataKeyInput;

/// One request to KMS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KmsRequest {
    /// A fresh data key.
    GenerateDataKey {
        /// The key that was named.
        key_id: Option<String>,
        /// The kind of data key.
        key_spec: Option<String>,
        /// The whole encryption context.
        context: BTreeMap<String, String>,
    },
    /// A data key unwrapped.
    Decrypt {
        /// The key that was named.
        key_id: Option<String>,
        /// The whole encryption context.
        context: BTreeMap<String, String>,
    },
    /// Any other call.
    Other,
}

impl KmsRequest {
    /// The encryption context that was sent; `None` if the call has none.
    #[must_use]
    pub fn context(&self) -> Option<&BTreeMap<String, String>> {
        match self {
            Self::GenerateDataKey { context, .. } | Self::Decrypt { context, .. } => Some(context),
            Self::Other => None,
        }
    }
}

/// The requests of one client, in order.
#[derive(Clone, Debug, Default)]
pub struct KmsRequests(Arc<Mutex<Vec<KmsRequest>>>);

impl KmsRequests {
    /// Takes the requests made so far.
    #[must_use]
    pub fn take(&self) -> Vec<KmsRequest> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl KmsRequests {
    /// Forgets the requests made so far.
    pub fn forget(&self) {
        drop(self.take());
    }
}

impl Intercept for KmsRequests {
    fn name(&self) -> &'static str {
        "KmsRequests"
    }

    fn read_before_serialization(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.input();
        let request = if let Some(input) = input.downcast_ref::<GenerateDataKeyInput>() {
            KmsRequest::GenerateDataKey {
                key_id: input.key_id.clone(),
                key_spec: input.key_spec.as_ref().map(|spec| spec.as_str().to_owned()),
                context: sorted(input.encryption_context.as_ref()),
            }
        } else if let Some(input) = input.downcast_ref::<DecryptInput>() {
            KmsRequest::Decrypt {
                key_id: input.key_id.clone(),
                context: sorted(input.encryption_context.as_ref()),
            }
        } else {
            KmsRequest::Other
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        Ok(())
    }
}

fn sorted(context: Option<&HashMap<String, String>>) -> BTreeMap<String, String> {
    context.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
}
