//! Narrow reads: what they fetch, and when they read the whole item after all.

use std::time::{Duration, UNIX_EPOCH};

use envelope_runtime::error::OpenErrorKind;
use envelope_runtime::{
    EnvelopeFields, EnvelopeProjection, EnvelopeRecord, LoadError, OtherAttributes, Store, Usage,
};
use serde_json::{Value, json};

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
    let expected = ["_envelope", "id", "role", "status", "ward"];
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

/// A newer program, whose envelopes list more.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Newer {
    #[partition_key]
    id: String,
    status: String,
    #[authenticated]
    logins: u64,
    tags: Vec<String>,
    #[authenticated]
    #[envelope(alias = "role")]
    position: String,
    #[authenticated]
    ward: Option<u8>,
    #[encrypted]
    ssn: String,
    #[encrypted]
    email: Option<String>,
    #[authenticated]
    team: String,
    #[encrypted]
    note: String,
}

fn newer() -> Newer {
    Newer {
        id: "a-1".into(),
        status: "new".into(),
        logins: 3,
        tags: vec!["x".into()],
        position: "patient".into(),
        ward: None,
        ssn: "078-05-1120".into(),
        email: None,
        team: "blue".into(),
        note: "n".into(),
    }
}

#[tokio::test]
async fn an_item_that_authenticates_more_than_was_fetched_is_read_again_and_whole() {
    let dynamodb = Dynamodb::holding(&newer()).await;
    let (store, usage) = measured(&dynamodb);
    for consistent in [false, true] {
        dynamodb.expect([done("GetItem"), done("GetItem")]);

        let get = store.get::<Card>("a-1");
        let get = if consistent { get.consistent() } else { get };
        assert_eq!(get.await.unwrap(), Some(card()));

        let requests = dynamodb.requests();
        assert!(requests[0].fetched().is_some() && requests[1].fetched().is_none());
        for request in &requests {
            assert_eq!(request.body["ConsistentRead"], consistent);
            assert_eq!(request.body["Key"], json!({"id": {"S": "a-1"}}));
        }
    }
    assert_eq!((usage.requests(), usage.kms_calls(), usage.reread()), (4, 2, 2));
}

#[tokio::test]
async fn an_altered_item_of_a_newer_program_is_refused_after_it_was_read_whole() {
    let dynamodb = Dynamodb::holding(&newer()).await;
    for (name, value) in [("team", json!({"S": "red"})), ("logins", json!({"N": "4"}))] {
        let good = dynamodb.item().unwrap();
        dynamodb.alter(|item| drop(item.insert(name.into(), value)));
        dynamodb.expect([done("GetItem"), done("GetItem")]);

        let error = dynamodb.store().get::<Card>("a-1").await.unwrap_err();

        dynamodb.requests();
        assert!(error.is_tampered(), "{name}: {error}");
        dynamodb.alter(|item| *item = good);
    }
}

#[tokio::test]
async fn a_sealed_attribute_that_is_not_shown_is_not_read() {
    #[derive(EnvelopeProjection, Debug, PartialEq)]
    #[envelope(of = Newer)]
    struct Mail {
        email: Option<String>,
    }
    let dynamodb = Dynamodb::holding(&newer()).await;
    let (store, usage) = measured(&dynamodb);
    dynamodb.alter(|item| drop(item.remove("note")));
    dynamodb.expect([done("GetItem")]);

    assert_eq!(store.get::<Mail>("a-1").await.unwrap(), Some(Mail { email: None }));

    dynamodb.requests();
    assert_eq!(usage.reread(), 0);
}

#[tokio::test]
async fn a_record_that_is_deleted_before_it_is_read_whole_is_not_there() {
    let dynamodb = Dynamodb::holding(&newer()).await;
    let delete = |item: &mut crate::table::Stored| drop(item.insert("id".into(), Value::Null));
    dynamodb.expect([done("GetItem"), done("GetItem").after(delete)]);

    assert_eq!(dynamodb.store().get::<Card>("a-1").await.unwrap(), None);

    dynamodb.requests();
}

/// Nothing of the list is verified, so nothing more is read for it.
#[tokio::test]
async fn a_projection_of_plaintext_reads_no_item_again() {
    let dynamodb = Dynamodb::holding(&newer()).await;
    let (store, usage) = measured(&dynamodb);
    dynamodb.expect([done("GetItem")]);

    assert!(store.get::<Line>("a-1").await.unwrap().is_some());

    dynamodb.requests();
    assert_eq!((usage.kms_calls(), usage.reread()), (0, 0));
}

#[tokio::test]
async fn an_envelope_that_is_none_is_refused_without_another_request() {
    let dynamodb = Dynamodb::holding(&account()).await;
    let good = dynamodb.item().unwrap();
    let refused = [
        (None, OpenErrorKind::NoEnvelope),
        (Some(json!({"S": "x"})), OpenErrorKind::MalformedEnvelope),
        (Some(json!({"B": "AQEA"})), OpenErrorKind::MalformedEnvelope),
        (Some(json!({"B": ""})), OpenErrorKind::MalformedEnvelope),
    ];
    for (envelope, kind) in refused {
        dynamodb.alter(|item| {
            match envelope.clone() {
                Some(envelope) => item.insert("_envelope".into(), envelope),
                None => item.remove("_envelope"),
            };
        });
        dynamodb.expect([done("GetItem"), done("GetItem")]);
        let store = dynamodb.store();

        for error in [
            store.get::<Card>("a-1").await.unwrap_err(),
            store.get::<Line>("a-1").await.unwrap_err(),
        ] {
            let LoadError::Open(open) = &error else { panic!("{error}") };
            assert_eq!((open.kind(), open.attribute()), (kind, Some("_envelope")), "{envelope:?}");
        }
        dynamodb.requests();
        dynamodb.alter(|item| *item = good.clone());
    }
}
