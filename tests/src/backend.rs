//! A DynamoDB and a KMS to talk to through the real SDK clients.

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_dynamodb::config::{AsyncSleep, Sleep};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    SseSpecification, SseType,
};
use aws_sdk_kms::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_kms::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use winterbaume_core::MockAws;
use winterbaume_kms::KmsService;

use crate::fault::{AlwaysFails, LoseFirstAnswer};
use crate::{Attempt, FaultyProxy, KmsFaults, KmsRequests, Reaction, Script};

/// The discard port of the loopback address, where nothing listens.
const UNREACHABLE: &str = "http://127.0.0.1:9";
const REGION: &str = "us-east-1";
/// Addresses of back ends outside this process; both or none are set.
const DYNAMODB_URL: &str = "ENVELOPE_TEST_DYNAMODB_URL";
const KMS_URL: &str = "ENVELOPE_TEST_KMS_URL";

/// Emulators that run in this process, or the services that two environment variables name.
pub struct Backend {
    /// A client of the DynamoDB.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// A client of the KMS, which records nothing.
    pub kms: aws_sdk_kms::Client,
    dynamodb_url: String,
    kms_config: aws_sdk_kms::config::Builder,
}

impl Backend {
    /// The services that `ENVELOPE_TEST_DYNAMODB_URL` and `ENVELOPE_TEST_KMS_URL` name, or
    /// emulators in this process if neither is set.
    ///
    /// # Panics
    ///
    /// If only one of the two is set, or the emulators do not start.
    pub async fn start() -> Self {
        match (env::var(DYNAMODB_URL), env::var(KMS_URL)) {
            (Ok(dynamodb), Ok(kms)) => Self::new(&dynamodb, kms_config().endpoint_url(kms)),
            (Err(_), Err(_)) => Self::in_process().await,
            _ => panic!("set both {DYNAMODB_URL} and {KMS_URL}, or neither"),
        }
    }

    /// Emulators in this process: a DynamoDB on a free port of the loopback address, and a KMS that
    /// takes the place of the SDK's HTTP client.
    ///
    /// # Panics
    ///
    /// If the emulators do not start.
    pub async fn in_process() -> Self {
        let kms = MockAws::builder().with_service(KmsService::new()).build();
        Self::new(&start_dynamodb().await, kms_config().http_client(kms.http_client()))
    }

    /// As [`in_process`](Self::in_process), with a KMS that can be made slow, forgetful or
    /// dishonest.
    ///
    /// # Panics
    ///
    /// If the emulators do not start.
    pub async fn with_kms_faults() -> (Self, Arc<KmsFaults>) {
        let faults = Arc::new(KmsFaults::new(KmsService::new()));
        let kms = MockAws::builder().with_service(Arc::clone(&faults)).build();
        let http: SharedHttpClient = kms.http_client();
        let backend = Self::new(&start_dynamodb().await, kms_config().http_client(http));
        (backend, faults)
    }

