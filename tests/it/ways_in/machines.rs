//! Models of machines: device telemetry, patient observation, file metadata, audit log entry,
//! rate-limit bucket.

use std::collections::{BTreeMap, HashMap, HashSet};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use chrono::{DateTime, Utc};
use envelope_runtime::EnvelopeRecord;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Table;
use super::by_hand::{b, item, l, m, n, s};
use super::dynomite::{Attribute, dynomite_enums, dynomite_structs};
use crate::support::Stored;

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "telemetry")]
struct Telemetry {
    #[partition_key]
    device: String,
    #[sort_key]
    at: i64,
    #[encrypted]
    position: Vec<f64>,
    #[encrypted]
    readings: BTreeMap<String, f32>,
    #[authenticated]
    firmware: String,
    frame: Vec<u8>,
    battery: f32,
    charging: bool,
}

dynomite_structs!(Telemetry { device, at, position, readings, firmware, frame, battery, charging });

#[tokio::test]
async fn device_telemetry() {
    let telemetry = Telemetry {
        device: "d-1".into(),
        at: -1,
        position: vec![48.4, -9.99],
        readings: [("temperature".to_owned(), 36.6), ("humidity".to_owned(), 0.1)].into(),
        firmware: "1.2".into(),
        frame: vec![0, 255],
        battery: 0.75,
        charging: false,
    };
    let by_hand = item([
        ("device", s("d-1")),
        ("at", n(-1)),
        ("position", l([n(48.4), n(-9.99)])),
        ("readings", m([("temperature", n(36.6_f32)), ("humidity", n(0.1_f32))])),
        ("firmware", s("1.2")),
        ("frame", b(&[0, 255])),
        ("battery", n(0.75)),
        ("charging", Sdk::Bool(false)),
    ]);

    let table = Table::of(telemetry).await;
    table.adopts_from_serde_dynamo(&["frame: L to B"]).await;
    table.adopts_from_hand(by_hand, &[]).await;
    table.adopts_from_dynomite(&[]).await;
}

/// Reads what different programs wrote: seconds since 1970 or RFC 3339. Writes seconds.
mod either_time {
    use chrono::{DateTime, Utc};
    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Seconds(i64),
        Text(DateTime<Utc>),
    }

    pub(super) fn serialize<S: Serializer>(time: &DateTime<Utc>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(time.timestamp())
    }

    pub(super) fn deserialize<'de, D>(from: D) -> Result<DateTime<Utc>, D::Error>
    where
        D: Deserializer<'de>,
    {
        let no_time = || serde::de::Error::custom("no such time");
        match Either::deserialize(from)? {
            Either::Seconds(seconds) => DateTime::from_timestamp(seconds, 0).ok_or_else(no_time),
            Either::Text(time) => Ok(time),
        }
    }
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Quantity {
    value: f64,
    unit: String,
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "observations")]
#[serde(rename_all = "camelCase")]
struct Observation {
    #[partition_key]
    patient: String,
    #[sort_key]
    id: String,
    #[encrypted]
    code: String,
    #[encrypted]
    quantity: Option<Quantity>,
    #[encrypted]
    #[serde(with = "either_time")]
    taken_at: DateTime<Utc>,
    #[authenticated]
    #[serde(with = "either_time")]
    recorded_at: DateTime<Utc>,
    #[authenticated]
    performer: Option<String>,
}

dynomite_structs!(
    Quantity { value, unit }
    Observation {
        patient, id, code, quantity, taken_at: "takenAt", recorded_at: "recordedAt", performer
    }
);

fn observation_by_hand(observation: &Observation) -> Stored {
    let mut stored = item([
        ("patient", s(&observation.patient)),
        ("id", s(&observation.id)),
        ("code", s(&observation.code)),
        ("takenAt", n(observation.taken_at.timestamp())),
        ("recordedAt", n(observation.recorded_at.timestamp())),
    ]);
    if let Some(Quantity { value, unit }) = &observation.quantity {
        stored.insert("quantity".into(), m([("value", n(value)), ("unit", s(unit))]));
    }
    stored.extend(observation.performer.as_ref().map(|name| ("performer".into(), s(name))));
    stored
}

#[tokio::test]
async fn a_patient_observation() {
    let time = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
    let observation = Observation {
        patient: "p-1".into(),
        id: "o-1".into(),
        code: "8867-4".into(),
        quantity: Some(Quantity { value: 72.5, unit: "/min".into() }),
        taken_at: time(-86_400),
        recorded_at: time(1_790_000_000),
        performer: None,
    };

    let table = Table::of(observation).await;
    table.adopts_from_serde_dynamo(&["performer: NULL to absent"]).await;
    table.adopts_from_hand(observation_by_hand(&table.model), &[]).await;
    table.adopts_from_dynomite(&["performer: NULL to absent", "recordedAt: S to N"]).await;
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "files")]
struct FileMetadata {
    #[partition_key]
    bucket: String,
    #[sort_key]
    path: String,
    #[encrypted]
    original_name: String,
    #[encrypted]
    thumbnails: Vec<Vec<u8>>,
    #[authenticated]
    checksum: Vec<u8>,
    #[envelope(set)]
    parts: HashSet<Vec<u8>>,
    previews: Vec<Vec<u8>>,
    size: u64,
    mime: Option<String>,
}

