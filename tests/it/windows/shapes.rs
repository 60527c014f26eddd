//! Unsealed items of records with versions, contexts and keys that are made of fields, and updates
//! of them in transactions.

use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use envelope_runtime::error::OpenErrorKind;
use envelope_runtime::{EnvelopeRecord, LoadError, SaveError, UpdateError, Usage};

use super::events::Warnings;
use super::{END, OPEN, UNTIL, at, item, opened, overwrite, sealed, with_window, world};
use crate::support::{Stored, User, World, string};

#[tokio::test]
async fn a_transaction_seals_an_unsealed_item_beside_other_writes() {
    let world = world().await;
    let (warnings, _listening) = Warnings::listen();
    let usage = Usage::default();
    let store = opened(&world, OPEN).measured(&usage);

    let all = store.transaction().put(&User::new("u-2"));
    all.update::<User>("u-1", |u| u.seal(|f| f.ssn, "219-09-9999").set(|f| f.nickname, "max"))
        .await
        .unwrap();

    assert_eq!(usage.unsealed_records(), 1);
    assert_eq!(warnings.let_in(), [("users".to_owned(), 1)]);
    let expected = User { ssn: "219-09-9999".into(), nickname: "max".into(), ..User::new("u-1") };
    assert_eq!(sealed(&world).await, expected);
}

#[tokio::test]
async fn a_plaintext_update_in_a_transaction_leaves_the_item_unsealed() {
    let world = world().await;

    let all = opened(&world, OPEN).transaction();
    all.update::<User>("u-1", |u| u.set(|f| f.nickname, "max")).await.unwrap();

    let mut expected = super::plain("u-1");
    expected.insert("nickname".into(), string("max"));
    assert_eq!(world.stored("u-1").await, expected);
}

#[tokio::test]
async fn without_a_window_a_transaction_seals_no_unsealed_item() {
    let world = world().await;

    for store in [at(&world.store, OPEN), opened(&world, END)] {
        let all = store.transaction().put(&User::new("u-2"));
        let error = all.update::<User>("u-1", |u| u.seal(|f| f.ssn, "x")).await.unwrap_err();

        assert!(error.is_unsealed() && error.attribute() == Some("_envelope"), "{error}");
    }
    assert_eq!(world.stored("u-1").await, super::plain("u-1"));
    assert_eq!(world.store.get::<User>("u-2").await.unwrap(), None);
}

