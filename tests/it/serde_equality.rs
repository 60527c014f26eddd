//! serde's attributes mean here what they mean in serde: the stored item is the one that
//! `serde_dynamo` writes for the same struct, and every item loads, or is refused, as in
//! `serde_dynamo`.

use std::fmt::Debug;

use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use envelope_runtime::{EnvelopeRecord, Item, LocalKeyProvider, Opener, Sealer};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::support::{Stored, string};

/// The item that is stored, in the SDK's types.
async fn stored<R: EnvelopeRecord>(record: &R) -> Stored {
    let sealer = Sealer::new(LocalKeyProvider::insecure_ephemeral().unwrap());
    sealer.seal(record).await.unwrap().into()
}

async fn load<R: EnvelopeRecord>(item: Stored) -> Option<R> {
    let opener = Opener::new(LocalKeyProvider::insecure_ephemeral().unwrap());
    let item = Item::try_from(item).unwrap();
    opener.open::<R>(item).await.ok().map(envelope_runtime::Loaded::into_record)
}

/// Compares the stored item with serde's. An absent attribute is NULL in serde's.
async fn writes_as_serde<R: EnvelopeRecord + Serialize>(record: &R) -> Stored {
    let mut ours = stored(record).await;
    let mut serdes: Stored = serde_dynamo::to_item(record).unwrap();
    ours.retain(|_, value| !value.is_null());
    serdes.retain(|_, value| !value.is_null());
    assert_eq!(ours, serdes);
    ours
}

/// Compares the results of loading an item, or their absence.
async fn reads_as_serde<R>(item: Stored, what: &str)
where
    R: EnvelopeRecord + DeserializeOwned + PartialEq + Debug,
{
    let serdes = serde_dynamo::from_item::<_, R>(item.clone()).ok();
    assert_eq!(load::<R>(item).await, serdes, "{what}");
}

/// Reads the item unchanged, and with each attribute absent, NULL, of another type and renamed.
async fn check<R>(record: R, other_names: &[(&str, &str)])
where
    R: EnvelopeRecord + Serialize + DeserializeOwned + PartialEq + Debug,
{
    let item = writes_as_serde(&record).await;
    reads_as_serde::<R>(item.clone(), "as it is").await;
    for name in item.keys().filter(|name| *name != "id") {
        let mut absent = item.clone();
        let value = absent.remove(name).unwrap();
        reads_as_serde::<R>(absent.clone(), &format!("{name} is absent")).await;
        for planted in [
            Sdk::Null(true),
            Sdk::Bool(true),
            string("text"),
            Sdk::N("1".into()),
            Sdk::N("-1.5".into()),
            Sdk::L(vec![]),
            Sdk::M([].into()),
        ] {
            let what = format!("{name} is {planted:?}");
            let planted = [(name.clone(), planted)];
            reads_as_serde::<R>(item.clone().into_iter().chain(planted).collect(), &what).await;
        }
        for (_, other) in other_names.iter().filter(|(of, _)| of == name) {
            let renamed = [(String::from(*other), value.clone())];
            let renamed = absent.clone().into_iter().chain(renamed).collect();
            reads_as_serde::<R>(renamed, &format!("{name} is called {other}")).await;
        }
    }
}

mod reversed {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&text.chars().rev().collect::<String>())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
        Ok(String::deserialize(from)?.chars().rev().collect())
    }
}

fn seven() -> u8 {
    7
}

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    FirstOne,
    SecondOne,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Inner {
    word: String,
    #[serde(default)]
    count: Option<u8>,
}

#[derive(Serialize, Deserialize, EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "gallery", plaintext_only)]
#[serde(rename_all = "camelCase")]
struct Honoured {
    #[partition_key]
    id: String,
    plain_number: u32,
    #[serde(rename = "another-name")]
    renamed: String,
    #[serde(rename = "now", alias = "before", alias = "long_before")]
    aliased: i64,
    #[serde(default)]
    defaulted: Vec<String>,
    #[serde(default = "seven")]
    by_function: u8,
    #[serde(default)]
    maybe_defaulted: Option<u16>,
    #[serde(skip)]
    skipped: u8,
    #[serde(with = "reversed")]
    through_module: String,
    #[serde(serialize_with = "reversed::serialize", default)]
    one_way: String,
    #[serde(deserialize_with = "reversed::deserialize")]
    other_way: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<String>,
    optional: Option<Inner>,
    inner: Inner,
    r#type: Kind,
    tuple: (u8, bool),
    ratio: f64,
}

