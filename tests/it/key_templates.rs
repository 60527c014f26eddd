//! Single-table design: keys that are made of fields.

use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use envelope_runtime::error::{KeyErrorKind, OpenErrorKind};
use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, LoadError, SaveError, Store};
use uuid::Uuid;

use crate::support::{Stored, World, string};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "app",
    partition_key = "TENANT#{tenant_id}",
    sort_key = "ORDER#{placed_on}#{number:010}"
)]
struct Order {
    #[envelope(context)]
    tenant_id: String,
    placed_on: chrono::NaiveDate,
    number: u32,
    #[encrypted]
    address: String,
}

/// Lives beside the orders, under a sort key without parts.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "app", partition_key = "TENANT#{id}", sort_key = "PROFILE")]
struct Profile {
    #[envelope(rename = "tenant_id")]
    id: String,
    #[encrypted]
    bank_account: String,
}

/// A key field beside a template with its own key name.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "devices", sort_key = "{kind}/{serial:0}", sort_key_name = "path")]
struct Device {
    #[partition_key]
    owner: Uuid,
    kind: String,
    serial: Serial,
    #[encrypted]
    token: String,
}

#[derive(serde::Serialize, serde::Deserialize, Clone, Debug, PartialEq)]
struct Serial(i64);

/// A part of a type that is stored as text or as a number.
#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "MIXED#{id:0}", sort_key = "MIXED")]
struct Mixed {
    id: Id,
    #[encrypted]
    secret: String,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
enum Id {
    Number(u8),
    Text(String),
}

fn order(number: u32) -> Order {
    Order {
        tenant_id: "t-1".into(),
        placed_on: chrono::NaiveDate::from_ymd_opt(2026, 11, 23).unwrap(),
        number,
        address: format!("{number} Main St"),
    }
}

async fn world() -> (World, Store) {
    let keys = [("PK", ScalarAttributeType::S), ("SK", ScalarAttributeType::S)];
    let world = World::with_keys(&keys).await;
    let store = world.store.clone().map_table::<Order>(&world.table);
    (world, store)
}

fn key(sort: &str) -> [(String, AttributeValue); 2] {
    [("PK".into(), string("TENANT#t-1")), ("SK".into(), string(sort))]
}

fn kind<T: std::fmt::Debug>(loaded: Result<T, LoadError>) -> OpenErrorKind {
    match loaded {
        Err(LoadError::Open(error)) => error.kind(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_key_is_made_of_fields_and_asked_for_by_all_of_them() {
    let (world, store) = world().await;
    let order = order(42);

    order.save(&store).await.unwrap();

    let item = world.stored_at(key("ORDER#2026-11-23#0000000042")).await;
    assert_eq!(item["tenant_id"], string("t-1"));
    assert_eq!(item["number"], AttributeValue::N("42".into()));
    let loaded = Order::load(&store, ("t-1", order.placed_on, 42)).await.unwrap();
    assert_eq!(loaded.as_ref(), Some(&order));
    assert_eq!(Order::load(&store, order.key()).await.unwrap().as_ref(), Some(&order));
    Order::delete(&store, (&order.tenant_id, &order.placed_on, &42)).await.unwrap();
    assert_eq!(Order::load(&store, order.key()).await.unwrap(), None);
}

#[tokio::test]
async fn records_of_one_table_have_keys_of_their_own() {
    let (world, store) = world().await;
    let profile = Profile { id: "t-1".into(), bank_account: "DE00".into() };

    order(1).save(&store).await.unwrap();
    profile.save(&store).await.unwrap();

    world.stored_at(key("PROFILE")).await;
    assert_eq!(Profile::load(&store, "t-1").await.unwrap().as_ref(), Some(&profile));
    assert!(store.create(&profile).await.unwrap_err().is_conflict());
    store.replace(&profile).await.unwrap();
}

#[tokio::test]
async fn a_template_stands_beside_a_key_field_and_may_leave_numbers_as_they_are() {
    let keys = [("owner", ScalarAttributeType::S), ("path", ScalarAttributeType::S)];
    let world = World::with_keys(&keys).await;
    let store = world.store.clone().map_table::<Device>(&world.table);
    let owner = Uuid::from_u128(5);
    let device = Device { owner, kind: "phone".into(), serial: Serial(-7), token: "secret".into() };

    device.save(&store).await.unwrap();

    let path = ("path".to_owned(), string("phone/-7"));
    world.stored_at([("owner".into(), string(&owner.to_string())), path]).await;
    let loaded = Device::load(&store, (owner, "phone", Serial(-7))).await.unwrap();
    assert_eq!(loaded, Some(device));
}

#[tokio::test]
async fn a_binary_key_stands_beside_a_template() {
    #[derive(EnvelopeRecord, Debug, PartialEq)]
    #[envelope(table = "chunks", sort_key = "CHUNK#{number:03}")]
    struct Chunk {
        #[partition_key]
        digest: Vec<u8>,
        number: u8,
        #[encrypted]
        content: Vec<u8>,
    }
    let keys = [("digest", ScalarAttributeType::B), ("SK", ScalarAttributeType::S)];
    let world = World::with_keys(&keys).await;
    let store = world.store.clone().map_table::<Chunk>(&world.table);
    let chunk = Chunk { digest: vec![0, 255], number: 7, content: vec![1] };

    chunk.save(&store).await.unwrap();

    assert_eq!(Chunk::load(&store, ([0, 255], 7)).await.unwrap(), Some(chunk));
}

#[tokio::test]
async fn the_context_of_a_load_comes_from_the_parts_that_are_asked_for() {
    let (world, store) = world().await;
    order(1).save(&store).await.unwrap();
    let key = order(1);

    Order::load(&store, key.key()).await.unwrap().unwrap();
    let asked = world.requests.take();
    assert_eq!(asked.len(), 2);
    for request in asked {
        assert_eq!(request.context().unwrap()["tenant_id"], "t-1");
    }

    let elsewhere = store.scoped([("tenant_id", "t-2")]);
    assert!(matches!(Order::load(&elsewhere, key.key()).await, Err(LoadError::Context(_))));
    assert!(matches!(order(1).save(&elsewhere).await, Err(SaveError::Context(_))));
    assert!(Order::delete(&elsewhere, key.key()).await.is_err());
    assert_eq!(world.requests.take(), []);
}

#[tokio::test]
async fn parts_that_could_make_another_records_key_are_refused_before_any_request() {
    let (world, store) = world().await;
    let hostile = Order { tenant_id: "t-1#ORDER".into(), ..order(1) };
    let empty = Order { tenant_id: String::new(), ..order(1) };
    let wide =
        Device { owner: Uuid::nil(), kind: "a/1".into(), serial: Serial(1), token: String::new() };

    let mistyped = Mixed { id: Id::Text("7".into()), secret: String::new() };
    for (saved, attribute, problem) in [
        (mistyped.save(&store).await, "id", KeyErrorKind::NotNumber("S")),
        (hostile.save(&store).await, "tenant_id", KeyErrorKind::Delimiter('#')),
        (empty.save(&store).await, "tenant_id", KeyErrorKind::Empty),
        (wide.save(&store).await, "kind", KeyErrorKind::Delimiter('/')),
    ] {
        let Err(SaveError::Key(error)) = saved else { panic!("{saved:?}") };
        assert_eq!((error.attribute(), error.kind()), (Some(attribute), &problem));
        assert!(!error.to_string().contains("t-1"), "{error}");
    }
    let loaded = Order::load(&store, ("t-1#ORDER", order(1).placed_on, 1)).await;
    assert!(matches!(loaded, Err(LoadError::Key(_))), "{loaded:?}");
    assert_eq!(world.requests.take(), []);
}

#[tokio::test]
async fn a_part_that_was_altered_in_the_table_is_noticed_before_kms_is_asked() {
    let (world, store) = world().await;
    order(7).save(&store).await.unwrap();
    let original = world.stored_at(key("ORDER#2026-11-23#0000000007")).await;
    world.requests.forget();
    let load = || async { Order::load(&store, order(7).key()).await };

    for (name, planted) in [
        ("number", AttributeValue::N("8".into())),
        ("placed_on", string("2026-11-24")),
        ("tenant_id", AttributeValue::Bool(true)),
    ] {
        let item: Stored =
            [original.clone(), [(name.to_owned(), planted)].into()].into_iter().flatten().collect();
        world.write(item).await;
        assert_eq!(kind(load().await), OpenErrorKind::KeyTemplate, "{name}");
    }
    let mut without = original;
    without.remove("number");
    world.write(without).await;
    assert_eq!(kind(load().await), OpenErrorKind::KeyTemplate);
    assert_eq!(world.requests.take(), []);
}

#[tokio::test]
async fn text_and_a_number_do_not_make_one_key() {
    let (world, store) = world().await;
    let id = Id::Number(7);
    Mixed { id, secret: "x".into() }.save(&store).await.unwrap();
    let key = [("PK".to_owned(), string("MIXED#7")), ("SK".into(), string("MIXED"))];
    let mut item = world.stored_at(key).await;
    item.insert("id".into(), string("7"));
    world.write(item).await;

    let loaded = Mixed::load(&store, Id::Number(7)).await.map(|_| ());

    assert_eq!(kind(loaded), OpenErrorKind::KeyTemplate);
}

#[tokio::test]
async fn an_item_moved_under_another_key_is_refused() {
    let (world, store) = world().await;
    order(1).save(&store).await.unwrap();
    let mut item = world.stored_at(key("ORDER#2026-11-23#0000000001")).await;
    item.insert("SK".into(), string("ORDER#2026-11-23#0000000002"));
    item.insert("number".into(), AttributeValue::N("2".into()));
    world.write(item).await;

    let loaded = Order::load(&store, order(2).key()).await;

    assert_eq!(kind(loaded), OpenErrorKind::Tampered);
}

#[tokio::test]
async fn a_plaintext_record_has_templates_too() {
    #[derive(EnvelopeRecord, Debug, PartialEq)]
    #[envelope(table = "app", partition_key = "FLAG#{name}", sort_key = "FLAG", plaintext_only)]
    struct Flag {
        name: String,
        on: bool,
    }
    let (world, _) = world().await;
    let provider = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
    let store =
        Store::new(world.backend.dynamodb.clone(), provider).map_table::<Flag>(&world.table);
    let flag = Flag { name: "dark".into(), on: true };

    flag.save(&store).await.unwrap();
    assert_eq!(Flag::load(&store, "dark").await.unwrap(), Some(flag));

    let key = [("PK".to_owned(), string("FLAG#dark")), ("SK".into(), string("FLAG"))];
    let mut item = world.stored_at(key).await;
    item.insert("name".into(), string("light"));
    world.write(item).await;
    assert_eq!(kind(Flag::load(&store, "dark").await), OpenErrorKind::KeyTemplate);
}
