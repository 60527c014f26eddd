//! Queries of indexes, on tables that the library made.

use envelope_runtime::error::KeyErrorKind;
use envelope_runtime::{
    EnvelopeProjection, EnvelopeRecord, Keys, QueryError, SaveError, Store, UpdateError, Usage,
};
use envelope_tests::unique_table;
use futures_util::TryStreamExt;

use crate::support::{World, string};

/// An order with every kind of index.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "orders",
    index(by_status(partition = "status", sort = "placed_at", unprotected_partition)),
    index(by_customer(
        name = "GSI1",
        partition_key = "CUSTOMER#{customer}",
        sort_key = "{shelf}#{placed_at:010}"
    )),
    index(by_courier(partition = "courier", unprotected_partition)),
    index(by_van(partition_key = "VAN#{courier}", unprotected_partition)),
    index(by_day(partition = "day", sort = "number", project = keys, unprotected_partition)),
    index(by_total(partition = "tenant", sort = "total", project = include("shelf"))),
    index(by_time(local, sort = "placed_at"))
)]
struct Order {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: u64,
    #[authenticated]
    customer: String,
    status: String,
    placed_at: u64,
    shelf: String,
    courier: Option<String>,
    day: String,
    total: u64,
    #[encrypted]
    address: String,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Order, plaintext_only)]
struct OrderCard {
    number: u64,
    shelf: String,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Order)]
struct Parcel {
    number: u64,
    address: String,
}

fn order(number: u64) -> Order {
    Order {
        tenant: "t-1".into(),
        number,
        customer: format!("c-{}", number % 2),
        status: if number.is_multiple_of(3) { "paid" } else { "open" }.into(),
        placed_at: 1_000 - number,
        shelf: format!("s{}", number % 3),
        courier: (number > 8).then(|| "post".into()),
        day: format!("2026-11-{:02}", number / 4 + 1),
        total: 100 + number,
        address: format!("Street {number}"),
    }
}

/// A table of ten orders.
async fn orders() -> (World, Store, Usage) {
    let mut world = World::new().await;
    world.table = unique_table();
    let usage = Usage::default();
    let store = world.store.clone().map_table::<Order>(&world.table).measured(&usage);
    let created = store.create_table::<Order>().await.unwrap();
    assert!(created.is_new());
    for number in 1..=10 {
        store.put(&order(number)).await.unwrap();
    }
    (world, store, usage)
}

fn numbers(orders: &[Order]) -> Vec<u64> {
    orders.iter().map(|order| order.number).collect()
}

#[tokio::test]
async fn an_index_by_fields_gives_whole_records_in_its_own_order() {
    let (_world, store, _) = orders().await;
    let open = || store.query_index(Order::INDEXES.by_status, "open");

    let all: Vec<Order> = open().all().await.unwrap();
    assert_eq!(all, [10, 8, 7, 5, 4, 2, 1].map(order));
    assert_eq!(numbers(&open().sort(|s| s.lt(996)).reverse().all().await.unwrap()), [5, 7, 8, 10]);
    assert_eq!(open().count().await.unwrap(), 7);
    assert_eq!(open().first().await.unwrap().unwrap().number, 10);
    let filtered = open().filter(|f| f.shelf.eq("s1")).take(2).all().await.unwrap();
    assert_eq!(numbers(&filtered), [10, 7]);
    let streamed: Vec<Order> = open().page_size(2).stream().try_collect().await.unwrap();
    assert_eq!(streamed, all);
    let parcels: Vec<Parcel> = open().project::<Parcel>().take(1).all().await.unwrap();
    assert_eq!(parcels, [Parcel { number: 10, address: "Street 10".into() }]);
    let none = store.query_index(Order::INDEXES.by_status, "lost").all().await.unwrap();
    assert_eq!(none, []);
}

#[tokio::test]
async fn an_index_by_templates_is_kept_by_every_save() {
    let (_world, store, usage) = orders().await;
    let of = |customer| store.query_index(Order::INDEXES.by_customer, customer);

    assert_eq!(numbers(&of("c-0").all().await.unwrap()), [6, 10, 4, 8, 2]);
    assert_eq!(numbers(&of("c-1").sort(|s| s.begins_with(("s1",))).all().await.unwrap()), [7, 1]);
    assert_eq!(numbers(&of("c-1").sort(|s| s.ge(("s1", 994))).all().await.unwrap()), [1]);

    let moved = Order { shelf: "s9".into(), ..order(7) };
    store.put(&moved).await.unwrap();
    assert_eq!(numbers(&of("c-1").sort(|s| s.eq(("s9",))).all().await.unwrap()), [7]);
    assert_eq!(numbers(&of("c-1").sort(|s| s.eq(("s1",))).all().await.unwrap()), [1]);
    assert_eq!(usage.stale_items(), 0);
}

