//! Entries of others in one partition of an index: other tenants', other types', expired ones.

use std::time::{Duration, SystemTime};

use envelope_runtime::error::{KeyErrorKind, OpenErrorKind};
use envelope_runtime::{
    AttributeValue, EnvelopeProjection, EnvelopeRecord, Keys, LoadError, OtherAttributes,
    QueryError, SaveError, Store, Usage,
};
use envelope_tests::unique_table;
use futures_util::StreamExt;

use super::super::with;
use super::CANARY;
use crate::support::{Stored, World, string};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "charts",
    partition_key = "TENANT#{tenant}",
    sort_key = "CHART#{id}",
    index(by_doctor(name = "GSI1", partition_key = "DOCTOR#{doctor}", sort_key = "CHART#{id}")),
    index(keys_of_doctor(name = "GSI2", partition = "doctor", sort = "id", project = keys)),
    index(cards(name = "GSI3", partition = "doctor", sort = "id", project = include("ward")))
)]
struct Chart {
    #[envelope(context)]
    tenant: String,
    id: String,
    #[authenticated]
    doctor: String,
    ward: String,
    #[envelope(ttl)]
    until: Option<u64>,
    #[encrypted]
    finding: String,
}

#[derive(EnvelopeProjection, Debug)]
#[envelope(of = Chart, plaintext_only)]
struct Card {
    id: String,
    ward: String,
}

/// Another type in the same table and in the same partitions of the index.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "charts",
    partition_key = "TENANT#{tenant}",
    sort_key = "VISIT#{id}",
    index(by_doctor(name = "GSI1", partition_key = "DOCTOR#{doctor}", sort_key = "VISIT#{id}")),
    index(all_of_doctor(name = "GSI2", partition = "doctor", sort = "id", project = keys))
)]
struct Visit {
    #[envelope(context)]
    tenant: String,
    id: String,
    #[authenticated]
    doctor: String,
    #[encrypted]
    reason: String,
}

fn chart(tenant: &str, id: &str, until: Option<u64>) -> Chart {
    Chart {
        tenant: tenant.into(),
        id: id.into(),
        doctor: "eve".into(),
        ward: format!("ward of {tenant}"),
        until,
        finding: format!("{CANARY} {id}"),
    }
}

