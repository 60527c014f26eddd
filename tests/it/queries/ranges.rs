//! Ranges of sort keys that templates make.

use aws_sdk_dynamodb::types::ScalarAttributeType;
use envelope_runtime::error::{KeyErrorKind, QueryError};
use envelope_runtime::{EnvelopeRecord, Store, Usage};

use crate::support::World;

/// Four record types in one partition.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "app", partition_key = "TENANT#{tenant}", sort_key = "CUSTOMER#{number:08}")]
struct Customer {
    tenant: String,
    number: u64,
    #[encrypted]
    ssn: String,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "app",
    partition_key = "TENANT#{tenant}",
    sort_key = "LINE#{sku}#{number:03}#{part:02}"
)]
struct Line {
    tenant: String,
    sku: String,
    number: u32,
    part: u8,
    #[encrypted]
    note: String,
}

/// Its keys begin as those of customers do, up to the last character.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "app", partition_key = "TENANT#{tenant}", sort_key = "CUSTOMER${words}")]
struct Title {
    tenant: String,
    words: String,
    #[encrypted]
    text: String,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "app", partition_key = "TENANT#{tenant}", sort_key = "SETTINGS")]
struct Settings {
    tenant: String,
    #[encrypted]
    token: String,
}

/// A template that begins with a part, which confines nothing.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "app", partition_key = "TENANT#{tenant}", sort_key = "{day}/{number:03}")]
struct Visit {
    tenant: String,
    day: String,
    number: u32,
    #[encrypted]
    reason: String,
}

/// Its key ends DynamoDB's range of titles.
#[derive(EnvelopeRecord)]
#[envelope(table = "app", partition_key = "TENANT#{tenant}", sort_key = "CUSTOMER%")]
struct Bound {
    tenant: String,
    #[encrypted]
    text: String,
}

async fn app() -> (World, Store) {
    let keys = [("PK", ScalarAttributeType::S), ("SK", ScalarAttributeType::S)];
    let world = World::with_keys(&keys).await;
    let store = world.store.clone().map_table::<Customer>(&world.table);
    (world, store)
}

fn customer(number: u64) -> Customer {
    Customer { tenant: "t-1".into(), number, ssn: format!("ssn {number}") }
}

fn line(sku: &str, number: u32, part: u8) -> Line {
    Line { tenant: "t-1".into(), sku: sku.into(), number, part, note: "fragile".into() }
}

fn title(title: &str) -> Title {
    Title { tenant: "t-1".into(), words: title.into(), text: "x".into() }
}

/// What a query on a condition finds, as `show` shows each record.
macro_rules! found {
    ($store:ident, $show:expr, $condition:expr) => {{
        let found = $store.query("t-1").sort($condition).all().await.unwrap();
        found.into_iter().map($show).collect::<Vec<_>>()
    }};
}

async fn titles(store: &Store, from: &str, to: &str) -> Vec<String> {
    let query = store.query::<Title>("t-1").sort(|s| s.between(from, to));
    query.all().await.unwrap().into_iter().map(|title| title.words).collect()
}

#[tokio::test]
async fn each_record_type_of_a_partition_is_queried_alone() {
    let (_world, store) = app().await;
    for number in [0, 7, 99_999_999] {
        store.put(&customer(number)).await.unwrap();
    }
    store.put(&line("book", 7, 1)).await.unwrap();
    store.put(&title("a")).await.unwrap();
    let settings = Settings { tenant: "t-1".into(), token: "secret".into() };
    store.put(&settings).await.unwrap();
    let visit =
        Visit { tenant: "t-1".into(), day: "2026-11-25".into(), number: 1, reason: "x".into() };
    store.put(&visit).await.unwrap();
    let usage = Usage::default();
    let store = store.measured(&usage);

    let customers = store.query::<Customer>("t-1").all().await.unwrap();
    assert_eq!(customers, [customer(0), customer(7), customer(99_999_999)]);
    assert_eq!(store.query::<Line>("t-1").all().await.unwrap(), [line("book", 7, 1)]);
    assert_eq!(store.query::<Title>("t-1").one().await.unwrap(), Some(title("a")));
    assert_eq!(store.query::<Settings>("t-1").one().await.unwrap(), Some(settings));
    assert_eq!(usage.skipped_items(), 0);
    assert_eq!(store.query::<Visit>("t-1").all().await.unwrap(), [visit]);
    // All of the partition was read for the template that begins with a part.
    assert_eq!(usage.skipped_items(), 6);
    assert_eq!(usage.kms_calls(), 7);
    assert_eq!(store.query::<Visit>("t-1").count().await.unwrap(), 1);
}

