//! Writes that keep the keys of indexes.

use envelope_runtime::error::{KeyErrorKind, OpenErrorKind};
use envelope_runtime::{EnvelopeRecord, UpdateError};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Order, order};
use crate::dynamodb::{Dynamodb, Fault, done, lost, refused};

const KEY: (&str, u64) = ("o-1", 7);
/// The condition on the fields of all templates, as they were read.
const PARTS: &str = "customer = 'c-1' AND shelf = 's-1' AND rank = 12 AND \
                     attribute_not_exists(courier)";

async fn orders() -> Dynamodb {
    Dynamodb::holding(&order()).await
}

#[tokio::test]
async fn a_save_writes_the_keys_that_templates_make() {
    let dynamodb = orders().await;
    let item = dynamodb.item().unwrap();
    assert_eq!(item["GSI1PK"], json!({"S": "C#c-1"}));
    assert_eq!(item["GSI1SK"], json!({"S": "s-1#0012"}));
    assert!(!item.contains_key("by_courierPK"));
}

#[tokio::test]
async fn an_update_of_a_part_reads_and_writes_on_the_condition_of_what_it_read() {
    let dynamodb = orders().await;
    dynamodb.expect([done("GetItem"), done("UpdateItem")]);

    let update = dynamodb.store().update::<Order>(KEY).set(|f| f.shelf, "s-2");
    update.add(|f| f.total, 1).await.unwrap();

    let requests = dynamodb.requests();
    assert_eq!(requests[0].body["ConsistentRead"], true);
    let update =
        "SET shelf = 's-2', GSI1PK = 'C#c-1', GSI1SK = 's-2#0012' REMOVE by_courierPK ADD total 1";
    assert_eq!(requests[1].update(), update);
    let condition = requests[1].condition();
    assert!(condition.contains(PARTS), "{condition}");
    assert!(condition.contains("_envelope = <the stored envelope>"), "{condition}");
    let item = dynamodb.item().unwrap();
    assert_eq!(item["GSI1SK"], json!({"S": "s-2#0012"}));
}

#[tokio::test]
async fn an_update_of_a_protected_part_does_the_same() {
    let dynamodb = orders().await;
    dynamodb.expect([done("GetItem"), done("UpdateItem")]);

    let update = dynamodb.store().update::<Order>(KEY).set(|f| f.customer, "c-2");
    update.set(|f| f.courier, Some("post".to_owned())).await.unwrap();

    let request = dynamodb.requests().remove(1);
    let text = request.update();
    assert!(text.contains("GSI1PK = 'C#c-2'"), "{text}");
    assert!(text.contains("by_courierPK = 'COURIER#post'"), "{text}");
    assert!(request.condition().contains(PARTS), "{}", request.condition());
}

#[tokio::test]
async fn an_update_of_no_part_asks_for_nothing_more() {
    let dynamodb = orders().await;
    dynamodb.expect([done("UpdateItem")]);

    dynamodb.store().update::<Order>(KEY).set(|f| f.status, "paid").await.unwrap();

    let request = dynamodb.request();
    assert_eq!(request.update(), "SET status = 'paid'");
    assert!(!request.condition().contains("shelf"), "{}", request.condition());
}

#[tokio::test]
async fn another_writer_of_a_part_makes_it_start_over() {
    for protects in [false, true] {
        let dynamodb = orders().await;
        let other = refused("UpdateItem").after(|item| {
            item.insert("rank".into(), json!({"N": "13"}));
            item.insert("GSI1SK".into(), json!({"S": "s-1#0013"}));
        });
        let again = if protects { Some(done("GetItem")) } else { None };
        let steps = [done("GetItem"), other].into_iter().chain(again);
        dynamodb.expect(steps.chain([done("UpdateItem")]));

        let update = dynamodb.store().update::<Order>(KEY).set(|f| f.shelf, "s-2");
        let update = if protects { update.seal(|f| f.address, "Street 2") } else { update };
        update.await.unwrap();

        let last = dynamodb.requests().pop().unwrap();
        assert!(last.update().contains("GSI1SK = 's-2#0013'"), "{}", last.update());
        assert!(last.condition().contains("rank = 13"), "{}", last.condition());
    }
}