dynomite_structs!(FileMetadata {
    bucket,
    path,
    original_name,
    thumbnails,
    checksum,
    parts,
    previews,
    size,
    mime
});

#[tokio::test]
async fn file_metadata() {
    let file = FileMetadata {
        bucket: "b".into(),
        path: "a/b.pdf".into(),
        original_name: "salary.pdf".into(),
        thumbnails: vec![vec![1, 2], vec![]],
        checksum: vec![7; 32],
        parts: [vec![1], vec![2, 3]].into(),
        previews: vec![vec![9]],
        size: 5_000_000_000,
        mime: Some("application/pdf".into()),
    };
    let by_hand = item([
        ("bucket", s("b")),
        ("path", s("a/b.pdf")),
        ("original_name", s("salary.pdf")),
        ("thumbnails", l([b(&[1, 2]), b(&[])])),
        ("checksum", b(&[7; 32])),
        ("parts", Sdk::Bs(vec![Blob::new([2, 3]), Blob::new([1])])),
        ("previews", l([b(&[9])])),
        ("size", n(5_000_000_000_u64)),
        ("mime", s("application/pdf")),
    ]);

    let table = Table::of(file).await;
    table.adopts_from_serde_dynamo(&["checksum: L to B", "parts: L to BS"]).await;
    // serde sees bytes inside another type as numbers, and a save stores them so.
    table.adopts_from_hand(by_hand, &["previews: L to L"]).await;
    table.adopts_from_dynomite(&["previews: L to L"]).await;
}

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Action {
    #[serde(alias = "UserCreated")]
    UserCreated,
    #[serde(alias = "RoleChanged")]
    RoleChanged,
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "audit_log")]
struct AuditEntry {
    #[partition_key]
    tenant: String,
    #[sort_key]
    sequence: u64,
    #[authenticated]
    action: Action,
    #[authenticated]
    actor: String,
    #[encrypted]
    before: Option<serde_json::Value>,
    #[encrypted]
    after: serde_json::Value,
    labels: HashMap<String, String>,
}

// dynomite has no JSON: programs convert it value by value.
impl Attribute for serde_json::Value {
    fn to_attr(&self) -> Sdk {
        serde_dynamo::to_attribute_value(self).unwrap()
    }
}

dynomite_enums!(Action);
dynomite_structs!(AuditEntry { tenant, sequence, action, actor, before, after, labels });

#[tokio::test]
async fn an_audit_log_entry() {
    let entry = AuditEntry {
        tenant: "t-1".into(),
        sequence: 1,
        action: Action::RoleChanged,
        actor: "zoe".into(),
        before: None,
        after: json!({ "role": "admin", "groups": ["a", null], "limits": { "n": -2.5 } }),
        labels: [("ip".to_owned(), "127.0.0.1".to_owned())].into(),
    };
    let limits = m([("n", n("-2.50"))]);
    let groups = l([s("a"), Sdk::Null(true)]);
    let by_hand = item([
        ("tenant", s("t-1")),
        ("sequence", n(1)),
        ("action", s("role_changed")),
        ("actor", s("zoe")),
        ("after", m([("role", s("admin")), ("groups", groups), ("limits", limits)])),
        ("labels", m([("ip", s("127.0.0.1"))])),
    ]);

    let table = Table::of(entry).await;
    table.adopts_from_serde_dynamo(&[]).await;
    table.adopts_from_hand(by_hand, &[]).await;
    // The name that serde writes replaces the alias.
    table.adopts_from_dynomite(&["action: S to S"]).await;

    let table = Table::of(AuditEntry { action: Action::UserCreated, ..table.model }).await;
    table.adopts_from_dynomite(&["action: S to S"]).await;
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "buckets")]
struct Bucket {
    #[partition_key]
    client: String,
    #[authenticated]
    limit: u32,
    #[authenticated]
    refill_per_second: f64,
    tokens: f64,
    #[serde(default)]
    burst: u32,
    updated: u64,
    #[envelope(ttl)]
    expires: u64,
}

dynomite_structs!(Bucket { client, limit, refill_per_second, tokens, updated, expires });

#[tokio::test]
async fn a_rate_limit_bucket() {
    let (client, updated, expires) = ("127.0.0.1".into(), 1_790_000_000, 1_800_000_000);
    let (limit, refill_per_second, tokens) = (100, 0.5, 99.25);
    let bucket = Bucket { client, limit, refill_per_second, tokens, burst: 0, updated, expires };
    let by_hand = item([
        ("client", s("127.0.0.1")),
        ("limit", n(100)),
        ("refill_per_second", n("5e-1")),
        ("tokens", n(99.25)),
        ("updated", n(1_790_000_000)),
        ("expires", n(1_800_000_000)),
    ]);

    let table = Table::of(bucket).await;
    table.adopts_from_serde_dynamo(&[]).await;
    // Written before the field was: its default fills it.
    table.adopts_from_hand(by_hand, &["burst: absent to N"]).await;
    table.adopts_from_dynomite(&["burst: absent to N"]).await;
}
