//! What is made once, before the first invocation: settings, clients, key provider and store.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use envelope_runtime::{KmsKeyProvider, Store};

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
            Some(_) => return Err("KEY_POLICY has no known value: it is `single`".to_owned()),
        };
        Ok(Self {
            table: required("TABLE_NAME", "the name of the DynamoDB table")?,
            key: required("KMS_KEY_ID", "the ARN of the KMS key")?,
            policy,
        })
    }
}

/// The function with its clients, key provider and store.
#[must_use]
pub fn app(config: SdkConfig, settings: &Settings) -> App {
    let config = config.into_builder().timeout_config(timeouts()).build();
    let keys = provider(&aws_sdk_kms::Client::new(&config), &settings.key, settings.policy);
    let store = Store::new(aws_sdk_dynamodb::Client::new(&config), keys);
    App::new(store.map_table::<User>(&settings.table))
}

/// The provider of data keys.
#[must_use]
pub fn provider(kms: &aws_sdk_kms::Client, key: &str, policy: Policy) -> KmsKeyProvider {
    match policy {
        Policy::Single => KmsKeyProvider::new(kms.clone(), key),
    }
}

/// Timeouts of every call.
///
/// Lambda freezes the process between invocations, and it wakes with connections of long ago. If
/// the other end has closed one, the client notices at once. If a NAT gateway or a load balancer has
/// forgotten one, no answer ever comes, and the SDK has no timeout for that by default: the
/// invocation would hang until Lambda kills the process. So an attempt ends soon, and the next one
/// makes a new connection. The operation ends before the function does: its timeout is 20 seconds.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .read_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(2))
        .operation_timeout(Duration::from_secs(6))
        .build()
}
