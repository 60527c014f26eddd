//! The sealed text of a cursor.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use data_encoding::BASE64URL_NOPAD;
use envelope_runtime::error::{CursorErrorKind, Error, QueryError};
use envelope_runtime::operation::{IntoCursor, Query};
use envelope_runtime::{Cursor, CursorKey, Cursors, EnvelopeRecord, Store};
use serde_json::{Value, json};

use super::{Order, key, orders};
use crate::dynamodb::{Dynamodb, page};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const OTHER_KEY: &str = "FF0102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";

fn cursors() -> Cursors {
    Cursors::new(CursorKey::from_hex(KEY).unwrap())
}

fn query(store: &Store, after: impl IntoCursor) -> Query<Order> {
    store.query::<Order>("t-1").after(after)
}

/// The cursor behind the order 7.
async fn cursor(dynamodb: &Dynamodb, store: &Store) -> Cursor {
    dynamodb.expect([page("Query", orders([7]).await, Some(&key(7)))]);
    let page = query(store, None::<Cursor>).page().await.unwrap();
    dynamodb.requests();
    page.next.unwrap()
}

#[track_caller]
fn kind<T>(result: Result<T, QueryError>) -> CursorErrorKind {
    let Err(error) = result else { panic!("not refused") };
    let QueryError::Cursor(cursor) = &error else { panic!("{error}") };
    assert!(!error.is_retryable() && !error.is_tampered() && error.attribute().is_none());
    assert_eq!(error.to_string(), format!("cannot read {cursor}"));
    cursor.kind()
}

#[tokio::test]
async fn a_sealed_cursor_begins_where_it_was_made() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let cursors = cursors().bound_to("ann");
    let text = cursors.seal(&cursor(&dynamodb, &store).await).unwrap();

    dynamodb.expect([page("Query", [], None), page("Query", [], None), page("Query", [], None)]);
    query(&store, cursors.open(&text)).all().await.unwrap();
    query(&store, Some(cursors.open(&text))).count().await.unwrap();
    query(&store, None::<envelope_runtime::operation::SealedCursor>).all().await.unwrap();

    let requests = dynamodb.requests();
    assert_eq!(requests[0].body["ExclusiveStartKey"], Value::Object(key(7)));
    assert_eq!(requests[1].body["ExclusiveStartKey"], Value::Object(key(7)));
    assert_eq!(requests[2].body["ExclusiveStartKey"], Value::Null);
}

#[tokio::test]
async fn the_text_of_a_cursor_has_one_of_few_lengths() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let cursor = cursor(&dynamodb, &store).await;

    let (text, again) = (cursors().seal(&cursor).unwrap(), cursors().seal(&cursor).unwrap());

    assert_ne!(text, again);
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
    assert_eq!((bytes[0], bytes.len()), (1, 1 + 16 + 64 + 16));
    for length in [1_usize, 30, 31, 32, 33, 94, 95, 96, 97, 2040] {
        // A key of exactly the block, and one byte more.
        let tenant = "x".repeat(length);
        let last = json!({"tenant": {"S": tenant}, "number": {"N": "1"}});
        dynamodb.expect([page("Query", [], last.as_object())]);
        let next = store.query::<Order>(&tenant).page().await.unwrap().next.unwrap();
        let text = cursors().seal(&next).unwrap();
        let sealed = BASE64URL_NOPAD.decode(text.as_bytes()).unwrap().len() - 33;
        assert_eq!(sealed % 64, 0);

        dynamodb.expect([page("Query", [], None)]);
        store.query::<Order>(&tenant).after(cursors().open(text)).all().await.unwrap();
        let requests = dynamodb.requests();
        assert_eq!(requests[1].body["ExclusiveStartKey"], last);
    }
}

#[tokio::test]
async fn what_is_not_exactly_the_sealed_text_is_refused() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let text = cursors().seal(&cursor(&dynamodb, &store).await).unwrap();
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();

    let flipped = (0..bytes.len()).map(|index| {
        let mut bytes = bytes.clone();
        bytes[index] ^= 1;
        BASE64URL_NOPAD.encode(&bytes)
    });
    let cut = (0..bytes.len()).map(|length| BASE64URL_NOPAD.encode(&bytes[..length]));
    let others = ["ü".to_owned(), format!("{text}="), format!("{text}AAAA"), "A".repeat(6145)];
    for wrong in flipped.chain(cut).chain(others) {
        let refused = kind(query(&store, cursors().open(wrong)).all().await);
        assert_eq!(refused, CursorErrorKind::Refused);
    }
    dynamodb.requests();
}

#[tokio::test]
async fn a_sealed_cursor_is_of_one_user_one_key_and_one_query() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let mine = cursors().bound_to("ann");
    let text = mine.seal(&cursor(&dynamodb, &store).await).unwrap();
    let other_key = || CursorKey::from_hex(OTHER_KEY).unwrap();

    for others in [
        cursors(),
        cursors().bound_to(""),
        cursors().bound_to("bob"),
        Cursors::new(other_key()).bound_to("ann"),
    ] {
        let refused = kind(query(&store, others.open(&text)).all().await);
        assert_eq!(refused, CursorErrorKind::Refused);
    }
    let open = || mine.open(&text);
    assert_eq!(kind(query(&store, open()).reverse().all().await), CursorErrorKind::Refused);
    let elsewhere = store.query::<Order>("t-2").after(open());
    assert_eq!(kind(elsewhere.all().await), CursorErrorKind::Refused);

    let rotated = Cursors::new(other_key()).accepting(CursorKey::from_hex(KEY).unwrap());
    dynamodb.expect([page("Query", [], None)]);
    query(&store, rotated.bound_to("ann").open(&text)).all().await.unwrap();
    dynamodb.requests();
}

