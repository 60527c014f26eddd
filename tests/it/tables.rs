//! Tables that a store creates and verifies, on a DynamoDB.

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::types::{
    ScalarAttributeType, StreamSpecification, StreamViewType, TimeToLiveSpecification,
};
use envelope_runtime::error::TableError;
use envelope_runtime::operation::table::{AtRest, Drift, StreamView, Unknown};
use envelope_runtime::schema::KeyType;
use envelope_runtime::{EnvelopeRecord, Store};
use envelope_tests::unique_table;

use crate::support::{User, World};

/// Has keys of two types, and expires.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "sessions")]
struct Session {
    #[partition_key]
    token: Vec<u8>,
    #[sort_key]
    started: u64,
    #[encrypted]
    address: String,
    #[envelope(ttl)]
    expires: Option<u64>,
}

/// Shares the table of [`Session`] and does not expire.
#[derive(EnvelopeRecord)]
#[envelope(table = "sessions")]
struct Device {
    #[partition_key]
    token: [u8; 4],
    #[sort_key]
    started: i64,
    #[encrypted]
    name: String,
}

/// Has keys of other types.
#[derive(EnvelopeRecord)]
#[envelope(table = "sessions")]
struct Stranger {
    #[partition_key]
    token: String,
    #[sort_key]
    started: u64,
    #[encrypted]
    name: String,
}

/// A store whose sessions are in a table that is not there yet.
async fn world() -> (World, String, Store) {
    let world = World::new().await;
    let table = unique_table();
    let store = world.store.clone().map_table::<Session>(&table);
    (world, table, store)
}

