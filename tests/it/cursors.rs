//! Cursors as text: what a client can do with one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::types::ScalarAttributeType;
use envelope_runtime::error::{CursorErrorKind, QueryError};
use envelope_runtime::operation::{IntoCursor, Query};
use envelope_runtime::{Cursor, CursorKey, Cursors, EnvelopeRecord, Page, Store, Usage};

use crate::queries::Order;
use crate::support::World;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const OTHER_KEY: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

#[derive(EnvelopeRecord, Debug)]
#[envelope(table = "invoices")]
struct Invoice {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: u64,
    status: String,
    #[encrypted]
    address: String,
}

fn cursors() -> Cursors {
    Cursors::new(CursorKey::from_hex(KEY).unwrap())
}

async fn orders() -> (World, Store) {
    let keys = [("tenant", ScalarAttributeType::S), ("number", ScalarAttributeType::N)];
    let world = World::with_keys(&keys).await;
    let store = world.store.clone().map_table::<Order>(&world.table);
    for (tenant, numbers) in [("t-1", 1..=6), ("t-2", 1..=6)] {
        for number in numbers {
            store.put(&Order::new(tenant, number)).await.unwrap();
        }
    }
    (world, store)
}

fn query(store: &Store, after: impl IntoCursor) -> Query<Order> {
    store.query::<Order>("t-1").sort(|s| s.ge(2)).filter(|f| f.status.exists()).take(2).after(after)
}

async fn first(store: &Store) -> Cursor {
    query(store, None::<Cursor>).page().await.unwrap().next.unwrap()
}

