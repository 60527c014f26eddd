//! The stored form of each type, as the guide's page "Fields and serde" lists them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use envelope_runtime::{EnvelopeRecord, LocalKeyProvider, Sealer};
use serde::{Deserialize, Serialize};

use crate::support::{Stored, binary, string};

async fn stored<R: EnvelopeRecord>(record: &R) -> Stored {
    let sealer = Sealer::new(LocalKeyProvider::insecure_ephemeral().unwrap());
    sealer.seal(record).await.unwrap().into()
}

fn number(text: &str) -> Sdk {
    Sdk::N(text.into())
}

fn map<const N: usize>(entries: [(&str, Sdk); N]) -> Sdk {
    Sdk::M(entries.map(|(name, value)| (name.to_owned(), value)).into())
}

#[derive(Serialize, Deserialize)]
struct Unit;

#[derive(Serialize, Deserialize)]
struct Newtype(u8);

#[derive(Serialize, Deserialize)]
struct Pair(u8, String);

#[derive(EnvelopeRecord)]
#[envelope(table = "users", plaintext_only)]
struct Types {
    #[partition_key]
    id: String,
    text: String,
    empty: String,
    letter: char,
    count: i64,
    ratio: f64,
    flag: bool,
    bytes: Vec<u8>,
    array: [u8; 2],
    optional_bytes: Option<Vec<u8>>,
    #[envelope(bytes)]
    boxed: Box<[u8]>,
    nested: Vec<Vec<u8>>,
    list: Vec<u8>,
    tuple: (u8, bool),
    pair: Pair,
    map: BTreeMap<u8, bool>,
    #[envelope(set)]
    texts: BTreeSet<String>,
    #[envelope(set)]
    numbers: BTreeSet<u8>,
    #[envelope(set)]
    none_of_them: BTreeSet<u8>,
    absent: Option<u8>,
    in_a_list: Vec<Option<u8>>,
    unit: Unit,
    newtype: Newtype,
}

#[tokio::test]
async fn each_type_has_the_form_that_the_guide_gives() {
    let item = stored(&Types {
        id: "t-1".into(),
        text: "zoë".into(),
        empty: String::new(),
        letter: 'z',
        count: -3,
        ratio: 1.0,
        flag: true,
        bytes: vec![1],
        array: [1, 2],
        optional_bytes: Some(vec![2]),
        boxed: [3].into(),
        nested: vec![vec![4]],
        list: vec![5],
        tuple: (6, false),
        pair: Pair(7, "p".into()),
        map: [(8, true)].into(),
        texts: ["a".to_owned()].into(),
        numbers: [9].into(),
        none_of_them: BTreeSet::new(),
        absent: None,
        in_a_list: vec![None],
        unit: Unit,
        newtype: Newtype(10),
    })
    .await;

    let expected = HashMap::from(
        [
            ("id", string("t-1")),
            ("text", string("zoë")),
            ("empty", string("")),
            ("letter", string("z")),
            ("count", number("-3")),
            ("ratio", number("1")),
            ("flag", Sdk::Bool(true)),
            ("bytes", binary([1])),
            ("array", binary([1, 2])),
            ("optional_bytes", binary([2])),
            ("boxed", binary([3])),
            ("nested", Sdk::L(vec![Sdk::L(vec![number("4")])])),
            ("list", binary([5])),
            ("tuple", Sdk::L(vec![number("6"), Sdk::Bool(false)])),
            ("pair", Sdk::L(vec![number("7"), string("p")])),
            ("map", map([("8", Sdk::Bool(true))])),
            ("texts", Sdk::Ss(vec!["a".into()])),
            ("numbers", Sdk::Ns(vec!["9".into()])),
            ("in_a_list", Sdk::L(vec![Sdk::Null(true)])),
            ("unit", Sdk::Null(true)),
            ("newtype", number("10")),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    assert_eq!(item, expected);
}

#[derive(Serialize, Deserialize)]
enum External {
    Unit,
    Content { a: u8 },
    Newtype(u8),
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Unit,
    Content { a: u8 },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "t")]
enum Internal {
    Unit,
    Content { a: u8 },
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Unit,
    Content { a: u8 },
}

#[derive(EnvelopeRecord)]
#[envelope(table = "users", plaintext_only)]
struct Enums {
    #[partition_key]
    id: String,
    external: (External, External, External),
    adjacent: (Adjacent, Adjacent),
    internal: (Internal, Internal),
    untagged: (Untagged, Untagged),
}

#[tokio::test]
async fn each_form_of_an_enum_has_the_form_that_the_guide_gives() {
    let item = stored(&Enums {
        id: "e-1".into(),
        external: (External::Unit, External::Content { a: 1 }, External::Newtype(2)),
        adjacent: (Adjacent::Unit, Adjacent::Content { a: 1 }),
        internal: (Internal::Unit, Internal::Content { a: 1 }),
        untagged: (Untagged::Unit, Untagged::Content { a: 1 }),
    })
    .await;

    let content = || map([("a", number("1"))]);
    for (name, forms) in [
        (
            "external",
            vec![string("Unit"), map([("Content", content())]), map([("Newtype", number("2"))])],
        ),
        (
            "adjacent",
            vec![map([("t", string("Unit"))]), map([("t", string("Content")), ("c", content())])],
        ),
        (
            "internal",
            vec![map([("t", string("Unit"))]), map([("t", string("Content")), ("a", number("1"))])],
        ),
        ("untagged", vec![Sdk::Null(true), content()]),
    ] {
        assert_eq!(item[name], Sdk::L(forms), "{name}");
    }
}
