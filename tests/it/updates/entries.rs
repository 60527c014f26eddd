//! Changes of single entries of maps: plaintext, authenticated and encrypted ones.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;

use envelope_runtime::error::ConvertErrorKind;
use envelope_runtime::{EnvelopeRecord, UpdateError};
use serde::{Deserialize, Serialize};

use crate::support::World;

#[derive(EnvelopeRecord, Clone, Debug, PartialEq, Default)]
#[envelope(table = "users")]
struct Cart {
    #[partition_key]
    id: String,
    lines: BTreeMap<String, Line>,
    counts: HashMap<u32, u64>,
    by_sku: BTreeMap<Sku, Option<u8>>,
    by_kind: BTreeMap<Kind, String>,
    maybe: Option<BTreeMap<String, Vec<u8>>>,
    #[envelope(with = doubled)]
    doubled: BTreeMap<String, u32>,
    #[authenticated]
    limits: BTreeMap<String, u64>,
    #[encrypted]
    notes: BTreeMap<String, String>,
    #[encrypted]
    hidden: Option<HashMap<u8, Line>>,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Line {
    price: u64,
    gift: Option<String>,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sku(u16);

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Small,
    Large,
}

/// Stores names in capitals, and values twice as large.
mod doubled {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    type Map = BTreeMap<String, u32>;