#[track_caller]
fn assert_refused(result: Result<Page<Order>, QueryError>, kind: CursorErrorKind) {
    match result {
        Err(QueryError::Cursor(error)) => assert_eq!(error.kind(), kind),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_cursor_comes_back_as_text() {
    let (_world, store) = orders().await;
    let cursors = cursors().bound_to("user-7");

    let text = cursors.seal(&first(&store).await).unwrap();

    let again = query(&store, cursors.open(&text)).page().await.unwrap();
    assert_eq!(again.items.iter().map(|order| order.number).collect::<Vec<_>>(), [4, 5]);
    let last = cursors.seal(&again.next.unwrap()).unwrap();
    let end = query(&store, Some(cursors.open(last))).page().await.unwrap();
    assert_eq!(end.items.iter().map(|order| order.number).collect::<Vec<_>>(), [6]);
    assert!(end.next.is_none());
    // It shows nothing of the key, and two of one place differ.
    assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    assert_ne!(text, cursors.seal(&first(&store).await).unwrap());
    for shown in [
        format!("{cursors:?}"),
        format!("{:?}", first(&store).await),
        format!("{:?}", cursors.open(&text)),
        format!("{:?}", CursorKey::from_hex(KEY).unwrap()),
    ] {
        assert!(shown.ends_with("([REDACTED])"), "{shown}");
    }
}

#[tokio::test]
async fn an_altered_cursor_is_refused_before_the_request() {
    let (_world, store) = orders().await;
    let text = cursors().seal(&first(&store).await).unwrap();
    let usage = Usage::default();
    let store = store.measured(&usage);

    let flipped = (0..text.len()).map(|index| {
        let mut bytes = text.clone().into_bytes();
        bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    });
    let cut = (0..text.len()).map(|length| text[..length].to_owned());
    let others =
        [format!("{text}A"), format!("{text}=="), "ü".into(), "A".repeat(1 << 20), text.repeat(2)];
    for wrong in flipped.chain(cut).chain(others) {
        let page = query(&store, cursors().open(wrong)).page().await;
        assert_refused(page, CursorErrorKind::Refused);
    }
    assert_eq!(usage.requests(), 0);
}

#[tokio::test]
async fn a_cursor_of_another_user_key_or_query_is_refused() {
    let (world, store) = orders().await;
    let mine = cursors().bound_to("user-7");
    let text = mine.seal(&first(&store).await).unwrap();
    let refused = CursorErrorKind::Refused;

    for other in [cursors(), cursors().bound_to("user-8"), cursors().bound_to("")] {
        assert_refused(query(&store, other.open(&text)).page().await, refused);
    }
    let other_key = Cursors::new(CursorKey::from_hex(OTHER_KEY).unwrap()).bound_to("user-7");
    assert_refused(query(&store, other_key.open(&text)).page().await, refused);
    // While an application changes its key, it accepts both.
    let both = other_key.accepting(CursorKey::from_hex(KEY).unwrap());
    assert!(query(&store, both.open(&text)).page().await.is_ok());

    let opened = || mine.open(&text);
    let another_tenant = store.query::<Order>("t-2").sort(|s| s.ge(2)).take(2);
    let another_range = store.query::<Order>("t-1").sort(|s| s.ge(1)).take(2);
    let another_filter = query(&store, opened()).filter(|f| f.status.eq("open"));
    assert_refused(another_tenant.after(opened()).page().await, refused);
    assert_refused(another_range.after(opened()).page().await, refused);
    assert_refused(another_filter.page().await, refused);
    assert_refused(query(&store, opened()).reverse().page().await, refused);
    assert_refused(store.scan::<Order>().after(opened()).page().await, refused);
    let scoped = store.scoped([("tenant", "t-1")]);
    assert_refused(query(&scoped, opened()).page().await, refused);
    // The same table under another name, with a record type of the same keys.
    let invoices = store.clone().map_table::<Invoice>(&world.table);
    let of_invoices = invoices.query::<Invoice>("t-1").sort(|s| s.ge(2)).take(2).after(opened());
    let error = of_invoices.filter(|f| f.status.exists()).page().await.unwrap_err();
    assert!(matches!(&error, QueryError::Cursor(error) if error.kind() == refused), "{error}");
    // How many records a page has is no part of the place.
    assert!(query(&store, opened()).take(1).page_size(7).consistent().page().await.is_ok());
}

#[tokio::test]
async fn a_cursor_that_never_left_the_process_belongs_to_its_query_too() {
    let (_world, store) = orders().await;
    let cursor = first(&store).await;

    assert!(query(&store, cursor.clone()).page().await.is_ok());
    let other = query(&store, cursor).reverse().page().await;
    assert_refused(other, CursorErrorKind::OtherQuery);
}

#[tokio::test]
async fn a_cursor_expires() {
    let (_world, store) = orders().await;
    let seconds = Arc::new(AtomicU64::new(1_800_000_000));
    let clock = Arc::clone(&seconds);
    let store = store
        .clock(move || SystemTime::UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::Relaxed)));
    let text = cursors().seal(&first(&store).await).unwrap();

    seconds.fetch_add(24 * 60 * 60, Ordering::Relaxed);
    assert!(query(&store, cursors().open(&text)).page().await.is_ok());
    let short = cursors().for_at_most(Duration::from_mins(5));
    assert_refused(query(&store, short.open(&text)).page().await, CursorErrorKind::Expired);
    seconds.fetch_add(1, Ordering::Relaxed);
    assert_refused(query(&store, cursors().open(&text)).page().await, CursorErrorKind::Expired);
    // A clock that was set back makes no cursor too old.
    seconds.store(1_000_000_000, Ordering::Relaxed);
    assert!(query(&store, cursors().open(&text)).page().await.is_ok());
}

#[test]
fn a_cursor_key_is_64_hexadecimal_digits() {
    assert!(CursorKey::from_hex(&format!(" {KEY}\n")).is_ok());
    for wrong in ["", "00", &KEY[1..], &format!("{KEY}00"), &KEY.replace('f', "g")] {
        let error = CursorKey::from_hex(wrong).unwrap_err();
        assert_eq!(error.kind(), CursorErrorKind::KeyNotHex);
        assert!(error.to_string().contains("64 hexadecimal digits"), "{error}");
    }
}
