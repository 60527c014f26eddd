//! Narrow reads: what they fetch, and when they read the whole item after all.

mod newer;

use std::time::{Duration, UNIX_EPOCH};

use envelope_runtime::error::OpenErrorKind;
use envelope_runtime::{
    EnvelopeFields, EnvelopeProjection, EnvelopeRecord, LoadError, OtherAttributes, Store, Usage,
};
use serde_json::json;

use crate::dynamodb::{Dynamodb, done};
use crate::models::{Account, account};
use crate::usage::counting;

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Account)]
struct Card {
    status: String,
    tags: Vec<String>,
    ssn: String,
}

fn card() -> Card {
    let Account { status, tags, ssn, .. } = account();
    Card { status, tags, ssn }
}

/// What an application lists, without a call to KMS.
#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Account, plaintext_only)]
struct Line {
    id: String,
    status: String,
}

fn measured(dynamodb: &Dynamodb) -> (Store, Usage) {
    let usage = Usage::default();
    (counting(dynamodb).measured(&usage), usage)
}

#[tokio::test]
async fn a_projection_fetches_what_it_shows_and_what_the_envelope_proves() {
    let dynamodb = Dynamodb::holding(&account()).await;
    let (store, usage) = measured(&dynamodb);
    dynamodb.expect([done("GetItem"), done("GetItem")]);

    assert_eq!(store.get::<Card>("a-1").await.unwrap(), Some(card()));
    let narrowed = store.get::<Account>("a-1").project::<Card>().consistent();
    assert_eq!(narrowed.await.unwrap(), Some(card()));

    let requests = dynamodb.requests();
    for request in &requests {
        let expected = ["_envelope", "id", "role", "ssn", "status", "tags", "ward"];
        assert_eq!(request.fetched().unwrap(), expected);
        assert_eq!(request.body["ProjectionExpression"], "#n0, #n1, #n2, #n3, #n4, #n5, #n6");
    }
    let consistent = requests.iter().map(|request| request.body["ConsistentRead"] == true);
    assert_eq!(consistent.collect::<Vec<_>>(), [false, true]);
    assert_eq!((usage.requests(), usage.kms_calls(), usage.reread()), (2, 2, 0));
}

#[tokio::test]
async fn a_projection_of_plaintext_asks_for_no_data_key() {
    let dynamodb = Dynamodb::holding(&account()).await;
    let (store, usage) = measured(&dynamodb);
    dynamodb.expect([done("GetItem")]);

    let line = store.get::<Line>("a-1").await.unwrap();

    assert_eq!(line, Some(Line { id: "a-1".into(), status: "new".into() }));
    let expected = ["_envelope", "id", "status"];
    assert_eq!(dynamodb.request().fetched().unwrap(), expected);
    assert_eq!((usage.requests(), usage.kms_calls()), (1, 0));
}

#[tokio::test]
async fn the_envelope_comes_along_with_a_projection() {
    let dynamodb = Dynamodb::holding(&account()).await;
    dynamodb.expect([done("GetItem"), done("GetItem")]);
    let store = dynamodb.store();

    let loaded = store.get::<Card>("a-1").with_envelope().await.unwrap().unwrap();
    assert_eq!(loaded.envelope().unwrap().sealed().collect::<Vec<_>>(), ["email", "ssn"]);
    let line = store.get::<Account>("a-1").with_envelope().project::<Line>().await.unwrap();
    assert!(line.unwrap().envelope().is_none());

    dynamodb.requests();
}

#[derive(EnvelopeFields, Clone, Debug, PartialEq)]
struct Contact {
    #[authenticated]
    #[envelope(alias = "mail")]
    email: String,
    #[encrypted]
    phone: Option<String>,
    city: String,
}

/// Has a key of parts, a context outside of it, a TTL, older names and attributes of others.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "app",
    partition_key = "T#{tenant}",
    sort_key = "O#{number:04}",
    envelope = "env"
)]
struct Order {
    tenant: String,
    number: u32,
    #[envelope(context, rename = "area")]
    region: String,
    #[authenticated]
    #[envelope(since = 2)]
    state: Option<String>,
    #[envelope(alias = "at", alias = "when")]
    placed: u64,
    #[envelope(ttl)]
    expires: Option<u64>,
    #[encrypted]
    #[envelope(alias = "to")]
    address: String,
    #[envelope(default = unknown)]
    carrier: String,
    #[envelope(flatten)]
    contact: Contact,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

fn unknown() -> String {
    "unknown".into()
}

fn order() -> Order {
    Order {
        tenant: "t".into(),
        number: 7,
        region: "eu".into(),
        state: None,
        placed: 10,
        expires: Some(50),
        address: "1 Main St".into(),
        carrier: "c".into(),
        contact: Contact { email: "a@b.c".into(), phone: None, city: "Ulm".into() },
        others: OtherAttributes::default(),
    }
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Order)]
struct Label {
    carrier: String,
    address: String,
    placed: u64,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Order)]
