//! Queries of one partition.

mod ranges;

use aws_sdk_dynamodb::types::ScalarAttributeType;
use envelope_runtime::error::QueryError;
use envelope_runtime::{EnvelopeRecord, Store, Usage};
use futures_util::TryStreamExt;

use crate::support::World;

/// A record with a key of two fields.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "orders")]
pub(crate) struct Order {
    #[partition_key]
    pub(crate) tenant: String,
    #[sort_key]
    pub(crate) number: u64,
    pub(crate) status: String,
    #[encrypted]
    pub(crate) address: String,
}

impl Order {
    pub(crate) fn new(tenant: &str, number: u64) -> Self {
        let status = if number.is_multiple_of(2) { "open" } else { "paid" };
        let address = format!("Street {number}");
        Self { tenant: tenant.into(), number, status: status.into(), address }
    }
}

/// A table of orders, 10 of `t-1` and 3 of `t-2`.
async fn orders() -> (World, Store) {
    let keys = [("tenant", ScalarAttributeType::S), ("number", ScalarAttributeType::N)];
    let world = World::with_keys(&keys).await;
    let store = world.store.clone().map_table::<Order>(&world.table);
    for (tenant, numbers) in [("t-1", 1..=10), ("t-2", 1..=3)] {
        for number in numbers {
            store.put(&Order::new(tenant, number)).await.unwrap();
        }
    }
    (world, store)
}

fn numbers(orders: &[Order]) -> Vec<u64> {
    orders.iter().map(|order| order.number).collect()
}

#[tokio::test]
async fn a_partition_is_read_in_the_order_of_its_sort_keys() {
    let (_world, store) = orders().await;

    let all: Vec<Order> = store.query::<Order>("t-1").all().await.unwrap();
    let newest = store.query::<Order>("t-1").reverse().take(3).all().await.unwrap();
    let none = store.query::<Order>("t-3").all().await.unwrap();

    assert_eq!(all, (1..=10).map(|number| Order::new("t-1", number)).collect::<Vec<_>>());
    assert_eq!(numbers(&newest), [10, 9, 8]);
    assert!(none.is_empty());
    assert_eq!(store.query::<Order>("t-2").count().await.unwrap(), 3);
    assert_eq!(store.query::<Order>("t-2").consistent().take(2).count().await.unwrap(), 2);
}

#[tokio::test]
async fn sort_conditions_and_filters_choose_the_records() {
    let (_world, store) = orders().await;
    let query = || store.query::<Order>("t-1");

    assert_eq!(numbers(&query().sort(|s| s.ge(9)).all().await.unwrap()), [9, 10]);
    assert_eq!(numbers(&query().sort(|s| s.gt(9)).all().await.unwrap()), [10]);
    assert_eq!(numbers(&query().sort(|s| s.le(2)).all().await.unwrap()), [1, 2]);
    assert_eq!(numbers(&query().sort(|s| s.lt(2)).all().await.unwrap()), [1]);
    assert_eq!(numbers(&query().sort(|s| s.between(4, 6)).all().await.unwrap()), [4, 5, 6]);
    assert_eq!(numbers(&query().sort(|s| s.eq(7)).all().await.unwrap()), [7]);
    let open = query().filter(|f| f.status.eq("open")).sort(|s| s.gt(5));
    assert_eq!(numbers(&open.all().await.unwrap()), [6, 8, 10]);
    let both = query().filter(|f| f.status.eq("open")).filter(|f| f.address.exists());
    assert_eq!(both.count().await.unwrap(), 5);
}

#[tokio::test]
async fn first_and_one_say_what_they_found() {
    let (_world, store) = orders().await;
    let query = || store.query::<Order>("t-1");

    assert_eq!(query().first().await.unwrap().unwrap().number, 1);
    assert_eq!(query().reverse().first().await.unwrap().unwrap().number, 10);
    assert!(query().sort(|s| s.gt(10)).first().await.unwrap().is_none());
    let last_open = query().filter(|f| f.status.eq("open")).reverse().first().await.unwrap();
    assert_eq!(last_open.unwrap().number, 10);

    assert_eq!(query().sort(|s| s.ge(10)).one().await.unwrap().unwrap().number, 10);
    assert!(query().sort(|s| s.gt(10)).one().await.unwrap().is_none());
    let several = query().sort(|s| s.ge(9)).one().await.unwrap_err();
    assert!(matches!(several, QueryError::Several(_)), "{several}");
    assert!(several.to_string().contains("more than one record"), "{several}");
}

#[tokio::test]
async fn a_stream_gives_all_records_in_order_with_small_pages() {
    let (_world, store) = orders().await;

    let orders: Vec<Order> =
        store.query::<Order>("t-1").page_size(3).stream().try_collect().await.unwrap();

    assert_eq!(numbers(&orders), (1..=10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_page_ends_behind_the_last_record_given_out() {
    let (_world, store) = orders().await;
    let usage = Usage::default();
    let store = store.measured(&usage);

    // DynamoDB's page holds all ten, and its own cursor would be at their end.
    let first = store.query::<Order>("t-1").take(3).page_size(100).page().await.unwrap();
    assert_eq!(numbers(&first.items), [1, 2, 3]);
    assert_eq!(usage.kms_calls(), 3);
    let second = store.query::<Order>("t-1").take(3).after(first.next).page().await.unwrap();
    assert_eq!(numbers(&second.items), [4, 5, 6]);
    let rest = store.query::<Order>("t-1").after(second.next.clone()).page().await.unwrap();
    assert_eq!(numbers(&rest.items), [7, 8, 9, 10]);
    assert!(rest.next.is_none());
    let all = store.query::<Order>("t-1").after(second.next).page_size(1).all().await.unwrap();
    assert_eq!(numbers(&all), [7, 8, 9, 10]);
    assert_eq!(usage.kms_calls(), 14);

    // Exactly as many as there are: nothing follows.
    let exact = store.query::<Order>("t-1").take(10).page_size(100).page().await.unwrap();
    assert_eq!((exact.items.len(), exact.next.is_some()), (10, false));
}

#[tokio::test]
async fn a_filter_that_drops_whole_pages_ends_no_query() {
    let (_world, store) = orders().await;
    let query = || store.query::<Order>("t-1").filter(|f| f.status.eq("paid")).page_size(1);

    let empty = query().after(None::<envelope_runtime::Cursor>).sort(|s| s.ge(2)).page().await;
    let empty = empty.unwrap();
    assert_eq!((empty.items.len(), empty.next.is_some()), (0, true));

    assert_eq!(numbers(&query().all().await.unwrap()), [1, 3, 5, 7, 9]);
    assert_eq!(numbers(&query().take(3).page().await.unwrap().items), [1, 3, 5]);
    assert_eq!(query().sort(|s| s.ge(6)).first().await.unwrap().unwrap().number, 7);
    assert_eq!(query().count().await.unwrap(), 5);
}

#[tokio::test]
async fn a_limit_on_the_items_read_is_an_error_or_the_end_of_a_page() {
    let (_world, store) = orders().await;
    let none = || store.query::<Order>("t-1").filter(|f| f.status.eq("gone")).page_size(2);

    let error = none().read_at_most(4).first().await.unwrap_err();
    assert!(matches!(error, QueryError::ReadLimit(_)), "{error}");
    assert!(none().read_at_most(4).one().await.is_err());
    assert!(none().read_at_most(4).count().await.is_err());
    assert!(none().read_at_most(11).first().await.unwrap().is_none());
    let page = none().take(1).read_at_most(4).page().await.unwrap();
    assert_eq!((page.items.len(), page.next.is_some()), (0, true));
}