fn honoured() -> Honoured {
    Honoured {
        id: "h".into(),
        plain_number: 1,
        renamed: "r".into(),
        aliased: -1,
        defaulted: vec!["d".into()],
        by_function: 8,
        maybe_defaulted: Some(2),
        skipped: 0,
        through_module: "abc".into(),
        one_way: "abc".into(),
        other_way: "abc".into(),
        left_out: Some("l".into()),
        optional: Some(Inner { word: "o".into(), count: Some(1) }),
        inner: Inner { word: "i".into(), count: None },
        r#type: Kind::SecondOne,
        tuple: (1, true),
        ratio: 0.1,
    }
}

#[tokio::test]
async fn every_honoured_attribute_of_a_field_is_serdes() {
    check(honoured(), &[("now", "before"), ("now", "long_before"), ("inner", "now")]).await;

    let absent = Honoured {
        left_out: None,
        optional: None,
        maybe_defaulted: None,
        defaulted: vec![],
        r#type: Kind::FirstOne,
        ..honoured()
    };
    check(absent, &[]).await;
    assert!(
        stored(&Honoured { skipped: 1, ..honoured() }).await.values().all(|value| !value.is_null())
    );
}

/// serde refuses them; but an older program that updates its name beside the newer one is not a
/// mistake.
#[tokio::test]
async fn of_two_names_of_one_field_at_once_the_older_one_counts() {
    let mut item = writes_as_serde(&honoured()).await;
    item.insert("before".into(), Sdk::N("9".into()));

    assert!(serde_dynamo::from_item::<_, Honoured>(item.clone()).is_err());
    assert_eq!(load::<Honoured>(item).await.unwrap().aliased, 9);
}

#[tokio::test]
async fn a_default_of_the_whole_struct_is_serdes() {
    #[derive(Serialize, Deserialize, EnvelopeRecord, Clone, Debug, PartialEq)]
    #[envelope(table = "gallery", plaintext_only)]
    #[serde(default)]
    struct Whole {
        #[partition_key]
        id: String,
        word: String,
        #[serde(default = "seven")]
        number: u8,
        maybe: Option<u8>,
        list: Vec<u16>,
    }
    impl Default for Whole {
        fn default() -> Self {
            Self { id: "d".into(), word: "w".into(), number: 1, maybe: Some(1), list: vec![1] }
        }
    }
    let whole =
        Whole { id: "w".into(), word: "x".into(), number: 2, maybe: Some(3), list: vec![4] };
    check(whole.clone(), &[]).await;
    check(Whole { maybe: None, list: vec![], ..whole }, &[]).await;
}

macro_rules! rename_rules {
    ($($rule:literal),*) => {$({
        #[derive(Serialize, Deserialize, EnvelopeRecord, Clone, Debug, PartialEq)]
        #[envelope(table = "gallery", plaintext_only)]
        #[serde(rename_all = $rule)]
        struct Cased {
            #[partition_key]
            #[serde(rename = "id")]
            key: String,
            two_words: u8,
            three_words_1: u8,
            _leading: u8,
            double__line: u8,
            x: u8,
            r#loop: u8,
            gr_öße: u8,
        }
        let key = "c".into();
        let cased = Cased {
            key,
            two_words: 1,
            three_words_1: 2,
            _leading: 3,
            double__line: 4,
            x: 5,
            r#loop: 6,
            gr_öße: 7,
        };
        check(cased, &[]).await;
    })*};
}

#[allow(non_snake_case, reason = "odd names are the point")]
#[tokio::test]
async fn every_rename_rule_is_serdes() {
    rename_rules!(
        "lowercase",
        "UPPERCASE",
        "PascalCase",
        "camelCase",
        "snake_case",
        "SCREAMING_SNAKE_CASE",
        "kebab-case",
        "SCREAMING-KEBAB-CASE"
    );
}
