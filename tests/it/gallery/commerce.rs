//! A shop.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use envelope_runtime::{EnvelopeFields, EnvelopeRecord};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{check, check_with_serde};

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Line {
    sku: String,
    price: Decimal,
    count: u32,
}

fn line() -> Line {
    Line { sku: "A-1".into(), price: "19.90".parse().unwrap(), count: 2 }
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "orders")]
#[serde(rename_all = "camelCase")]
struct Order {
    #[partition_key]
    #[envelope(key = "S")]
    customer_id: Uuid,
    #[sort_key]
    #[envelope(key = "S")]
    placed_at: DateTime<Utc>,
    #[encrypted]
    lines: Vec<Line>,
    #[authenticated]
    total: Decimal,
    note: Option<String>,
    gift: bool,
}

#[tokio::test]
async fn an_order() {
    let order = Order {
        customer_id: Uuid::from_u128(7),
        placed_at: DateTime::from_timestamp(1_800_000_000, 123_000_000).unwrap(),
        lines: vec![line(), line()],
        total: "39.80".parse().unwrap(),
        note: None,
        gift: true,
    };
    check_with_serde(order).await;
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
struct Sku(String);

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "carts")]
struct Cart {
    #[partition_key]
    #[envelope(key = "S")]
    session: Uuid,
    #[encrypted]
    lines: HashMap<Sku, Line>,
    counts: BTreeMap<u16, i8>,
    coupon: Option<Box<str>>,
    empty: Vec<String>,
}

#[tokio::test]
async fn a_cart() {
    let lines = HashMap::from([(Sku("A-1".into()), line()), (Sku("ü".into()), line())]);
    let counts = BTreeMap::from([(1, -1), (65_535, i8::MIN)]);
    let session = Uuid::from_u128(1);
    check_with_serde(Cart { session, lines, counts, coupon: Some("X".into()), empty: vec![] })
        .await;
}

#[derive(EnvelopeFields, Serialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Party {
    #[encrypted]
    legal_name: String,
    #[encrypted]
    tax_number: Option<String>,
    country: String,
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "invoices")]
struct Invoice {
    #[partition_key]
    year: u16,
    #[sort_key]
    number: u64,
    #[serde(flatten)]
    #[envelope(flatten)]
    customer: Party,
    #[authenticated]
    total: Decimal,
    #[serde(rename = "paidAt", with = "time::serde::timestamp::option")]
    paid: Option<OffsetDateTime>,
}

#[tokio::test]
async fn an_invoice() {
    let country = "DE".into();
    let customer = Party { legal_name: "Müller KG".into(), tax_number: None, country };
    let paid = OffsetDateTime::from_unix_timestamp(1_800_000_000).ok();
    let total = "-0.01".parse().unwrap();
    check_with_serde(Invoice { year: 2026, number: u64::MAX, customer, total, paid }).await;
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(tag = "method", content = "detail", rename_all = "kebab-case")]
enum Method {
    Card { number: String, expires: (u8, u16) },
    BankTransfer(String),
    Cash,
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "payments")]
struct Payment {
    #[partition_key]
    #[envelope(key = "S")]
    order: Uuid,
    #[sort_key]
    attempt: u8,
    #[encrypted]
    method: Method,
    #[encrypted]
    all_methods: Vec<Method>,
    state: State,
}

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
enum State {
    Open,
    Failed { code: i16 },
    Done(bool),
}

#[tokio::test]
async fn a_payment_in_each_state() {
    let card = Method::Card { number: "4111111111111111".into(), expires: (12, 2030) };
    let transfer = Method::BankTransfer("DE00".into());
    for (attempt, method, state) in [
        (0, card.clone(), State::Open),
        (1, transfer.clone(), State::Failed { code: -7 }),
        (255, Method::Cash, State::Done(true)),
    ] {
        let all_methods = vec![Method::Cash, card.clone(), transfer.clone()];
        let order = Uuid::from_u128(2);
        check_with_serde(Payment { order, attempt, method, all_methods, state }).await;
    }
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "products", plaintext_only)]
struct Product {
    #[partition_key]
    sku: String,
    #[envelope(set)]
    tags: BTreeSet<String>,
    #[envelope(set)]
    sizes: BTreeSet<i32>,
    weight: f32,
    volume: f64,
    barcode: u64,
    initial: char,
    picture: Vec<u8>,
}

#[tokio::test]
async fn a_product_that_protects_nothing() {
    let product = Product {
        sku: "A-1".into(),
        tags: ["new".to_owned(), "red".to_owned()].into(),
        sizes: [-1, 40].into(),
        weight: 0.1,
        volume: 1e-100,
        barcode: u64::MAX,
        initial: 'ß',
        picture: vec![0xFF, 0xD8],
    };
    check_with_serde(product).await;
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "shipments")]
struct Shipment {
    #[partition_key]
    id: Arc<str>,
    #[encrypted]
    recipient: Arc<String>,
    #[encrypted]
    address: Box<[Arc<str>]>,
    carrier: Arc<Carrier>,
    position: Option<[f64; 2]>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Carrier {
    name: String,
    route: (u8, (i8, String)),
}

#[tokio::test]
async fn a_shipment_behind_shared_pointers() {
    let address = ["1 Main St".into(), "Ulm".into()].into();
    let carrier = Arc::new(Carrier { name: "c".into(), route: (1, (-1, "south".into())) });
    let position = Some([48.4, -9.99]);
    let recipient = Arc::new("zoë".into());
    check(Shipment { id: "s-1".into(), recipient, address, carrier, position }).await;
}
