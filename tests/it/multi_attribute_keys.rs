//! Indexes with several attributes in one part of their key.

use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use envelope_runtime::error::KeyErrorKind;
use envelope_runtime::{Cursor, EnvelopeRecord, Keys, QueryError, Store, Usage};
use envelope_tests::unique_table;
use futures_util::StreamExt;

use crate::support::{Stored, World, binary, string};

/// A visit with indexes of two and two, of four and four, and of two and no attributes.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "visits",
    index(by_status(partition = ["tenant", "status"], sort = ["priority", "place"])),
    index(by_all(
        partition = ["tenant", "status", "ward", "year"],
        sort = ["month", "day", "place", "number"]
    )),
    index(by_nurse(partition = ["tenant", "nurse"], project = keys)),
    index(by_digest(
        partition = ["ward", "year"],
        sort = ["digest", "month"],
        project = include("place")
    ))
)]
struct Visit {
    #[partition_key]
    #[envelope(context)]
    tenant: String,
    #[sort_key]
    number: u64,
    #[authenticated]
    status: String,
    priority: i8,
    place: String,
    #[authenticated]
    ward: String,
    #[authenticated]
    year: u16,
    month: u8,
    day: u8,
    #[authenticated]
    nurse: Option<String>,
    digest: Vec<u8>,
    #[encrypted]
    finding: String,
}

fn visit(number: u64) -> Visit {
    let small = u8::try_from(number).unwrap();
    Visit {
        tenant: "t-1".into(),
        number,
        status: "open".into(),
        priority: i8::try_from(number / 3).unwrap() - 1,
        place: ["bath", "bed", "door"][usize::from(small) % 3].into(),
        ward: "w".into(),
        year: 2026,
        month: small / 6 + 9,
        day: small % 6 / 2 + 9,
        nurse: number.is_multiple_of(4).then(|| "ann".into()),
        digest: vec![small / 6, small],
        finding: format!("finding {number}"),
    }
}

async fn visits() -> (World, Store, Usage) {
    let mut world = World::new().await;
    world.table = unique_table();
    let usage = Usage::default();
    let store = world.store.clone().map_table::<Visit>(&world.table).measured(&usage);
    store.create_table::<Visit>().await.unwrap();
    for number in (0..12).rev() {
        store.put(&visit(number)).await.unwrap();
    }
    let other = Visit { status: "done".into(), ..visit(20) };
    store.put(&other).await.unwrap();
    store.put(&Visit { tenant: "t-2".into(), ..visit(0) }).await.unwrap();
    (world, store, usage)
}

fn numbers(visits: &[Visit]) -> Vec<u64> {
    visits.iter().map(|visit| visit.number).collect()
}

/// The numbers that DynamoDB returns for a condition whose names and values are written by hand.
async fn found<const N: usize>(
    world: &World,
    index: &str,
    condition: [(&str, &str, Sdk); N],
) -> Vec<u64> {
    let mut query = world.backend.dynamodb.query().table_name(&world.table).index_name(index);
    let mut texts = Vec::new();
    for (place, (name, comparison, value)) in condition.into_iter().enumerate() {
        texts.push(match comparison {
            "begins_with" => format!("begins_with(#{place}, :{place})"),
            comparison => format!("#{place} {comparison} :{place}"),
        });
        query = query
            .expression_attribute_names(format!("#{place}"), name)
            .expression_attribute_values(format!(":{place}"), value);
    }
    let answer = query.key_condition_expression(texts.join(" AND ")).send().await.unwrap();
    let number = |item: &Stored| item["number"].as_n().unwrap().parse().unwrap();
    answer.items().iter().map(number).collect()
}

fn number(number: i64) -> Sdk {
    Sdk::N(number.to_string())
}

/// The conditions of a tenant and a status.
fn open() -> [(&'static str, &'static str, Sdk); 2] {
    [("tenant", "=", string("t-1")), ("status", "=", string("open"))]
}

