//! Scans of whole tables.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use aws_sdk_dynamodb::types::ScalarAttributeType;
use envelope_runtime::error::{ContextErrorKind, LoadError, QueryError};
use envelope_runtime::{EnvelopeRecord, Store, Usage};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::support::{User, World, binary, string};

async fn users(number: usize) -> (World, Store) {
    let world = World::new().await;
    for index in 0..number {
        world.store.put(&User::new(&format!("u-{index}"))).await.unwrap();
    }
    let store = world.store.clone();
    (world, store)
}

fn ids(users: &[User]) -> BTreeSet<&str> {
    users.iter().map(|user| user.id.as_str()).collect()
}

#[tokio::test]
async fn a_scan_gives_every_record_once() {
    let (_world, store) = users(25).await;
    let usage = Usage::default();
    let store = store.measured(&usage);

    let all: Vec<User> = store.scan::<User>().page_size(4).stream().try_collect().await.unwrap();

    assert_eq!((all.len(), ids(&all).len()), (25, 25));
    assert_eq!(usage.kms_calls(), 25);
    assert_eq!(store.scan::<User>().count().await.unwrap(), 25);
    assert_eq!(store.scan::<User>().filter(|f| f.id.eq("u-3")).count().await.unwrap(), 1);
    assert_eq!(store.scan::<User>().take(7).count().await.unwrap(), 7);
    assert_eq!(usage.kms_calls(), 25);
}

#[tokio::test]
async fn the_segments_of_a_scan_are_the_table() {
    let (_world, store) = users(40).await;
    let store = store.kms_rate(NonZeroU32::MAX);

    let segments = store.scan::<User>().page_size(3).segments(8);
    assert_eq!(segments.len(), 8);
    let all: Vec<User> = stream::select_all(segments).try_collect().await.unwrap();
    assert_eq!((all.len(), ids(&all).len()), (40, 40));

    let mut halves = BTreeSet::new();
    for index in 0..2 {
        let half = store.scan::<User>().segment(index, 2).stream().try_collect::<Vec<_>>();
        halves.extend(half.await.unwrap().into_iter().map(|user| user.id));
    }
    assert_eq!(halves.len(), 40);
}

#[tokio::test]
async fn a_scan_by_pages_goes_on_where_it_stopped() {
    let (_world, store) = users(10).await;

    let mut found = Vec::new();
    let mut next = None;
    loop {
        let page = store.scan::<User>().take(3).after(next).page().await.unwrap();
        found.extend(page.items);
        next = page.next;
        if next.is_none() {
            break;
        }
    }

    assert_eq!((found.len(), ids(&found).len()), (10, 10));
}