    fn new(dynamodb_url: &str, kms_config: aws_sdk_kms::config::Builder) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb_config(dynamodb_url).build()),
            kms: aws_sdk_kms::Client::from_conf(kms_config.clone().build()),
            dynamodb_url: dynamodb_url.to_owned(),
            kms_config,
        }
    }

    /// The address of the DynamoDB: `http://host:port`.
    #[must_use]
    pub fn dynamodb_url(&self) -> &str {
        &self.dynamodb_url
    }

    /// A proxy in front of the DynamoDB.
    pub async fn faulty_proxy(&self) -> FaultyProxy {
        FaultyProxy::start(&self.dynamodb_url).await
    }

    /// A KMS client whose requests are recorded.
    #[must_use]
    pub fn recorded_kms(&self) -> (aws_sdk_kms::Client, KmsRequests) {
        let requests = KmsRequests::default();
        let config = self.kms_config.clone().interceptor(requests.clone()).build();
        (aws_sdk_kms::Client::from_conf(config), requests)
    }

    /// A KMS client that follows a script for each attempt. It does not retry.
    ///
    /// # Panics
    ///
    /// If the KMS is not in this process.
    pub fn scripted_kms(
        &self,
        react: impl FnMut(&Attempt) -> Reaction + Send + 'static,
    ) -> (aws_sdk_kms::Client, Script) {
        let behind = self.kms.config().http_client().expect("a KMS in this process");
        let script = Script::new(behind, react);
        let config = self.kms_config.clone().retry_config(RetryConfig::disabled());
        let config = config.http_client(script.clone()).build();
        (aws_sdk_kms::Client::from_conf(config), script)
    }

    /// As [`scripted_kms`](Self::scripted_kms), with the SDK's retries, which do not wait.
    ///
    /// # Panics
    ///
    /// If the KMS is not in this process.
    pub fn scripted_kms_with_retries(
        &self,
        react: impl FnMut(&Attempt) -> Reaction + Send + 'static,
    ) -> (aws_sdk_kms::Client, Script) {
        let (client, script) = self.scripted_kms(react);
        let config = client.config().to_builder().retry_config(RetryConfig::standard());
        let config = config.retry_partition(without_a_quota());
        (aws_sdk_kms::Client::from_conf(config.sleep_impl(AtOnce).build()), script)
    }

    /// A DynamoDB client that follows a script for each attempt. It retries without waiting.
    #[must_use]
    pub fn scripted_dynamodb(
        &self,
        react: impl FnMut(&Attempt) -> Reaction + Send + 'static,
    ) -> (aws_sdk_dynamodb::Client, Script) {
        scripted_dynamodb(&self.dynamodb, react)
    }

    /// A client of the same DynamoDB whose first answer is lost, though the request was served.
    #[must_use]
    pub fn dynamodb_losing_an_answer(&self) -> aws_sdk_dynamodb::Client {
        self.losing(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
    }

    /// The same, without retries.
    #[must_use]
    pub fn dynamodb_losing_an_answer_for_good(&self) -> aws_sdk_dynamodb::Client {
        self.losing(RetryConfig::disabled())
    }

    fn losing(&self, retry: RetryConfig) -> aws_sdk_dynamodb::Client {
        let config = self.dynamodb.config().to_builder().retry_config(retry);
        let config = config.retry_partition(without_a_quota());
        let config = config.interceptor(LoseFirstAnswer::default());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// Creates a KMS key and returns its ARN.
    ///
    /// # Panics
    ///
    /// If KMS refuses.
    pub async fn create_kms_key(&self) -> String {
        let answer = self.kms.create_key().send().await.expect("KMS creates a key");
        answer.key_metadata.and_then(|key| key.arn).expect("a key has an ARN")
    }

    /// Creates a uniquely named alias for a key and returns it.
    ///
    /// # Panics
    ///
    /// If KMS refuses.
    pub async fn create_alias(&self, key: &str) -> String {
        let alias = format!("alias/{}", unique("key"));
        let call = self.kms.create_alias().alias_name(&alias).target_key_id(key);
        call.send().await.expect("KMS creates an alias");
        alias
    }

    /// Creates a table, encrypted at rest with a KMS key, under a unique name, and returns the
    /// name. The keys are the partition key and, if there is one, the sort key. For tables that do
    /// not fit one record: a store creates those that do.
    ///
    /// # Panics
    ///
    /// If DynamoDB refuses.
    pub async fn create_table(&self, keys: &[(&str, ScalarAttributeType)]) -> String {
        let name = unique_table();
        let sse = SseSpecification::builder().enabled(true).sse_type(SseType::Kms).build();
        let mut call = self
            .dynamodb
            .create_table()
            .table_name(&name)
            .billing_mode(BillingMode::PayPerRequest)
            .sse_specification(sse);
        for ((attribute, scalar), key_type) in keys.iter().zip([KeyType::Hash, KeyType::Range]) {
            let key = KeySchemaElement::builder().attribute_name(*attribute).key_type(key_type);
            let definition = AttributeDefinition::builder()
                .attribute_name(*attribute)
                .attribute_type(scalar.clone());
            call = call
                .key_schema(key.build().expect("a key element is complete"))
                .attribute_definitions(definition.build().expect("a definition is complete"));
        }
        call.send().await.expect("DynamoDB creates a table");
        name
    }
}

/// The name of a table that no other test uses, in this or another process.
#[must_use]
pub fn unique_table() -> String {
    unique("table")
}

/// A KMS client with an endpoint where nothing listens, without retries.
#[must_use]
pub fn unreachable_kms() -> aws_sdk_kms::Client {
    kms_at(UNREACHABLE)
}

/// A KMS client for an address, without retries.
#[must_use]
pub fn kms_at(url: &str) -> aws_sdk_kms::Client {
    let config = kms_config().endpoint_url(url).retry_config(RetryConfig::disabled());
    aws_sdk_kms::Client::from_conf(config.build())
}

/// A DynamoDB client with an endpoint where nothing listens, without retries.
#[must_use]
pub fn unreachable_dynamodb() -> aws_sdk_dynamodb::Client {
    let config = dynamodb_config(UNREACHABLE).retry_config(RetryConfig::disabled());
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// A DynamoDB client that gets an error code for every request, without retries.
#[must_use]
pub fn failing_dynamodb(code: &'static str) -> aws_sdk_dynamodb::Client {
    let service = AlwaysFails { url: r"https?://dynamodb\..*\.amazonaws\.com", code };
    let aws = MockAws::builder().with_service(service).build();
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(credentials())
        .retry_config(RetryConfig::disabled())
        .http_client(aws.http_client());
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// A DynamoDB client that finds no credentials.
#[must_use]
pub fn dynamodb_without_credentials() -> aws_sdk_dynamodb::Client {
    let config = dynamodb_config(UNREACHABLE).credentials_provider(NoCredentials);
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// A client of the same DynamoDB that follows a script for each attempt, and retries without
/// waiting.
#[must_use]
pub fn scripted_dynamodb(
    client: &aws_sdk_dynamodb::Client,
    react: impl FnMut(&Attempt) -> Reaction + Send + 'static,
) -> (aws_sdk_dynamodb::Client, Script) {
    let behind = client.config().http_client();
    let behind = behind.unwrap_or_else(|| aws_smithy_http_client::Builder::new().build_http());
    let script = Script::new(behind, react);
    let config = client.config().to_builder().retry_config(RetryConfig::standard());
    let config = config.retry_partition(without_a_quota());
    let config = config.http_client(script.clone()).sleep_impl(AtOnce).build();
    (aws_sdk_dynamodb::Client::from_conf(config), script)
}

/// The clients of a process share a quota of retries, which the tests of one process would use up
/// for each other.
pub(crate) fn without_a_quota() -> RetryPartition {
    RetryPartition::custom("tests").token_bucket(TokenBucket::unlimited()).build()
}

/// Does not wait between attempts, which takes less than a second. Timeouts are longer.
#[derive(Debug)]
struct AtOnce;

impl AsyncSleep for AtOnce {
    fn sleep(&self, time: Duration) -> Sleep {
        Sleep::new(async move {
            if time >= Duration::from_secs(1) {
                tokio::time::sleep(time).await;
            }
        })
    }
}

#[derive(Debug)]
struct NoCredentials;

impl ProvideCredentials for NoCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded_no_source()))
    }
}

async fn start_dynamodb() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound address");
    let database = dynoxide::Database::memory().expect("a database in memory");
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    format!("http://{address}")
}

fn dynamodb_config(url: &str) -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(credentials())
        .endpoint_url(url)
}

fn kms_config() -> aws_sdk_kms::config::Builder {
    aws_sdk_kms::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(credentials())
}

fn credentials() -> Credentials {
    Credentials::new("test", "test", None, None, "envelope-tests")
}

/// A name that no other test uses, in this or another process.
fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}-{}-{number}", std::process::id())
}