#[tokio::test]
async fn a_condition_is_on_the_last_of_the_first_parts() {
    let (world, store, _) = visits().await;
    let open_ones = || store.query_index(Visit::INDEXES.by_status, ("t-1", "open"));
    let [tenant, status] = open();
    let found_by = async |condition| {
        found(&world, "by_status", [tenant.clone(), status.clone(), condition]).await
    };
    macro_rules! given {
        ($condition:expr) => {
            numbers(&open_ones().sort($condition).all().await.unwrap())
        };
    }

    assert_eq!(numbers(&open_ones().all().await.unwrap()), (0..12).collect::<Vec<_>>());
    assert_eq!(found(&world, "by_status", open()).await, (0..12).collect::<Vec<_>>());

    // By the first part alone.
    assert_eq!(given!(|s| s.eq((1,))), [6, 7, 8]);
    assert_eq!(found_by(("priority", "=", number(1))).await, [6, 7, 8]);
    assert_eq!(given!(|s| s.lt((0,))), [0, 1, 2]);
    assert_eq!(found_by(("priority", "<", number(0))).await, [0, 1, 2]);
    assert_eq!(given!(|s| s.le((0,))), [0, 1, 2, 3, 4, 5]);
    assert_eq!(given!(|s| s.ge((1,))), [6, 7, 8, 9, 10, 11]);
    assert_eq!(given!(|s| s.gt((1,))), [9, 10, 11]);
    assert_eq!(found_by(("priority", ">", number(1))).await, [9, 10, 11]);
    assert_eq!(given!(|s| s.between((0,), (1,))), [3, 4, 5, 6, 7, 8]);

    // By both.
    let both = async |comparison, place| {
        let [tenant, status] = open();
        let condition =
            [tenant, status, ("priority", "=", number(1)), ("place", comparison, place)];
        found(&world, "by_status", condition).await
    };
    assert_eq!(given!(|s| s.eq((1, "bed"))), [7]);
    assert_eq!(both("=", string("bed")).await, [7]);
    assert_eq!(given!(|s| s.lt((1, "bed"))), [6]);
    assert_eq!(given!(|s| s.le((1, "bed"))), [6, 7]);
    assert_eq!(given!(|s| s.ge((1, "bed"))), [7, 8]);
    assert_eq!(both(">=", string("bed")).await, [7, 8]);
    assert_eq!(given!(|s| s.gt((1, "bed"))), [8]);
    assert_eq!(given!(|s| s.between((1, "bat"), (1, "bed"))), [6, 7]);
    assert_eq!(given!(|s| s.begins_with((1, "b"))), [6, 7]);
    assert_eq!(both("begins_with", string("b")).await, [6, 7]);
    assert_eq!(given!(|s| s.begins_with((1, ""))), [6, 7, 8]);
}

#[tokio::test]
async fn bounds_of_different_first_parts_and_reversed_ones_are_refused() {
    let (_world, store, usage) = visits().await;
    let open_ones = || store.query_index(Visit::INDEXES.by_status, ("t-1", "open"));
    let before = usage.requests();

    let other_parts = open_ones().sort(|s| s.between((0, "a"), (1, "b"))).all().await;
    let reversed = open_ones().sort(|s| s.between((1, "b"), (1, "a"))).all().await;
    let reversed_numbers = open_ones().sort(|s| s.between((1,), (0,))).all().await;
    let empty = open_ones().sort(|s| s.eq((1, ""))).all().await;
    let no_partition = store.query_index(Visit::INDEXES.by_status, ("t-1", "")).all().await;

    for (result, attribute, kind) in [
        (other_parts, "priority", KeyErrorKind::OtherParts),
        (reversed, "place", KeyErrorKind::Reversed),
        (reversed_numbers, "priority", KeyErrorKind::Reversed),
        (empty, "place", KeyErrorKind::Empty),
        (no_partition, "status", KeyErrorKind::Empty),
    ] {
        let Err(QueryError::Key(error)) = result else { panic!("{result:?}") };
        assert_eq!((error.attribute(), error.kind()), (Some(attribute), &kind));
    }
    assert_eq!(usage.requests(), before);
}

