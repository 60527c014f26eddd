//! Orders, invoices and products.

use chrono::NaiveDate;
use envelope_runtime::EnvelopeRecord;

use super::{Design, is, is_text, number, texts};
use crate::support::string;

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "sales",
    index(by_customer(
        name = "GSI1",
        partition_key = "CUSTOMER#{customer}",
        sort_key = "SALE#{placed_on}#{number:06}"
    )),
    index(by_status(partition = "status", sort = "placed_on", unprotected_partition))
)]
struct Sale {
    #[partition_key]
    number: u32,
    #[authenticated]
    customer: String,
    status: String,
    #[envelope(key = "S")]
    placed_on: NaiveDate,
    #[encrypted]
    address: String,
}

fn sale(number: u32) -> Sale {
    Sale {
        number,
        customer: format!("c-{}", number % 2),
        status: if number > 4 { "shipped" } else { "open" }.into(),
        placed_on: day(30 - number / 2),
        address: format!("{number} Main St"),
    }
}

#[tokio::test]
async fn sales_of_a_customer_by_day_and_of_a_status_by_day() {
    let design = Design::new::<Sale>().await;
    design.save((1..=6).map(sale)).await;
    let of_customer = || design.store.query_index(Sale::INDEXES.by_customer, "c-1");
    let open = || design.store.query_index(Sale::INDEXES.by_status, "open");

    assert_eq!(of_customer().all().await.unwrap(), [5, 3, 1].map(sale));
    let customer = || is_text("GSI1PK", "CUSTOMER#c-1");
    assert_eq!(design.found("GSI1", [customer()], "number").await, ["5", "3", "1"]);

    let on_a_day = of_customer().sort(|s| s.eq((day(29),))).all().await.unwrap();
    assert_eq!(on_a_day, [sale(3)]);
    let begins = ("GSI1SK", "begins_with", string("SALE#2026-11-29#"));
    assert_eq!(
        design.found("GSI1", [customer(), begins], "GSI1SK").await,
        ["SALE#2026-11-29#000003"]
    );

    let late = open().sort(|s| s.ge(day(29))).reverse().all().await.unwrap();
    assert_eq!(texts(&late, |sale| sale.placed_on), ["2026-11-30", "2026-11-29", "2026-11-29"]);
    let since = ("placed_on", ">=", string("2026-11-29"));
    let found = design.found("by_status", [is_text("status", "open"), since], "placed_on").await;
    assert_eq!(found, ["2026-11-29", "2026-11-29", "2026-11-30"]);
    assert_eq!(open().count().await.unwrap(), 4);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "bills",
    index(unpaid(name = "UNPAID", partition_key = "UNPAID", sort_key = "{due}#{id}"))
)]
struct Bill {
    #[partition_key]
    id: String,
    /// Absent once the bill is paid.
    due: Option<NaiveDate>,
    #[encrypted]
    iban: String,
}

#[tokio::test]
async fn unpaid_bills_by_the_day_on_which_they_are_due() {
    let design = Design::new::<Bill>().await;
    let bill = |id: &str, due| Bill { id: id.into(), due, iban: format!("DE00 {id}") };
    let bills = [bill("a", Some(day(9))), bill("b", None), bill("c", Some(day(2)))];
    design.save(bills).await;
    let unpaid = || design.store.query_index(Bill::INDEXES.unpaid, ());

    assert_eq!(texts(&unpaid().all().await.unwrap(), |bill| bill.id.clone()), ["c", "a"]);
    let found = design.found("UNPAID", [is_text("UNPAIDPK", "UNPAID")], "UNPAIDSK").await;
    assert_eq!(found, ["2026-11-02#c", "2026-11-09#a"]);

    design.store.update::<Bill>("c").remove(|f| f.due).await.unwrap();
    assert_eq!(texts(&unpaid().all().await.unwrap(), |bill| bill.id.clone()), ["a"]);
    assert_eq!(design.entries("UNPAID", ["UNPAIDSK"]).await, [["2026-11-09#a"]]);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "listings",
    index(by_category(
        name = "GSI1",
        partition_key = "CATEGORY#{category}#{shard:01}",
        sort_key = "{cents:08}"
    ))
)]
struct Listing {
    #[partition_key]
    sku: String,
    #[authenticated]
    category: String,
    #[authenticated]
    shard: u8,
    cents: u32,
    #[encrypted]
    supplier: String,
}

