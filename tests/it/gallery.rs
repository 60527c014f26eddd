//! Structs as services have them, with the types of the crates that they use: each is saved, loaded
//! and compared. A model's table is created from what it stores.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;

use aws_sdk_dynamodb::types::ScalarAttributeType;
use chrono::{DateTime, NaiveDate, Utc};
use envelope_runtime::{
    AttributeValue, EnvelopeRecord, FieldRole, LocalKeyProvider, Sealer, Store,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::support::World;

/// Saves a model into a table made for it, and loads it by its own key.
async fn check<R: EnvelopeRecord + PartialEq + Debug + 'static>(world: &World, model: R) {
    let sealer = Sealer::new(LocalKeyProvider::generate().unwrap());
    let item = sealer.seal(&model).await.unwrap();
    let role = |role| R::SCHEMA.fields().find(move |field| field.role() == role);
    let keys = [FieldRole::PartitionKey, FieldRole::SortKey].into_iter().filter_map(role);
    let keys: Vec<_> = keys
        .map(|field| match item.attribute(field.name()) {
            Some(AttributeValue::S(_)) => (field.name(), ScalarAttributeType::S),
            Some(AttributeValue::N(_)) => (field.name(), ScalarAttributeType::N),
            Some(AttributeValue::B(_)) => (field.name(), ScalarAttributeType::B),
            other => panic!("{other:?}"),
        })
        .collect();
    let table = world.backend.create_table(&keys).await;
    let store: Store = world.store.clone().table_name::<R>(&table);

    model.save(&store).await.unwrap();

    let loaded = R::load(&store, model.key()).consistent().await.unwrap();
    assert_eq!(loaded.as_ref(), Some(&model));
    R::delete(&store, model.key()).await.unwrap();
    assert_eq!(R::load(&store, model.key()).consistent().await.unwrap(), None);
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Line {
    sku: String,
    price: Decimal,
    count: u32,
}

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "orders")]
#[serde(rename_all = "camelCase")]
struct Order {
    #[partition_key]
    customer_id: Uuid,
    #[sort_key]
    placed_at: DateTime<Utc>,
    #[encrypted]
    lines: Vec<Line>,
    #[authenticated]
    total: Decimal,
    note: Option<String>,
}

#[tokio::test]
async fn an_order() {
    let price: Decimal = "19.90".parse().unwrap();
    let line = Line { sku: "A-1".into(), price, count: 2 };
    let order = Order {
        customer_id: Uuid::from_u128(7),
        placed_at: DateTime::from_timestamp(1_800_000_000, 123_000_000).unwrap(),
        lines: vec![line.clone(), line],
        total: "39.80".parse().unwrap(),
        note: None,
    };
    check(&World::new().await, order).await;
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Allergy(String);

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "patients")]
struct Patient {
    #[partition_key]
    #[envelope(context)]
    clinic: String,
    #[sort_key]
    id: u64,
    #[encrypted]
    name: (String, String),
    #[encrypted]
    born: NaiveDate,
    #[encrypted]
    #[envelope(set)]
    allergies: BTreeSet<Allergy>,
    #[encrypted]
    measurements: BTreeMap<NaiveDate, [f32; 3]>,
}

#[tokio::test]
async fn a_patient() {
    let day = NaiveDate::from_ymd_opt(1970, 2, 28).unwrap();
    let patient = Patient {
        clinic: "clinic-7".into(),
        id: u64::MAX,
        name: ("Zoë".into(), "O'Neil".into()),
        born: day,
        allergies: [Allergy("nuts".into()), Allergy("dust".into())].into(),
        measurements: [(day, [36.6, 0.1, -1e-7])].into(),
    };
    check(&World::new().await, patient).await;
}

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "sessions")]
struct Session {
    #[partition_key]
    id: [u8; 16],
    #[encrypted]
    token: Zeroizing<String>,
    #[encrypted]
    #[envelope(bytes)]
    secret: Secret,
    #[encrypted]
    data: serde_json::Value,
    expires: u64,
}