#[tokio::test]
async fn a_page_of_an_index_goes_on_behind_its_cursor() {
    let (_world, store, _) = orders().await;
    let open = || store.query_index(Order::INDEXES.by_status, "open");

    let first = open().take(3).page_size(100).page().await.unwrap();
    assert_eq!(numbers(&first.items), [10, 8, 7]);
    let second = open().take(3).after(first.next.clone()).page().await.unwrap();
    assert_eq!(numbers(&second.items), [5, 4, 2]);
    let last = open().after(second.next).page().await.unwrap();
    assert_eq!((numbers(&last.items), last.next.is_none()), (vec![1], true));

    let other = store.query_index(Order::INDEXES.by_status, "paid").after(first.next.clone());
    assert!(matches!(other.page().await, Err(QueryError::Cursor(_))));
    let table = store.query::<Order>("t-1").after(first.next);
    assert!(matches!(table.page().await, Err(QueryError::Cursor(_))));
}

#[tokio::test]
async fn a_record_without_a_value_is_not_in_a_sparse_index() {
    let (_world, store, _) = orders().await;
    let of = || store.query_index(Order::INDEXES.by_courier, "post");

    assert_eq!(of().count().await.unwrap(), 2);
    store.update::<Order>(("t-1", 9)).remove(|f| f.courier).await.unwrap();
    assert_eq!(numbers(&of().all().await.unwrap()), [10]);
}

#[tokio::test]
async fn an_index_of_keys_gives_keys_and_loads_what_is_behind_them() {
    let (_world, store, usage) = orders().await;
    let day = || store.query_index(Order::INDEXES.by_day, "2026-11-02");

    let before = usage.kms_calls();
    let keys: Vec<Keys<Order>> = day().all().await.unwrap();
    let keys: Vec<(String, u64)> = keys.into_iter().map(Keys::into_key).collect();
    assert_eq!(keys, [4, 5, 6, 7].map(|number| ("t-1".to_owned(), number)));
    assert_eq!(usage.kms_calls(), before);

    let loaded: Vec<Order> = day().load().all().await.unwrap();
    assert_eq!(loaded, [4, 5, 6, 7].map(order));
    let parcels: Vec<Parcel> = day().load().project::<Parcel>().take(2).all().await.unwrap();
    assert_eq!(parcels.len(), 2);
    let keys: Vec<_> = store.query::<Keys<Order>>("t-1").sort(|s| s.le(2)).all().await.unwrap();
    assert_eq!(keys.len(), 2);
}

#[tokio::test]
async fn an_index_of_some_attributes_serves_projections_without_a_key() {
    let (_world, store, usage) = orders().await;
    let large = || store.query_index(Order::INDEXES.by_total, "t-1").sort(|s| s.ge(109));

    let before = usage.kms_calls();
    let cards: Vec<OrderCard> = large().project::<OrderCard>().all().await.unwrap();
    assert_eq!(cards, [9, 10].map(|n| OrderCard { number: n, shelf: order(n).shelf }));
    assert_eq!(usage.kms_calls(), before);
    assert_eq!(numbers(&large().load().all().await.unwrap()), [9, 10]);

    let filtered = large().filter(|f| f.day.eq("2026-11-03")).project::<OrderCard>();
    let Err(QueryError::Key(error)) = filtered.all().await else { panic!("no key error") };
    assert_eq!((error.attribute(), error.kind()), (Some("day"), &KeyErrorKind::NotInIndex));
}

#[tokio::test]
async fn a_local_index_has_consistent_reads() {
    let (_world, store, _) = orders().await;

    let query = store.query_index(Order::INDEXES.by_time, "t-1").sort(|s| s.lt(993)).consistent();
    assert_eq!(numbers(&query.all().await.unwrap()), [10, 9, 8]);
}

#[tokio::test]
async fn an_update_of_a_part_writes_the_key_of_the_index_too() {
    let (_world, store, usage) = orders().await;
    let of = |customer| store.query_index(Order::INDEXES.by_customer, customer);

    let before = usage.kms_calls();
    store.update::<Order>(("t-1", 2)).set(|f| f.shelf, "s5").add(|f| f.total, 1).await.unwrap();
    assert_eq!(usage.kms_calls(), before);
    assert_eq!(numbers(&of("c-0").sort(|s| s.eq(("s5",))).all().await.unwrap()), [2]);

    store.update::<Order>(("t-1", 2)).set(|f| f.customer, "c-7").await.unwrap();
    assert_eq!(numbers(&of("c-7").all().await.unwrap()), [2]);
    assert_eq!(of("c-0").count().await.unwrap(), 4);
    assert_eq!(usage.stale_items(), 0);
}

#[tokio::test]
async fn updates_in_a_transaction_write_the_keys_of_indexes_too() {
    let (_world, store, usage) = orders().await;
    let of = |customer| store.query_index(Order::INDEXES.by_customer, customer);

    let both = store.transaction();
    let both = both.update::<Order>(("t-1", 2), |u| u.set(|f| f.shelf, "s5").add(|f| f.total, 1));
    let both = both.update::<Order>(("t-1", 4), |u| u.set(|f| f.customer, "c-7"));
    both.await.unwrap();

    assert_eq!(numbers(&of("c-0").sort(|s| s.eq(("s5",))).all().await.unwrap()), [2]);
    assert_eq!(numbers(&of("c-7").all().await.unwrap()), [4]);
    assert_eq!(usage.stale_items(), 0);
}

