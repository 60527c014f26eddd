//! serde's attributes and our options on fields: what is stored, and what loads again.

use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use envelope_runtime::EnvelopeRecord;

use crate::support::{World, string};

#[tokio::test]
async fn serde_attributes_and_options_mean_what_they_say() {
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

    let mut item = world.stored("r").await;
    let mut names: Vec<_> = item.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["_env", "counted", "filled", "id", "ours", "sensitiveStuff", "serdes", "turned"]
    );
    assert_eq!(item["turned"], string("cba"));
    let loaded = Renamed::load(&world.store, "r").await.unwrap().unwrap();
    assert_eq!(loaded, Renamed { cache: vec![], ..renamed });

    item.remove("filled");
    world.write(item).await;
    let loaded = Renamed::load(&world.store, "r").await.unwrap().unwrap();
    assert_eq!(loaded.filled, "fallback");
}

#[tokio::test]
async fn what_is_saved_loads_again_whatever_the_default() {
    mod upper {
        use serde::{Deserialize, Deserializer, Serializer};

        #[allow(clippy::ref_option, reason = "the signature that serde asks for")]
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
    let world = World::new().await;
    let none = Diet {
        id: "d".into(),
        sealed: None,
        plain: None,
        through: None,
        from_struct: None,
        generic: 7_u8,
    };

    none.save(&world.store).await.unwrap();
    assert_eq!(world.store.get("d").await.unwrap(), Some(none.clone()));

    let mut item = world.stored("d").await;
    assert_eq!(item["plain"], Sdk::Null(true));
    for name in ["plain", "through", "from_struct", "generic"] {
        item.remove(name);
    }
    world.write(item).await;
    let expected = Diet {
        plain: standard(),
        through: Some("x".into()),
        from_struct: Some(vec![1]),
        generic: 0,
        ..none
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
            reason = "serde asks for it"
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
