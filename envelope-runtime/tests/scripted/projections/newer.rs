//! Items of a newer program, whose envelopes list more.

use envelope_runtime::error::OpenErrorKind;
use envelope_runtime::{EnvelopeProjection, EnvelopeRecord, LoadError};
use serde_json::{Value, json};

use super::{Card, Line, card, measured};
use crate::dynamodb::{Dynamodb, done};
use crate::models::account;

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
        assert_eq!(requests[0].body["ConsistentRead"], consistent);
        // An older state would hide a record that is there.
        assert_eq!(requests[1].body["ConsistentRead"], true);
        for request in &requests {
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
