//! The stored form of values, and the information that their ciphertexts reveal: T15 to T17, T20
//! and T30.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use envelope_runtime::secret;
use envelope_runtime::{EnvelopeFields, EnvelopeRecord, OtherAttributes};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::with;
use crate::support::{Stored, World, bytes};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "people")]
struct Optional {
    #[partition_key]
    id: String,
    #[encrypted]
    text: Option<String>,
    #[encrypted]
    #[envelope(bytes)]
    bytes: Option<Vec<u8>>,
    #[encrypted]
    list: Option<Vec<String>>,
    #[encrypted]
    map: Option<BTreeMap<String, String>>,
    #[encrypted]
    flag: Option<bool>,
}

#[tokio::test]
async fn t15_none_and_empty_are_two_things() {
    let world = World::new().await;
    let none =
        Optional { id: "o".into(), text: None, bytes: None, list: None, map: None, flag: None };
    let empty = Optional {
        text: Some(String::new()),
        bytes: Some(vec![]),
        list: Some(vec![]),
        map: Some(BTreeMap::new()),
        flag: Some(false),
        ..none.clone()
    };
    let inner = Optional {
        text: Some("null".into()),
        list: Some(vec![String::new()]),
        map: Some([(" ".to_owned(), String::new())].into()),
        ..empty.clone()
    };

    for record in [&none, &empty, &inner] {
        record.save(&world.store).await.unwrap();
        assert_eq!(Optional::load(&world.store, "o").await.unwrap().as_ref(), Some(record));
        let stored = world.stored("o").await;
        let sealed = stored.len() - ["id", "_envelope"].len();
        assert_eq!(sealed, if record.text.is_none() { 0 } else { 5 });
    }
}

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "people")]
struct Pair {
    #[partition_key]
    id: String,
    #[encrypted]
    a: String,
    #[encrypted]
    b: String,
    #[encrypted]
    flag: bool,
}

fn pair(id: &str, text: &str, flag: bool) -> Pair {
    Pair { id: id.into(), a: text.into(), b: text.into(), flag }
}

/// A type byte and a tag are added and nothing is compressed: the length shows only the value's
/// length.
#[tokio::test]
async fn t16_the_length_of_a_sealed_value_depends_on_nothing_but_the_values_length() {
    let world = World::new().await;
    for (text, flag) in [("aaaaaaaaaaaaaaaaaaaaaaaa", true), ("q8!mZ0-wP3xL~c7Vb2_55aKt", false)] {
        pair("p", text, flag).save(&world.store).await.unwrap();
        let stored = world.stored("p").await;
        assert_eq!(bytes(&stored, "a").len(), 1 + text.len() + 16);
        assert_eq!(bytes(&stored, "flag").len(), 1 + 1 + 16);
    }
}

/// Equal values cannot be told from unequal ones, within a record, across records and across saves.
#[tokio::test]
async fn t17_equal_values_have_unrelated_ciphertexts() {
    let world = World::new().await;
    let mut seen = BTreeSet::new();

    for id in ["p", "q", "p", "q"] {
        pair(id, "the same text", true).save(&world.store).await.unwrap();
        let stored = world.stored(id).await;
        for name in ["a", "b"] {
            for window in bytes(&stored, name).windows(6) {
                assert!(seen.insert(window.to_vec()), "{id} {name}");
            }
        }
    }
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "people")]
struct Measured {
    #[partition_key]
    id: String,
    #[encrypted]
    note: String,
    #[authenticated]
    amount: f64,
    #[authenticated]
    wide: i128,
    #[authenticated]
    #[envelope(set)]
    codes: BTreeSet<i64>,
    #[authenticated]
    #[envelope(set)]
    names: BTreeSet<String>,
    #[authenticated]
    map: BTreeMap<String, f32>,
}

fn measured() -> Measured {
    Measured {
        id: "m".into(),
        note: "n".into(),
        amount: 1500.0,
        wide: -(10_i128.pow(38)) + 1,
        codes: [-2, 9, 10].into(),
        names: ["é", "z", "a", "\u{FF61}", "🦀"].map(str::to_owned).into(),
        map: [("b".to_owned(), 0.5), ("a".to_owned(), -0.0)].into(),
    }
}

