//! Values that other crates hand to serializers under private names, with the features that do so.

use std::collections::BTreeMap;

use envelope_runtime::{
    AttributeValue, EnvelopeRecord, Item, LocalKeyProvider, Number, Opener, Sealer, testing,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

#[derive(EnvelopeRecord)]
#[envelope(table = "documents")]
struct Document {
    #[partition_key]
    id: String,
    plain: Value,
    #[encrypted]
    sealed: Value,
}

fn document(value: Value) -> Document {
    Document { id: "d-1".into(), plain: value.clone(), sealed: value }
}

async fn seal<R: EnvelopeRecord>(record: &R) -> Item {
    Sealer::new(LocalKeyProvider::from_hex(KEY).unwrap()).seal(record).await.unwrap()
}

async fn open<R: EnvelopeRecord>(item: Item) -> R {
    let opener = Opener::new(LocalKeyProvider::from_hex(KEY).unwrap());
    opener.open::<R>(item).await.unwrap().into_record()
}

fn n(text: &str) -> AttributeValue {
    AttributeValue::N(Number::parse(text).unwrap())
}

fn marked(text: &str) -> AttributeValue {
    let name = "$serde_json::private::Number".to_owned();
    AttributeValue::M(BTreeMap::from([(name, AttributeValue::S(text.to_owned()))]))
}

#[tokio::test(flavor = "current_thread")]
async fn a_json_number_is_stored_as_a_number() {
    for (text, stored) in [("30", n("30")), ("-1", n("-1")), ("0.5", n("0.5"))] {
        let value: Value = serde_json::from_str(text).unwrap();

        let item = seal(&document(value.clone())).await;

        assert_eq!(item.attribute("plain"), Some(&stored));
        let loaded = open::<Document>(item).await;
        assert_eq!((&loaded.plain, &loaded.sealed), (&value, &value));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_json_number_that_was_stored_as_a_map_is_read_as_the_number() {
    let mut item = seal(&document(json!({ "age": 1 }))).await;
    item.insert("plain", AttributeValue::M(BTreeMap::from([("age".to_owned(), marked("30"))])));

    assert_eq!(open::<Document>(item).await.plain, json!({ "age": 30 }));
}

#[tokio::test(flavor = "current_thread")]
async fn a_json_number_keeps_all_its_digits() {
    for text in ["0.1234567890123456789012345", "123456789012345678901234567890", "1e400"] {
        let value: Value = serde_json::from_str(text).unwrap();

        let loaded = testing::round_trip(&document(value.clone())).unwrap();
        assert_eq!((&loaded.plain, &loaded.sealed), (&value, &value));
        let loaded = open::<Document>(seal(&document(value.clone())).await).await;
        assert_eq!((&loaded.plain, &loaded.sealed), (&value, &value));
    }
}

#[derive(EnvelopeRecord)]
#[envelope(table = "raw")]
struct Raw {
    #[partition_key]
    id: String,
    plain: Box<RawValue>,
    #[encrypted]
    sealed: Option<Box<RawValue>>,
    #[encrypted]
    inside: Vec<Holder>,
}

#[derive(Serialize, Deserialize)]
struct Holder {
    raw: Box<RawValue>,
}

#[tokio::test(flavor = "current_thread")]
async fn raw_json_comes_back_to_the_byte() {
    let text = r#"{"b":1, "a":[1.0, 1e5]}"#;
    let raw = || RawValue::from_string(text.to_owned()).unwrap();
    let record = Raw {
        id: "r-1".into(),
        plain: raw(),
        sealed: Some(raw()),
        inside: vec![Holder { raw: raw() }],
    };

    let item = seal(&record).await;

    assert_eq!(item.attribute("plain"), Some(&AttributeValue::S(text.to_owned())));
    let loaded = open::<Raw>(item).await;
    assert_eq!(loaded.plain.get(), text);
    assert_eq!(loaded.sealed.unwrap().get(), text);
    assert_eq!(loaded.inside[0].raw.get(), text);
}

#[tokio::test(flavor = "current_thread")]
async fn raw_json_that_was_stored_as_a_map_is_read() {
    let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
    let record = Raw { id: "r-1".into(), plain: raw("1"), sealed: None, inside: Vec::new() };
    let mut item = seal(&record).await;
    let name = "$serde_json::private::RawValue".to_owned();
    let before = AttributeValue::M(BTreeMap::from([(name, AttributeValue::S("[1]".into()))]));
    item.insert("plain", before);

    assert_eq!(open::<Raw>(item).await.plain.get(), "[1]");
}

#[derive(EnvelopeRecord)]
#[envelope(table = "prices")]
struct Price {
    #[partition_key]
    id: String,
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    plain: Decimal,
    #[encrypted]
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    sealed: Decimal,
}

#[tokio::test(flavor = "current_thread")]
async fn a_decimal_keeps_all_its_digits() {
    for text in
        ["0.1", "19.99", "-3", "1234567890.123456789012345678", "79228162514264337593543950335"]
    {
        let amount: Decimal = text.parse().unwrap();
        let price = Price { id: "p-1".into(), plain: amount, sealed: amount };

        let loaded = open::<Price>(seal(&price).await).await;

        assert_eq!((loaded.plain, loaded.sealed), (amount, amount));
    }
    let price = Price { id: "p-1".into(), plain: "19.99".parse().unwrap(), sealed: Decimal::ONE };
    assert_eq!(seal(&price).await.attribute("plain"), Some(&n("19.99")));
}

#[derive(EnvelopeRecord)]
#[envelope(table = "settings")]
struct Settings {
    #[partition_key]
    id: String,
    plain: toml::Value,
    #[encrypted]
    sealed: toml::Value,
    at: toml::value::Datetime,
}

#[tokio::test(flavor = "current_thread")]
async fn a_date_of_toml_comes_back() {
    let value: toml::Value =
        "at = 1979-05-27T07:32:00Z\nlist = [1, 2.5]".parse::<toml::Table>().unwrap().into();
    let at = "1979-05-27".parse().unwrap();
    let settings = Settings { id: "s-1".into(), plain: value.clone(), sealed: value.clone(), at };

    let loaded = open::<Settings>(seal(&settings).await).await;

    assert_eq!((loaded.plain, loaded.sealed, loaded.at), (value.clone(), value, at));
}

#[derive(EnvelopeRecord)]
#[envelope(table = "articles")]
struct Article {
    #[partition_key]
    id: String,
    #[serde(with = "serde_dynamo::string_set")]
    tags: Vec<String>,
    #[encrypted]
    #[envelope(with = serde_dynamo::number_set)]
    scores: Vec<u32>,
    inside: Inside,
}

#[derive(Serialize, Deserialize)]
struct Inside {
    #[serde(with = "serde_dynamo::binary_set")]
    hashes: Vec<Vec<u8>>,
}

fn article() -> Article {
    Article {
        id: "a-1".into(),
        tags: vec!["b".into(), "a".into()],
        scores: vec![2, 1],
        inside: Inside { hashes: vec![vec![1]] },
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_set_of_serde_dynamo_is_a_set() {
    let item = seal(&article()).await;

    let tags = AttributeValue::Ss(["a", "b"].map(String::from).into());
    assert_eq!(item.attribute("tags"), Some(&tags));
    let hashes = AttributeValue::Bs([vec![1]].into());
    let inside = AttributeValue::M(BTreeMap::from([("hashes".to_owned(), hashes)]));
    assert_eq!(item.attribute("inside"), Some(&inside));
    let loaded = open::<Article>(item).await;
    assert_eq!((loaded.tags, loaded.scores), (vec!["a".into(), "b".into()], vec![1, 2]));
    assert_eq!(loaded.inside.hashes, [[1]]);
}

#[tokio::test(flavor = "current_thread")]
async fn a_set_of_serde_dynamo_that_was_stored_as_a_list_is_read() {
    let mut item = seal(&article()).await;
    let list = ["z", "y"].map(|text| AttributeValue::S(text.into()));
    item.insert("tags", AttributeValue::L(list.into()));

    assert_eq!(open::<Article>(item).await.tags, ["z", "y"]);
}

/// DynamoDB has no empty sets.
#[tokio::test(flavor = "current_thread")]
async fn an_empty_set_of_serde_dynamo_is_an_empty_list() {
    let item = seal(&Article { tags: Vec::new(), ..article() }).await;

    assert_eq!(item.attribute("tags"), Some(&AttributeValue::L(Vec::new())));
    assert_eq!(open::<Article>(item).await.tags, [String::new(); 0]);
}

#[tokio::test(flavor = "current_thread")]
async fn a_json_number_that_was_stored_as_a_map_keeps_its_zeros() {
    let mut item = seal(&document(json!(1))).await;
    item.insert("plain", marked("1.10"));
    assert_eq!(open::<Document>(item).await.plain.to_string(), "1.10");

    let price = Price { id: "p-1".into(), plain: Decimal::ONE, sealed: Decimal::ONE };
    let mut item = seal(&price).await;
    item.insert("plain", marked("1.10"));
    assert_eq!(open::<Price>(item).await.plain.to_string(), "1.10");
}