#[tokio::test]
async fn a_part_that_is_removed_takes_its_key_out_of_the_index() {
    let dynamodb = Dynamodb::holding(&Order { courier: Some("post".into()), ..order() }).await;
    dynamodb.expect([done("GetItem"), done("UpdateItem")]);

    dynamodb.store().update::<Order>(KEY).remove(|f| f.courier).await.unwrap();

    assert!(dynamodb.requests()[1].update().contains("REMOVE courier, by_courierPK"));
    let item = dynamodb.item().unwrap();
    assert!(!item.contains_key("courier") && !item.contains_key("by_courierPK"));
}

#[tokio::test]
async fn a_lost_answer_is_repeated_only_if_nothing_is_added() {
    let dynamodb = orders().await;
    let steps = [lost("UpdateItem", Fault::ConnectionReset), refused("UpdateItem")];
    dynamodb.expect([done("GetItem")].into_iter().chain(steps).chain([done("UpdateItem")]));
    dynamodb.store().update::<Order>(KEY).set(|f| f.shelf, "s-2").await.unwrap();
    let last = dynamodb.requests().pop().unwrap();
    assert!(last.condition().contains("shelf = 's-2'"), "{}", last.condition());

    let dynamodb = orders().await;
    dynamodb.expect([done("GetItem"), lost("UpdateItem", Fault::ConnectionReset)]);
    let update = dynamodb.store().update::<Order>(KEY).set(|f| f.shelf, "s-2");
    let error = update.add(|f| f.total, 1).await.unwrap_err();
    assert!(error.is_unknown_outcome(), "{error}");
}

#[tokio::test]
async fn a_loaded_record_is_read_again_for_what_its_index_needs() {
    let dynamodb = orders().await;
    let store = dynamodb.store();
    dynamodb.expect([done("GetItem")]);
    let loaded = store.get::<Order>(KEY).with_envelope().await.unwrap().unwrap();
    dynamodb.forget();

    dynamodb.expect([done("GetItem"), done("UpdateItem")]);
    store.update(KEY).based_on(&loaded).set(|f| f.shelf, "s-2").await.unwrap();
    dynamodb.forget();
    dynamodb.expect([done("GetItem"), done("UpdateItem")]);
    let update = store.update(KEY).based_on(&loaded).set(|f| f.shelf, "s-3");
    update.seal(|f| f.address, "Street 2").await.unwrap();
    assert!(dynamodb.requests()[1].update().contains("GSI1SK = 's-3#0012'"));

    // The record was saved again since.
    dynamodb.expect([done("GetItem")]);
    let update = store.update(KEY).based_on(&loaded).set(|f| f.shelf, "s-4");
    let error = update.await.unwrap_err();
    assert!(matches!(error, UpdateError::Condition(_)), "{error}");
}

#[tokio::test]
async fn a_value_that_no_key_can_have_is_refused_before_a_write() {
    let dynamodb = orders().await;
    let store = dynamodb.store();
    let refusal = |error: UpdateError| match error {
        UpdateError::Key(error) => (error.attribute().unwrap().to_owned(), error.kind().clone()),
        other => panic!("{other}"),
    };

    // Of a field that is a key, nothing is read.
    let empty = store.update::<Order>(KEY).set(|f| f.status, "").await.unwrap_err();
    assert_eq!(refusal(empty), ("status".into(), KeyErrorKind::Empty));
    let long = store.update::<Order>(KEY).set(|f| f.status, "x".repeat(2049)).await.unwrap_err();
    assert_eq!(refusal(long), ("status".into(), KeyErrorKind::TooLong(2048)));

    for (value, kind) in [("", KeyErrorKind::Empty), ("a#b", KeyErrorKind::Delimiter('#'))] {
        let error = store.update::<Order>(KEY).set(|f| f.shelf, value).await.unwrap_err();
        assert_eq!(refusal(error), ("shelf".into(), kind));
    }
    // The length is that of all parts.
    dynamodb.expect([done("GetItem")]);
    let update = store.update::<Order>(KEY).set(|f| f.shelf, "x".repeat(1024));
    let error = update.await.unwrap_err();
    assert_eq!(refusal(error), ("GSI1SK".into(), KeyErrorKind::TooLong(1024)));
}

