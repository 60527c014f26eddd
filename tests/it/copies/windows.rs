//! Copies beside windows: of the old table, and of the new one.

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;
use envelope_runtime::{EnvelopeRecord, Until, Usage};
use envelope_tests::unique_table;

use super::{New, Old, World, email};
use crate::migrate::february;
use crate::support::string;

#[tokio::test]
async fn a_plaintext_table_is_copied_through_its_window() {
    let world = World::new().await;
    let item = [("email", string("a@example.com")), ("name", string("Zoë"))];
    let visits = SdkValue::N("7".into());
    let item = item.into_iter().chain([("visits", visits)]);
    world.write(item.map(|(name, value)| (name.to_owned(), value)).collect()).await;

    let closed = world.store.migrate_into::<Old, New>(&world.store, New::from).await.unwrap();
    assert!(closed.problems[0].error().unwrap().is_unsealed(), "{closed:?}");

    let usage = Usage::default();
    let open = world.store.clone().clock(february).measured(&usage);
    let open = open.accept_unsealed::<Old>(Until::date(2027, 3, 1));
    let report = open.migrate_into::<Old, New>(&world.store, New::from).await.unwrap();

    assert!(report.is_complete() && report.changed == 1, "{report:?}");
    let found = world.store.get::<New>("A@example.com").await.unwrap().unwrap();
    assert_eq!((&*found.name, found.visits), ("Zoë", 7));
    assert_eq!(usage.unsealed_records(), 2);
}

/// No window is for a copy: copies are sealed.
#[tokio::test]
async fn an_item_without_an_envelope_is_no_copy() {
    let World { store, backend, .. } = World::new().await;
    let table = unique_table();
    let store = store.map_table::<Kept>(unique_table()).map_table::<Plain>(&table);
    store.create_table::<Kept>().await.unwrap();
    store.create_table::<Plain>().await.unwrap();
    store.put(&Kept { email: email(1), name: "Zoë".into() }).await.unwrap();
    let planted = [("email", string(&email(1))), ("name", string("Zoë"))];
    let planted = planted.map(|(name, value)| (name.to_owned(), value));
    let put = backend.dynamodb.put_item().table_name(&table).set_item(Some(planted.into()));
    put.send().await.unwrap();
    let open = store.clone().clock(february);
    let open = open.accept_unsealed::<Plain>(Until::date(2027, 3, 1));

    let convert = |Kept { email, name }| Plain { email, name };
    let report = store.migrate_into::<Kept, Plain>(&open, convert).await.unwrap();

    assert_eq!((report.failed, report.changed), (1, 0));
    assert!(report.problems[0].error().unwrap().is_unsealed(), "{report:?}");
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "kept")]
struct Kept {
    #[partition_key]
    email: String,
    #[encrypted]
    name: String,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "plain")]
struct Plain {
    #[partition_key]
    email: String,
    #[encrypted]
    name: String,
}

/// What is planted in a segment that is open would be copied.
#[tokio::test]
async fn t27_with_a_window_an_item_that_always_fails_keeps_no_segment_open() {
    let world = World::with_old(3).await;
    let folder = tempfile::tempdir().unwrap();
    let open = world.store.clone().clock(february);
    let open = open.accept_unsealed::<Old>(Until::date(2027, 3, 1));
    let copy = || {
        let copying = open.migrate_into::<Old, New>(&world.store, New::from);
        copying.segments(1).checkpoint(folder.path().join("copied"))
    };
    let plain = |email: &str, other: Option<&str>| {
        let visits = SdkValue::N("1".into());
        let item = [("email", string(email)), ("name", string("planted")), ("visits", visits)];
        let other = other.map(|name| (name, string("x")));
        item.into_iter().chain(other).map(|(name, value)| (name.to_owned(), value)).collect()
    };
    world.write(plain("first", Some("theme"))).await;
    // A copy without its envelope, too.
    assert!(open.migrate_one_into::<Old, New>(email(0), &world.store, New::from).await.unwrap());
    let mut stripped = world.items(&world.new).await.remove(0);
    stripped.remove("_envelope");
    let put = world.backend.dynamodb.put_item().table_name(&world.new);
    put.set_item(Some(stripped)).send().await.unwrap();
    assert_eq!(copy().await.unwrap().failed, 2);
    world.write(plain("second", None)).await;

    let report = copy().await.unwrap();

    assert_eq!((report.changed, report.reappeared, report.failed), (0, 1, 2), "{report:?}");
    assert_eq!(world.store.get::<New>("second").await.unwrap(), None);
}