#[track_caller]
fn drift(error: &TableError) -> &[Drift] {
    match error {
        TableError::Drift(error) => error.drift(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_table_that_was_created_holds_the_records() {
    let (_world, _, store) = world().await;
    let started = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let expires = Some((started + Duration::from_hours(1)).as_secs());
    let session = Session {
        token: vec![0, 255],
        started: started.as_secs(),
        address: "192.0.2.1".into(),
        expires,
    };

    assert!(store.create_table::<Session>().await.unwrap().is_new());

    session.save(&store).await.unwrap();
    let loaded = Session::load(&store, session.key()).consistent().await.unwrap();
    assert_eq!(loaded, Some(session));
}

#[tokio::test]
async fn a_table_that_is_there_is_found_as_often_as_it_is_created() {
    let (_world, _, store) = world().await;
    let create =
        || store.create_table::<Session>().deletion_protection().stream(StreamView::KeysOnly);
    assert!(create().await.unwrap().is_new());

    assert!(!create().await.unwrap().is_new());
    assert!(!store.create_table::<Device>().await.unwrap().is_new());

    let report = store.verify_table::<Session>().stream(StreamView::KeysOnly).await.unwrap();
    assert!(report.is_as_expected(), "{report}");
    assert!(store.verify_table::<Device>().await.unwrap().is_as_expected());
}

#[tokio::test]
async fn creators_at_the_same_time_make_one_table() {
    let (_world, _, store) = world().await;

    let (one, two, three) = tokio::join!(
        store.create_table::<Session>(),
        store.create_table::<Device>(),
        store.create_table::<Session>()
    );

    let new = [one, two, three].map(|created| created.unwrap().is_new());
    assert_eq!(new.iter().filter(|new| **new).count(), 1, "{new:?}");
    let verify = store.verify_table::<Session>().without_deletion_protection();
    assert!(verify.await.unwrap().is_as_expected());
}

#[tokio::test]
async fn a_table_for_other_keys_is_refused_and_stays() {
    let (world, table, store) = world().await;
    store.create_table::<Stranger>().await.unwrap();

    let error = store.create_table::<Session>().await.unwrap_err();

    let key = |partition| vec![("token".into(), partition), ("started".into(), KeyType::N)];
    let found = key(KeyType::S).into_iter().map(|(name, it): (String, _)| (name, Some(it)));
    let expected = Drift::Key { expected: key(KeyType::B), found: found.collect() };
    assert_eq!(drift(&error), std::slice::from_ref(&expected));
    let verify = store.verify_table::<Session>().without_deletion_protection();
    assert!(verify.await.unwrap().drift().contains(&expected));
    // No TTL was switched on.
    let ttl = world.backend.dynamodb.describe_time_to_live().table_name(table).send();
    let ttl = ttl.await.unwrap().time_to_live_description.unwrap();
    assert_eq!(ttl.attribute_name(), None);
}

#[tokio::test]
async fn the_differences_of_a_table_of_others_are_found() {
    let world = World::new().await;
    let keys = [("token", ScalarAttributeType::B), ("started", ScalarAttributeType::N)];
    let table = world.backend.create_table(&keys).await;
    let store = world.store.clone().map_table::<Session>(&table);
    let dynamodb = &world.backend.dynamodb;
    let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name("deleteAt");
    let ttl = dynamodb.update_time_to_live().time_to_live_specification(ttl.build().unwrap());
    ttl.table_name(&table).send().await.unwrap();
    let stream = StreamSpecification::builder().stream_enabled(true);
    let stream = stream.stream_view_type(StreamViewType::NewImage).build().unwrap();
    let update = dynamodb.update_table().table_name(&table).stream_specification(stream);
    update.send().await.unwrap();

    let verify = store.verify_table::<Session>().stream(StreamView::KeysOnly);
    let report = verify.encrypted_at_rest(AtRest::AwsOwned).await.unwrap();

    let [deletion, at_rest, stream, ttl] = drift_of(&report);
    assert!(matches!(at_rest, Drift::AtRest { expected: Some(AtRest::AwsOwned), found: Some(_) }));
    assert_eq!(deletion, Drift::DeletionProtection);
    let found = Some("NEW_IMAGE".into());
    assert_eq!(stream, Drift::Stream { expected: StreamView::KeysOnly, found });
    let (expected, found) = ("expires".into(), Some("deleteAt".into()));
    assert_eq!(ttl, Drift::Ttl { expected, found });
}

/// The differences of a report, those at rest second.
fn drift_of<const N: usize>(
    report: &envelope_runtime::operation::table::TableReport,
) -> [Drift; N] {
    let mut drift = report.drift().to_vec();
    if let [Drift::AtRest { .. }, Drift::DeletionProtection, ..] = &drift[..] {
        drift.swap(0, 1);
    }
    drift.try_into().unwrap_or_else(|_| panic!("{report}"))
}

#[tokio::test]
async fn a_table_under_a_key_that_aws_owns_is_found() {
    let (_world, _, store) = world().await;
    store.create_table::<Session>().encrypted_at_rest(AtRest::AwsOwned).await.unwrap();

    let verify = store.verify_table::<Session>().without_deletion_protection();
    let report = verify.await.unwrap();

    assert_eq!(report.drift(), [Drift::AtRest { expected: None, found: None }]);
    let again = store.create_table::<Session>().await.unwrap_err();
    let expected = Some(AtRest::AwsManaged);
    assert_eq!(drift(&again), [Drift::AtRest { expected, found: None }]);
}

#[tokio::test]
async fn a_table_under_a_key_of_ours_is_told_from_one_under_another() {
    let (world, _, store) = world().await;
    let (key, other) = (world.key.clone(), world.backend.create_kms_key().await);
    let customer = |key: &str| AtRest::Customer(key.to_owned());
    let create = || store.create_table::<Session>();
    create().encrypted_at_rest(customer(&key)).await.unwrap();

    create().encrypted_at_rest(customer(&key)).await.unwrap();
    let error = create().encrypted_at_rest(customer(&other)).await.unwrap_err();
    let alias = create().encrypted_at_rest(customer("alias/tables")).await.unwrap();

    let expected = Some(customer(&other));
    assert_eq!(drift(&error), [Drift::AtRest { expected, found: Some(key.clone()) }]);
    let (expected, found) = (customer("alias/tables"), Some(key));
    assert_eq!(alias.unknown(), [Unknown::AtRestKey { expected, found }]);
}

#[tokio::test]
async fn a_table_that_is_not_there_is_found_missing() {
    let (_world, _, store) = world().await;
    let report = store.verify_table::<Session>().await.unwrap();
    assert_eq!(report.drift(), [Drift::Absent]);
    assert!(store.get::<User>("nobody").await.unwrap().is_none());
}
