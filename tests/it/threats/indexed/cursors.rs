//! Cursors where they do not belong.

use envelope_runtime::error::CursorErrorKind;
use envelope_runtime::operation::IntoCursor;
use envelope_runtime::{Cursor, CursorKey, Cursors, EnvelopeRecord, QueryError, Store};
use envelope_tests::unique_table;

use super::{CANARY, Letter, letters, save_all, shelf_of};

/// One record of a query, and the cursor behind it. Each number is another query.
async fn cursor(
    stores: &[Store; 2],
    query: usize,
    after: impl IntoCursor,
) -> Result<Option<Cursor>, QueryError> {
    macro_rules! next {
        ($query:expr) => {
            $query.take(1).after(after).page().await.map(|page| page.next)
        };
    }
    let [store, of_another_table] = stores;
    match query {
        0 => next!(store.query_index(Letter::INDEXES.by_customer, CANARY)),
        1 => next!(store.query_index(Letter::INDEXES.by_customer, CANARY).reverse()),
        2 => next!(store.query_index(Letter::INDEXES.by_customer, "walter")),
        3 => next!(store.query_index(Letter::INDEXES.keys_of_customer, CANARY)),
        4 => next!(store.query_index(Letter::INDEXES.by_ward, CANARY)),
        5 => next!(store.query_index(Letter::INDEXES.by_ward, CANARY).sort(|s| s.le(9))),
        6 => next!(store.query_index(Letter::INDEXES.by_shelf, shelf_of(CANARY))),
        7 => next!(of_another_table.query_index(Letter::INDEXES.by_customer, CANARY)),
        _ => next!(store.scan::<Letter>()),
    }
}

const QUERIES: usize = 9;

#[tokio::test]
async fn t31_a_cursor_belongs_to_one_index_one_partition_and_one_table() {
    let (world, store, usage) = letters().await;
    let of_another_table = world.store.clone().map_table::<Letter>(&unique_table());
    save_all(&of_another_table).await;
    let stores = [store, of_another_table];
    let key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let cursors = Cursors::new(CursorKey::from_hex(key).unwrap());

    for from in 0..QUERIES {
        let Some(next) = cursor(&stores, from, None::<Cursor>).await.unwrap() else { continue };
        let text = cursors.seal(&next).unwrap();
        assert!(!text.contains(CANARY) && !format!("{next:?}").contains(CANARY));
        let before = usage.requests();
        for to in (0..QUERIES).filter(|to| *to != from) {
            let kind = |result: Result<_, QueryError>| match result {
                Err(QueryError::Cursor(error)) => error.kind(),
                other => panic!("{from} {to}: {other:?}"),
            };
            let plain = cursor(&stores, to, next.clone()).await;
            assert_eq!(kind(plain), CursorErrorKind::OtherQuery, "{from} {to}");
            let sealed = cursor(&stores, to, cursors.open(&text)).await;
            assert_eq!(kind(sealed), CursorErrorKind::Refused, "{from} {to}");
        }
        assert_eq!(usage.requests(), before);
        assert!(cursor(&stores, from, next).await.is_ok());
        assert!(cursor(&stores, from, cursors.open(&text)).await.is_ok());
    }
}

/// The letters of a program whose index of the same name sorts by another field.
#[derive(EnvelopeRecord, Debug)]
#[envelope(table = "letters", index(by_ward(partition = "ward", sort = "shelf")))]
struct NewerLetter {
    #[partition_key]
    id: String,
    #[authenticated]
    ward: String,
    shelf: String,
    #[encrypted]
    text: String,
}

#[tokio::test]
async fn t31_a_cursor_of_an_index_whose_key_has_changed_since_is_refused() {
    let (_world, store, _) = letters().await;
    let older = store.query_index(Letter::INDEXES.by_ward, CANARY).take(1).page().await.unwrap();

    let newer = store.query_index(NewerLetter::INDEXES.by_ward, CANARY).after(older.next);

    let error = newer.page().await.unwrap_err();
    assert!(matches!(error, QueryError::Cursor(_)), "{error}");
}
