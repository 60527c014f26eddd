//! Models of trade: webhook subscription, order with lines, invoice, URL shortener, feature flag.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use chrono::{DateTime, Utc};
use envelope_runtime::EnvelopeRecord;
use serde::{Deserialize, Serialize};

use super::Table;
use super::by_hand::{b, item, l, m, n, ns, null, s, ss};
use super::dynomite::{dynomite_enums, dynomite_structs};
use crate::support::Stored;

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "webhooks")]
struct Webhook {
    #[partition_key]
    tenant: String,
    #[sort_key]
    id: String,
    #[encrypted]
    secret: Vec<u8>,
    #[encrypted]
    headers: HashMap<String, String>,
    #[authenticated]
    url: String,
    #[envelope(set)]
    events: BTreeSet<String>,
    active: bool,
    failures: u32,
}

dynomite_structs!(Webhook { tenant, id, secret, headers, url, events, active, failures });

#[tokio::test]
async fn a_webhook_subscription() {
    let webhook = Webhook {
        tenant: "t-1".into(),
        id: "w-1".into(),
        secret: vec![1, 2, 3],
        headers: [("authorization".to_owned(), "Bearer x".to_owned())].into(),
        url: "https://example.com/hook".into(),
        events: ["order.paid".to_owned(), "order.sent".to_owned()].into(),
        active: true,
        failures: 0,
    };
    let by_hand = item([
        ("tenant", s("t-1")),
        ("id", s("w-1")),
        ("secret", b(&[1, 2, 3])),
        ("headers", m([("authorization", s("Bearer x"))])),
        ("url", s("https://example.com/hook")),
        ("events", ss(["order.sent", "order.paid"])),
        ("active", Sdk::Bool(true)),
        ("failures", n(0)),
    ]);

    let table = Table::of(webhook).await;
    table.adopts_from_serde_dynamo(&["events: L to SS"]).await;
    table.adopts_from_hand(by_hand, &[]).await;
    table.adopts_from_dynomite(&[]).await;
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Line {
    sku: String,
    quantity: u32,
    unit_price: f64,
    gift_note: Option<String>,
}

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
enum Status {
    Placed,
    Shipped,
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "orders")]
struct Order {
    #[partition_key]
    #[serde(rename = "PK")]
    customer: String,
    #[sort_key]
    #[serde(rename = "SK")]
    number: String,
    #[encrypted]
    lines: Vec<Line>,
    #[encrypted]
    ship_to: BTreeMap<String, String>,
    #[authenticated]
    total_cents: i64,
    #[authenticated]
    status: Status,
    placed_at: DateTime<Utc>,
    coupon: Option<String>,
}

dynomite_enums!(Status);
dynomite_structs!(
    Line { sku, quantity, unit_price, gift_note }
    Order {
        customer: "PK", number: "SK", lines, ship_to, total_cents, status, placed_at, coupon
    }
);

fn order_by_hand(order: &Order) -> Stored {
    let line = |line: &Line| {
        let mut stored = item([
            ("sku", s(&line.sku)),
            ("quantity", n(line.quantity)),
            ("unit_price", n(line.unit_price)),
        ]);
        stored.extend(line.gift_note.as_ref().map(|note| ("gift_note".into(), s(note))));
        Sdk::M(stored)
    };
    let status = match order.status {
        Status::Placed => "Placed",
        Status::Shipped => "Shipped",
    };
    item([
        ("PK", s(&order.customer)),
        ("SK", s(&order.number)),
        ("lines", l(order.lines.iter().map(line))),
        ("ship_to", m(order.ship_to.iter().map(|(name, value)| (name, s(value))))),
        ("total_cents", n(order.total_cents)),
        ("status", s(status)),
        ("placed_at", s(order.placed_at.format("%Y-%m-%dT%H:%M:%SZ"))),
        ("coupon", order.coupon.as_ref().map_or(null(), s)),
    ])
}

#[tokio::test]
async fn an_order_with_lines() {
    let line = |sku: &str, note: Option<&str>| {
        let gift_note = note.map(Into::into);
        Line { sku: sku.into(), quantity: 2, unit_price: 19.9, gift_note }
    };
    let order = Order {
        customer: "CUSTOMER#7".into(),
        number: "ORDER#0042".into(),
        lines: vec![line("A-1", None), line("B-2", Some("for you"))],
        ship_to: [("city".to_owned(), "Ulm".to_owned())].into(),
        total_cents: -1,
        status: Status::Shipped,
        placed_at: DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
        coupon: Some("X".into()),
    };

    let table = Table::of(order).await;
    table.adopts_from_serde_dynamo(&[]).await;
    table.adopts_from_hand(order_by_hand(&table.model), &[]).await;
    // The offset `+00:00` becomes `Z`.
    table.adopts_from_dynomite(&["placed_at: S to S"]).await;

    let order = Order { status: Status::Placed, coupon: None, lines: vec![], ..table.model };
    let table = Table::of(order).await;
    table.adopts_from_hand(order_by_hand(&table.model), &["coupon: NULL to absent"]).await;
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "invoices")]
struct Invoice {
    #[partition_key]
    year: u16,
    #[sort_key]
    number: u64,
    #[encrypted]
    recipient: String,
    #[encrypted]
    vat_id: Option<String>,
    #[authenticated]
    net: f64,
    #[authenticated]
    vat_rate: f32,
    currency: String,
    paid: bool,
}

