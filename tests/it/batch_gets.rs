//! Batch gets: the records of many keys, in the order of the keys.

use std::time::{Duration, UNIX_EPOCH};

use envelope_runtime::error::OpenErrorKind;
use envelope_runtime::schema::HasTable;
use envelope_runtime::{
    AttributeValue, EnvelopeProjection, EnvelopeRecord, Keys, LoadError, QueryError, Store, Usage,
};
use envelope_tests::unique_table;

use crate::support::{Stored, User, World, string};

/// A key of a text and a number.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "readings")]
struct Reading {
    #[partition_key]
    sensor: String,
    #[sort_key]
    #[envelope(key = "N")]
    level: f64,
    #[encrypted]
    note: String,
    #[envelope(ttl)]
    expires: Option<u64>,
}

fn reading(level: f64) -> Reading {
    Reading { sensor: "s-1".into(), level, note: format!("at {level}"), expires: None }
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Reading)]
struct Note {
    note: String,
}

/// A store over a new table for the records of `R`.
async fn table_of<R: EnvelopeRecord + HasTable>(world: &mut World) -> Store {
    world.table = unique_table();
    let store = world.store.clone().map_table::<R>(&world.table);
    store.create_table::<R>().await.unwrap();
    store
}

async fn users(world: &World, ids: &[&str]) {
    for id in ids {
        world.store.put(&User::new(id)).await.unwrap();
    }
}

#[tokio::test]
async fn records_come_in_the_order_asked_with_gaps_where_there_are_none() {
    let world = World::new().await;
    users(&world, &["u-1", "u-2", "u-3"]).await;

    let ids = ["u-3", "u-9", "u-1", "u-3", "u-2"];
    let records = world.store.batch_get::<User>(ids).consistent().await.unwrap();

    let expected = ids.map(|id| (id != "u-9").then(|| User::new(id)));
    assert_eq!(records, expected);
    assert_eq!(world.store.batch_get::<User>(Vec::<String>::new()).await.unwrap(), []);
}

#[tokio::test]
async fn more_than_a_hundred_keys_take_several_requests() {
    let world = World::new().await;
    let ids: Vec<_> = (0..205).map(|number| format!("u-{number}")).collect();
    for id in &ids[..3] {
        world.store.put(&User::new(id)).await.unwrap();
    }
    world.store.put(&User::new("u-204")).await.unwrap();
    let usage = Usage::default();

    let records = world.store.measured(&usage).batch_get::<User>(&ids).await.unwrap();

    assert_eq!(records.len(), 205);
    let found: Vec<_> = records.into_iter().flatten().map(|user| user.id).collect();
    assert_eq!(found, ["u-0", "u-1", "u-2", "u-204"]);
    assert_eq!((usage.requests(), usage.kms_calls()), (3, 4));
    assert!(usage.read_units() > 0.0, "{usage:?}");
}

#[tokio::test]
async fn keys_are_numbers_by_value_and_read_from_other_queries() {
    let mut world = World::new().await;
    let store = table_of::<Reading>(&mut world).await;
    let levels = [-1.5, 0.0, 20.0, 1e20];
    for level in levels {
        store.put(&reading(level)).await.unwrap();
    }

    let keys = [20.0, -0.0, 1e20, -1.5, 0.0].map(|level| ("s-1", level));
    let records = store.batch_get::<Reading>(keys).await.unwrap();
    assert_eq!(records, [20.0, 0.0, 1e20, -1.5, 0.0].map(|level| Some(reading(level))));

    let keys: Vec<Keys<Reading>> = store.query::<Keys<Reading>>("s-1").all().await.unwrap();
    let keys: Vec<(String, f64)> = keys.into_iter().map(Keys::into_key).collect();
    let notes = store.batch_get::<Reading>(keys.clone()).project::<Note>().await.unwrap();
    assert_eq!(notes, levels.map(|level| Some(Note { note: format!("at {level}") })));
    let present = store.batch_get::<Keys<Reading>>(keys).await.unwrap();
    assert_eq!(present.iter().flatten().count(), 4);
}

#[tokio::test]
async fn an_expired_record_is_not_there() {
    let mut world = World::new().await;
    let store = table_of::<Reading>(&mut world).await;
    store.put(&Reading { expires: Some(50), ..reading(1.0) }).await.unwrap();
    store.put(&Reading { expires: Some(60), ..reading(2.0) }).await.unwrap();

    let store = store.clock(|| UNIX_EPOCH + Duration::from_secs(50));
    let records = store.batch_get::<Reading>([1.0, 2.0].map(|level| ("s-1", level))).await.unwrap();

    let there: Vec<_> = records.iter().map(Option::is_some).collect();
    assert_eq!(there, [false, true]);
}