#[tokio::test]
async fn a_size_in_a_filter_is_part_of_the_query() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let of_size =
        |at_least: u64| store.query::<Order>("t-1").filter(move |f| f.status.size().ge(at_least));
    dynamodb.expect([page("Query", orders([7]).await, Some(&key(7)))]);
    let next = of_size(3).page().await.unwrap().next;
    dynamodb.requests();

    assert_eq!(kind(of_size(4).after(next.clone()).all().await), CursorErrorKind::OtherQuery);

    dynamodb.expect([page("Query", [], None)]);
    of_size(3).after(next).all().await.unwrap();
    dynamodb.requests();
}

/// DynamoDB's range is the same, and the records are not.
#[tokio::test]
async fn a_bound_that_is_left_out_is_part_of_the_query() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let titles = || store.query::<super::Title>("t-1");
    let last = json!({"PK": {"S": "T#t-1"}, "SK": {"S": "TITLE#b"}});
    dynamodb.expect([page("Query", [], last.as_object())]);
    let next = titles().sort(|s| s.gt("a")).page().await.unwrap().next;

    let other = titles().sort(|s| s.ge("a")).after(next).all().await;

    assert_eq!(kind(other), CursorErrorKind::OtherQuery);
    dynamodb.requests();
}

/// Its keys are named as those of an order.
#[derive(EnvelopeRecord)]
#[envelope(table = "invoices")]
struct Invoice {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: i64,
    #[encrypted]
    address: String,
}

#[tokio::test]
async fn a_cursor_of_another_record_type_is_refused() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store().map_table::<Invoice>("orders");
    let cursor = cursor(&dynamodb, &store).await;
    let text = cursors().seal(&cursor).unwrap();

    let invoices = || store.query::<Invoice>("t-1");
    let sealed = invoices().after(cursors().open(text)).count().await;
    assert_eq!(kind(sealed), CursorErrorKind::Refused);
    assert_eq!(kind(invoices().after(cursor).count().await), CursorErrorKind::OtherQuery);
    dynamodb.requests();
}

#[tokio::test]
async fn a_cursor_expires_by_the_clock_of_the_store() {
    let dynamodb = Dynamodb::new();
    let time = Arc::new(AtomicU64::new(1_000_000));
    let clock = Arc::clone(&time);
    let store = dynamodb
        .store()
        .clock(move || UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::Relaxed)));
    let day = cursors();
    let text = day.seal(&cursor(&dynamodb, &store).await).unwrap();
    let short = day.clone().for_at_most(Duration::from_secs(10));

    dynamodb.expect([page("Query", [], None), page("Query", [], None), page("Query", [], None)]);
    time.store(1_000_010, Ordering::Relaxed);
    query(&store, short.open(&text)).all().await.unwrap();
    time.store(1_000_011, Ordering::Relaxed);
    let expired = kind(query(&store, short.open(&text)).all().await);
    assert_eq!(expired, CursorErrorKind::Expired);
    time.store(1_086_400, Ordering::Relaxed);
    query(&store, day.open(&text)).all().await.unwrap();
    time.store(1_086_401, Ordering::Relaxed);
    assert_eq!(kind(query(&store, day.open(&text)).all().await), CursorErrorKind::Expired);
    // A clock that was set back makes none too old.
    time.store(1, Ordering::Relaxed);
    query(&store, day.open(&text)).all().await.unwrap();
    dynamodb.requests();
}

#[tokio::test]
async fn a_cursor_key_is_64_hexadecimal_digits_and_nothing_shows_it() {
    assert!(CursorKey::from_hex(&format!("\n {KEY} ")).is_ok());
    for wrong in ["", "00", &KEY[1..], &format!("{KEY}0"), &KEY.replace('f', "g")] {
        let error = CursorKey::from_hex(wrong).unwrap_err();
        assert_eq!(error.kind(), CursorErrorKind::KeyNotHex);
        let error = Error::from(error);
        assert!(error.to_string().contains("64 hexadecimal digits"), "{error}");
        assert!(!error.is_retryable());
    }
    let (dynamodb, cursors) = (Dynamodb::new(), cursors().bound_to("ann"));
    let cursor = cursor(&dynamodb, &dynamodb.store()).await;
    assert_eq!(format!("{cursor:?}"), "Cursor([REDACTED])");
    assert_eq!(format!("{cursors:?}"), "Cursors([REDACTED])");
    assert_eq!(format!("{:?}", cursors.open("x")), "SealedCursor([REDACTED])");
    let key = CursorKey::from_hex(KEY).unwrap();
    assert_eq!(format!("{key:?}"), "CursorKey([REDACTED])");
}
