//! Machines and their logs.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use envelope_runtime::EnvelopeRecord;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{check, check_with_serde};

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "readings")]
struct Reading {
    #[partition_key]
    sensor: Box<[u8]>,
    #[sort_key]
    second: u32,
    values: Vec<f32>,
    #[encrypted]
    position: Option<(f64, f64)>,
    raw: Option<Box<[u8]>>,
}

#[tokio::test]
async fn a_reading_of_a_sensor() {
    for (position, raw) in [(Some((48.137, 11.575)), Some(vec![0; 300].into())), (None, None)] {
        let sensor = vec![1, 2].into();
        check_with_serde(Reading { sensor, second: 0, values: vec![0.1, 1e10], position, raw })
            .await;
    }
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    SignedIn { from: String, attempts: u8 },
    SignedOut,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(tag = "kind", content = "detail")]
enum Target {
    Account(u64),
    Nothing,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(untagged)]
enum Actor {
    Human { name: String },
    Machine(u32),
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "audit", envelope = "_sealed")]
struct AuditEvent {
    #[partition_key]
    stream: String,
    #[sort_key]
    sequence: i64,
    #[encrypted]
    event: Event,
    #[encrypted]
    actor: Actor,
    #[authenticated]
    target: Target,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    #[serde(with = "time::serde::timestamp::option")]
    reviewed: Option<OffsetDateTime>,
}

#[tokio::test]
async fn an_audit_event_in_each_of_serdes_enum_forms() {
    let at = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
    let signed_in = Event::SignedIn { from: "::1".into(), attempts: 3 };
    for (event, actor, target, reviewed) in [
        (signed_in, Actor::Human { name: "zoë".into() }, Target::Account(1), Some(at)),
        (Event::SignedOut, Actor::Machine(9), Target::Nothing, None),
    ] {
        let stream = "s".into();
        let sequence = -1;
        check_with_serde(AuditEvent { stream, sequence, event, actor, target, at, reviewed }).await;
    }
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "log_lines")]
struct LogLine {
    #[partition_key]
    #[envelope(key = "S")]
    file: PathBuf,
    #[sort_key]
    offset: usize,
    #[encrypted]
    text: String,
    #[encrypted]
    peer: Option<SocketAddr>,
    at: SystemTime,
    took: Duration,
    level: Level,
    r#move: std::ops::Range<u8>,
}

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(into = "u8", try_from = "u8")]
enum Level {
    Quiet,
    Loud,
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        match level {
            Level::Quiet => 1,
            Level::Loud => 2,
        }
    }
}

impl TryFrom<u8> for Level {
    type Error = &'static str;

    fn try_from(level: u8) -> Result<Self, Self::Error> {
        match level {
            1 => Ok(Self::Quiet),
            2 => Ok(Self::Loud),
            _ => Err("no such level"),
        }
    }
}

#[tokio::test]
async fn a_log_line_of_types_of_the_standard_library() {
    let at = SystemTime::UNIX_EPOCH + Duration::new(1_800_000_000, 5);
    for (level, peer) in [(Level::Quiet, None), (Level::Loud, "[::1]:443".parse().ok())] {
        let line = LogLine {
            file: "/var/log/x".into(),
            offset: usize::MAX,
            text: "line\n".into(),
            peer,
            at,
            took: Duration::from_nanos(1),
            level,
            r#move: 0..3,
        };
        check_with_serde(line).await;
    }
}

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "heartbeats", plaintext_only)]
struct Heartbeat {
    #[partition_key]
    machine: String,
}

#[tokio::test]
async fn a_heartbeat_that_is_a_key_alone() {
    check(Heartbeat { machine: "m".into() }).await;
}