/// Its envelope, or the absence of one, is a part of what was prepared.
#[tokio::test]
async fn a_prepared_transaction_over_an_unsealed_item_is_refused_once_that_has_changed() {
    for (name, value) in [("ssn", Some("219-09-9999")), ("email", None), ("role", Some("x"))] {
        let world = world().await;
        let store = opened(&world, OPEN);
        let prepared = store.transaction().update::<User>("u-1", |u| u.set(|f| f.role, "nurse"));
        let prepared = prepared.prepare().await.unwrap();
        overwrite(&world, name, value).await;
        let before = world.stored("u-1").await;

        let error = prepared.send().await.unwrap_err();

        assert!(error.is_conflict(), "{name}: {error}");
        assert_eq!(world.stored("u-1").await, before, "{name}");
    }
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Document {
    #[partition_key]
    id: String,
    #[encrypted]
    text: String,
    #[envelope(version, default)]
    version: u64,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Covered {
    #[partition_key]
    id: String,
    #[encrypted]
    text: String,
    #[authenticated]
    #[envelope(version, default)]
    version: u64,
}

fn document(version: Option<u64>) -> Stored {
    let mut plain = item([("id", "d"), ("text", "first")]);
    plain.extend(version.map(|version| ("version".into(), AttributeValue::N(version.to_string()))));
    plain
}

#[tokio::test]
async fn the_version_of_an_unsealed_item_is_counted_up_from_where_it_is() {
    for version in [None, Some(4)] {
        let world = World::new().await;
        let next = version.unwrap_or(0) + 1;

        world.write(document(version)).await;
        let store = with_window::<Document>(&world, OPEN);
        let loaded = store.get::<Document>("d").await.unwrap().unwrap();
        assert_eq!(loaded.version, version.unwrap_or(0));
        store.update::<Document>("d").seal(|f| f.text, "second").await.unwrap();
        let expected = Document { id: "d".into(), text: "second".into(), version: next };
        assert_eq!(at(&store, END).get("d").await.unwrap(), Some(expected));

        world.write(document(version)).await;
        let saved = store.put(&loaded).await.unwrap().into_inner();
        assert_eq!(saved.version, next);
        assert_eq!(at(&store, END).get("d").await.unwrap(), Some(saved));

        world.write(document(version)).await;
        let store = with_window::<Covered>(&world, OPEN);
        store.update::<Covered>("d").seal(|f| f.text, "second").await.unwrap();
        let expected = Covered { id: "d".into(), text: "second".into(), version: next };
        assert_eq!(at(&store, END).get("d").await.unwrap(), Some(expected));
        world.write(document(version)).await;
        store.update::<Covered>("d").await.unwrap();
        let expected = Covered { id: "d".into(), text: "first".into(), version: next };
        assert_eq!(at(&store, END).get("d").await.unwrap(), Some(expected));
    }
}

#[tokio::test]
async fn an_unsealed_item_of_another_version_is_not_written() {
    let world = World::new().await;
    world.write(document(Some(4))).await;
    let store = with_window::<Document>(&world, OPEN).accept_unsealed::<Covered>(UNTIL);

    let error = store.update::<Document>("d").version(3).seal(|f| f.text, "x").await.unwrap_err();
    assert!(matches!(error, UpdateError::Version(_)), "{error}");
    let error = store.update::<Covered>("d").version(3).seal(|f| f.text, "x").await.unwrap_err();
    assert!(matches!(error, UpdateError::Version(_)), "{error}");
    let stale = Document { id: "d".into(), text: "x".into(), version: 3 };
    let error = store.put(&stale).await.unwrap_err();
    assert!(matches!(error, SaveError::Version(_)), "{error}");
    let known = store.get::<Document>("d").with_envelope().await.unwrap().unwrap();
    world.write(document(Some(5))).await;
    let error = store.update("d").based_on(&known).seal(|f| f.text, "x").await.unwrap_err();
    assert!(error.is_version_conflict(), "{error}");
    assert_eq!(world.stored("d").await, document(Some(5)));

    store.update::<Document>("d").version(5).seal(|f| f.text, "second").await.unwrap();
    let expected = Document { id: "d".into(), text: "second".into(), version: 6 };
    assert_eq!(at(&store, END).get("d").await.unwrap(), Some(expected));
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Person {
    #[partition_key]
    id: String,
    #[envelope(context)]
    tenant: String,
    nickname: Option<String>,
    #[encrypted]
    ssn: String,
}

fn person() -> Person {
    Person { id: "p".into(), tenant: "t-1".into(), nickname: None, ssn: "078-05-1120".into() }
}

#[tokio::test]
async fn an_unsealed_item_is_of_the_context_that_the_caller_gives_and_of_no_other() {
    let world = World::new().await;
    let plain = item([("id", "p"), ("tenant", "t-1"), ("ssn", "078-05-1120")]);
    world.write(plain.clone()).await;
    let store = with_window::<Person>(&world, OPEN);
    let (mine, other) = (store.scoped([("tenant", "t-1")]), store.scoped([("tenant", "t-2")]));

    assert_eq!(mine.get::<Person>("p").await.unwrap(), Some(person()));
    assert_eq!(other.scan::<Person>().count().await.unwrap(), 0);
    let error = other.get::<Person>("p").await.unwrap_err();
    let LoadError::Open(error) = error else { panic!("{error}") };
    assert_eq!((error.kind(), error.attribute()), (OpenErrorKind::OtherContext, Some("tenant")));
    let update = || other.update::<Person>("p");
    for update in [update().seal(|f| f.ssn, "x"), update().set(|f| f.nickname, "x")] {
        let UpdateError::Open(error) = update.await.unwrap_err() else { panic!("not refused") };
        assert_eq!(error.kind(), OpenErrorKind::OtherContext);
    }
    assert_eq!(world.stored("p").await, plain);

    mine.update::<Person>("p").seal(|f| f.ssn, "219-09-9999").await.unwrap();
    let expected = Person { ssn: "219-09-9999".into(), ..person() };
    assert_eq!(at(&mine, END).get("p").await.unwrap(), Some(expected));
    let error = at(&other, END).get::<Person>("p").await.unwrap_err();
    assert!(matches!(error, LoadError::Open(_)), "{error}");
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "app", partition_key = "TENANT#{tenant}", sort_key = "ORDER#{number:04}")]
struct Order {
    tenant: String,
    number: u32,
    #[encrypted]
    address: String,
}

#[tokio::test]
async fn an_unsealed_item_whose_fields_do_not_make_its_key_is_refused() {
    let keys = [("PK", ScalarAttributeType::S), ("SK", ScalarAttributeType::S)];
    let world = World::with_keys(&keys).await;
    let store = at(&world.store.clone().map_table::<Order>(&world.table), OPEN);
    let store = store.accept_unsealed::<Order>(UNTIL);
    let write = async |tenant: Option<&str>, number: u32| {
        let mut plain =
            item([("PK", "TENANT#t-1"), ("SK", "ORDER#0007"), ("address", "7 Main St")]);
        plain.extend(tenant.map(|tenant| ("tenant".to_owned(), string(tenant))));
        plain.insert("number".into(), AttributeValue::N(number.to_string()));
        world.write(plain).await;
    };

    for (tenant, number) in [(Some("t-2"), 7), (Some("t-1"), 8), (None, 7)] {
        write(tenant, number).await;
        let load = store.get::<Order>(("t-1", 7)).await.unwrap_err();
        let LoadError::Open(load) = load else { panic!("{load}") };
        let update = store.update::<Order>(("t-1", 7)).seal(|f| f.address, "x").await;
        let UpdateError::Open(update) = update.unwrap_err() else { panic!("not refused") };
        assert_eq!(load.kind(), OpenErrorKind::KeyTemplate, "{tenant:?} {number}");
        assert_eq!(update.kind(), OpenErrorKind::KeyTemplate, "{tenant:?} {number}");
        assert!(store.query::<Order>("t-1").all().await.is_err());
    }

    write(Some("t-1"), 7).await;
    let update = store.update::<Order>(("t-1", 7));
    update.seal(|f| f.address, "8 Main St").await.unwrap();
    let expected = Order { tenant: "t-1".into(), number: 7, address: "8 Main St".into() };
    assert_eq!(at(&store, END).get(("t-1", 7)).await.unwrap(), Some(expected));
}
