//! Structs with parameters, and one of a program that does not encrypt yet.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::hash::Hash;

use aws_sdk_dynamodb::types::ScalarAttributeType;
use envelope_runtime::EnvelopeRecord;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{check, check_with_serde, check_with_serde_in};
use crate::support::World;

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
async fn a_versioned_record_of_two_types() {
    let cached = None;
    let history = vec![HashMap::from([('a', 1_u8)])];
    let content = HashMap::new();
    check(Versioned { id: "v".into(), content, history, checksum: [7; 32], cached }).await;

    let (content, history) = (Some(true), vec![None, Some(false)]);
    check(Versioned { id: "v".into(), content, history, checksum: [], cached: None }).await;
}

trait Message: Serialize + DeserializeOwned {
    type Header: Serialize + DeserializeOwned + Debug + PartialEq;
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Mail {
    Welcome { to: String },
}

impl Message for Mail {
    type Header = (u8, String);
}

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "outbox")]
struct Outbox<M: Message> {
    #[partition_key]
    topic: String,
    #[sort_key]
    number: u64,
    #[encrypted]
    message: M,
    #[authenticated]
    header: M::Header,
}

#[tokio::test]
async fn an_outbox_with_an_associated_type() {
    let message = Mail::Welcome { to: "zoe@example.com".into() };
    check(Outbox { topic: "mail".into(), number: 0, message, header: (1, "h".into()) }).await;
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "caches")]
struct Cache<K, V = String>
where
    K: Eq + Hash,
{
    #[partition_key]
    name: K,
    #[encrypted]
    entries: HashMap<K, V>,
    #[serde(default)]
    #[envelope(default)]
    misses: Vec<K>,
}

#[tokio::test]
async fn a_cache_whose_key_is_a_parameter() {
    let world = World::new().await;
    let entries = [(7_u32, "seven".to_owned())].into();
    let table = world.backend.create_table(&[("name", ScalarAttributeType::N)]).await;
    check_with_serde_in(&world, &table, Cache { name: 1, entries, misses: vec![2] }).await;
    let entries = [(String::from("k"), 1.5)].into();
    let table = world.backend.create_table(&[("name", ScalarAttributeType::S)]).await;
    let cache = Cache { name: "n".to_owned(), entries, misses: vec![] };
    check_with_serde_in(&world, &table, cache).await;
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Line {
    sku: String,
    count: u32,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(tag = "type")]
enum Step {
    Started,
    Done { with: u8 },
}

#[derive(EnvelopeRecord, Serialize, Clone, Debug, PartialEq)]
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
    steps: Vec<Step>,
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
        line: vec![Line { sku: "s".into(), count: 1 }],
        steps: vec![Step::Started, Step::Done { with: 1 }],
        map: [("k".into(), (1, "v".into()))].into(),
    };
    let table = world.backend.create_table(&[("userId", ScalarAttributeType::S)]).await;
    let item = serde_dynamo::to_item(&legacy).unwrap();
    let put = world.backend.dynamodb.put_item().table_name(&table).set_item(Some(item));
    put.send().await.unwrap();

    let store = world.store.clone().map_table::<Legacy>(&table);

    assert_eq!(Legacy::load(&store, "u").await.unwrap().as_ref(), Some(&legacy));
    check_with_serde(legacy).await;
}