struct Whom {
    #[envelope(flatten)]
    contact: Contact,
    r#number: u32,
}

/// Shows nothing: the item is there, and authentic.
#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Order)]
struct Exists {}

#[tokio::test]
async fn a_projection_fetches_each_attribute_under_all_its_names() {
    let dynamodb = Dynamodb::holding(&order()).await;
    let store = dynamodb.store().scoped([("area", "eu")]).clock(|| UNIX_EPOCH);
    dynamodb.expect([done("GetItem"), done("GetItem"), done("GetItem")]);

    let label = Label { carrier: "c".into(), address: "1 Main St".into(), placed: 10 };
    assert_eq!(store.get::<Label>(("t", 7)).await.unwrap(), Some(label));
    let whom = Whom { contact: order().contact, number: 7 };
    assert_eq!(store.get::<Whom>(("t", 7)).await.unwrap(), Some(whom));
    assert_eq!(store.get::<Exists>(("t", 7)).await.unwrap(), Some(Exists {}));

    let requests = dynamodb.requests();
    let needed = "PK SK area email env expires mail number state tenant";
    for (request, shown) in
        requests.iter().zip(["address to carrier placed at when", "phone city", ""])
    {
        let mut expected: Vec<_> = needed.split(' ').chain(shown.split_whitespace()).collect();
        expected.sort_unstable();
        assert_eq!(request.fetched().unwrap(), expected);
    }
}

#[tokio::test]
async fn a_projection_reads_a_field_as_its_record_does() {
    let dynamodb = Dynamodb::holding(&order()).await;
    let store = dynamodb.store().scoped([("area", "eu")]).clock(|| UNIX_EPOCH);
    dynamodb.alter(|item| {
        drop(item.remove("carrier"));
        let placed = item.remove("placed").unwrap();
        item.insert("when".into(), placed);
    });
    dynamodb.expect([done("GetItem"), done("GetItem")]);

    let label = Label { carrier: "unknown".into(), address: "1 Main St".into(), placed: 10 };
    assert_eq!(store.get::<Label>(("t", 7)).await.unwrap(), Some(label));
    dynamodb.alter(|item| drop(item.insert("when".into(), json!({"S": "x"}))));
    let error = store.get::<Label>(("t", 7)).await.unwrap_err();
    let LoadError::Field(error) = &error else { panic!("{error}") };
    assert_eq!(error.attribute(), "placed");

    dynamodb.requests();
}

#[tokio::test]
async fn a_projection_of_an_expired_record_is_not_there() {
    let dynamodb = Dynamodb::holding(&order()).await;
    let store = dynamodb.store().scoped([("area", "eu")]);
    dynamodb.expect([done("GetItem")]);

    let store = store.clock(|| UNIX_EPOCH + Duration::from_secs(50));
    assert_eq!(store.get::<Exists>(("t", 7)).await.unwrap(), None);

    dynamodb.requests();
}

#[tokio::test]
async fn a_projection_belongs_to_the_context_of_its_record() {
    #[derive(EnvelopeProjection, Debug)]
    #[envelope(of = Order, plaintext_only)]
    #[expect(dead_code, reason = "it is never opened")]
    struct Carried {
        carrier: String,
    }
    let dynamodb = Dynamodb::holding(&order()).await;
    let store = dynamodb.store().clock(|| UNIX_EPOCH);
    let other = store.scoped([("area", "us")]);
    dynamodb.expect([done("GetItem"), done("GetItem")]);

    for error in [
        other.get::<Label>(("t", 7)).await.unwrap_err(),
        other.get::<Carried>(("t", 7)).await.unwrap_err(),
    ] {
        let LoadError::Open(open) = &error else { panic!("{error}") };
        assert_eq!(open.kind(), OpenErrorKind::OtherContext, "{error}");
    }
    // These make no request.
    for error in [
        store.get::<Label>(("t", 7)).await.unwrap_err(),
        store.get::<Carried>(("t", 7)).await.unwrap_err(),
    ] {
        assert!(matches!(error, LoadError::Context(_)), "{error}");
    }
    dynamodb.requests();
}
