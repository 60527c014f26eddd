//! Records of one answer that holds many: each has its own values, and none is lost at the end of a
//! page.

use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use envelope_runtime::error::{LoadError, OpenErrorKind, QueryError};
use envelope_runtime::{EnvelopeRecord, Store, Usage};
use futures_util::{StreamExt, TryStreamExt};

use crate::support::{Stored, World, binary, string};

/// Some of its sealed values may be absent.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "charts")]
struct Chart {
    #[partition_key]
    patient: String,
    #[sort_key]
    number: u64,
    #[encrypted]
    finding: Option<String>,
    #[encrypted]
    drug: Option<String>,
    #[authenticated]
    ward: Option<String>,
    note: Option<String>,
}

/// Each chart lacks others of its values.
fn chart(number: u64) -> Chart {
    let value = |bit: u64, name: &str| (number & bit != 0).then(|| format!("{name} {number}"));
    Chart {
        patient: "p-1".into(),
        number,
        finding: value(1, "finding"),
        drug: value(2, "drug"),
        ward: value(4, "ward"),
        note: value(8, "note"),
    }
}

async fn charts(number: u64) -> (World, Store) {
    let keys = [("patient", ScalarAttributeType::S), ("number", ScalarAttributeType::N)];
    let world = World::with_keys(&keys).await;
    let store = world.store.clone().map_table::<Chart>(&world.table);
    for number in 0..number {
        store.put(&chart(number)).await.unwrap();
    }
    (world, store)
}

async fn stored(world: &World, number: u64) -> Stored {
    let number = AttributeValue::N(number.to_string());
    world.stored_at([("patient".to_owned(), string("p-1")), ("number".to_owned(), number)]).await
}

#[tokio::test]
async fn t14_each_record_of_an_answer_has_its_own_values() {
    let (_world, store) = charts(32).await;
    let expected: Vec<_> = (0..32).map(chart).collect();
    let query = || store.query::<Chart>("p-1");

    assert_eq!(query().all().await.unwrap(), expected);
    assert_eq!(query().page().await.unwrap().items, expected);
    assert_eq!(query().page_size(5).stream().try_collect::<Vec<_>>().await.unwrap(), expected);
    let mut backwards = query().reverse().all().await.unwrap();
    backwards.reverse();
    assert_eq!(backwards, expected);
    let mut scanned: Vec<_> = store.scan::<Chart>().stream().try_collect().await.unwrap();
    scanned.sort_by_key(|chart| chart.number);
    assert_eq!(scanned, expected);
}

#[tokio::test]
async fn t14_items_whose_values_were_exchanged_are_refused_and_the_others_given() {
    let (world, store) = charts(16).await;
    let (seven, fifteen) = (stored(&world, 7).await, stored(&world, 15).await);
    let mut exchanged = (seven.clone(), fifteen.clone());
    for name in ["_envelope", "finding"] {
        exchanged.0.insert(name.into(), fifteen[name].clone());
    }
    exchanged.1.insert("drug".into(), seven["drug"].clone());
    world.write(exchanged.0).await;
    world.write(exchanged.1).await;
    // Planted under a key of its own, with what belongs to another.
    let mut planted = stored(&world, 3).await;
    planted.insert("number".into(), AttributeValue::N("99".into()));
    world.write(planted).await;

    let results: Vec<_> = store.query::<Chart>("p-1").stream().collect().await;

    let mut refused = Vec::new();
    for result in results {
        match result {
            Ok(record) => assert_eq!(record, chart(record.number)),
            Err(QueryError::Item(error)) => {
                assert!(error.is_tampered(), "{error}");
                refused.push(error.key().attribute("number").cloned());
            }
            Err(other) => panic!("{other}"),
        }
    }
    let numbers = refused.into_iter().map(|number| AttributeValue::from(number.unwrap()));
    let expected = ["7", "15", "99"].map(|number| AttributeValue::N(number.into()));
    assert_eq!(numbers.collect::<Vec<_>>(), expected);
}

/// An attacker who can write the table has a scan make at most one call for each item, and none for
/// an item that is refused without a key, or that has the data key of another one.
#[tokio::test]
async fn t24_planted_items_cost_no_more_calls_to_kms_than_there_are_items() {
    let (world, store) = charts(4).await;
    let good = stored(&world, 3).await;
    for number in 100..140_u64 {
        let mut planted = good.clone();
        planted.insert("number".into(), AttributeValue::N(number.to_string()));
        match number % 4 {
            0 => drop(planted.remove("_envelope")),
            1 => drop(planted.insert("_envelope".into(), binary([1; 300]))),
            2 => drop(planted.insert("_envelope".into(), string("x"))),
            _ => {}
        }
        world.write(planted).await;
    }
    let usage = Usage::default();
    let store = store.measured(&usage);

    let results: Vec<_> = store.scan::<Chart>().stream().collect().await;

    assert_eq!(results.len(), 44);
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 4);
    for result in results {
        let Err(QueryError::Item(error)) = result else { continue };
        let LoadError::Open(open) = error.error() else { panic!("{error}") };
        let kinds =
            [OpenErrorKind::NoEnvelope, OpenErrorKind::MalformedEnvelope, OpenErrorKind::Tampered];
        assert!(kinds.contains(&open.kind()), "{error}");
    }
    assert_eq!(usage.kms_calls(), 4);
}

#[tokio::test]
async fn t31_no_record_is_lost_at_the_end_of_a_page() {
    let (_world, store) = charts(23).await;
    let expected: Vec<_> = (0..23).map(chart).collect();

    for size in [1, 2, 3, 7, 22, 23, 24, 100] {
        let query = || store.query::<Chart>("p-1").page_size(size);
        assert_eq!(query().all().await.unwrap(), expected, "{size}");
        assert_eq!(query().count().await.unwrap(), 23, "{size}");

        for take in [1, 2, 5, 23] {
            let (mut found, mut next) = (Vec::new(), None);
            loop {
                let page = query().take(take).after(next).page().await.unwrap();
                assert!(page.items.len() <= take);
                found.extend(page.items);
                next = page.next;
                if next.is_none() {
                    break;
                }
            }
            assert_eq!(found, expected, "{size} {take}");
        }
        // A filter is applied behind DynamoDB's limit, so most pages are empty.
        let rare = query().filter(|f| f.note.exists().and(f.drug.exists()));
        let rare: Vec<_> = rare.all().await.unwrap().iter().map(|chart| chart.number).collect();
        assert_eq!(rare, [10, 11, 14, 15], "{size}");
    }
}