#[tokio::test]
async fn a_part_that_is_set_if_absent_follows_what_is_there() {
    let (_world, store, _) = orders().await;
    for number in [1, 9] {
        let update = store.update::<Order>(("t-1", number));
        update.set_if_absent(|f| f.courier, "van".to_owned()).await.unwrap();
    }

    let of = |courier| store.query_index(Order::INDEXES.by_van, courier);
    assert_eq!(numbers(&of("van").all().await.unwrap()), [1]);
    assert_eq!(of("post").count().await.unwrap(), 2);
}

#[tokio::test]
async fn a_value_that_is_no_key_is_refused_before_the_request() {
    let (_world, store, usage) = orders().await;
    let before = usage.requests();

    let empty = store.put(&Order { status: String::new(), ..order(1) }).await.unwrap_err();
    assert!(matches!(empty, SaveError::Key(_)), "{empty}");
    let delimiter = store.put(&Order { shelf: "a#b".into(), ..order(1) }).await.unwrap_err();
    assert!(delimiter.to_string().contains("contains `#`"), "{delimiter}");
    let long = "x".repeat(1025);
    let long = store.put(&Order { shelf: long, ..order(1) }).await.unwrap_err();
    assert!(long.to_string().contains("1024 bytes"), "{long}");
    let set = store.update::<Order>(("t-1", 1)).set(|f| f.status, "").await.unwrap_err();
    assert!(matches!(set, UpdateError::Key(_)), "{set}");
    assert_eq!(usage.requests(), before);
}

#[tokio::test]
async fn what_an_older_program_leaves_is_skipped_and_counted_and_mended() {
    let (world, store, usage) = orders().await;
    let of = || store.query_index(Order::INDEXES.by_customer, "c-1").sort(|s| s.eq(("s1",)));
    assert_eq!(numbers(&of().all().await.unwrap()), [7, 1]);

    let key = [
        ("tenant".to_owned(), string("t-1")),
        ("number".to_owned(), aws_sdk_dynamodb::types::AttributeValue::N("7".into())),
    ];
    let old =
        world.backend.dynamodb.update_item().table_name(&world.table).set_key(Some(key.into()));
    let old =
        old.update_expression("SET shelf = :s").expression_attribute_values(":s", string("s2"));
    old.send().await.unwrap();

    assert_eq!(numbers(&of().all().await.unwrap()), [1]);
    assert_eq!(of().count().await.unwrap(), 1);
    assert_eq!(usage.stale_items(), 2);
    let loaded = store.get::<Order>(("t-1", 7)).await.unwrap().unwrap();
    assert_eq!(loaded.shelf, "s2");
    store.put(&loaded).await.unwrap();
    let mended = store.query_index(Order::INDEXES.by_customer, "c-1").sort(|s| s.eq(("s2",)));
    assert_eq!(numbers(&mended.all().await.unwrap()), [7, 5]);
}

/// The record of a program that does not know the index.
#[derive(EnvelopeRecord)]
#[envelope(table = "orders")]
struct OlderOrder {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: u64,
    #[authenticated]
    customer: String,
    status: String,
    placed_at: u64,
    shelf: String,
    day: String,
    total: u64,
    #[encrypted]
    address: String,
}

#[tokio::test]
async fn an_index_of_a_table_that_holds_data_is_filled_record_by_record() {
    let (_world, store, usage) = orders().await;
    for number in 1..=10 {
        let Order { tenant, customer, status, placed_at, shelf, day, total, address, .. } =
            order(number);
        let older =
            OlderOrder { tenant, number, customer, status, placed_at, shelf, day, total, address };
        store.put(&older).await.unwrap();
    }
    let of = |customer| store.query_index(Order::INDEXES.by_customer, customer);
    assert_eq!(of("c-0").count().await.unwrap(), 0);

    let found: Vec<Order> = store.scan::<Order>().stream().try_collect().await.unwrap();
    let before = usage.kms_calls();
    for order in &found {
        // The last one is changed meanwhile, by a program that knows the index.
        if order.number == 10 {
            store.update::<Order>(("t-1", 10)).set(|f| f.shelf, "s-9").await.unwrap();
        }
        let update = store.update::<Order>(("t-1", order.number)).set(|f| f.shelf, &order.shelf);
        let written = update.condition(|f| f.shelf.eq(&order.shelf)).await;
        assert_eq!(written.is_err(), order.number == 10, "{written:?}");
    }

    assert_eq!(usage.kms_calls(), before);
    assert_eq!(numbers(&of("c-0").all().await.unwrap()), [10, 6, 4, 8, 2]);
    assert_eq!(of("c-1").count().await.unwrap(), 5);
    assert_eq!(usage.stale_items(), 0);
}