    pub(super) fn serialize<S: Serializer>(map: &Map, to: S) -> Result<S::Ok, S::Error> {
        let stored = map.iter().map(|(name, value)| (name.to_uppercase(), value * 2));
        stored.collect::<Map>().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Map, D::Error> {
        let map = Map::deserialize(from)?;
        Ok(map.into_iter().map(|(name, value)| (name.to_lowercase(), value / 2)).collect())
    }
}

fn line(price: u64) -> Line {
    Line { price, gift: None }
}

fn cart(id: &str) -> Cart {
    Cart { id: id.into(), ..Cart::default() }
}

/// Has an entry or two in each map.
fn full(id: &str) -> Cart {
    Cart {
        id: id.into(),
        lines: BTreeMap::from([("sku-1".into(), line(7)), ("a.b#c :é[0]".into(), line(8))]),
        counts: HashMap::from([(4_000_000_000, u64::MAX)]),
        by_sku: BTreeMap::from([(Sku(1), Some(2)), (Sku(2), None)]),
        by_kind: BTreeMap::from([(Kind::Large, "x".into())]),
        maybe: Some(BTreeMap::from([("blob".into(), vec![1, 2])])),
        doubled: BTreeMap::from([("one".into(), 1)]),
        limits: BTreeMap::from([("day".into(), 100)]),
        notes: BTreeMap::from([("first".into(), "secret".into())]),
        hidden: Some(HashMap::from([(7, line(1))])),
    }
}

async fn world(cart: &Cart) -> World {
    let world = World::new().await;
    world.store.put(cart).await.unwrap();
    world
}

async fn loaded(world: &World) -> Cart {
    world.store.get::<Cart>("c-1").await.unwrap().unwrap()
}

async fn plaintext_of(world: &World, id: &str) -> HashMap<String, AttributeValue> {
    let mut item = world.stored(id).await;
    item.retain(|name, _| !["id", "_envelope", "notes", "hidden"].contains(&name.as_str()));
    item
}

/// One update over each road: plaintext alone, and with protected maps.
#[tokio::test]
async fn entries_are_stored_as_a_save_stores_them() {
    for seals in [false, true] {
        let world = world(&cart("c-1")).await;
        let expected = if seals {
            full("c-1")
        } else {
            let Cart { limits, notes, hidden, .. } = cart("c-1");
            Cart { limits, notes, hidden, ..full("c-1") }
        };
        world.store.put(&Cart { id: "c-2".into(), ..expected.clone() }).await.unwrap();

        let update = world.store.update::<Cart>("c-1").set_entry(|f| f.lines, "sku-1", line(7));
        let update = update
            .set_entry(|f| f.lines, "a.b#c :é[0]", &line(8))
            .set_entry(|f| f.counts, 4_000_000_000, u64::MAX)
            .set_entry(|f| f.by_sku, Sku(1), 2)
            .set_entry(|f| f.by_sku, Sku(2), None)
            .set_entry(|f| f.by_kind, Kind::Large, "x")
            .set_entry(|f| f.maybe, "blob".to_owned(), [1, 2].as_slice())
            .set_entry(|f| f.doubled, "one", 1);
        let update = if seals {
            let update = update.set_entry(|f| f.limits, "day", 100);
            let update = update.seal_entry(|f| f.notes, "first", "secret");
            update.seal_entry(|f| f.hidden, 7, line(1))
        } else {
            update
        };
        update.await.unwrap();

        assert_eq!(loaded(&world).await, expected);
        assert_eq!(plaintext_of(&world, "c-1").await, plaintext_of(&world, "c-2").await);
    }
}

#[tokio::test]
async fn removed_entries_leave_the_others_alone_and_a_map_that_is_empty() {
    for seals in [false, true] {
        let world = world(&full("c-1")).await;
        let update = world.store.update::<Cart>("c-1").remove_entry(|f| f.lines, "sku-1");
        let update = update
            .remove_entry(|f| f.counts, 4_000_000_000)
            .remove_entry(|f| f.by_sku, Sku(1))
            .remove_entry(|f| f.by_sku, Sku(9))
            .remove_entry(|f| f.by_kind, Kind::Large)
            .remove_entry(|f| f.maybe, "blob");
        let update = if seals {
            let update = update.remove_entry(|f| f.limits, "day");
            update.remove_entry(|f| f.notes, "first").remove_entry(|f| f.hidden, 7)
        } else {
            update
        };
        update.await.unwrap();

        let mut expected = full("c-1");
        expected.lines.remove("sku-1");
        expected.counts.clear();
        expected.by_sku.remove(&Sku(1));
        expected.by_kind.clear();
        expected.maybe = Some(BTreeMap::new());
        if seals {
            expected.limits.clear();
            expected.notes.clear();
            expected.hidden = Some(HashMap::new());
        }
        assert_eq!(loaded(&world).await, expected);
        world.store.put(&Cart { id: "c-2".into(), ..expected }).await.unwrap();
        assert_eq!(plaintext_of(&world, "c-1").await, plaintext_of(&world, "c-2").await);
    }
}

#[tokio::test]
async fn entries_are_replaced_where_they_are_there() {
    let world = world(&full("c-1")).await;

    let update = world.store.update::<Cart>("c-1").set_entry(|f| f.lines, "sku-1", line(9));
    let update = update.set_entry(|f| f.limits, "day", 7);
    let update = update.seal_entry(|f| f.notes, "first", "another");
    update.seal_entry(|f| f.notes, "second", "new").await.unwrap();

    let mut expected = full("c-1");
    expected.lines.insert("sku-1".into(), line(9));
    expected.limits.insert("day".into(), 7);
    expected.notes.insert("first".into(), "another".into());
    expected.notes.insert("second".into(), "new".into());
    assert_eq!(loaded(&world).await, expected);
}

#[tokio::test]
async fn an_absent_map_and_one_that_is_null_count_as_empty() {
    let world = world(&full("c-1")).await;
    let mut item = world.stored("c-1").await;
    item.remove("maybe");
    item.insert("by_kind".into(), AttributeValue::Null(true));
    world.write(item).await;

    let store = &world.store;
    let update = store.update::<Cart>("c-1").set_entry(|f| f.maybe, "blob", vec![7]);
    let update = update.set_entry(|f| f.by_kind, Kind::Small, "y");
    update.remove_entry(|f| f.by_kind, Kind::Large).await.unwrap();
    store.update::<Cart>("c-1").set_entry(|f| f.maybe, "more", vec![8]).await.unwrap();

    let blobs = [("blob".to_owned(), vec![7]), ("more".to_owned(), vec![8])];
    let by_kind = BTreeMap::from([(Kind::Small, "y".into())]);
    let expected = Cart { maybe: Some(blobs.into()), by_kind, ..full("c-1") };
    assert_eq!(loaded(&world).await, expected);
}

#[tokio::test]
async fn an_entry_of_an_absent_map_is_removed_without_a_trace() {
    let world = world(&cart("c-1")).await;

    let update = world.store.update::<Cart>("c-1").remove_entry(|f| f.maybe, "blob");
    update.remove_entry(|f| f.by_sku, Sku(1)).await.unwrap();

    assert_eq!(loaded(&world).await, cart("c-1"));
    let update = world.store.update::<Cart>("c-1").remove_entry(|f| f.hidden, 7);
    update.remove_entry(|f| f.notes, "none").await.unwrap();
    assert_eq!(loaded(&world).await, cart("c-1"));
}

/// An empty map, which a save of the second struct does not store.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Sparse {
    #[partition_key]
    id: String,
    #[envelope(default, with = none_if_empty)]
    lines: BTreeMap<String, u32>,
    #[encrypted]
    #[envelope(default)]
    notes: BTreeMap<String, String>,
}

mod none_if_empty {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    type Map = BTreeMap<String, u32>;