/// One chart of each tenant, an expired one, and a visit; all of one doctor.
async fn charts() -> (World, Store, Usage) {
    let mut world = World::new().await;
    world.table = unique_table();
    let usage = Usage::default();
    let store = world.store.clone().map_table::<Chart>(&world.table).measured(&usage);
    store.create_table::<Chart>().shared_with::<Visit>().await.unwrap();
    let at = |seconds| {
        store.clone().clock(move || SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    };
    let charts =
        [chart("t-1", "a", None), chart(CANARY, "b", None), chart("t-1", "c", Some(2_000))];
    for chart in charts {
        at(1_000).put(&chart).await.unwrap();
    }
    let visit =
        Visit { tenant: "t-1".into(), id: "v".into(), doctor: "eve".into(), reason: CANARY.into() };
    store.put(&visit).await.unwrap();
    let store = at(3_000);
    (world, store, usage)
}

fn key(tenant: &str, sort: &str) -> [(String, aws_sdk_dynamodb::types::AttributeValue); 2] {
    [("PK".into(), string(&format!("TENANT#{tenant}"))), ("SK".into(), string(sort))]
}

/// What a store gives out of a doctor's partition, in all ways: the ids, each once, and the errors.
async fn seen(store: &Store) -> (Vec<String>, Vec<QueryError>) {
    let whole = store.query_index(Chart::INDEXES.by_doctor, "eve").stream();
    let loaded = store.query_index(Chart::INDEXES.keys_of_doctor, "eve").load().stream();
    let of_cards = store.query_index(Chart::INDEXES.cards, "eve").load().stream();
    let (mut ids, mut errors) = (Vec::new(), Vec::new());
    for result in whole.chain(loaded).chain(of_cards).collect::<Vec<_>>().await {
        match result {
            Ok(chart) => ids.push(format!("{} {}", chart.tenant, chart.id)),
            Err(error) => {
                let shown = format!("{error} {error:?}");
                assert!(!shown.contains(CANARY), "{shown}");
                errors.push(error);
            }
        }
    }
    ids.sort();
    ids.dedup();
    (ids, errors)
}

async fn keys(store: &Store) -> Vec<(String, String)> {
    let keys = store.query_index(Chart::INDEXES.keys_of_doctor, "eve").all().await.unwrap();
    keys.into_iter().map(Keys::into_key).collect()
}

#[tokio::test]
async fn t01_a_scope_gives_out_no_record_no_key_and_no_card_of_another() {
    let (_world, store, usage) = charts().await;
    let scoped = store.scoped([("tenant", "t-1")]);

    let (ids, errors) = seen(&scoped).await;
    assert_eq!((ids, errors.len()), (vec!["t-1 a".to_owned()], 0));
    // The visit is outside of the range of GSI1, and skipped in the others.
    assert!(usage.skipped_items() >= 3 && usage.expired_items() >= 2);
    let own_keys = keys(&scoped).await;
    // An index of keys does not tell what has expired.
    assert_eq!(own_keys, [("t-1", "a"), ("t-1", "c")].map(|(t, id)| (t.into(), id.into())));
    let cards = scoped.query_index(Chart::INDEXES.cards, "eve").project::<Card>();
    let cards: Vec<_> = cards.all().await.unwrap();
    assert_eq!(cards.iter().map(|card| card.id.as_str()).collect::<Vec<_>>(), ["a"]);
    assert_eq!(cards[0].ward, "ward of t-1");
    assert_eq!(scoped.query_index(Chart::INDEXES.by_doctor, "eve").count().await.unwrap(), 1);
    let visits = scoped.query_index(Visit::INDEXES.by_doctor, "eve").all().await.unwrap();
    assert_eq!(visits.len(), 1);

    let every = store.query_index(Chart::INDEXES.by_doctor, "eve").every_context();
    assert_eq!(every.count().await.unwrap(), 2);
}

/// The attacker writes the label of the scope on another tenant's chart, at its place or at one of
/// the scope's.
#[tokio::test]
async fn t01_a_relabelled_chart_of_another_tenant_is_refused_in_an_index() {
    let (world, store, _) = charts().await;
    let scoped = store.scoped([("tenant", "t-1")]);
    let stolen: Stored = world.stored_at(key(CANARY, "CHART#b")).await;
    let relabelled = with(&stolen, "tenant", string("t-1"));

    world.write(relabelled.clone()).await;
    let (ids, errors) = seen(&scoped).await;
    assert_eq!(ids, ["t-1 a"]);
    for error in &errors {
        let QueryError::Item(error) = error else { panic!("{error}") };
        let LoadError::Open(open) = error.error() else { panic!("{error}") };
        assert_eq!(open.kind(), OpenErrorKind::KeyTemplate);
    }
    assert_eq!(errors.len(), 3);
    assert!(keys(&scoped).await.iter().all(|(tenant, _)| tenant == "t-1"));

    let mut moved = relabelled;
    moved.extend(key("t-1", "CHART#b"));
    world.write(moved).await;
    let (ids, errors) = seen(&scoped).await;
    assert_eq!(ids, ["t-1 a"]);
    // KMS refuses the wrapped key under the scope's context.
    let mut refused_by_kms = 0;
    for error in errors {
        let QueryError::Item(error) = error else { panic!("{error}") };
        refused_by_kms += usize::from(matches!(error.error(), LoadError::DecryptDataKey(_)));
    }
    assert_eq!(refused_by_kms, 3);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "assets",
    index(by_owner(name = "GSI1", partition_key = "OWNER#{owner}", sort_key = "{site}"))
)]
struct Asset {
    #[partition_key]
    id: String,
    #[authenticated]
    owner: Option<String>,
    site: Option<String>,
    #[encrypted]
    pin: String,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

async fn assets() -> (World, Store, Usage) {
    let mut world = World::new().await;
    world.table = unique_table();
    let usage = Usage::default();
    let store = world.store.clone().map_table::<Asset>(&world.table).measured(&usage);
    store.create_table::<Asset>().await.unwrap();
    let others = OtherAttributes::default();
    let asset = Asset { id: "a".into(), owner: None, site: None, pin: CANARY.into(), others };
    store.put(&asset).await.unwrap();
    (world, store, usage)
}

/// An item in the index of which it is not.
async fn planted(world: &World) {
    let planted = with(&world.stored("a").await, "GSI1PK", string("OWNER#mallory"));
    world.write(with(&planted, "GSI1SK", string("here"))).await;
}

#[tokio::test]
async fn t11_planted_index_attributes_are_no_attributes_of_others() {
    let (world, store, usage) = assets().await;
    planted(&world).await;

    let asset = store.get::<Asset>("a").consistent().await.unwrap().unwrap();
    assert!(asset.others.is_empty(), "{:?}", asset.others);
    let of_mallory = store.query_index(Asset::INDEXES.by_owner, "mallory");
    assert_eq!(of_mallory.all().await.unwrap(), []);
    assert_eq!(usage.stale_items(), 1);

    store.put(&asset).await.unwrap();
    let stored = world.stored("a").await;
    assert!(!stored.contains_key("GSI1PK") && !stored.contains_key("GSI1SK"));
}

#[tokio::test]
async fn t11_an_update_of_a_part_removes_planted_index_attributes() {
    let (world, store, _) = assets().await;
    planted(&world).await;

    store.update::<Asset>("a").set(|f| f.site, "b1").await.unwrap();
    let stored = world.stored("a").await;
    assert!(!stored.contains_key("GSI1PK") && !stored.contains_key("GSI1SK"));

    store.update::<Asset>("a").set(|f| f.owner, "ann").await.unwrap();
    let stored = world.stored("a").await;
    assert_eq!((&stored["GSI1PK"], &stored["GSI1SK"]), (&string("OWNER#ann"), &string("b1")));
}

#[tokio::test]
async fn t11_an_index_attribute_cannot_be_inserted_among_others() {
    let (world, store, _) = assets().await;
    let before = world.stored("a").await;
    for name in ["GSI1PK", "GSI1SK"] {
        for encrypted in [false, true] {
            let mut asset = store.get::<Asset>("a").consistent().await.unwrap().unwrap();
            let value = AttributeValue::S(CANARY.into());
            if encrypted {
                asset.others.insert_encrypted(name, value);
            } else {
                asset.others.insert(name, value);
            }
            let error = store.put(&asset).await.unwrap_err();
            assert!(matches!(error, SaveError::Field(_)), "{error}");
            assert_eq!(error.attribute(), Some(name));
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(CANARY) && shown.contains("belongs to the record"), "{shown}");
        }
    }
    assert_eq!(world.stored("a").await, before);
}

#[tokio::test]
async fn t21_no_error_of_an_index_key_shows_its_value() {
    let (_world, store, usage) = charts().await;
    let before = usage.requests();
    let scoped = store.scoped([("tenant", "t-1")]);

    let delimiter = format!("{CANARY}#");
    let chart = Chart { doctor: delimiter.clone(), ..chart("t-1", "z", None) };
    let put = store.put(&chart).await.unwrap_err();
    let query = scoped.query_index(Chart::INDEXES.by_doctor, delimiter.as_str());
    let query = query.all().await.unwrap_err();
    assert_eq!(usage.requests(), before);
    let set = scoped.update::<Chart>(("t-1", "a")).set(|f| f.doctor, delimiter.as_str());
    let set = set.await.unwrap_err();

    let QueryError::Key(key) = &query else { panic!("{query}") };
    assert_eq!(key.kind(), &KeyErrorKind::Delimiter('#'));
    for shown in [format!("{put} {put:?}"), format!("{query} {query:?}"), format!("{set} {set:?}")]
    {
        assert!(shown.contains("contains `#`") && !shown.contains(CANARY), "{shown}");
    }
}
