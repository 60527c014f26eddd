//! Page after page: what is given out, and where to go on.

use envelope_runtime::error::{CursorErrorKind, QueryError, ServiceErrorKind};
use envelope_runtime::{Cursor, EnvelopeRecord, Usage};
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::{Line, Order, Title, key, numbers, order, orders, stored};
use crate::dynamodb::{Dynamodb, Fault, failed, page};
use crate::table::Stored;

/// The limits of the requests, and the numbers of the keys behind which they begin.
fn steps(dynamodb: &Dynamodb) -> Vec<(Option<u64>, Option<String>)> {
    let step = |body: &Value| {
        let start = body["ExclusiveStartKey"]["number"]["N"].as_str();
        (body["Limit"].as_u64(), start.map(ToOwned::to_owned))
    };
    dynamodb.requests().iter().map(|request| step(&request.body)).collect()
}

/// The number of a key behind which a request begins.
fn behind(number: i64) -> String {
    number.to_string()
}

#[tokio::test]
async fn all_pages_are_read_and_empty_ones_end_nothing() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([
        page("Query", [], Some(&key(0))),
        page("Query", orders([1, 2]).await, Some(&key(2))),
        page("Query", [], Some(&key(5))),
        page("Query", orders([6]).await, None),
    ]);

    let all = dynamodb.store().query::<Order>("t-1").all().await.unwrap();

    assert_eq!(numbers(&all), [1, 2, 6]);
    let begins = [None, Some(behind(0)), Some(behind(2)), Some(behind(5))];
    assert_eq!(steps(&dynamodb), begins.map(|start| (None, start)));
}

#[tokio::test]
async fn a_page_without_a_number_of_records_is_one_of_dynamodbs() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    dynamodb.expect([page("Query", [], Some(&key(7))), page("Query", orders([8]).await, None)]);

    let empty = store.query::<Order>("t-1").page_size(7).page().await.unwrap();
    assert!(empty.items.is_empty());
    let last = store.query::<Order>("t-1").after(empty.next).page().await.unwrap();

    assert_eq!(numbers(&last.items), [8]);
    assert!(last.next.is_none());
    assert_eq!(steps(&dynamodb), [(Some(7), None), (None, Some(behind(7)))]);
}

#[tokio::test]
async fn a_page_of_some_records_looks_at_one_more_and_goes_on_behind_the_last() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    dynamodb.expect([
        page("Query", orders([1, 2, 3]).await, Some(&key(3))),
        page("Query", orders([3, 4]).await, None),
        page("Query", orders([5]).await, None),
    ]);

    let first = store.query::<Order>("t-1").take(2).page().await.unwrap();
    let second = store.query::<Order>("t-1").take(2).after(first.next.clone()).page().await;
    let third = store.query::<Order>("t-1").take(2).after(first.next.clone()).page().await.unwrap();

    assert_eq!(numbers(&first.items), [1, 2]);
    let second = second.unwrap();
    assert_eq!((numbers(&second.items), second.next.is_some()), (vec![3, 4], false));
    assert_eq!((numbers(&third.items), third.next.is_some()), (vec![5], false));
    let steps = steps(&dynamodb);
    assert_eq!(steps, [(Some(3), None), (Some(3), Some(behind(2))), (Some(3), Some(behind(2)))]);
}

/// Records that are not given out are passed in ever longer strides.
#[tokio::test]
async fn the_first_record_is_looked_for_in_ever_longer_strides() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let gone = |number| Order { expires: Some(1_000_000_000), ..order(number) };
    let clock = || std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_001);
    dynamodb.expect([
        page("Query", [stored(&gone(1)).await], Some(&key(1))),
        page("Query", [stored(&gone(2)).await, stored(&gone(3)).await], Some(&key(3))),
        page("Query", orders([4, 5]).await, None),
    ]);
    let usage = Usage::default();

    let store = store.clock(clock).measured(&usage);
    let first = store.query::<Order>("t-1").first().await.unwrap();

    assert_eq!(first, Some(order(4)));
    assert_eq!((usage.expired_items(), usage.skipped_items()), (3, 0));
    assert_eq!(
        steps(&dynamodb),
        [(Some(1), None), (Some(2), Some(behind(1))), (Some(4), Some(behind(3)))]
    );
    assert!(format!("{usage:?}").contains("expired_items: 3"), "{usage:?}");
}

#[tokio::test]
async fn a_filtered_query_looks_at_more_items_than_it_gives_out() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    dynamodb.expect([
        page("Query", [], Some(&key(3))),
        page("Query", orders([4, 5, 6]).await, Some(&key(6))),
        page("Query", orders([7]).await, None),
    ]);
    let query = || store.query::<Order>("t-1").filter(|f| f.status.eq("open"));

    let page = query().take(2).page().await.unwrap();
    assert_eq!((numbers(&page.items), page.next.is_some()), (vec![4, 5], true));
    assert_eq!(query().page_size(3).take(1).all().await.unwrap(), [order(7)]);

    assert_eq!(steps(&dynamodb), [(Some(9), None), (Some(18), Some(behind(3))), (Some(3), None)]);
}