#[tokio::test]
async fn four_and_four_attributes_make_a_key() {
    let (world, store, _) = visits().await;
    let partition = ("t-1", "open", "w", 2026);
    let all = || store.query_index(Visit::INDEXES.by_all, partition);
    macro_rules! given {
        ($condition:expr) => {
            numbers(&all().sort($condition).all().await.unwrap())
        };
    }

    // By month, then by day, then by the names of the places.
    assert_eq!(given!(|s| s.eq((9,))), [0, 1, 3, 2, 4, 5]);
    assert_eq!(given!(|s| s.gt((9,))), [6, 7, 9, 8, 10, 11]);
    assert_eq!(given!(|s| s.between((9, 10), (9, 11))), [3, 2, 4, 5]);
    assert_eq!(given!(|s| s.le((10, 9))), [6, 7]);
    assert_eq!(given!(|s| s.begins_with((9, 11, "b"))), [4]);
    assert_eq!(given!(|s| s.ge((9, 11, "d"))), [5]);
    assert_eq!(given!(|s| s.eq((10, 11, "bed", 10))), [10]);
    assert_eq!(given!(|s| s.lt((10, 11, "bed", 10))), [] as [u64; 0]);
    assert_eq!(given!(|s| s.between((10, 11, "bed", 0), (10, 11, "bed", 99))), [10]);
    assert_eq!(all().reverse().first().await.unwrap().unwrap(), visit(11));
    assert_eq!(all().count().await.unwrap(), 12);
    let elsewhere = store.query_index(Visit::INDEXES.by_all, ("t-1", "open", "w", 2025));
    assert_eq!(elsewhere.count().await.unwrap(), 0);

    let [tenant, status] = open();
    let condition = [
        tenant,
        status,
        ("ward", "=", string("w")),
        ("year", "=", number(2026)),
        ("month", "=", number(9)),
        ("day", ">=", number(10)),
    ];
    assert_eq!(found(&world, "by_all", condition).await, [3, 2, 4, 5]);
}

#[tokio::test]
async fn bytes_are_a_part_of_a_key_of_several() {
    let (world, store, _) = visits().await;
    let scoped = store.scoped([("tenant", "t-1")]);
    let of_ward = || scoped.query_index(Visit::INDEXES.by_digest, ("w", 2026));

    let loaded = of_ward().sort(|s| s.begins_with(([1],))).load().all().await.unwrap();
    assert_eq!(numbers(&loaded), [6, 7, 8, 9, 10, 11]);
    let one = of_ward().sort(|s| s.eq(([1, 8], 10))).load().all().await.unwrap();
    assert_eq!(numbers(&one), [8]);
    let condition = [
        ("ward", "=", string("w")),
        ("year", "=", number(2026)),
        ("digest", "=", binary([1, 8])),
        ("month", "<", number(11)),
    ];
    assert_eq!(found(&world, "by_digest", condition).await, [8]);
}

