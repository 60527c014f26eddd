//! Loads, and items of types that this library does not know.

use std::collections::HashMap;
use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue as SdkValue;
use envelope_runtime::error::OpenErrorKind;
use envelope_runtime::{
    AttributeValue, EnvelopeRecord, Item, LoadError, OtherAttributes, UpdateError,
};
use serde_json::json;

use crate::dynamodb::{Dynamodb, done};
use crate::models::{Account, Document, Person, account, document, person};

#[tokio::test]
async fn a_load_asks_for_the_key_and_consistently_where_that_is_said() {
    let dynamodb = Dynamodb::holding(&account()).await;
    let store = dynamodb.store();
    dynamodb.expect([done("GetItem"), done("GetItem"), done("GetItem")]);

    assert_eq!(store.get::<Account>("a-1").await.unwrap(), Some(account()));
    assert_eq!(store.get::<Account>("a-1").consistent().await.unwrap(), Some(account()));
    assert_eq!(store.get::<Account>("a-2").await.unwrap(), None);

    let requests = dynamodb.requests();
    assert_eq!(requests[0].body["TableName"], "users");
    assert_eq!(requests[0].body["Key"], json!({"id": {"S": "a-1"}}));
    assert_eq!(requests[0].body["ConsistentRead"], false);
    assert_eq!(requests[1].body["ConsistentRead"], true);
}

#[tokio::test]
async fn the_envelope_comes_along_where_it_is_asked_for() {
    let dynamodb = Dynamodb::holding(&account()).await;
    dynamodb.expect([done("GetItem")]);

    let get = dynamodb.store().get::<Account>("a-1");
    let loaded = get.with_envelope().await.unwrap().unwrap();

    dynamodb.requests();
    let sealed: Vec<_> = loaded.envelope().unwrap().sealed().collect();
    assert_eq!(sealed, ["email", "ssn"]);
}

#[tokio::test]
async fn what_was_altered_is_not_loaded() {
    let dynamodb = Dynamodb::holding(&account()).await;
    dynamodb.alter(|item| drop(item.insert("role".into(), json!({"S": "doctor"}))));
    dynamodb.expect([done("GetItem")]);

    let error = dynamodb.store().get::<Account>("a-1").await.unwrap_err();

    dynamodb.requests();
    assert!(error.is_tampered() && !error.is_retryable() && !error.is_access_denied(), "{error}");
}

#[tokio::test]
async fn the_context_comes_from_the_store_or_from_the_load() {
    let dynamodb = Dynamodb::holding(&person()).await;
    let store = dynamodb.store();
    dynamodb.expect([done("GetItem"), done("GetItem"), done("GetItem")]);

    let scoped = store.scoped([("tenant", "7")]);
    assert_eq!(scoped.get::<Person>("p-1").await.unwrap(), Some(person()));
    let given = store.get::<Person>("p-1").context([("tenant", "7")]);
    assert_eq!(given.await.unwrap(), Some(person()));
    let other = store.get::<Person>("p-1").context([("tenant", "8")]).await.unwrap_err();
    assert!(matches!(other, LoadError::Open(error) if error.kind() == OpenErrorKind::OtherContext));
    dynamodb.requests();

    // These make no request.
    for error in [
        store.get::<Person>("p-1").await.unwrap_err(),
        store.get::<Person>("p-1").context([("tenan", "7")]).await.unwrap_err(),
        scoped.get::<Person>("p-1").context([("tenant", "8")]).await.unwrap_err(),
    ] {
        assert!(matches!(error, LoadError::Context(_)), "{error}");
    }
    let error = store.get::<Account>("").await.unwrap_err();
    assert!(matches!(error, LoadError::Key(_)), "{error}");
}

#[tokio::test]
async fn a_record_that_has_expired_is_not_there() {
    let dynamodb = Dynamodb::holding(&Document { expires: Some(50), ..document() }).await;
    dynamodb.expect([done("GetItem"), done("GetItem")]);

    let at = |seconds| dynamodb.store().clock(move || UNIX_EPOCH + Duration::from_secs(seconds));
    assert!(at(49).get::<Document>("d-1").await.unwrap().is_some());
    assert!(at(50).get::<Document>("d-1").await.unwrap().is_none());
    dynamodb.requests();
}

