//! Values that survive a round trip, and the report of `testing::round_trip` on those that do not.

#![expect(
    clippy::option_option,
    clippy::unnecessary_wraps,
    clippy::unwrap_used,
    reason = "a test that covers such types"
)]

use std::collections::{BTreeMap, HashMap, HashSet};

use envelope_runtime::error::ConvertErrorKind;
use envelope_runtime::{EnvelopeFields, EnvelopeRecord, OtherAttributes, testing};
use serde::{Deserialize, Serialize};

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "everything")]
struct Everything {
    #[partition_key]
    id: String,
    #[encrypted]
    adjacent: Adjacent,
    plain: Adjacent,
    #[envelope(set)]
    tags: HashSet<String>,
    hashed: HashMap<u64, HashSet<u8>>,
    maybe: Option<f64>,
    #[envelope(bytes)]
    bytes: Vec<u8>,
    #[envelope(default = five)]
    count: Option<i64>,
    #[envelope(version)]
    version: u64,
    #[envelope(created_at)]
    created: Option<u64>,
    #[envelope(updated_at)]
    updated: u64,
    #[envelope(flatten)]
    group: Group,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

#[derive(EnvelopeFields, Clone)]
struct Group {
    #[encrypted]
    untagged: Untagged,
}

#[derive(Serialize, Deserialize, Clone)]
#[serde(tag = "type", content = "content")]
enum Adjacent {
    Shipped { items: HashMap<u64, u32> },
    Wide(i128),
}

#[derive(Serialize, Deserialize, Clone)]
#[serde(untagged)]
enum Untagged {
    Integer(i64),
    Float(f64),
    Keyed(BTreeMap<bool, u8>),
}

fn five() -> Option<i64> {
    Some(5)
}

fn everything() -> Everything {
    Everything {
        id: "e-1".into(),
        adjacent: Adjacent::Shipped { items: HashMap::from([(42, 1), (7, 2), (9, 9)]) },
        plain: Adjacent::Wide(-(10_i128.pow(30))),
        tags: ["b", "a", "c"].map(String::from).into(),
        hashed: HashMap::from([(1, HashSet::from([3, 1, 2, 9, 8, 7])), (2, HashSet::new())]),
        maybe: Some(0.5),
        bytes: vec![0, 255],
        count: None,
        version: 7,
        created: None,
        updated: 0,
        group: Group { untagged: Untagged::Float(2.5) },
        others: OtherAttributes::default(),
    }
}

/// The attribute and the problem that `round_trip` reports.
fn found<R: EnvelopeRecord>(record: &R) -> (String, ConvertErrorKind) {
    let error = testing::round_trip(record).err().unwrap();
    (error.attribute().to_owned(), error.kind())
}

#[test]
fn a_record_that_comes_back_is_given_back() {
    let loaded = testing::round_trip(&everything()).unwrap();

    let Adjacent::Shipped { items } = loaded.adjacent else { unreachable!() };
    assert_eq!(items.get(&42), Some(&1));
    assert_eq!((loaded.version, loaded.count), (8, None));
    assert!(loaded.created.is_some() && loaded.updated != 0);
    assert!(matches!(loaded.group.untagged, Untagged::Float(2.5)));
}

#[test]
fn a_value_that_comes_back_as_another_one_is_found() {
    let changed = |name: &str| (name.to_owned(), ConvertErrorKind::Changed);
    let group = |untagged| Everything { group: Group { untagged }, ..everything() };

    assert!(testing::round_trip(&group(Untagged::Integer(2))).is_ok());
    assert_eq!(found(&group(Untagged::Float(2.0))), changed("untagged"));
    assert_eq!(found(&Everything { maybe: Some(-0.0), ..everything() }), changed("maybe"));
}

#[test]
fn a_value_that_serde_writes_and_cannot_read_is_found() {
    let untagged = Untagged::Keyed(BTreeMap::from([(true, 1)]));
    let record = Everything { group: Group { untagged }, ..everything() };

    assert_eq!(found(&record), ("untagged".to_owned(), ConvertErrorKind::Refused));
}

#[test]
fn a_value_that_a_save_refuses_is_found() {
    let problem = found(&Everything { maybe: Some(f64::NAN), ..everything() }).1;

    assert!(matches!(problem, ConvertErrorKind::Number(_)), "{problem:?}");
}

#[derive(EnvelopeRecord)]
#[envelope(table = "json", plaintext_only)]
struct Json {
    #[partition_key]
    id: String,
    document: serde_json::Value,
    nested: Option<Option<u8>>,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "keys", plaintext_only)]
struct Keys {
    #[partition_key]
    id: String,
    untagged: HashMap<Key, u8>,
    /// Written as nothing at all.
    nothing: Nothing,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Hash)]
#[serde(untagged)]
enum Key {
    Integer(i64),
    Text(String),
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(untagged)]
enum Nothing {
    Maybe(Option<String>),
    Number(u8),
}

#[test]
fn a_key_of_a_map_that_comes_back_as_another_one_is_found() {
    let keys = |key| Keys {
        id: "k-1".into(),
        untagged: HashMap::from([(key, 1)]),
        nothing: Nothing::Number(1),
    };

    assert!(testing::round_trip(&keys(Key::Text("5".into()))).is_ok());
    let integer = found(&keys(Key::Integer(5)));
    assert_eq!(integer, ("untagged".to_owned(), ConvertErrorKind::Changed));
}

#[test]
fn nothing_in_an_untagged_enum_comes_back() {
    let nothing = Nothing::Maybe(None);
    let record = Keys { id: "k-1".into(), untagged: HashMap::new(), nothing };

    assert_eq!(testing::round_trip(&record).unwrap().nothing, Nothing::Maybe(None));
}

#[test]
fn what_dynamodb_stores_alike_is_found() {
    let json = |document, nested| Json { id: "j-1".into(), document, nested };

    assert!(testing::round_trip(&json(serde_json::json!([1, 1.5, -1, {"a": null}]), None)).is_ok());
    assert!(testing::round_trip(&json(serde_json::json!(null), Some(Some(1)))).is_ok());
    let whole = found(&json(serde_json::json!([{ "ratio": 1.0 }]), None));
    assert_eq!(whole, ("document".to_owned(), ConvertErrorKind::Changed));
    let null = found(&json(serde_json::json!(1), Some(None)));
    assert_eq!(null, ("nested".to_owned(), ConvertErrorKind::Changed));
}

/// A record with a version is stored as its clone.
#[test]
fn a_clone_that_is_another_value_is_named() {
    #[derive(Serialize, Deserialize)]
    struct Forgetful(String);

    impl Clone for Forgetful {
        fn clone(&self) -> Self {
            Self(String::new())
        }
    }

    #[derive(EnvelopeRecord, Clone)]
    #[envelope(table = "users")]
    struct User {
        #[partition_key]
        id: String,
        #[encrypted]
        note: Forgetful,
        #[envelope(version)]
        version: u64,
    }

    let user = User { id: "a".into(), note: Forgetful("secret".into()), version: 0 };
    let error = testing::round_trip(&user).err().unwrap();

    assert_eq!(error.attribute(), "note");
}
