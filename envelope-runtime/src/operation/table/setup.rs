//! The steps that create a table. Each looks first, so that a creation that was interrupted, or
//! that another process makes at the same time, is only completed.

use aws_sdk_dynamodb::types::{SseStatus, TableDescription, TableStatus};

use super::compare::filling;
use super::drift::Drift;
use super::report::{TableCreated, TableReport};
use super::requests::{Requests, Ttl};
use super::settings::{Settings, Units};
use crate::key::Capability;
use crate::operation::error::{
    ServiceError, ServiceErrorKind, TableDriftError, TableError, TableNotReadyError,
    TableNotReadyErrorKind,
};
use crate::operation::patience::Patience;

/// A table on its way to be what was asked for.
pub(super) struct Setup<'a, C> {
    pub(super) requests: Requests<'a, C>,
    pub(super) settings: &'a Settings,
    pub(super) units: Option<Units>,
    pub(super) patience: Patience,
}

impl<C: Capability> Setup<'_, C> {
    pub(super) async fn run(mut self) -> Result<TableCreated, TableError> {
        let contradictions = self.requests.contradictions();
        if !contradictions.is_empty() {
            return Err(self.drift(contradictions));
        }
        let (table, is_new) = self.active_table().await?;
        let mut report = TableReport::new();
        report.compare(&table, self.requests.schemas, self.settings);
        let ttl = match self.requests.ttl_field() {
            Some(field) => Some((field.name(), self.requests.ttl().await)),
            None => None,
        };
        if let Some((expected, Ok(Ttl::On(found)))) = &ttl
            && expected != found
        {
            let (expected, found) = ((*expected).to_owned(), Some(found.clone()));
            report.drift.push(Drift::Ttl { expected, found });
        }
        // Nothing has been changed so far.
        if !report.drift.is_empty() {
            return Err(self.drift(report.drift));
        }
        if let Some((attribute, found)) = ttl {
            self.ttl(attribute, found.map_err(TableError::Request)?).await?;
        }
        if self.settings.point_in_time_recovery {
            self.recovery().await?;
        }
        // A new table is what was asked for.
        let unknown = if is_new { Vec::new() } else { report.unknown };
        Ok(TableCreated { is_new, unknown })
    }

    /// Creates the table unless it is there, waits until it is active, and returns whether
    /// DynamoDB confirmed the creation.
    async fn active_table(&mut self) -> Result<(TableDescription, bool), TableError> {
        let (mut is_new, mut is_there) = (false, false);
        let mut lost: Option<ServiceError> = None;
        loop {
            let status = match self.requests.describe().await.map_err(TableError::Request)? {
                Some(table) => match self.progress(&table)? {
                    None => return Ok((table, is_new)),
                    Some(status) => status,
                },
                // DynamoDB may take a moment to show a new table.
                None if is_there => String::new(),
                None => {
                    if let Some(error) = lost {
                        return Err(TableError::Request(error));
                    }
                    match self.requests.create(self.settings, self.units).await {
                        Ok(()) => (is_new, is_there) = (true, true),
                        // Another process was faster, or the SDK has sent the request twice.
                        Err(error) if error.kind() == ServiceErrorKind::Conflict => is_there = true,
                        // The request may have been served.
                        Err(error) if error.is_retryable() => lost = Some(error),
                        Err(error) => return Err(TableError::Request(error)),
                    }
                    continue;
                }
            };
            self.wait(TableNotReadyErrorKind::NotActive { status }).await?;
        }
    }

    /// The status of a table that is not active yet; `None` if it is.
    fn progress(&self, table: &TableDescription) -> Result<Option<String>, TableError> {
        let status = table.table_status();
        let kind = match status {
            Some(TableStatus::Deleting) => TableNotReadyErrorKind::Deleting,
            Some(TableStatus::Archiving | TableStatus::Archived) => {
                TableNotReadyErrorKind::Archived
            }
            Some(TableStatus::InaccessibleEncryptionCredentials) => {
                TableNotReadyErrorKind::KeyInaccessible
            }
            Some(TableStatus::Active) => {
                let sse = table.sse_description().and_then(|sse| sse.status());
                let changing = sse.filter(|sse| {
                    matches!(sse, SseStatus::Enabling | SseStatus::Updating | SseStatus::Disabling)
                });
                let changing = changing.map(|sse| format!("encryption at rest: {}", sse.as_str()));
                return Ok(changing.or_else(|| filling(table, self.requests.schemas)));
            }
            other => {
                let status = other.map_or("no status", TableStatus::as_str);
                return Ok(Some(status.to_owned()));
            }
        };
        Err(self.not_ready(kind))
    }

    /// Switches the TTL on, unless it is.
    async fn ttl(&self, attribute: &str, found: Ttl) -> Result<(), TableError> {
        match found {
            Ttl::On(_) => return Ok(()),
            Ttl::TurningOff => {
                return Err(self.not_ready(TableNotReadyErrorKind::TtlIsTurningOff));
            }
            Ttl::Off => {}
        }
        let Err(error) = self.requests.turn_ttl_on(attribute).await else { return Ok(()) };
        // Another process was faster, or the SDK has sent the request twice.
        match self.requests.ttl().await {
            Ok(Ttl::On(found)) if found == attribute => Ok(()),
            _ => Err(TableError::Request(error)),
        }
    }

    /// Switches point-in-time recovery on, unless it is.
    async fn recovery(&mut self) -> Result<(), TableError> {
        loop {
            let is_on = self.requests.has_recovery().await.map_err(TableError::Request)?;
            if is_on || self.requests.turn_recovery_on().await.map_err(TableError::Request)? {
                return Ok(());
            }
            self.wait(TableNotReadyErrorKind::NoBackups).await?;
        }
    }

    /// Waits for the next look; an error once the time is up.
    async fn wait(&mut self, kind: TableNotReadyErrorKind) -> Result<(), TableError> {
        if self.patience.wait(self.requests.store).await {
            Ok(())
        } else {
            Err(self.not_ready(kind))
        }
    }

    fn drift(&self, drift: Vec<Drift>) -> TableError {
        let (place, table) = (self.requests.schema.place(), self.requests.table);
        TableError::Drift(TableDriftError::new(place, table, drift))
    }

    fn not_ready(&self, kind: TableNotReadyErrorKind) -> TableError {
        let (place, table) = (self.requests.schema.place(), self.requests.table);
        TableError::NotReady(TableNotReadyError::new(place, table, kind))
    }
}