#[tokio::test]
async fn a_limit_on_items_counts_what_dynamodb_looked_at() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let query = || store.query::<Order>("t-1").filter(|f| f.status.eq("open")).read_at_most(5);
    let looked_at = |count: u64, last: Option<&Stored>| {
        let mut page = page("Query", [], last);
        page.answer_mut()["ScannedCount"] = json!(count);
        page
    };

    dynamodb.expect([looked_at(4, Some(&key(4))), looked_at(1, Some(&key(5)))]);
    let error = query().first().await.unwrap_err();
    assert!(matches!(error, QueryError::ReadLimit(_)), "{error}");
    assert!(error.to_string().contains("`read_at_most`") && !error.is_retryable(), "{error}");
    assert_eq!(steps(&dynamodb), [(Some(4), None), (Some(1), Some(behind(4)))]);

    // The end is found within the limit.
    dynamodb.expect([looked_at(5, None)]);
    assert_eq!(query().first().await.unwrap(), None);
    dynamodb.requests();

    dynamodb.expect([looked_at(5, Some(&key(5)))]);
    let page = query().take(1).page().await.unwrap();
    assert_eq!((page.items.len(), page.next.is_some()), (0, true));
    dynamodb.requests();
}

#[tokio::test]
async fn nothing_is_asked_for_no_records() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();

    assert_eq!(store.query::<Order>("t-1").take(0).all().await.unwrap(), []);
    assert_eq!(store.query::<Order>("t-1").take(0).count().await.unwrap(), 0);
    let nothing = store.query::<Order>("t-1").read_at_most(0).page().await.unwrap();
    assert!(nothing.items.is_empty());
    assert!(store.query::<Order>("t-1").read_at_most(0).all().await.is_err());
    let page = store.query::<Order>("t-1").take(0).page().await.unwrap();
    assert_eq!((page.items.len(), page.next.is_some()), (0, false));

    dynamodb.requests();
}

#[tokio::test]
async fn one_looks_for_a_second_record_and_no_further() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    dynamodb.expect([page("Query", orders([1]).await, None)]);
    assert_eq!(store.query::<Order>("t-1").one().await.unwrap(), Some(order(1)));
    assert_eq!(steps(&dynamodb), [(Some(2), None)]);

    dynamodb.expect([
        page("Query", orders([1]).await, Some(&key(1))),
        page("Query", orders([2]).await, Some(&key(2))),
    ]);
    let error = store.query::<Order>("t-1").one().await.unwrap_err();
    assert!(matches!(error, QueryError::Several(_)), "{error}");
    dynamodb.requests();
}

#[tokio::test]
async fn a_stream_ends_with_a_request_that_fails() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let denied = Fault::Answer(400, r#"{"__type":"AccessDeniedException"}"#);
    dynamodb.expect([page("Query", orders([1, 2]).await, Some(&key(2))), failed("Query", denied)]);

    let mut stream = store.query::<Order>("t-1").stream();
    assert_eq!(stream.next().await.unwrap().unwrap(), order(1));
    assert_eq!(stream.next().await.unwrap().unwrap(), order(2));
    let error = stream.next().await.unwrap().unwrap_err();
    let QueryError::Request(service) = &error else { panic!("{error}") };
    assert_eq!(service.kind(), ServiceErrorKind::AccessDenied);
    assert!(error.is_access_denied(), "{error}");
    assert!(stream.next().await.is_none());

    dynamodb.requests();
}

#[tokio::test]
async fn a_stream_knows_the_place_behind_what_it_gave_out() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let mut items = orders([1, 2, 3]).await;
    items[1].remove("_envelope");
    dynamodb.expect([page("Query", items, None), page("Query", orders([3]).await, None)]);

    let mut stream = store.query::<Order>("t-1").stream();
    assert!(stream.cursor().is_none());
    stream.next().await.unwrap().unwrap();
    assert!(stream.next().await.unwrap().is_err());
    let behind_the_bad_one = stream.cursor().cloned();
    assert!(stream.next().await.unwrap().is_ok());
    // It may be polled behind its end.
    assert!(stream.next().await.is_none() && stream.next().await.is_none());
    let rest = store.query::<Order>("t-1").after(behind_the_bad_one).all().await.unwrap();

    assert_eq!(numbers(&rest), [3]);
    assert_eq!(steps(&dynamodb), [(None, None), (None, Some(behind(2)))]);
}

#[tokio::test]
async fn a_stream_that_cannot_begin_is_one_error() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();

    let results: Vec<_> = store.query::<Order>("").stream().collect().await;

    assert!(matches!(results.as_slice(), [Err(QueryError::Key(_))]), "{results:?}");
}

