//! The requests about a table, and the parts of their answers that matter.

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    PointInTimeRecoverySpecification, PointInTimeRecoveryStatus, TableDescription,
    TimeToLiveSpecification, TimeToLiveStatus,
};

use super::definition::{define, description};
use super::drift::Drift;
use super::report::TableReport;
use super::settings::{AtRest, Settings, Units};
use crate::key::Capability;
use crate::operation::error::{ServiceError, ServiceErrorKind};
use crate::operation::meter::Meter;
use crate::record::{FieldSchema, RecordSchema};
use crate::store::Store;

/// The requests about one table.
pub(super) struct Requests<'a, C> {
    pub(super) store: &'a Store<C>,
    pub(super) meter: &'a Meter,
    pub(super) schema: RecordSchema,
    /// That one, and those of other record types in the table.
    pub(super) schemas: &'a [RecordSchema],
    pub(super) table: &'a str,
}

/// DynamoDB's deletion of expired items.
pub(super) enum Ttl {
    Off,
    /// It cannot be switched on until it is off.
    TurningOff,
    /// It reads this attribute.
    On(String),
}

/// Sends a request. The error names the permissions that it needs.
macro_rules! send {
    ($requests:ident, $request:expr, $needs:expr) => {{
        let request = $request.table_name($requests.table).customize();
        let answer = request.interceptor($requests.meter.reads()).send().await;
        answer.map_err(|error| $requests.failed(&error).needing($needs))
    }};
}

impl<C: Capability> Requests<'_, C> {
    /// The field by which items expire.
    pub(super) fn ttl_field(&self) -> Option<&'static FieldSchema> {
        self.schemas.iter().find_map(RecordSchema::ttl)
    }

    /// The contradictions between the record types, which no table can satisfy.
    pub(super) fn contradictions(&self) -> Vec<Drift> {
        let mut report = TableReport::new();
        if let Ok(table) = description(self.schemas) {
            report.keys(&table, self.schemas);
        }
        let mut fields = self.schemas.iter().filter_map(RecordSchema::ttl).map(FieldSchema::name);
        let first = fields.next();
        if let Some(expected) = fields.find(|name| Some(*name) != first) {
            let (expected, found) = (expected.to_owned(), first.map(str::to_owned));
            report.drift.push(Drift::Ttl { expected, found });
        }
        report.drift
    }

    /// The table's description; `None` if there is no table.
    pub(super) async fn describe(&self) -> Result<Option<TableDescription>, ServiceError> {
        let request = self.store.client().describe_table();
        match send!(self, request, "dynamodb:DescribeTable on the table") {
            Ok(answer) => Ok(answer.table),
            Err(error) if error.kind() == ServiceErrorKind::TableNotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Begins to create the table.
    pub(super) async fn create(
        &self,
        settings: &Settings,
        units: Option<Units>,
    ) -> Result<(), ServiceError> {
        let needs = match settings.at_rest {
            Some(AtRest::Customer(_)) => {
                "dynamodb:CreateTable on the table, and kms:DescribeKey and kms:CreateGrant on its \
                 KMS key"
            }
            _ => "dynamodb:CreateTable on the table",
        };
        let request = self.store.client().create_table();
        let request = define(request, self.schemas, settings, units);
        send!(self, request.map_err(|error| self.incomplete(error))?, needs).map(drop)
    }

    /// The table's TTL.
    pub(super) async fn ttl(&self) -> Result<Ttl, ServiceError> {
        let request = self.store.client().describe_time_to_live();
        let answer = send!(self, request, "dynamodb:DescribeTimeToLive on the table")?;
        let Some(found) = answer.time_to_live_description else { return Ok(Ttl::Off) };
        Ok(match found.time_to_live_status {
            Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling) => {
                Ttl::On(found.attribute_name.unwrap_or_default())
            }
            Some(TimeToLiveStatus::Disabling) => Ttl::TurningOff,
            _ => Ttl::Off,
        })
    }

    /// Switches the TTL on. This is an error if it is on.
    pub(super) async fn turn_ttl_on(&self, attribute: &str) -> Result<(), ServiceError> {
        let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(attribute);
        let ttl = ttl.build().map_err(|error| self.incomplete(error))?;
        let request = self.store.client().update_time_to_live().time_to_live_specification(ttl);
        send!(self, request, "dynamodb:UpdateTimeToLive on the table").map(drop)
    }

    /// Returns whether point-in-time recovery is on.
    pub(super) async fn has_recovery(&self) -> Result<bool, ServiceError> {
        let request = self.store.client().describe_continuous_backups();
        let answer = send!(self, request, "dynamodb:DescribeContinuousBackups on the table")?;
        let backups = answer.continuous_backups_description;
        let recovery = backups.and_then(|backups| backups.point_in_time_recovery_description);
        let status = recovery.and_then(|recovery| recovery.point_in_time_recovery_status);
        Ok(status == Some(PointInTimeRecoveryStatus::Enabled))
    }

    /// Switches point-in-time recovery on. `false` if DynamoDB is not ready to, as in the first
    /// moments of a table.
    pub(super) async fn turn_recovery_on(&self) -> Result<bool, ServiceError> {
        let on = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true);
        let on = on.build().map_err(|error| self.incomplete(error))?;
        let request = self.store.client().update_continuous_backups();
        let request = request.point_in_time_recovery_specification(on);
        match send!(self, request, "dynamodb:UpdateContinuousBackups on the table") {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("ContinuousBackupsUnavailableException") => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn failed<E>(&self, error: &SdkError<E>) -> ServiceError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        ServiceError::new(self.schema.place(), self.table, error)
    }

    /// The error of a request that lacks a part, which these do not.
    fn incomplete(&self, error: BuildError) -> ServiceError {
        self.failed(&SdkError::<CreateTableError>::construction_failure(error))
    }
}