/// Another program treats the attribute of the index as a sealed field of its own.
#[derive(EnvelopeRecord)]
#[envelope(table = "orders")]
struct Stranger {
    #[partition_key]
    id: String,
    #[sort_key]
    number: u64,
    customer: String,
    shelf: String,
    rank: u16,
    total: u64,
    #[encrypted]
    #[envelope(rename = "GSI1SK")]
    secret: String,
}

#[tokio::test]
async fn an_attribute_that_the_envelope_protects_is_not_overwritten() {
    for protects in [false, true] {
        let dynamodb = Dynamodb::holding(&Stranger {
            id: "o-1".into(),
            number: 7,
            customer: "c-1".into(),
            shelf: "s-1".into(),
            rank: 12,
            total: 1,
            secret: "x".into(),
        })
        .await;
        dynamodb.expect([done("GetItem")]);

        let update = dynamodb.store().update::<Order>(KEY).set(|f| f.shelf, "s-2");
        let update = if protects { update.seal(|f| f.address, "Street 2") } else { update };
        let error = update.await.unwrap_err();
        let UpdateError::Open(error) = error else { panic!("{error}") };
        assert_eq!((error.kind(), error.attribute()), (OpenErrorKind::Sealed, Some("GSI1SK")));
    }
}

/// What an older program wrote makes no key of another index.
#[tokio::test]
async fn an_old_value_of_another_index_stops_no_update() {
    for (name, value) in [("courier", json!({"S": ""})), ("courier", json!({"BOOL": true}))] {
        let dynamodb = orders().await;
        dynamodb.alter(|item| drop(item.insert(name.into(), value)));
        dynamodb.expect([done("GetItem"), done("UpdateItem")]);

        dynamodb.store().update::<Order>(KEY).set(|f| f.shelf, "s-2").await.unwrap();

        let text = dynamodb.requests()[1].update();
        assert!(text.contains("GSI1SK = 's-2#0012'"), "{text}");
        assert!(text.contains("REMOVE by_courierPK"), "{text}");
    }
}

/// A value that serde writes as nothing, which is stored as NULL.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(untagged)]
enum Courier {
    Named(String),
    Nobody,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "parcels",
    index(by_courier(partition_key = "COURIER#{courier}", unprotected_partition))
)]
struct Parcel {
    #[partition_key]
    id: String,
    courier: Courier,
    #[encrypted]
    address: String,
}

#[tokio::test]
async fn a_part_that_is_stored_as_null_has_no_value() {
    let parcel = |courier| Parcel { id: "p-1".into(), courier, address: "Street 1".into() };
    let saved = Dynamodb::holding(&parcel(Courier::Nobody)).await.item().unwrap();
    assert_eq!(saved["courier"], json!({"NULL": true}));
    assert!(!saved.contains_key("by_courierPK"));

    let dynamodb = Dynamodb::holding(&parcel(Courier::Named("post".into()))).await;
    assert!(dynamodb.item().unwrap().contains_key("by_courierPK"));
    dynamodb.expect([done("GetItem"), done("UpdateItem")]);
    dynamodb.store().update::<Parcel>("p-1").set(|f| f.courier, Courier::Nobody).await.unwrap();
    let updated = dynamodb.item().unwrap();
    assert_eq!(updated["courier"], saved["courier"]);
    assert!(!updated.contains_key("by_courierPK"));
}
