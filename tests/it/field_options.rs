//! serde's attributes and our options on fields, in the stored item and after a load.

mod with;

use std::collections::{BTreeSet, HashSet};

use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use envelope_runtime::EnvelopeRecord;

use crate::support::{World, string};

mod reversed {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&text.chars().rev().collect::<String>())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
        Ok(String::deserialize(from)?.chars().rev().collect())
    }
}

fn fallback() -> String {
    "fallback".into()
}

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "gallery", envelope = "_env")]
#[serde(rename_all = "camelCase")]
struct Renamed {
    #[partition_key]
    id: String,
    #[encrypted]
    sensitive_stuff: String,
    #[serde(rename = "serdes")]
    by_serde: u8,
    #[envelope(rename = "ours")]
    #[serde(rename = "theirs")]
    by_both: u8,
    #[serde(with = "reversed")]
    turned: String,
    #[envelope(default = fallback)]
    filled: String,
    #[encrypted]
    #[envelope(default)]
    counted: u32,
    #[envelope(skip)]
    cache: Vec<String>,
}

async fn renamed() -> (World, Renamed) {
    let world = World::new().await;
    let renamed = Renamed {
        id: "r".into(),
        sensitive_stuff: "s".into(),
        by_serde: 1,
        by_both: 2,
        turned: "abc".into(),
        filled: "given".into(),
        counted: 7,
        cache: vec!["not stored".into()],
    };
    renamed.save(&world.store).await.unwrap();
    (world, renamed)
}

#[tokio::test]
async fn serde_attributes_and_options_mean_what_they_say() {
    let (world, renamed) = renamed().await;

    let item = world.stored("r").await;
    let mut names: Vec<_> = item.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["_env", "counted", "filled", "id", "ours", "sensitiveStuff", "serdes", "turned"]
    );
    assert_eq!(item["turned"], string("cba"));
    let loaded = Renamed::load(&world.store, "r").await.unwrap().unwrap();
    assert_eq!(loaded, Renamed { cache: vec![], ..renamed });
}

#[tokio::test]
async fn an_absent_attribute_loads_as_its_default() {
    let (world, _) = renamed().await;
    let mut item = world.stored("r").await;
    item.remove("filled");
    world.write(item).await;

    let loaded = Renamed::load(&world.store, "r").await.unwrap().unwrap();

    assert_eq!(loaded.filled, "fallback");
}

mod upper {
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::ref_option, reason = "the signature that serde requires")]
    pub(super) fn serialize<S: Serializer>(
        text: &Option<String>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match text {
            Some(text) => to.serialize_some(&text.to_uppercase()),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<String>, D::Error> {
        Option::deserialize(from)
    }
}

#[allow(clippy::unnecessary_wraps, reason = "the default of an optional field")]
fn standard() -> Option<String> {
    Some("standard".into())
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "gallery")]
#[serde(default)]
struct Diet<T> {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(default = standard)]
    sealed: Option<String>,
    #[serde(default = "standard")]
    plain: Option<String>,
    #[serde(with = "upper")]
    through: Option<String>,
    from_struct: Option<Vec<u8>>,
    generic: T,
}

impl<T: Default> Default for Diet<T> {
    fn default() -> Self {
        let from_struct = Some(vec![1]);
        let (id, generic) = (String::new(), T::default());
        Self { id, sealed: None, plain: None, through: Some("x".into()), from_struct, generic }
    }
}

fn none() -> Diet<u8> {
    Diet { id: "d".into(), sealed: None, plain: None, through: None, from_struct: None, generic: 7 }
}

#[tokio::test]
async fn a_saved_none_loads_again_whatever_the_default() {
    let world = World::new().await;

    none().save(&world.store).await.unwrap();

    assert_eq!(world.stored("d").await["plain"], Sdk::Null(true));
    assert_eq!(world.store.get("d").await.unwrap(), Some(none()));
}

#[tokio::test]
async fn each_absent_attribute_loads_as_its_own_default() {
    let world = World::new().await;
    none().save(&world.store).await.unwrap();
    let mut item = world.stored("d").await;
    for name in ["plain", "through", "from_struct", "generic"] {
        item.remove(name);
    }
    world.write(item).await;

    let expected = Diet {
        plain: standard(),
        through: Some("x".into()),
        from_struct: Some(vec![1]),
        generic: 0,
        ..none()
    };
    assert_eq!(world.store.get("d").await.unwrap(), Some(expected));
}