#[tokio::test]
async fn a_range_over_a_padded_number_ends_with_its_record_type() {
    let (_world, store) = app().await;
    for number in [0, 1, 9, 10, 99_999_999] {
        store.put(&customer(number)).await.unwrap();
    }
    store.put(&title("a")).await.unwrap();
    store.put(&line("book", 1, 1)).await.unwrap();

    assert_eq!(
        found!(store, |customer: Customer| customer.number, |s| s.ge(9)),
        [9, 10, 99_999_999]
    );
    assert_eq!(found!(store, |customer: Customer| customer.number, |s| s.gt(9)), [10, 99_999_999]);
    assert_eq!(found!(store, |customer: Customer| customer.number, |s| s.le(9)), [0, 1, 9]);
    assert_eq!(found!(store, |customer: Customer| customer.number, |s| s.lt(9)), [0, 1]);
    assert_eq!(
        found!(store, |customer: Customer| customer.number, |s| s.between(1, 10)),
        [1, 9, 10]
    );
    assert_eq!(
        found!(store, |customer: Customer| customer.number, |s| s.between(99_999_999, 99_999_999)),
        [99_999_999]
    );
    assert_eq!(found!(store, |customer: Customer| customer.number, |s| s.gt(99_999_999)), [0; 0]);
    assert_eq!(found!(store, |customer: Customer| customer.number, |s| s.lt(0)), [0; 0]);
    assert_eq!(found!(store, |customer: Customer| customer.number, |s| s.eq(10)), [10]);
}

#[tokio::test]
async fn a_range_is_over_the_last_part_given_and_the_others_are_equal() {
    let (_world, store) = app().await;
    let lines = [
        ("book", 7, 1),
        ("book", 7, 2),
        ("book", 8, 1),
        ("book", 9, 1),
        ("bookcase", 7, 1),
        ("booz", 1, 1),
        ("a", 7, 1),
    ];
    for (sku, number, part) in lines {
        store.put(&line(sku, number, part)).await.unwrap();
    }
    let book = |number, part| ("book".to_owned(), number, part);

    assert_eq!(
        found!(store, |line: Line| (line.sku, line.number, line.part), |s| s.ge(("book", 8))),
        [book(8, 1), book(9, 1)]
    );
    // The records of number 7 have more behind it.
    assert_eq!(
        found!(store, |line: Line| (line.sku, line.number, line.part), |s| s.gt(("book", 7))),
        [book(8, 1), book(9, 1)]
    );
    assert_eq!(
        found!(store, |line: Line| (line.sku, line.number, line.part), |s| s.le(("book", 7))),
        [book(7, 1), book(7, 2)]
    );
    assert_eq!(
        found!(store, |line: Line| (line.sku, line.number, line.part), |s| s.lt(("book", 8))),
        [book(7, 1), book(7, 2)]
    );
    let between = found!(store, |line: Line| (line.sku, line.number, line.part), |s| s
        .between(("book", 7), ("book", 8)));
    assert_eq!(between, [book(7, 1), book(7, 2), book(8, 1)]);
    assert_eq!(
        found!(store, |line: Line| (line.sku, line.number, line.part), |s| s.gt(("book", 7, 1))),
        [book(7, 2)]
    );
    assert_eq!(
        found!(store, |line: Line| (line.sku, line.number, line.part), |s| s.eq(("book", 7))),
        [book(7, 1), book(7, 2)]
    );
    assert_eq!(
        found!(store, |line: Line| (line.sku, line.number, line.part), |s| s.eq(("book", 7, 2))),
        [book(7, 2)]
    );
    assert_eq!(
        found!(store, |line: Line| (line.sku, line.number, line.part), |s| s.eq(("book",))).len(),
        4
    );
    assert_eq!(
        found!(store, |line: Line| (line.sku, line.number, line.part), |s| s
            .begins_with(("book",)))
        .len(),
        5
    );
    assert_eq!(
        found!(store, |line: Line| (line.sku, line.number, line.part), |s| s.begins_with(("",)))
            .len(),
        7
    );
    assert!(
        found!(store, |line: Line| (line.sku, line.number, line.part), |s| s.eq(("boo",)))
            .is_empty()
    );
}