#[tokio::test]
async fn one_bad_item_is_named_and_hides_nothing() {
    let (world, store) = users(30).await;
    let mut bad = world.stored("u-7").await;
    bad.insert("ssn".into(), binary([7; 40]));
    world.write(bad).await;
    let mut unsealed = world.stored("u-8").await;
    unsealed.remove("_envelope");
    world.write(unsealed).await;

    let results: Vec<_> = store.scan::<User>().page_size(5).stream().collect().await;

    let (good, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!((good.len(), refused.len()), (28, 2));
    let keys: BTreeSet<String> = refused
        .into_iter()
        .map(|error| match error {
            Err(QueryError::Item(error)) => {
                let key = format!("{:?}", error.key());
                assert_eq!(key, r#"{"id": S(3 bytes)}"#);
                assert!(!error.to_string().contains("u-"), "{error}");
                assert!(matches!(error.error(), LoadError::Open(_)));
                error.key().attribute("id").cloned().map(|id| format!("{:?}", aws(id))).unwrap()
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(keys, BTreeSet::from([r#"S("u-7")"#.into(), r#"S("u-8")"#.into()]));
    // A page cannot leave it out.
    let page = store.scan::<User>().page().await;
    assert!(matches!(page, Err(QueryError::Item(_))));
}

fn aws(value: envelope_runtime::AttributeValue) -> aws_sdk_dynamodb::types::AttributeValue {
    value.into()
}

/// Its context is part of its key.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "notes", partition_key = "T#{tenant}", sort_key = "NOTE#{number:04}")]
struct Note {
    #[envelope(context)]
    tenant: String,
    number: u32,
    #[encrypted]
    text: String,
}

#[tokio::test]
async fn a_scan_of_a_record_with_context_says_which() {
    let keys = [("PK", ScalarAttributeType::S), ("SK", ScalarAttributeType::S)];
    let world = World::with_keys(&keys).await;
    let store = world.store.clone().map_table::<Note>(&world.table);
    for (tenant, number) in [("t-1", 1), ("t-1", 2), ("t-2", 1)] {
        let note = Note { tenant: tenant.into(), number, text: "hush".into() };
        store.put(&note).await.unwrap();
    }

    let unsaid = store.scan::<Note>().page().await.unwrap_err();
    assert!(
        matches!(&unsaid, QueryError::Context(error) if error.kind() == ContextErrorKind::NotGiven),
        "{unsaid}"
    );
    assert!(unsaid.to_string().contains("`.every_context()`"), "{unsaid}");
    let every: Vec<Note> =
        store.scan::<Note>().every_context().stream().try_collect().await.unwrap();
    assert_eq!(every.len(), 3);
    // A scoped store skips the records of others.
    let usage = Usage::default();
    let scoped = store.scoped([("tenant", "t-1")]).measured(&usage);
    assert_eq!(scoped.scan::<Note>().page().await.unwrap().items.len(), 2);
    assert_eq!(scoped.scan::<Note>().count().await.unwrap(), 2);
    assert_eq!((usage.skipped_items(), usage.kms_calls()), (2, 2));
    // One that only says so is refused.
    let key = [("PK".to_owned(), string("T#t-1")), ("SK".to_owned(), string("NOTE#0001"))];
    let mut item = world.stored_at(key).await;
    item.insert("tenant".into(), string("t-2"));
    world.write(item).await;
    let refused = scoped.scan::<Note>().page().await.unwrap_err();
    assert!(
        matches!(&refused, QueryError::Item(error) if error.attribute() == Some("PK")),
        "{refused}"
    );
    let note = Note { tenant: "t-1".into(), number: 1, text: "hush".into() };
    store.put(&note).await.unwrap();
    // In a query, the partition gives the context.
    assert_eq!(store.query::<Note>("t-1").all().await.unwrap().len(), 2);
    assert_eq!(scoped.query::<Note>("t-1").all().await.unwrap().len(), 2);
    assert!(matches!(scoped.query::<Note>("t-2").all().await, Err(QueryError::Context(_))));
}

#[tokio::test]
async fn a_scan_skips_and_counts_other_record_types() {
    let keys = [("PK", ScalarAttributeType::S), ("SK", ScalarAttributeType::S)];
    let world = World::with_keys(&keys).await;
    let store = world.store.clone().map_table::<Note>(&world.table);
    store.put(&Note { tenant: "t-1".into(), number: 1, text: "hush".into() }).await.unwrap();
    for (pk, sk) in [("T#t-1", "NOTE#1"), ("T#t-1", "OTHER"), ("X#t-1", "NOTE#0001")] {
        let item = [("PK".to_owned(), string(pk)), ("SK".to_owned(), string(sk))];
        world.write(item.into()).await;
    }
    let usage = Usage::default();
    let store = store.measured(&usage);

    assert_eq!(store.scan::<Note>().every_context().count().await.unwrap(), 1);
    assert_eq!(usage.skipped_items(), 3);

    // A key of this type, whose attributes do not make it, is refused.
    let item = [("PK".to_owned(), string("T#t-1")), ("SK".to_owned(), string("NOTE#0002"))];
    world.write(item.into()).await;
    let results: Vec<_> = store.scan::<Note>().every_context().stream().collect().await;
    assert_eq!(results.iter().filter(|result| result.is_err()).count(), 1);
    assert_eq!(results.len(), 2);
}
