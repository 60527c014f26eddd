//! The description of a table, compared with what is expected.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{
    BillingMode, IndexStatus, KeySchemaElement, KeyType as KeyRole, Projection, ProjectionType,
    ScalarAttributeType, SseStatus, TableDescription, TableStatus,
};

use super::drift::{Drift, IndexDrift, Unknown};
use super::report::TableReport;
use super::settings::{AtRest, Billing, Settings};
use crate::record::{FieldRole, FieldSchema, KeyType, QueryKey, RecordSchema};

impl TableReport {
    /// Adds what the description of the table shows. The TTL and point-in-time recovery have
    /// requests of their own.
    pub(super) fn compare(
        &mut self,
        table: &TableDescription,
        schemas: &[RecordSchema],
        settings: &Settings,
    ) {
        if let Some(status) = table.table_status().filter(|status| is_lost(status)) {
            self.drift.push(Drift::Status { found: status.as_str().to_owned() });
        }
        self.keys(table, schemas);
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

    /// Adds the differences of the keys of table and indexes.
    pub(super) fn keys(&mut self, table: &TableDescription, schemas: &[RecordSchema]) {
        for schema in schemas {
            self.key(table, schema);
            self.indexes(table, schema);
        }
    }

    fn key(&mut self, table: &TableDescription, schema: &RecordSchema) {
        let (expected, found) =
            compared(table, schema, &schema.query_key(None), table.key_schema());
        let drift = |(expected, found)| Drift::Key { expected, found };
        self.add(differing(expected, found).map(drift));
    }

    fn add(&mut self, drift: Option<Drift>) {
        self.drift.extend(drift.filter(|drift| !self.drift.contains(drift)));
    }

    fn indexes(&mut self, table: &TableDescription, schema: &RecordSchema) {
        let found: Vec<_> = found_indexes(table).collect();
        for index in schema.all_indexes() {
            let (name, is_local) = (index.name(), index.is_local());
            let same = |other: &&Found<'_>| other.name == name && other.is_local == is_local;
            let Some(found) = found.iter().find(same) else {
                self.index(name, Some(IndexDrift::Absent { is_local }));
                continue;
            };
            let key = schema.query_key(Some(index));
            let (expected, keys) = compared(table, schema, &key, found.key);
            let drift = |(expected, found)| IndexDrift::Key { expected, found };
            self.index(name, differing(expected, keys).map(drift));
            let lacks = |attributes| IndexDrift::Lacks { attributes };
            self.index(name, found.lacks(schema.included(index)).map(lacks));
            let is_usable = |status: &IndexStatus| {
                matches!(status, IndexStatus::Active | IndexStatus::Updating)
            };
            let status = found.status.filter(|status| !is_usable(status));
            let drift = |status: &IndexStatus| IndexDrift::Status { found: status.as_str().into() };
            self.index(name, status.map(drift));
        }
        let sealed = schema.fields().filter(|field| field.role() == FieldRole::Encrypted);
        for attribute in sealed.map(FieldSchema::name) {
            let has_key = |key: &KeySchemaElement| key.attribute_name() == attribute;
            for found in found.iter().filter(|found| found.key.iter().any(has_key)) {
                self.index(found.name, Some(IndexDrift::Sealed { attribute: attribute.into() }));
            }
        }
    }

    fn index(&mut self, index: &str, drift: Option<IndexDrift>) {
        self.add(drift.map(|drift| Drift::Index { index: index.to_owned(), drift }));
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

/// The first index of the record types that DynamoDB still fills.
pub(super) fn filling(table: &TableDescription, schemas: &[RecordSchema]) -> Option<String> {
    let is_own = |found: &Found<'_>| {
        let mut indexes = schemas.iter().flat_map(RecordSchema::all_indexes);
        indexes.any(|index| index.name() == found.name)
    };
    let is_new = |found: &Found<'_>| found.status == Some(&IndexStatus::Creating);
    let found = found_indexes(table).find(|found| is_own(found) && is_new(found))?;
    Some(format!("index `{}`: {}", found.name, IndexStatus::Creating.as_str()))
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

/// An index as DynamoDB describes it.
struct Found<'a> {
    name: &'a str,
    is_local: bool,
    key: &'a [KeySchemaElement],
    projection: Option<&'a Projection>,
    status: Option<&'a IndexStatus>,
}

impl Found<'_> {
    /// The attributes that it lacks; none for a whole record. `None` if it lacks nothing.
    fn lacks(&self, included: Option<BTreeSet<&'static str>>) -> Option<Vec<String>> {
        let projection = self.projection?;
        if projection.projection_type() == Some(&ProjectionType::All) {
            return None;
        }
        let Some(included) = included else { return Some(Vec::new()) };
        let held = projection.non_key_attributes();
        let lacks = included.into_iter().filter(|name| !held.iter().any(|held| held == name));
        let lacks: Vec<_> = lacks.map(str::to_owned).collect();
        (!lacks.is_empty()).then_some(lacks)
    }
}

fn found_indexes(table: &TableDescription) -> impl Iterator<Item = Found<'_>> {
    let global = table.global_secondary_indexes().iter().map(|index| Found {
        name: index.index_name().unwrap_or_default(),
        is_local: false,
        key: index.key_schema(),
        projection: index.projection(),
        status: index.index_status(),
    });
    let local = table.local_secondary_indexes().iter().map(|index| Found {
        name: index.index_name().unwrap_or_default(),
        is_local: true,
        key: index.key_schema(),
        projection: index.projection(),
        status: None,
    });
    global.chain(local)
}

/// Attributes of a key and their types.
type Expected = Vec<(String, KeyType)>;
type FoundKey = Vec<(String, Option<KeyType>)>;

/// The key that a schema says, and the one that DynamoDB describes.
fn compared(
    table: &TableDescription,
    schema: &RecordSchema,
    expected: &QueryKey,
    found: &[KeySchemaElement],
) -> (Expected, FoundKey) {
    let expected = expected.all().filter_map(|key| schema.type_of_key(key));
    let expected = expected.map(|(name, key_type)| (name.to_owned(), key_type));
    // The order of the two roles is not promised.
    let of_role = |role| found.iter().filter(move |key| *key.key_type() == role);
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
    (expected.collect(), found.collect())
}

fn differing(expected: Expected, found: FoundKey) -> Option<(Expected, FoundKey)> {
    let is_expected = |(name, key_type): &(String, KeyType)| (name.clone(), Some(*key_type));
    let is_so = found.iter().cloned().eq(expected.iter().map(is_expected));
    (!is_so).then_some((expected, found))
}