#[tokio::test]
async fn bounds_hold_at_the_ends_of_the_alphabet() {
    let (_world, store) = app().await;
    let texts = ["\u{1}", "a", "a\u{10FFFF}", "b", "é", "\u{D7FF}", "\u{E000}", "\u{10FFFF}"];
    for text in texts {
        store.put(&title(text)).await.unwrap();
    }
    store.put(&Bound { tenant: "t-1".into(), text: "x".into() }).await.unwrap();

    assert_eq!(store.query::<Title>("t-1").all().await.unwrap().len(), texts.len());
    assert_eq!(found!(store, |title: Title| title.words, |s| s.ge("\u{10FFFF}")), ["\u{10FFFF}"]);
    assert_eq!(
        found!(store, |title: Title| title.words, |s| s.gt("\u{D7FF}")),
        ["\u{E000}", "\u{10FFFF}"]
    );
    assert_eq!(found!(store, |title: Title| title.words, |s| s.gt("\u{10FFFF}")), [""; 0]);
    assert_eq!(found!(store, |title: Title| title.words, |s| s.le("\u{1}")), ["\u{1}"]);
    assert_eq!(found!(store, |title: Title| title.words, |s| s.lt("a")), ["\u{1}"]);
    assert_eq!(
        found!(store, |title: Title| title.words, |s| s.begins_with("a")),
        ["a", "a\u{10FFFF}"]
    );
    assert_eq!(
        found!(store, |title: Title| title.words, |s| s.begins_with("\u{10FFFF}")),
        ["\u{10FFFF}"]
    );
    assert_eq!(titles(&store, "b", "\u{E000}").await, ["b", "é", "\u{D7FF}", "\u{E000}"]);
}

/// Keys whose text before the part ends at the highest characters.
#[tokio::test]
async fn the_end_of_a_range_is_the_next_text_and_not_the_next_byte() {
    #[derive(EnvelopeRecord)]
    #[envelope(table = "app", partition_key = "TENANT#{tenant}", sort_key = "x\u{D7FF}{part}")]
    struct BeforeSurrogates {
        tenant: String,
        part: String,
        #[encrypted]
        text: String,
    }
    #[derive(EnvelopeRecord)]
    #[envelope(table = "app", partition_key = "TENANT#{tenant}", sort_key = "y\u{10FFFF}{part}")]
    struct Last {
        tenant: String,
        part: String,
        #[encrypted]
        text: String,
    }
    #[derive(EnvelopeRecord)]
    #[envelope(table = "app", partition_key = "TENANT#{tenant}", sort_key = "\u{10FFFF}{part}")]
    struct VeryLast {
        tenant: String,
        part: String,
        #[encrypted]
        text: String,
    }
    let (_world, store) = app().await;
    for part in ["a", "b", "\u{10FFFE}"] {
        let (tenant, part, text) = ("t-1".to_owned(), part.to_owned(), "x".to_owned());
        let (a, b) = ((tenant.clone(), part.clone(), text.clone()), (tenant, part, text));
        store
            .put(&BeforeSurrogates { tenant: a.0.clone(), part: a.1.clone(), text: a.2.clone() })
            .await
            .unwrap();
        store.put(&Last { tenant: a.0, part: a.1, text: a.2 }).await.unwrap();
        store.put(&VeryLast { tenant: b.0, part: b.1, text: b.2 }).await.unwrap();
    }

    assert_eq!(
        store.query::<BeforeSurrogates>("t-1").sort(|s| s.ge("b")).count().await.unwrap(),
        2
    );
    assert_eq!(store.query::<Last>("t-1").sort(|s| s.ge("b")).count().await.unwrap(), 2);
    assert_eq!(store.query::<VeryLast>("t-1").sort(|s| s.ge("b")).count().await.unwrap(), 2);
    assert_eq!(store.query::<VeryLast>("t-1").sort(|s| s.lt("b")).count().await.unwrap(), 1);
}

#[tokio::test]
async fn a_range_that_makes_no_sense_is_refused_before_the_request() {
    let (_world, store) = app().await;
    let usage = Usage::default();
    let store = store.measured(&usage);
    let kind = |error: QueryError| match error {
        QueryError::Key(error) => error.kind().clone(),
        other => panic!("{other}"),
    };
    let lines = || store.query::<Line>("t-1");

    let reversed = store.query::<Customer>("t-1").sort(|s| s.between(2, 1)).all().await;
    assert_eq!(kind(reversed.unwrap_err()), KeyErrorKind::Reversed);
    let parts = lines().sort(|s| s.between(("a", 1), ("b", 2))).all().await;
    assert_eq!(kind(parts.unwrap_err()), KeyErrorKind::OtherParts);
    let delimiter = lines().sort(|s| s.begins_with(("a#",))).all().await;
    assert_eq!(kind(delimiter.unwrap_err()), KeyErrorKind::Delimiter('#'));
    let digits = store.query::<Customer>("t-1").sort(|s| s.ge(100_000_000)).all().await;
    assert_eq!(kind(digits.unwrap_err()), KeyErrorKind::TooManyDigits(8));
    let empty = store.query::<Customer>("").count().await;
    assert_eq!(kind(empty.unwrap_err()), KeyErrorKind::Empty);
    assert_eq!(usage.requests(), 0);
}