#[derive(Clone, Debug, PartialEq)]
struct Secret(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Secret {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Secret {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

#[tokio::test]
async fn a_session() {
    let session = Session {
        id: [0xFE; 16],
        token: Zeroizing::new("t0ken".into()),
        secret: vec![1, 2, 3].into(),
        data: serde_json::json!({ "cart": [1, -2.5, null, { "x": true }], "big": u64::MAX }),
        expires: 1_800_000_000,
    };
    check(&World::new().await, session).await;
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

#[derive(EnvelopeRecord, Debug, PartialEq)]
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
    let world = World::new().await;
    let at = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
    let signed_in = Event::SignedIn { from: "::1".into(), attempts: 3 };
    for (event, actor, target, reviewed) in [
        (signed_in, Actor::Human { name: "zoë".into() }, Target::Account(1), Some(at)),
        (Event::SignedOut, Actor::Machine(9), Target::Nothing, None),
    ] {
        let stream = "s".into();
        check(&world, AuditEvent { stream, sequence: -1, event, actor, target, at, reviewed })
            .await;
    }
}

#[derive(EnvelopeRecord, Debug, PartialEq)]
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
    let world = World::new().await;
    for (position, raw) in [(Some((48.137, 11.575)), Some(vec![0; 300].into())), (None, None)] {
        let sensor = vec![1, 2].into();
        check(&world, Reading { sensor, second: 0, values: vec![0.1, 1e10], position, raw }).await;
    }
}

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "app")]
struct Entity {
    #[partition_key]
    #[envelope(rename = "PK")]
    tenant: String,
    #[sort_key]
    #[envelope(rename = "SK")]
    path: String,
    #[envelope(rename = "GSI1PK")]
    by_state: Option<String>,
    #[encrypted]
    r#type: Cow<'static, str>,
    #[encrypted]
    body: Box<(BTreeMap<String, Option<i128>>, u8)>,
    #[envelope(set)]
    labels: Vec<String>,
}

#[tokio::test]
async fn an_entity_of_a_single_table() {
    let entity = Entity {
        tenant: "TENANT#1".into(),
        path: "USER#00042".into(),
        by_state: Some("STATE#open".into()),
        r#type: Cow::Borrowed("user"),
        body: Box::new((
            [("wide".into(), Some(i128::MIN / 1000)), ("none".into(), None)].into(),
            1,
        )),
        labels: vec!["a".into(), "b".into()],
    };
    check(&World::new().await, entity).await;
}

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "versions")]
struct Versioned<T, const N: usize>
where
    T: Clone + Debug,
{
    #[partition_key]
    id: String,
    #[encrypted]
    content: T,
    #[encrypted]
    history: Vec<T>,
    #[encrypted]
    checksum: [u8; N],
    #[envelope(skip)]
    cached: Option<T>,
}

#[tokio::test]
async fn a_generic_record() {
    let world = World::new().await;
    let cached = None;
    let history = vec![HashMap::from([('a', 1_u8)])];
    let content = HashMap::new();
    check(&world, Versioned { id: "v".into(), content, history, checksum: [7; 32], cached }).await;

    let (content, history) = (Some(true), vec![None, Some(false)]);
    check(&world, Versioned { id: "v".into(), content, history, checksum: [], cached: None }).await;
}

#[derive(Serialize, EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "legacy", plaintext_only)]
#[serde(rename_all = "camelCase")]
struct Legacy {
    #[partition_key]
    user_id: String,
    count: i64,
    ratio: f64,
    flag: bool,
    missing: Option<String>,
    present: Option<u8>,
    bytes: Vec<u8>,
    line: Vec<Line>,
    event: Event,
    map: BTreeMap<String, (u8, String)>,
}

#[tokio::test]
async fn an_item_that_serde_dynamo_wrote_loads_unchanged() {
    let world = World::new().await;
    let legacy = Legacy {
        user_id: "u".into(),
        count: -5,
        ratio: 0.1,
        flag: true,
        missing: None,
        present: Some(1),
        bytes: vec![0, 255],
        line: vec![Line { sku: "s".into(), price: Decimal::ONE, count: 1 }],
        event: Event::SignedOut,
        map: [("k".into(), (1, "v".into()))].into(),
    };
    let table = world.backend.create_table(&[("userId", ScalarAttributeType::S)]).await;
    let item = serde_dynamo::to_item(&legacy).unwrap();
    let put = world.backend.dynamodb.put_item().table_name(&table).set_item(Some(item));
    put.send().await.unwrap();

    let store = world.store.clone().table_name::<Legacy>(&table);

    assert_eq!(Legacy::load(&store, "u").await.unwrap(), Some(legacy));
}
