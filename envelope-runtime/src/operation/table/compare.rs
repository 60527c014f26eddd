//! The description of a table, compared with what is expected.

use aws_sdk_dynamodb::types::{
    BillingMode, KeyType as KeyRole, ScalarAttributeType, SseStatus, TableDescription, TableStatus,
};

use super::drift::{Drift, Unknown};
use super::report::TableReport;
use super::settings::{AtRest, Billing, Settings};
use crate::record::{KeyType, RecordSchema};

impl TableReport {
    /// Adds what the description of the table shows. The TTL and point-in-time recovery have
    /// requests of their own.
    pub(super) fn compare(
        &mut self,
        table: &TableDescription,
        schema: &RecordSchema,
        settings: &Settings,
    ) {
        if let Some(status) = table.table_status().filter(|status| is_lost(status)) {
            self.drift.push(Drift::Status { found: status.as_str().to_owned() });
        }
        self.key(table, schema);
        self.at_rest(table, settings.at_rest.as_ref());
        if settings.deletion_protection {
            match table.deletion_protection_enabled() {
                Some(true) => {}
                Some(false) => self.drift.push(Drift::DeletionProtection),
                None => self.unknown.push(Unknown::DeletionProtection),
            }
        }
        if let Some(expected) = settings.stream {
            let stream = table.stream_specification().filter(|stream| stream.stream_enabled());
            let found = stream.map(|stream| {
                stream.stream_view_type().map_or_else(String::new, |view| view.as_str().to_owned())
            });
            if found.as_deref() != Some(expected.name()) {
                self.drift.push(Drift::Stream { expected, found });
            }
        }
        // DynamoDB leaves the mode out for a table that has always been provisioned.
        let mode = table.billing_mode_summary().and_then(|summary| summary.billing_mode());
        let found = match mode {
            Some(BillingMode::PayPerRequest) => Billing::OnDemand,
            _ => Billing::Provisioned,
        };
        if let Some(expected) = settings.billing.filter(|expected| *expected != found) {
            self.drift.push(Drift::Billing { expected, found });
        }
    }

    fn key(&mut self, table: &TableDescription, schema: &RecordSchema) {
        let expected: Vec<_> =
            schema.key_types().map(|(name, key_type)| (name.to_owned(), key_type)).collect();
        // The order of the list is not promised.
        let of_role = |role| table.key_schema().iter().filter(move |key| *key.key_type() == role);
        let found = of_role(KeyRole::Hash).chain(of_role(KeyRole::Range)).map(|key| {
            let name = key.attribute_name();
            let mut definitions = table.attribute_definitions().iter();
            let definition = definitions.find(|definition| definition.attribute_name() == name);
            let key_type = definition.and_then(|found| match found.attribute_type() {
                ScalarAttributeType::S => Some(KeyType::S),
                ScalarAttributeType::N => Some(KeyType::N),
                ScalarAttributeType::B => Some(KeyType::B),
                _ => None,
            });
            (name.to_owned(), key_type)
        });
        let found: Vec<_> = found.collect();
        let is_expected = |(name, key_type): &(String, KeyType)| (name.clone(), Some(*key_type));
        if !found.iter().cloned().eq(expected.iter().map(is_expected)) {
            self.drift.push(Drift::Key { expected, found });
        }
    }

    fn at_rest(&mut self, table: &TableDescription, expected: Option<&AtRest>) {
        let sse = table.sse_description();
        if sse.is_some_and(|sse| sse.inaccessible_encryption_date_time().is_some()) {
            self.drift.push(Drift::KeyInaccessible);
        }
        // Without a description, the key is one that AWS owns.
        let sse = sse.filter(|sse| {
            !matches!(sse.status(), None | Some(SseStatus::Disabled | SseStatus::Disabling))
        });
        let found = sse.map(|sse| sse.kms_master_key_arn().map(str::to_owned));
        let is_so = match (expected, &found) {
            (Some(AtRest::AwsOwned), found) => Some(found.is_none()),
            (_, None) => Some(false),
            (None, Some(_)) => Some(true),
            // Every account has another key of this name.
            (Some(AtRest::AwsManaged), Some(_)) => None,
            (Some(AtRest::Customer(key)), Some(arn)) => {
                arn.as_deref().and_then(|arn| is_key(key, arn))
            }
        };
        match (is_so, expected) {
            (Some(false), _) => {
                let (expected, found) = (expected.cloned(), found.map(Option::unwrap_or_default));
                self.drift.push(Drift::AtRest { expected, found });
            }
            (None, Some(expected)) => {
                let (expected, found) = (expected.clone(), found.flatten());
                self.unknown.push(Unknown::AtRestKey { expected, found });
            }
            (Some(true), _) | (None, None) => {}
        }
    }
}

/// Returns whether the key under this name is the one with that ARN; `None` if the name is an
/// alias, which only KMS resolves.
fn is_key(name: &str, arn: &str) -> Option<bool> {
    if name.starts_with("alias/") || name.contains(":alias/") {
        None
    } else if name.starts_with("arn:") {
        Some(name == arn)
    } else {
        Some(arn.rsplit_once(":key/").is_some_and(|(_, id)| id == name))
    }
}

/// Returns whether the table will not become usable by waiting.
pub(super) fn is_lost(status: &TableStatus) -> bool {
    matches!(
        status,
        TableStatus::Deleting
            | TableStatus::Archiving
            | TableStatus::Archived
            | TableStatus::InaccessibleEncryptionCredentials
    )
}