#[tokio::test]
async fn a_function_of_an_optional_field_reads_what_it_left_out() {
    mod optional {
        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        #[allow(
            clippy::ref_option,
            clippy::trivially_copy_pass_by_ref,
            reason = "serde requires it"
        )]
        pub(super) fn serialize<S: Serializer>(n: &Option<u8>, to: S) -> Result<S::Ok, S::Error> {
            n.serialize(to)
        }

        pub(super) fn deserialize<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<u8>, D::Error> {
            Option::deserialize(from)
        }
    }
    #[derive(EnvelopeRecord, Debug, PartialEq)]
    #[envelope(table = "gallery")]
    struct Through {
        #[partition_key]
        id: String,
        #[encrypted]
        #[serde(with = "optional")]
        both: Option<u8>,
        #[serde(serialize_with = "optional::serialize")]
        half: Option<u8>,
        #[serde(deserialize_with = "optional::deserialize")]
        other_half: Option<u8>,
    }
    let world = World::new().await;
    for value in [None, Some(1)] {
        let through = Through { id: "t".into(), both: value, half: value, other_half: value };
        through.save(&world.store).await.unwrap();
        assert_eq!(Through::load(&world.store, "t").await.unwrap(), Some(through));
    }
}

type Digest = [u8; 3];

#[derive(Clone, Debug, PartialEq)]
struct Token(Vec<u8>);

impl AsRef<[u8]> for Token {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<Vec<u8>> for Token {
    type Error = &'static str;

    fn try_from(bytes: Vec<u8>) -> Result<Self, Self::Error> {
        if bytes.is_empty() { Err("empty") } else { Ok(Self(bytes)) }
    }
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "gallery")]
struct Sets {
    #[partition_key]
    id: String,
    #[envelope(bytes)]
    digest: Digest,
    #[encrypted]
    #[envelope(bytes)]
    token: Option<Token>,
    #[envelope(set)]
    tags: HashSet<String>,
    #[encrypted]
    #[envelope(set)]
    sealed: BTreeSet<i64>,
    #[envelope(set)]
    numbers: BTreeSet<u32>,
    #[envelope(set)]
    blobs: Vec<Vec<u8>>,
    #[envelope(set)]
    maybe: Option<BTreeSet<String>>,
}

fn empty() -> Sets {
    Sets {
        id: "s".into(),
        digest: [1, 2, 3],
        token: None,
        tags: HashSet::new(),
        sealed: BTreeSet::new(),
        numbers: BTreeSet::new(),
        blobs: vec![],
        maybe: None,
    }
}

fn full() -> Sets {
    Sets {
        token: Some(Token(vec![9])),
        tags: ["a".to_owned(), "b".to_owned()].into(),
        sealed: [-1, 5, 10].into(),
        numbers: [3, 20].into(),
        blobs: vec![vec![], vec![1]],
        maybe: Some(["x".to_owned()].into()),
        ..empty()
    }
}

#[tokio::test]
async fn bytes_and_sets_load_as_they_were_saved() {
    let world = World::new().await;

    for sets in [empty(), full()] {
        sets.save(&world.store).await.unwrap();
        assert_eq!(Sets::load(&world.store, "s").await.unwrap(), Some(sets));
    }
}

#[tokio::test]
async fn bytes_and_sets_are_stored_as_dynamodbs_own() {
    let world = World::new().await;
    full().save(&world.store).await.unwrap();

    let item = world.stored("s").await;
    assert!(item["digest"].is_b() && item["tags"].is_ss() && item["blobs"].is_bs());
    let mut numbers = item["numbers"].as_ns().unwrap().clone();
    numbers.sort();
    assert_eq!(numbers, ["20", "3"]);
}

#[tokio::test]
async fn a_set_with_an_element_twice_is_refused() {
    let world = World::new().await;

    let twice = Sets { blobs: vec![vec![1], vec![1]], ..full() };
    let error = twice.save(&world.store).await.unwrap_err();

    assert!(error.to_string().contains("two elements of a set are equal"), "{error}");
}

#[tokio::test]
async fn a_set_that_dynamodb_does_not_have_is_refused() {
    #[derive(EnvelopeRecord)]
    #[envelope(table = "gallery")]
    struct Odd<T> {
        #[partition_key]
        id: String,
        #[encrypted]
        #[envelope(set)]
        set: T,
    }
    let world = World::new().await;

    let of_bools = Odd { id: "o".into(), set: vec![true] }.save(&world.store).await;
    let mixed = Odd { id: "o".into(), set: ("a", 1) };
    let mixed = envelope_runtime::Sealer::new(
        envelope_runtime::LocalKeyProvider::insecure_ephemeral().unwrap(),
    )
    .seal(&Odd { id: mixed.id, set: (mixed.set.0.to_owned(), mixed.set.1) })
    .await;
    let no_collection = Odd { id: "o".into(), set: 7 }.save(&world.store).await;

    assert!(of_bools.is_err() && mixed.is_err() && no_collection.is_err());
    assert_eq!(world.requests.take(), []);
}