/// DynamoDB, or another program, may write the same value differently.
#[tokio::test]
async fn t20_the_same_value_written_otherwise_is_still_authentic() {
    let world = World::new().await;
    measured().save(&world.store).await.unwrap();
    let good = world.stored("m").await;
    let n = |text: &str| AttributeValue::N(text.into());
    let same = |name: &str, value| with(&good, name, value);
    let reversed: Vec<_> = good["names"].as_ss().unwrap().iter().rev().cloned().collect();

    for item in [
        same("amount", n("1.5e3")),
        same("amount", n("+01500.00")),
        same("codes", AttributeValue::Ns(vec!["10".into(), "-2.0".into(), "9e0".into()])),
        same("names", AttributeValue::Ss(reversed)),
        same("map", AttributeValue::M([("a".into(), n("-0")), ("b".into(), n("5E-1"))].into())),
    ] {
        world.write(item).await;
        assert_eq!(Measured::load(&world.store, "m").await.unwrap(), Some(measured()));
    }
    for item in [
        same("amount", n("1500.0000000000000000000000000000001")),
        same("amount", AttributeValue::S("1500".into())),
        same("codes", AttributeValue::Ns(vec!["10".into(), "-2".into()])),
        same("codes", AttributeValue::Ss(["10", "-2", "9"].map(Into::into).into())),
        same("wide", n("-99999999999999999999999999999999999998")),
    ] {
        world.write(item).await;
        assert!(Measured::load(&world.store, "m").await.unwrap_err().is_tampered());
    }
}

#[tokio::test]
async fn t20_what_dynamodb_cannot_hold_is_refused_before_any_request() {
    let world = World::new().await;

    for amount in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e126, 1e-131] {
        let error = Measured { amount, ..measured() }.save(&world.store).await.unwrap_err();
        assert!(error.to_string().contains("attribute `amount`"), "{error}");
    }
    for wide in [i128::MIN, i128::MAX, 10_i128.pow(38) + 1] {
        Measured { wide, ..measured() }.save(&world.store).await.unwrap_err();
    }
    assert_eq!(world.requests.take(), []);
}

const CANARY: &str = "canary-7f3a";

#[derive(Serialize, Deserialize, Clone)]
enum Shape {
    Text(String),
    Named { inner: Box<Shape> },
}

#[derive(EnvelopeFields)]
struct Contact {
    #[encrypted]
    phone: String,
}

/// A sealed field for each way to declare one.
#[derive(EnvelopeRecord)]
#[envelope(table = "people")]
#[serde(rename_all = "camelCase")]
struct Everywhere<T: Serialize + serde::de::DeserializeOwned + Send + Sync + 'static> {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(rename = "t")]
    text: String,
    #[encrypted]
    optional: Option<String>,
    #[encrypted]
    list_of_texts: Vec<String>,
    #[encrypted]
    map_keys: BTreeMap<String, u8>,
    #[encrypted]
    shape: Shape,
    #[encrypted]
    generic: T,
    #[encrypted]
    #[envelope(bytes)]
    raw: Vec<u8>,
    #[encrypted]
    #[envelope(set)]
    tags: BTreeSet<String>,
    #[encrypted]
    #[envelope(with = secret)]
    secret: SecretString,
    #[encrypted]
    #[envelope(default)]
    defaulted: String,
    #[envelope(flatten)]
    contact: Contact,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

/// Searches every byte of every attribute that DynamoDB holds, except for the key.
fn holds_canary(item: &Stored) -> bool {
    fn bytes_of(value: &AttributeValue, out: &mut Vec<u8>) {
        match value {
            AttributeValue::B(bytes) => out.extend_from_slice(bytes.as_ref()),
            other => out.extend_from_slice(format!("{other:?}").as_bytes()),
        }
    }
    let mut all = Vec::new();
    for (name, value) in item {
        all.extend_from_slice(name.as_bytes());
        bytes_of(value, &mut all);
    }
    all.windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
}

#[tokio::test]
async fn t30_no_way_to_declare_a_sealed_field_leaves_it_in_plaintext() {
    let world = World::new().await;
    let store = world.store.clone().map_table::<Everywhere<(u8, String)>>(&world.table);
    let text = || CANARY.to_owned();
    let mut others = OtherAttributes::default();
    others.insert_encrypted("extra", envelope_runtime::AttributeValue::S(text()));
    let record = Everywhere {
        id: "e".into(),
        text: text(),
        optional: Some(text()),
        list_of_texts: vec![text()],
        map_keys: [(text(), 1)].into(),
        shape: Shape::Named { inner: Box::new(Shape::Text(text())) },
        generic: (1, text()),
        raw: text().into_bytes(),
        tags: [text()].into(),
        secret: text().into(),
        defaulted: text(),
        contact: Contact { phone: text() },
        others,
    };

    record.save(&store).await.unwrap();

    let stored = world.stored("e").await;
    assert!(!holds_canary(&stored));
    let sealed = stored.iter().filter(|(_, value)| value.is_b()).count();
    assert_eq!((stored.len(), sealed), (14, 13), "all but the key");
    let loaded = Everywhere::<(u8, String)>::load(&store, "e").await.unwrap().unwrap();
    assert_eq!((loaded.text, loaded.generic.1, loaded.contact.phone), (text(), text(), text()));
}