#[tokio::test]
async fn a_page_may_end_among_the_records_of_other_types() {
    let line = Line { tenant: "t-1".into(), sku: "a".into(), number: 7, part: 1, note: "x".into() };
    let title = Title { tenant: "t-1".into(), words: "a".into(), text: "x".into() };
    let (a_line, a_title) = (stored(&line).await, stored(&title).await);
    let key = |item: &Stored| {
        let keys = [("PK", item["PK"].clone()), ("SK", item["SK"].clone())];
        keys.map(|(name, value)| (name.to_owned(), value)).into_iter().collect::<Stored>()
    };
    let dynamodb = Dynamodb::new();
    let usage = Usage::default();
    let store = dynamodb.store().measured(&usage);
    let broken = |sk: &str| {
        let mut item = a_title.clone();
        item.insert("SK".into(), json!({"S": sk}));
        item
    };
    dynamodb.expect([
        page("Scan", [a_title.clone(), a_line.clone()], Some(&key(&a_line))),
        page("Scan", [broken("TITLES"), broken("title#a"), a_line], None),
    ]);

    let page = store.scan::<Title>().take(2).page().await.unwrap();

    assert_eq!((page.items, page.next.is_some()), (vec![title], false));
    assert_eq!(usage.skipped_items(), 4);
    assert_eq!(usage.requests(), 2);
    dynamodb.requests();
}

/// DynamoDB's range includes its ends.
#[tokio::test]
async fn a_bound_that_is_not_meant_is_left_out() {
    let title = |words: &str| Title { tenant: "t-1".into(), words: words.into(), text: "x".into() };
    let all = [stored(&title("a")).await, stored(&title("b")).await, stored(&title("c")).await];
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let found = async |query: envelope_runtime::operation::Query<Title>| {
        dynamodb.expect([page("Query", all.clone(), None)]);
        let found = query.all().await.unwrap();
        dynamodb.requests();
        found.into_iter().map(|title| title.words).collect::<Vec<_>>()
    };
    let query = || store.query::<Title>("t-1");

    assert_eq!(found(query().sort(|s| s.gt("a"))).await, ["b", "c"]);
    assert_eq!(found(query().sort(|s| s.lt("c"))).await, ["a", "b"]);
    assert_eq!(found(query().sort(|s| s.ge("a"))).await, ["a", "b", "c"]);
    assert_eq!(found(query().sort(|s| s.le("c"))).await, ["a", "b", "c"]);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "app", partition_key = "USER#{user}", sort_key = "USER#{other}")]
struct Friend {
    user: String,
    other: String,
    #[encrypted]
    text: String,
}

/// A bound of the sort key is none of the partition key, which may look the same.
#[tokio::test]
async fn a_bound_that_is_the_partition_leaves_nothing_out() {
    let friend = |friend: &str| {
        let (user, text) = ("ann".to_owned(), "x".to_owned());
        Friend { user, other: friend.into(), text }
    };
    let all =
        [stored(&friend("amy")).await, stored(&friend("ann")).await, stored(&friend("bob")).await];
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    dynamodb.expect([page("Query", all.clone(), None), page("Query", all, None)]);

    let behind = store.query::<Friend>("ann").sort(|s| s.gt("ann")).all().await.unwrap();
    let before = store.query::<Friend>("ann").sort(|s| s.lt("ann")).all().await.unwrap();

    assert_eq!(behind, [friend("amy"), friend("bob")]);
    assert_eq!(before, [friend("amy"), friend("bob")]);
    dynamodb.requests();
}

#[tokio::test]
async fn a_cursor_without_text_belongs_to_its_query() {
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    dynamodb.expect([page("Query", orders([1]).await, Some(&key(1)))]);
    let cursor = store.query::<Order>("t-1").page().await.unwrap().next.unwrap();
    dynamodb.requests();

    for other in [
        store.query::<Order>("t-2").after(cursor.clone()).page().await,
        store.query::<Order>("t-1").reverse().after(cursor.clone()).page().await,
        store.query::<Order>("t-1").sort(|s| s.ge(0)).after(cursor.clone()).page().await,
        store
            .query::<Order>("t-1")
            .filter(|f| f.status.exists())
            .after(cursor.clone())
            .page()
            .await,
        store.scan::<Order>().after(cursor.clone()).page().await,
        store.scan::<Order>().segment(0, 2).after(cursor.clone()).page().await,
        store.scoped([("x", "y")]).query::<Order>("t-1").after(cursor.clone()).page().await,
        store
            .clone()
            .map_table::<Order>("other")
            .query::<Order>("t-1")
            .after(cursor.clone())
            .page()
            .await,
    ] {
        let Err(QueryError::Cursor(error)) = other else { panic!("not refused") };
        assert_eq!(error.kind(), CursorErrorKind::OtherQuery);
    }
    dynamodb.expect([page("Query", [], None), page("Query", [], None)]);
    let query = || store.query::<Order>("t-1").after(Some(cursor.clone()));
    query().page().await.unwrap();
    query().consistent().page_size(3).all().await.unwrap();
    assert_eq!(steps(&dynamodb), [(None, Some(behind(1))), (Some(3), Some(behind(1)))]);
    let none = store.query::<Order>("t-1").after(None::<Cursor>);
    assert!(!format!("{none:?} {cursor:?}").contains("t-1"));
}