dynomite_structs!(Invoice { year, number, recipient, vat_id, net, vat_rate, currency, paid });

#[tokio::test]
async fn an_invoice() {
    let invoice = Invoice {
        year: 2026,
        number: 9_007_199_254_740_993,
        recipient: "Müller KG".into(),
        vat_id: Some("DE123456789".into()),
        net: 1234.5,
        vat_rate: 0.19,
        currency: "EUR".into(),
        paid: false,
    };
    let by_hand = item([
        ("year", n(2026)),
        ("number", n(9_007_199_254_740_993_u64)),
        ("recipient", s("Müller KG")),
        ("vat_id", s("DE123456789")),
        ("net", n(format!("{:.2}", 1234.5))),
        ("vat_rate", n("0.19")),
        ("currency", s("EUR")),
        ("paid", Sdk::Bool(false)),
    ]);

    let table = Table::of(invoice).await;
    table.adopts_from_serde_dynamo(&[]).await;
    table.adopts_from_hand(by_hand, &[]).await;
    table.adopts_from_dynomite(&[]).await;
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "links")]
struct Link {
    #[partition_key]
    slug: String,
    #[encrypted]
    target: String,
    #[authenticated]
    owner: Option<String>,
    clicks: u64,
    created: i64,
    #[envelope(ttl)]
    expires: Option<u64>,
}

dynomite_structs!(Link { slug, target, owner, clicks, created, expires });

#[tokio::test]
async fn a_short_url() {
    let link = Link {
        slug: "a1".into(),
        target: "https://example.com/?q=1".into(),
        owner: None,
        clicks: u64::MAX,
        created: 1_790_000_000,
        expires: None,
    };
    let by_hand = item([
        ("slug", s("a1")),
        ("target", s("https://example.com/?q=1")),
        ("clicks", n(u64::MAX)),
        ("created", n(1_790_000_000)),
    ]);

    let table = Table::of(link).await;
    let changed = &["expires: NULL to absent", "owner: NULL to absent"];
    table.adopts_from_serde_dynamo(changed).await;
    table.adopts_from_hand(by_hand, &[]).await;
    table.adopts_from_dynomite(changed).await;
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Rule {
    attribute: String,
    any_of: Vec<String>,
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "flags")]
struct Flag {
    #[partition_key]
    name: String,
    #[authenticated]
    enabled: bool,
    #[authenticated]
    percent: u32,
    #[encrypted]
    rules: Vec<Rule>,
    #[encrypted]
    #[envelope(set)]
    allowed_users: BTreeSet<u32>,
    #[envelope(set)]
    blocked_regions: BTreeSet<u32>,
    variants: HashMap<String, f64>,
}

dynomite_structs!(
    Rule { attribute, any_of }
    Flag { name, enabled, percent, rules, allowed_users, blocked_regions, variants }
);

#[tokio::test]
async fn a_feature_flag() {
    let flag = Flag {
        name: "new-checkout".into(),
        enabled: true,
        percent: 25,
        rules: vec![Rule { attribute: "plan".into(), any_of: vec!["pro".into(), "team".into()] }],
        allowed_users: [7, 11].into(),
        blocked_regions: [3].into(),
        variants: [("a".to_owned(), 0.5), ("b".to_owned(), 1.0)].into(),
    };
    let rule = m([("attribute", s("plan")), ("any_of", l([s("pro"), s("team")]))]);
    let by_hand = item([
        ("name", s("new-checkout")),
        ("enabled", Sdk::Bool(true)),
        ("percent", n(25)),
        ("rules", l([rule])),
        ("allowed_users", ns([11, 7])),
        ("blocked_regions", ns([3])),
        ("variants", m([("a", n(0.5)), ("b", n("1.0"))])),
    ]);

    let table = Table::of(flag).await;
    table.adopts_from_serde_dynamo(&["blocked_regions: L to NS"]).await;
    table.adopts_from_hand(by_hand, &[]).await;
    table.adopts_from_dynomite(&[]).await;
}