/// The key in an error.
#[track_caller]
fn refused(error: &QueryError, id: &str) {
    let QueryError::Item(item) = error else { panic!("{error}") };
    assert!(item.is_tampered(), "{item}");
    let key: Vec<_> = item.key().iter().collect();
    assert_eq!(key, [("id", &AttributeValue::S(id.into()))]);
}

#[tokio::test]
async fn an_altered_item_fails_the_call_and_is_named() {
    let world = World::new().await;
    users(&world, &["u-1", "u-2", "u-3"]).await;
    let good = world.stored("u-2").await;
    let mut altered = good.clone();
    altered.insert("role".into(), string("doctor"));
    world.write(altered).await;

    let batch = || world.store.batch_get::<User>(["u-1", "u-2", "u-3"]);
    refused(&batch().await.unwrap_err(), "u-2");

    world.write(good).await;
    assert!(batch().await.unwrap().iter().all(Option::is_some));
}

#[tokio::test]
async fn items_that_were_swapped_are_refused() {
    let world = World::new().await;
    users(&world, &["u-1", "u-2"]).await;
    let as_key = |mut item: Stored, id: &str| {
        item.insert("id".into(), string(id));
        item
    };
    let (one, two) = (world.stored("u-1").await, world.stored("u-2").await);
    world.write(as_key(two, "u-1")).await;
    world.write(as_key(one, "u-2")).await;

    let error = world.store.batch_get::<User>(["u-1", "u-2"]).await.unwrap_err();

    refused(&error, "u-1");
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "visits", partition_key = "CLINIC#{clinic}", sort_key = "VISIT#{number:04}")]
struct Visit {
    #[envelope(context)]
    clinic: String,
    number: u16,
    #[encrypted]
    reason: String,
    #[envelope(version)]
    version: u32,
}

fn visit(clinic: &str, number: u16) -> Visit {
    Visit { clinic: clinic.into(), number, reason: format!("reason {number}"), version: 1 }
}

#[tokio::test]
async fn keys_of_templates_are_given_by_their_parts_and_keep_to_a_scope() {
    let mut world = World::new().await;
    let store = table_of::<Visit>(&mut world).await;
    for (clinic, number) in [("c-1", 1), ("c-1", 2), ("c-2", 1)] {
        let _ = store.put(&Visit { version: 0, ..visit(clinic, number) }).await.unwrap();
    }
    let keys = [("c-2", 1), ("c-1", 2), ("c-1", 9)];

    let all = store.batch_get::<Visit>(keys).await.unwrap();
    assert_eq!(all, [Some(visit("c-2", 1)), Some(visit("c-1", 2)), None]);
    let scoped = store.scoped([("clinic", "c-1")]);
    let own = scoped.batch_get::<Visit>([("c-1", 2), ("c-1", 1)]).await.unwrap();
    assert_eq!(own, [Some(visit("c-1", 2)), Some(visit("c-1", 1))]);
    let error = scoped.batch_get::<Visit>(keys).await.unwrap_err();
    assert!(matches!(error, QueryError::Context(_)), "{error}");
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users", plaintext_only)]
struct Plain {
    #[partition_key]
    id: String,
    ssn: String,
}

#[tokio::test]
async fn a_record_without_protection_takes_no_call_and_no_sealed_item() {
    let world = World::new().await;
    users(&world, &["u-1"]).await;
    let plain = Plain { id: "u-2".into(), ssn: "none".into() };
    world.store.put(&plain).await.unwrap();
    let usage = Usage::default();
    let store = world.store.measured(&usage);

    assert_eq!(store.batch_get::<Plain>(["u-2"]).await.unwrap(), [Some(plain)]);
    let error = store.batch_get::<Plain>(["u-2", "u-1"]).await.unwrap_err();
    let QueryError::Item(item) = &error else { panic!("{error}") };
    let LoadError::Open(open) = item.error() else { panic!("{error}") };
    assert_eq!((open.kind(), open.attribute()), (OpenErrorKind::Sealed, Some("ssn")));
    assert_eq!(usage.kms_calls(), 0);
}
