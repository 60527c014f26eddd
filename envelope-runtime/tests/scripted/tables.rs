//! Tables that are created and verified: the requests, and the meaning of each answer.

mod compared;
mod created;
mod interrupted;
mod refused;
mod verified;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use envelope_runtime::Clock;
use envelope_runtime::error::{TableError, TableNotReadyErrorKind};
use envelope_runtime::operation::table::Drift;
use serde_json::{Value, json};

use crate::dynamodb::{Dynamodb, Fault, Step, error, failed};

/// The ARN of the key under which the tables are encrypted at rest.
const ARN: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// A request that gets this answer.
fn answered(operation: &'static str, body: &Value) -> Step {
    failed(operation, Fault::Answer(200, body.to_string().leak()))
}

/// A request that gets an error of DynamoDB.
fn denied(operation: &'static str, code: &str) -> Step {
    failed(operation, Fault::Answer(400, error(code, "").to_string().leak()))
}

/// `DescribeTable` of the usual table, with a change.
fn described(change: impl FnOnce(&mut Value)) -> Step {
    let mut table = json!({
        "TableName": "users",
        "TableStatus": "ACTIVE",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": ARN},
        "DeletionProtectionEnabled": false,
    });
    change(&mut table);
    answered("DescribeTable", &json!({"Table": table}))
}

/// `DescribeTable` of the usual table.
fn found() -> Step {
    described(|_| {})
}

fn with_status(status: &'static str) -> Step {
    described(|table| table["TableStatus"] = status.into())
}

fn absent() -> Step {
    denied("DescribeTable", "ResourceNotFoundException")
}

fn created() -> Step {
    answered("CreateTable", &json!({"TableDescription": {"TableStatus": "CREATING"}}))
}

fn ttl(status: &str, attribute: Option<&str>) -> Step {
    let mut ttl = json!({"TimeToLiveStatus": status});
    if let Some(attribute) = attribute {
        ttl["AttributeName"] = attribute.into();
    }
    answered("DescribeTimeToLive", &json!({"TimeToLiveDescription": ttl}))
}

fn turns_ttl_on() -> Step {
    let ttl = json!({"AttributeName": "expires", "Enabled": true});
    answered("UpdateTimeToLive", &json!({"TimeToLiveSpecification": ttl}))
}

fn recovery(status: &str) -> Step {
    backups("DescribeContinuousBackups", status)
}

fn turns_recovery_on() -> Step {
    backups("UpdateContinuousBackups", "ENABLED")
}

fn backups(operation: &'static str, status: &str) -> Step {
    let recovery = json!({"PointInTimeRecoveryStatus": status});
    let backups =
        json!({"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery});
    answered(operation, &json!({"ContinuousBackupsDescription": backups}))
}

fn expecting(steps: impl IntoIterator<Item = Step>) -> Dynamodb {
    let dynamodb = Dynamodb::new();
    dynamodb.expect(steps);
    dynamodb
}

/// A clock on which a minute passes whenever someone looks at it.
struct Minutes(Mutex<Instant>);

impl Minutes {
    fn new() -> Self {
        Self(Mutex::new(Instant::now()))
    }
}

impl Clock for Minutes {
    fn monotonic(&self) -> Instant {
        let mut now = self.0.lock().unwrap();
        *now += Duration::from_mins(1);
        *now
    }
}

#[track_caller]
fn drift(error: &TableError) -> &[Drift] {
    match error {
        TableError::Drift(error) => error.drift(),
        other => panic!("{other}"),
    }
}

#[track_caller]
fn not_ready(error: &TableError) -> TableNotReadyErrorKind {
    match error {
        TableError::NotReady(error) => error.kind().clone(),
        other => panic!("{other}"),
    }
}