#[tokio::test]
async fn a_category_whose_writes_are_spread_over_shards() {
    let design = Design::new::<Listing>().await;
    let listing = |number: u8| Listing {
        sku: format!("s{number}"),
        category: "books".into(),
        shard: number % 3,
        cents: 1000 - u32::from(number),
        supplier: "ACME".into(),
    };
    design.save((0..9).map(listing)).await;

    let mut cheapest = Vec::new();
    for shard in 0..3_u8 {
        let query = design.store.query_index(Listing::INDEXES.by_category, ("books", shard));
        cheapest.extend(query.take(2).all().await.unwrap());
    }
    cheapest.sort_by_key(|listing| listing.cents);

    assert_eq!(texts(&cheapest[..3], |listing| listing.sku.clone()), ["s8", "s7", "s6"]);
    let shard = is_text("GSI1PK", "CATEGORY#books#1");
    let found = design.found("GSI1", [shard, ("GSI1SK", "<", string("00000999"))], "sku").await;
    assert_eq!(found, ["s7", "s4"]);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "warehouse",
    partition_key = "ITEM#{sku}",
    sort_key = "STOCK#{site}",
    index(by_site(
        name = "GSI1",
        partition_key = "SITE#{site}",
        sort_key = "{zone}#{aisle:02}#{bin:03}"
    ))
)]
struct Stock {
    sku: String,
    site: String,
    zone: String,
    aisle: u8,
    bin: u16,
    #[encrypted]
    cost: u64,
}

#[tokio::test]
async fn what_is_on_a_shelf_by_the_first_parts_of_its_place() {
    let design = Design::new::<Stock>().await;
    let stock = |zone: &str, aisle, bin| Stock {
        sku: format!("{zone}{aisle}-{bin}"),
        site: "berlin".into(),
        zone: zone.into(),
        aisle,
        bin,
        cost: 7,
    };
    let places =
        [("cold", 2, 10), ("cold", 2, 9), ("cold", 11, 1), ("colder", 1, 1), ("dry", 2, 1)];
    design.save(places.map(|(zone, aisle, bin)| stock(zone, aisle, bin))).await;
    let berlin = || design.store.query_index(Stock::INDEXES.by_site, "berlin");
    let sku = |stock: &Stock| stock.sku.clone();

    let zone = berlin().sort(|s| s.eq(("cold",))).all().await.unwrap();
    assert_eq!(texts(&zone, sku), ["cold2-9", "cold2-10", "cold11-1"]);
    let aisle = berlin().sort(|s| s.eq(("cold", 2))).all().await.unwrap();
    assert_eq!(texts(&aisle, sku), ["cold2-9", "cold2-10"]);
    let bins = berlin().sort(|s| s.between(("cold", 2, 10), ("cold", 2, 99))).all().await.unwrap();
    assert_eq!(texts(&bins, sku), ["cold2-10"]);
    let aisles = berlin().sort(|s| s.gt(("cold", 2))).all().await.unwrap();
    assert_eq!(texts(&aisles, sku), ["cold11-1"]);

    let site = || is_text("GSI1PK", "SITE#berlin");
    let begins = |text| ("GSI1SK", "begins_with", string(text));
    let found = design.found("GSI1", [site(), begins("cold#02#")], "GSI1SK").await;
    assert_eq!(found, ["cold#02#009", "cold#02#010"]);
    let found = design.found("GSI1", [site(), begins("cold")], "SK").await;
    assert_eq!(found.len(), 4);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "offers", index(by_product(partition = "product", sort = "cents")))]
struct Offer {
    #[partition_key]
    seller: String,
    #[sort_key]
    product: u64,
    cents: i64,
    #[encrypted]
    margin: i64,
}

/// The sort key of the table is the partition key of the index.
#[tokio::test]
async fn offers_of_a_product_by_price() {
    let design = Design::new::<Offer>().await;
    let offer =
        |seller: &str, product, cents| Offer { seller: seller.into(), product, cents, margin: 1 };
    design
        .save([offer("a", 7, 900), offer("b", 7, -1), offer("c", 7, 1000), offer("a", 8, 1)])
        .await;
    let of_seven = || design.store.query_index(Offer::INDEXES.by_product, 7);

    let all = of_seven().all().await.unwrap();
    assert_eq!(texts(&all, |offer| offer.cents), ["-1", "900", "1000"]);
    assert_eq!(of_seven().first().await.unwrap().unwrap().seller, "b");
    let cheap = of_seven().sort(|s| s.between(0, 999)).all().await.unwrap();
    assert_eq!(texts(&cheap, |offer| offer.seller.clone()), ["a"]);
    let found = design.found("by_product", [is("product", number(7))], "seller").await;
    assert_eq!(found, ["b", "a", "c"]);
}
