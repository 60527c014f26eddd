//! Keys: every allowed type, every way to write one, and the refusals.

use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use envelope_runtime::error::KeyErrorKind;
use envelope_runtime::{DeleteError, EnvelopeRecord, LoadError, SaveError};
use serde::{Deserialize, Serialize};

use crate::support::{User, World};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "orders")]
struct Order {
    #[encrypted]
    note: String,
    #[sort_key]
    number: u64,
    #[partition_key]
    customer: CustomerId,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct CustomerId(String);

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "orders")]
struct Blob {
    #[partition_key]
    digest: [u8; 4],
    #[sort_key]
    part: Vec<u8>,
    #[encrypted]
    content: Vec<u8>,
}

fn order(number: u64) -> Order {
    Order { note: format!("note {number}"), number, customer: CustomerId("c-1".into()) }
}

async fn orders() -> World {
    let keys = [("customer", ScalarAttributeType::S), ("number", ScalarAttributeType::N)];
    World::with_keys(&keys).await
}

#[tokio::test]
async fn a_composite_key_is_a_pair_of_values_or_references() {
    let world = orders().await;
    order(4).save(&world.store).await.unwrap();
    order(40).save(&world.store).await.unwrap();

    let customer = CustomerId("c-1".into());
    let number = 40;
    let fourth = Order::load(&world.store, (&customer, 4)).await.unwrap();
    let fortieth = Order::load(&world.store, (customer, &number)).await.unwrap();

    assert_eq!(fourth, Some(order(4)));
    assert_eq!(fortieth, Some(order(40)));
    Order::delete(&world.store, (CustomerId("c-1".into()), 4)).await.unwrap();
    assert_eq!(Order::load(&world.store, (CustomerId("c-1".into()), 4)).await.unwrap(), None);
}

#[tokio::test]
async fn binary_keys_are_written_as_slices_arrays_or_vectors() {
    let keys = [("digest", ScalarAttributeType::B), ("part", ScalarAttributeType::B)];
    let world = World::with_keys(&keys).await;
    let blob = Blob { digest: [0, 1, 254, 255], part: vec![7], content: b"secret".to_vec() };

    blob.save(&world.store).await.unwrap();

    let digest = [0, 1, 254, 255];
    for loaded in [
        Blob::load(&world.store, (&digest, [7].as_slice())).await.unwrap(),
        Blob::load(&world.store, (digest, vec![7])).await.unwrap(),
        Blob::load(&world.store, (digest.as_slice(), &vec![7])).await.unwrap(),
    ] {
        assert_eq!(loaded.as_ref(), Some(&blob));
    }
    let item = world
        .stored_at([
            ("digest".into(), crate::support::binary(digest)),
            ("part".into(), crate::support::binary([7])),
        ])
        .await;
    assert!(matches!(item["content"], AttributeValue::B(_)));
}

#[tokio::test]
async fn the_parts_of_a_key_do_not_run_into_each_other() {
    let world = orders().await;
    order(1).save(&world.store).await.unwrap();
    let mut item = world
        .stored_at([
            ("customer".into(), AttributeValue::S("c-1".into())),
            ("number".into(), AttributeValue::N("1".into())),
        ])
        .await;

    item.insert("customer".into(), AttributeValue::S("c-".into()));
    item.insert("number".into(), AttributeValue::N("11".into()));
    world.write(item).await;

    let error = Order::load(&world.store, (CustomerId("c-".into()), 11)).await.unwrap_err();
    assert!(error.is_tampered(), "{error}");
}

#[tokio::test]
async fn an_empty_key_is_refused_before_any_request() {
    let world = World::new().await;

    let saved = User::new("").save(&world.store).await.unwrap_err();
    let loaded = User::load(&world.store, "").await.unwrap_err();
    let deleted = User::delete(&world.store, "").await.unwrap_err();

    assert!(matches!(saved, SaveError::Key(error) if *error.kind() == KeyErrorKind::Empty));
    assert!(matches!(loaded, LoadError::Key(error) if *error.kind() == KeyErrorKind::Empty));
    assert!(matches!(deleted, DeleteError::Key(error) if *error.kind() == KeyErrorKind::Empty));
    assert_eq!(world.requests.take(), []);
}

#[tokio::test]
async fn a_key_over_dynamodbs_limit_is_refused_before_any_request() {
    let world = World::new().await;
    let longest = "k".repeat(2048);

    User::new(&longest).save(&world.store).await.unwrap();
    let error = User::load(&world.store, format!("{longest}k")).await.unwrap_err();

    assert!(
        matches!(&error, LoadError::Key(error) if *error.kind() == KeyErrorKind::TooLong(2048))
    );
}

#[tokio::test]
async fn a_key_of_a_type_that_dynamodb_has_no_keys_of_is_refused() {
    #[derive(EnvelopeRecord)]
    #[envelope(table = "users")]
    struct Flag {
        #[partition_key]
        id: bool,
        #[encrypted]
        secret: String,
    }
    let world = World::new().await;

    let error = Flag { id: true, secret: "s".into() }.save(&world.store).await.unwrap_err();

    assert_eq!(
        error.to_string(),
        "cannot save record of table `users`, key `id`, attribute `id`: a key must be stored \
         as S, N or B, but this one is stored as BOOL"
    );
}

#[tokio::test]
async fn a_generic_records_key_and_fields_are_inferred() {
    #[derive(EnvelopeRecord, Debug, PartialEq)]
    #[envelope(table = "users")]
    struct Holder<T> {
        #[partition_key]
        id: String,
        #[encrypted]
        value: T,
        #[envelope(skip)]
        seen: Option<T>,
    }
    let world = World::new().await;
    let holder = Holder { id: "h".into(), value: vec![1_u8, 2], seen: None };

    holder.save(&world.store).await.unwrap();

    let loaded: Option<Holder<Vec<u8>>> = world.store.get("h").await.unwrap();
    assert_eq!(loaded, Some(holder));
}
