//! What is made once, before the first invocation: settings, clients, key provider and store.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use envelope_runtime::key::{Cache, Full, KeyProvider, Reuse};
use envelope_runtime::{Clock, KmsKeyProvider, Store};

use crate::{App, User};

/// The settings of the function, from its environment.
#[derive(Debug)]
pub struct Settings {
    table: String,
    key: String,
    policy: Policy,
}

/// The number of records that a data key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Policy {
    /// One: each record has its own, and each save and load is a call to KMS.
    Single,
    /// At most 1,000, for five minutes. A stolen data key opens them all.
    Shared,
}

impl Settings {
    /// Reads the settings through `variable`, which is [`std::env::var`] or a test's own.
    ///
    /// # Errors
    ///
    /// A text for the operator, if a variable is missing or has no known value.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let required = |name: &str, meaning: &str| {
            let value = variable(name).filter(|value| !value.is_empty());
            value.ok_or_else(|| format!("{name} is not set: it is {meaning}"))
        };
        let policy = match variable("KEY_POLICY").as_deref() {
            None | Some("single") => Policy::Single,
            Some("shared") => Policy::Shared,
            Some(_) => {
                return Err("KEY_POLICY has no known value: it is `single` or `shared`".to_owned());
            }
        };
        Ok(Self {
            table: required("TABLE_NAME", "the name of the DynamoDB table")?,
            key: required("KMS_KEY_ID", "the ARN of the KMS key")?,
            policy,
        })
    }
}

/// The function with its clients, key provider and store. The ages of data keys are counted by
/// `clock`.
#[must_use]
pub fn app(config: SdkConfig, settings: &Settings, clock: impl Clock + Clone) -> App {
    let config = config.into_builder().timeout_config(timeouts()).build();
    let kms = aws_sdk_kms::Client::new(&config);
    let keys = provider(&kms, &settings.key, settings.policy, clock);
    let store = Store::new(aws_sdk_dynamodb::Client::new(&config), keys);
    App::new(store.map_table::<User>(&settings.table))
}

/// The provider of data keys.
#[must_use]
pub fn provider(
    kms: &aws_sdk_kms::Client,
    key: &str,
    policy: Policy,
    clock: impl Clock + Clone,
) -> Arc<dyn KeyProvider<Capability = Full>> {
    const AGE: Duration = Duration::from_mins(5);

    let keys = KmsKeyProvider::new(kms.clone(), key);
    match policy {
        Policy::Single => Arc::new(keys),
        Policy::Shared => {
            let reuse = Reuse::records(1_000).for_at_most(AGE).clock(clock.clone());
            Arc::new(keys.reuse(reuse).cached(Cache::entries(10_000).for_at_most(AGE).clock(clock)))
        }
    }
}

/// Timeouts of every call.
///
/// Lambda freezes the process between invocations, and it wakes with connections of long ago. If
/// the other end has closed one, the client notices at once. If a NAT gateway or a load balancer
/// has forgotten one, no answer ever comes, and the SDK has no timeout for that by default: the
/// invocation would hang until Lambda ends the process. So an attempt ends soon, and the next one
/// makes a new connection. The operation ends before the function does: its timeout is 20 seconds.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .read_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(2))
        .operation_timeout(Duration::from_secs(6))
        .build()
}
