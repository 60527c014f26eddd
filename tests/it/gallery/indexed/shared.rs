//! One table, and one index, for several record types.

use envelope_runtime::EnvelopeRecord;
use envelope_runtime::operation::table::Drift;

use super::super::table;
use super::{Design, is_text, texts};
use crate::support::{World, string};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "shared",
    partition_key = "CUSTOMER#{id}",
    sort_key = "PROFILE",
    index(by_region(
        name = "GSI1",
        partition_key = "REGION#{region}",
        sort_key = "CUSTOMER#{id}"
    ))
)]
struct Customer {
    id: String,
    #[authenticated]
    region: String,
    #[encrypted]
    name: String,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "shared",
    partition_key = "CUSTOMER#{customer}",
    sort_key = "PURCHASE#{number:06}",
    index(by_region(
        name = "GSI1",
        partition_key = "REGION#{region}",
        sort_key = "PURCHASE#{cents:010}#{number:06}"
    )),
    index(by_voucher(name = "GSI2", partition_key = "VOUCHER#{voucher}"))
)]
struct Purchase {
    customer: String,
    number: u32,
    #[authenticated]
    region: String,
    cents: u32,
    #[authenticated]
    voucher: Option<String>,
    #[encrypted]
    card: String,
}

fn customer(id: &str) -> Customer {
    Customer { id: id.into(), region: "eu".into(), name: format!("Name of {id}") }
}

fn purchase(customer: &str, number: u32, cents: u32) -> Purchase {
    Purchase {
        customer: customer.into(),
        number,
        region: "eu".into(),
        cents,
        voucher: (number == 2).then(|| "SUMMER".into()),
        card: "4111".into(),
    }
}

/// The first type makes the table; the index of the second is in it too.
async fn shared() -> Design {
    let mut world = World::new().await;
    world.table = envelope_tests::unique_table();
    let store = world.store.clone().map_table::<Customer>(&world.table);
    let created = store.create_table::<Customer>().shared_with::<Purchase>().await.unwrap();
    assert!(created.is_new());
    let report = store.verify_table::<Purchase>().await.unwrap();
    let is_of_an_index = |drift: &Drift| matches!(drift, Drift::Index { .. });
    assert!(!report.drift().iter().any(is_of_an_index), "{report:?}");
    Design::on::<Customer>(world)
}

#[tokio::test]
async fn an_overloaded_index_tells_its_record_types_by_their_texts() {
    let design = shared().await;
    design.save([customer("c-2"), customer("c-1")]).await;
    design.save([purchase("c-1", 1, 900), purchase("c-1", 2, 100), purchase("c-2", 1, 5)]).await;

    let customers = design.store.query_index(Customer::INDEXES.by_region, "eu");
    assert_eq!(customers.all().await.unwrap(), ["c-1", "c-2"].map(customer));
    let purchases = || design.store.query_index(Purchase::INDEXES.by_region, "eu");
    let all = purchases().all().await.unwrap();
    assert_eq!(texts(&all, |purchase| purchase.cents), ["5", "100", "900"]);
    let large = purchases().sort(|s| s.ge((100,))).count().await.unwrap();
    assert_eq!(large, 2);
    // DynamoDB is asked for a range of one type each time.
    assert_eq!(design.usage.skipped_items(), 0);

    let eu = || is_text("GSI1PK", "REGION#eu");
    assert_eq!(
        design.found("GSI1", [eu()], "GSI1SK").await,
        [
            "CUSTOMER#c-1",
            "CUSTOMER#c-2",
            "PURCHASE#0000000005#000001",
            "PURCHASE#0000000100#000002",
            "PURCHASE#0000000900#000001",
        ]
    );
}

#[tokio::test]
async fn a_sparse_index_of_one_of_the_types_is_in_the_shared_table() {
    let design = shared().await;
    design.save([customer("c-1")]).await;
    design.save((1..=3).map(|number| purchase("c-1", number, 7))).await;

    let of_summer = design.store.query_index(Purchase::INDEXES.by_voucher, "SUMMER");
    assert_eq!(of_summer.all().await.unwrap(), [purchase("c-1", 2, 7)]);
    let found = design.found("GSI2", [is_text("GSI2PK", "VOUCHER#SUMMER")], "SK").await;
    assert_eq!(found, ["PURCHASE#000002"]);
    assert_eq!(design.entries("GSI2", ["GSI2PK"]).await.len(), 1);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "files",
    partition_key = "FOLDER#{folder}",
    sort_key = "FILE#{name}",
    index(of_owner(name = "GSI1", partition_key = "OWNER#{owner}")),
    index(largest(name = "LSI1", local, sort = "bytes")),
    index(by_kind(name = "LSI2", local, sort_key = "{kind}#{name}"))
)]
struct File {
    folder: String,
    name: String,
    #[authenticated]
    owner: String,
    kind: String,
    bytes: u64,
    #[encrypted]
    key: String,
}

#[tokio::test]
async fn files_of_a_folder_by_size_and_by_kind() {
    let mut world = World::new().await;
    world.table = table::<File>(&world).await;
    let design = Design::on::<File>(world);
    let file = |name: &str, kind: &str, bytes| File {
        folder: "home".into(),
        name: name.into(),
        owner: "ann".into(),
        kind: kind.into(),
        bytes,
        key: "k".into(),
    };
    design.save([file("b", "txt", 100), file("a", "txt", 2000), file("c", "png", 30)]).await;
    let name = |file: &File| file.name.clone();

    let largest = design.store.query_index(File::INDEXES.largest, "home").reverse().consistent();
    assert_eq!(texts(&largest.take(2).all().await.unwrap(), name), ["a", "b"]);
    let texts_alone =
        design.store.query_index(File::INDEXES.by_kind, "home").sort(|s| s.eq(("txt",)));
    assert_eq!(texts(&texts_alone.all().await.unwrap(), name), ["a", "b"]);
    let of_ann = design.store.query_index(File::INDEXES.of_owner, "ann");
    assert_eq!(of_ann.count().await.unwrap(), 3);

    let home = || is_text("PK", "FOLDER#home");
    assert_eq!(design.found("LSI1", [home()], "bytes").await, ["30", "100", "2000"]);
    let kind = ("LSI2SK", "begins_with", string("txt#"));
    assert_eq!(design.found("LSI2", [home(), kind], "LSI2SK").await, ["txt#a", "txt#b"]);
}