#[derive(EnvelopeRecord, Debug)]
#[envelope(table = "users")]
struct Whole {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

/// Saving a record that was loaded without the attribute would drop it.
#[tokio::test]
async fn an_attribute_of_an_unknown_type_is_refused_by_a_catch_all() {
    let dynamodb = Dynamodb::holding(&account()).await;
    // An invalid number stands for an unknown type.
    dynamodb.alter(|item| drop(item.insert("later".into(), json!({"N": "x"}))));
    dynamodb.expect([done("GetItem"), done("GetItem"), done("GetItem")]);
    let store = dynamodb.store();

    let error = store.get::<Whole>("a-1").await.unwrap_err();
    let LoadError::Open(open) = &error else { panic!("{error}") };
    assert_eq!((open.kind(), open.attribute()), (OpenErrorKind::UnknownType, Some("later")));
    let error = store.update::<Whole>("a-1").seal(|f| f.ssn, "x").await.unwrap_err();
    let UpdateError::Open(open) = &error else { panic!("{error}") };
    assert_eq!((open.kind(), open.attribute()), (OpenErrorKind::UnknownType, Some("later")));
    // A record without a catch-all has no place for it.
    assert_eq!(store.get::<Account>("a-1").await.unwrap(), Some(account()));
    dynamodb.requests();
}

#[tokio::test]
async fn an_attribute_of_an_unknown_type_is_refused_by_a_record_that_has_it() {
    let values = [
        json!({"N": "x"}),
        json!({"NS": ["1", "x"]}),
        json!({"L": [{"N": "x"}]}),
        json!({"M": {"a": {"N": "x"}}}),
        json!({"X": "of the future"}),
    ];
    for value in values {
        let dynamodb = Dynamodb::holding(&account()).await;
        dynamodb.alter(|item| drop(item.insert("status".into(), value.clone())));
        dynamodb.expect([done("GetItem")]);

        let error = dynamodb.store().get::<Account>("a-1").await.unwrap_err();

        dynamodb.requests();
        let LoadError::Open(open) = &error else { panic!("{value}: {error}") };
        let found = (open.kind(), open.attribute());
        assert_eq!(found, (OpenErrorKind::UnknownType, Some("status")), "{value}");
    }
}

fn number(text: &str) -> SdkValue {
    SdkValue::N(text.into())
}

fn blob(byte: u8) -> Blob {
    Blob::new([byte])
}

/// Such items come from a query or a stream.
#[test]
fn items_of_the_sdk_are_converted_in_both_directions() {
    let values = [
        ("null", SdkValue::Null(true)),
        ("text", SdkValue::S("x".into())),
        ("number", number("1.5")),
        ("bytes", SdkValue::B(blob(1))),
        ("flag", SdkValue::Bool(true)),
        ("map", SdkValue::M(HashMap::from([("a".into(), number("1"))]))),
        ("list", SdkValue::L(vec![SdkValue::Bool(false), number("2")])),
        ("texts", SdkValue::Ss(vec!["a".into(), "b".into()])),
        ("numbers", SdkValue::Ns(vec!["1".into()])),
        ("blobs", SdkValue::Bs(vec![blob(1), blob(2)])),
    ];
    let sdk: HashMap<String, SdkValue> = values.map(|(name, value)| (name.into(), value)).into();

    let item = Item::try_from(sdk.clone()).unwrap();

    assert_eq!(item.attribute("text"), Some(&AttributeValue::S("x".into())));
    assert_eq!(HashMap::from(item), sdk);

    let error = Item::try_from(HashMap::from([("a \"b\"".to_owned(), number("x"))])).unwrap_err();
    assert_eq!(error.attribute(), "a \"b\"");
    let text =
        r#"attribute "a \"b\"" has a type that this library does not know; upgrade the library"#;
    assert_eq!(error.to_string(), text);
}
