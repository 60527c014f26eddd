//! Read transactions: several records as of one moment.

use std::time::{Duration, UNIX_EPOCH};

use envelope_runtime::{EnvelopeProjection, EnvelopeRecord, Keys, QueryError, Store, Usage};
use envelope_tests::unique_table;

use crate::support::{Stored, User, World, string};

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = User)]
struct Card {
    nickname: String,
    ssn: String,
}

/// In a table of its own.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "readings", partition_key = "SENSOR#{sensor}", sort_key = "AT#{hour:04}")]
struct Reading {
    #[envelope(context)]
    sensor: String,
    hour: u16,
    #[encrypted]
    note: String,
    #[envelope(version)]
    version: u32,
    #[envelope(ttl)]
    expires: Option<u64>,
}

fn reading(hour: u16) -> Reading {
    let note = format!("at {hour}");
    Reading { sensor: "s-1".into(), hour, note, version: 0, expires: None }
}

async fn with_readings() -> (World, Store) {
    let world = World::new().await;
    let store = world.store.clone().map_table::<Reading>(unique_table());
    store.create_table::<Reading>().await.unwrap();
    for hour in 1..=3 {
        let _ = store.put(&reading(hour)).await.unwrap();
    }
    store.put(&User::new("u-1")).await.unwrap();
    (world, store)
}

#[tokio::test]
async fn records_of_two_tables_come_as_a_tuple_in_the_order_asked() {
    let (_world, store) = with_readings().await;
    let usage = Usage::default();

    let read = store.measured(&usage).read_transaction().get::<Reading>(("s-1", 2));
    let read = read.get::<User>("u-1").get::<User>("u-2").get::<Reading>(("s-1", 1));
    let (second, user, none, first) = read.await.unwrap();

    assert_eq!(second, Some(Reading { version: 1, ..reading(2) }));
    assert_eq!(user, Some(User::new("u-1")));
    assert_eq!(none, None);
    assert_eq!(first, Some(Reading { version: 1, ..reading(1) }));
    assert_eq!((usage.requests(), usage.kms_calls()), (1, 3));
    assert!(usage.read_units() > 0.0, "{usage:?}");
}

#[tokio::test]
async fn many_records_of_one_type_come_in_the_order_asked() {
    let (_world, store) = with_readings().await;
    let keys = (0..25).rev().map(|hour| ("s-1", hour));

    let read = store.read_transaction().get_all::<Reading>(keys).await.unwrap();

    assert_eq!(read.len(), 25);
    let hours: Vec<_> = read.into_iter().flatten().map(|reading| reading.hour).collect();
    assert_eq!(hours, [3, 2, 1]);
}

#[tokio::test]
async fn a_projection_and_a_key_alone_are_read_too() {
    let (_world, store) = with_readings().await;

    let read = store.read_transaction().get::<Card>("u-1").get::<Keys<Reading>>(("s-1", 1));
    let (card, key) =
        read.get::<Keys<Reading>>(("s-1", 9)).await.map(|read| (read.0, read.1)).unwrap();

    let User { nickname, ssn, .. } = User::new("u-1");
    assert_eq!(card, Some(Card { nickname, ssn }));
    assert_eq!(key.map(Keys::into_key), Some(("s-1".to_owned(), 1)));
}

#[tokio::test]
async fn an_expired_record_is_not_there() {
    let (_world, store) = with_readings().await;
    let _ = store.put(&Reading { expires: Some(50), ..reading(7) }).await.unwrap();

    for (seconds, is_there) in [(49, true), (50, false)] {
        let store = store.clone().clock(move || UNIX_EPOCH + Duration::from_secs(seconds));
        let (read,) = store.read_transaction().get::<Reading>(("s-1", 7)).await.unwrap();
        assert_eq!(read.is_some(), is_there);
    }
}

/// The key in an error.
#[track_caller]
fn refused(error: &QueryError, id: &str) {
    let QueryError::Item(item) = error else { panic!("{error}") };
    assert!(item.is_tampered(), "{item}");
    let key: Vec<_> = item.key().iter().map(|(_, value)| value.clone()).collect();
    assert_eq!(key, [envelope_runtime::AttributeValue::S(id.into())]);
}

#[tokio::test]
async fn altered_and_swapped_items_are_refused_and_named() {
    let (world, store) = with_readings().await;
    store.put(&User::new("u-2")).await.unwrap();
    let with = |mut item: Stored, name: &str, text: &str| {
        item.insert(name.into(), string(text));
        item
    };
    let (one, two) = (world.stored("u-1").await, world.stored("u-2").await);
    let read = || {
        let read = store.read_transaction().get::<Reading>(("s-1", 1)).get::<User>("u-1");
        read.get::<User>("u-2")
    };

    world.write(with(two.clone(), "role", "doctor")).await;
    refused(&read().await.unwrap_err(), "u-2");
    world.write(with(one.clone(), "id", "u-2")).await;
    world.write(with(two.clone(), "id", "u-1")).await;
    refused(&read().await.unwrap_err(), "u-1");
    let all = store.read_transaction().get_all::<User>(["u-2", "u-1"]);
    refused(&all.await.unwrap_err(), "u-2");

    world.write(one).await;
    world.write(two).await;
    assert!(read().await.unwrap().2.is_some());
}

#[tokio::test]
async fn a_scoped_store_reads_no_record_of_another_context() {
    let (_world, store) = with_readings().await;
    let scoped = store.scoped([("sensor", "s-1")]);

    let read = scoped.read_transaction().get::<Reading>(("s-1", 1)).get::<User>("u-1");
    let (reading, user) = read.await.unwrap();
    assert!(reading.is_some() && user.is_some());

    let error = scoped.read_transaction().get::<Reading>(("s-2", 1)).await.unwrap_err();
    assert!(matches!(error, QueryError::Context(_)), "{error}");
}