    pub(super) fn serialize<S: Serializer>(map: &Map, to: S) -> Result<S::Ok, S::Error> {
        if map.is_empty() { to.serialize_none() } else { map.serialize(to) }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Map, D::Error> {
        Ok(Option::deserialize(from)?.unwrap_or_default())
    }
}

#[tokio::test]
async fn an_empty_map_that_is_stored_as_no_attribute_takes_entries() {
    let world = World::new().await;
    let sparse = Sparse { id: "s-1".into(), lines: BTreeMap::new(), notes: BTreeMap::new() };
    world.store.put(&sparse).await.unwrap();
    assert!(!world.stored("s-1").await.contains_key("lines"));

    let update = world.store.update::<Sparse>("s-1").set_entry(|f| f.lines, "a", 1);
    update.await.unwrap();
    let update = world.store.update::<Sparse>("s-1").seal_entry(|f| f.notes, "a", "x");
    update.remove_entry(|f| f.notes, "b").await.unwrap();

    let expected = Sparse {
        lines: BTreeMap::from([("a".into(), 1)]),
        notes: BTreeMap::from([("a".into(), "x".into())]),
        ..sparse
    };
    assert_eq!(world.store.get("s-1").await.unwrap(), Some(expected));
}

/// Removing nothing instead would be taken for success.
#[tokio::test]
async fn an_entry_whose_name_a_function_writes_is_not_removed_by_another_name() {
    let world = world(&full("c-1")).await;

    let update = world.store.update::<Cart>("c-1").remove_entry(|f| f.doubled, "one");
    let error = update.await.unwrap_err();

    let UpdateError::Field(field) = &error else { panic!("{error}") };
    assert_eq!((field.attribute(), field.kind()), ("doubled", ConvertErrorKind::EntryName));
    assert_eq!(loaded(&world).await, full("c-1"));
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Listed {
    #[partition_key]
    id: String,
    #[envelope(with = as_list)]
    pairs: BTreeMap<String, u32>,
    #[encrypted]
    note: String,
}

mod as_list {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    type Map = BTreeMap<String, u32>;

    pub(super) fn serialize<S: Serializer>(map: &Map, to: S) -> Result<S::Ok, S::Error> {
        map.iter().collect::<Vec<_>>().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Map, D::Error> {
        Ok(Vec::<(String, u32)>::deserialize(from)?.into_iter().collect())
    }
}

#[tokio::test]
async fn a_map_that_a_function_stores_as_something_else_has_no_entries() {
    let world = World::new().await;

    let update = world.store.update::<Listed>("l-1").set_entry(|f| f.pairs, "a", 1);
    let error = update.await.unwrap_err();

    let UpdateError::Field(field) = &error else { panic!("{error}") };
    assert_eq!((field.attribute(), field.kind()), ("pairs", ConvertErrorKind::NotAnEntry));
}