#[tokio::test]
async fn an_entry_moves_with_each_of_its_attributes() {
    let (world, store, usage) = visits().await;
    let of = |status: &str| {
        let tenant = ("tenant", "=", string("t-1"));
        [tenant, ("status", "=", string(status))]
    };
    let at = |priority, place: &str| {
        let [tenant, status] = open();
        [tenant, status, ("priority", "=", number(priority)), ("place", "=", string(place))]
    };
    let update = || store.update::<Visit>(("t-1", 7));

    update().set(|f| f.status, "done").await.unwrap();
    assert_eq!(found(&world, "by_status", of("done")).await, [7, 20]);
    assert_eq!(found(&world, "by_status", of("open")).await.len(), 11);
    update().set(|f| f.status, "open").add(|f| f.priority, 8).await.unwrap();
    assert_eq!(found(&world, "by_status", at(9, "bed")).await, [7]);
    assert_eq!(found(&world, "by_status", at(1, "bed")).await, [] as [u64; 0]);
    update().set(|f| f.place, "roof").await.unwrap();
    assert_eq!(found(&world, "by_status", at(9, "roof")).await, [7]);
    assert_eq!(found(&world, "by_status", at(9, "bed")).await, [] as [u64; 0]);
    assert_eq!(found(&world, "by_status", of("open")).await.len(), 12);

    let mut last = store.get::<Visit>(("t-1", 7)).consistent().await.unwrap().unwrap();
    last.status = "lost".into();
    store.put(&last).await.unwrap();
    assert_eq!(found(&world, "by_status", of("lost")).await, [7]);
    let query = store.query_index(Visit::INDEXES.by_status, ("t-1", "lost"));
    assert_eq!(query.all().await.unwrap(), [last]);
    assert_eq!(usage.stale_items(), 0);
}

#[tokio::test]
async fn an_entry_without_one_of_the_attributes_is_not_there() {
    let (world, store, _) = visits().await;
    let of_ann = || store.query_index(Visit::INDEXES.by_nurse, ("t-1", "ann"));
    let condition = || [("tenant", "=", string("t-1")), ("nurse", "=", string("ann"))];

    let keys: Vec<_> = of_ann().all().await.unwrap().into_iter().map(Keys::into_key).collect();
    let mut keys: Vec<_> = keys.into_iter().map(|(_, number)| number).collect();
    keys.sort_unstable();
    // The twentieth is of another status, which is no part of this key.
    assert_eq!(keys, [0, 4, 8, 20]);

    store.update::<Visit>(("t-1", 4)).remove(|f| f.nurse).await.unwrap();
    store.put(&Visit { nurse: None, ..visit(8) }).await.unwrap();
    assert_eq!(of_ann().count().await.unwrap(), 2);
    let mut left = found(&world, "by_nurse", condition()).await;
    left.sort_unstable();
    assert_eq!(left, [0, 20]);
    store.update::<Visit>(("t-1", 4)).set(|f| f.nurse, "ann").await.unwrap();
    assert_eq!(of_ann().load().all().await.unwrap().len(), 3);
}

#[tokio::test]
async fn pages_go_on_behind_a_key_of_several_attributes() {
    let (_world, store, _) = visits().await;
    let all = || store.query_index(Visit::INDEXES.by_all, ("t-1", "open", "w", 2026));
    let expected = numbers(&all().all().await.unwrap());

    for size in [1, 5, 12] {
        let (mut given, mut next) = (Vec::new(), None);
        loop {
            let page = all().take(size).after(next).page().await.unwrap();
            given.extend(numbers(&page.items));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(given, expected, "{size}");
    }
    let next: Option<Cursor> = all().take(2).page().await.unwrap().next;
    let other = store.query_index(Visit::INDEXES.by_all, ("t-1", "open", "w", 2027));
    assert!(matches!(other.after(next.clone()).page().await, Err(QueryError::Cursor(_))));
    let other = store.query_index(Visit::INDEXES.by_status, ("t-1", "open"));
    assert!(matches!(other.after(next).page().await, Err(QueryError::Cursor(_))));
}

#[tokio::test]
async fn t11_one_of_the_attributes_changed_by_an_attacker_is_refused() {
    let (world, store, _) = visits().await;
    let key = [("tenant".to_owned(), string("t-1")), ("number".to_owned(), number(7))];
    let mut item = world.stored_at(key).await;
    item.insert("status".into(), string("done"));
    world.write(item).await;

    let done = store.query_index(Visit::INDEXES.by_status, ("t-1", "done"));
    let results: Vec<_> = done.stream().collect().await;

    let Err(QueryError::Item(error)) = &results[0] else { panic!("{results:?}") };
    assert!(error.is_tampered(), "{error}");
    assert_eq!(results[1].as_ref().unwrap().number, 20);
}
