//! Every value of a record survives, and a sealed field holds the same attribute value as a
//! plaintext one.

use std::collections::{BTreeMap, BTreeSet};

use envelope_runtime::{
    AttributeValue, EnvelopeFields, EnvelopeRecord, LocalKeyProvider, Opener, OtherAttributes,
    Sealer,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

/// Every field twice: in plaintext, and sealed.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "models", partition_key = "MODEL#{id}", sort_key = "{number:05}")]
struct Model {
    id: String,
    number: u16,
    #[envelope(flatten)]
    plain: Plain,
    #[envelope(flatten)]
    sealed: Sealed,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

macro_rules! twice {
    ($($(#[$option:meta])* $field:ident: $ty:ty = $sealed:literal,)*) => {
        #[derive(EnvelopeFields, Clone, Debug, PartialEq)]
        struct Plain {
            $($(#[$option])* $field: $ty,)*
        }

        #[derive(EnvelopeFields, Clone, Debug, PartialEq)]
        struct Sealed {
            $(#[encrypted] #[envelope(rename = $sealed)] $(#[$option])* $field: $ty,)*
        }

        /// The name of each plaintext attribute and of its sealed twin.
        const NAMES: &[(&str, &str)] = &[$((stringify!($field), $sealed)),*];

        impl From<Plain> for Sealed {
            fn from(plain: Plain) -> Self {
                let Plain { $($field),* } = plain;
                Self { $($field),* }
            }
        }
    };
}

twice! {
    text: Option<String> = "s_text",
    integer: i128 = "s_integer",
    float: f64 = "s_float",
    bytes: Option<Vec<u8>> = "s_bytes",
    flag: Option<bool> = "s_flag",
    #[envelope(set)] words: BTreeSet<String> = "s_words",
    #[envelope(set)] numbers: BTreeSet<i64> = "s_numbers",
    list: Vec<Option<(u8, char)>> = "s_list",
    map: BTreeMap<String, Choice> = "s_map",
    #[serde(default)] filled: Option<Choice> = "s_filled",
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
enum Choice {
    Unit,
    Newtype(String),
    Tuple(i8, f32),
    Struct { inner: Option<Box<Choice>>, map: BTreeMap<u8, bool> },
}

fn choice() -> impl Strategy<Value = Choice> {
    let small = any::<f32>().prop_filter("in DynamoDB's range", |float| float.is_normal());
    let leaf = prop_oneof![
        Just(Choice::Unit),
        ".*".prop_map(Choice::Newtype),
        (any::<i8>(), small).prop_map(|(first, second)| Choice::Tuple(first, second)),
    ];
    leaf.prop_recursive(4, 16, 2, |inner| {
        let inner = option::of(inner.prop_map(Box::new));
        (inner, btree_map(any::<u8>(), any::<bool>(), 0..3))
            .prop_map(|(inner, map)| Choice::Struct { inner, map })
    })
}

fn plain() -> impl Strategy<Value = Plain> {
    let integer = -(10_i128.pow(38)) + 1..10_i128.pow(38);
    let float = any::<f64>().prop_filter("in DynamoDB's range", |float| {
        float.is_finite() && (1e-130..1e125).contains(&float.abs())
    });
    let scalars = (option::of(".*"), integer, float, option::of(vec(any::<u8>(), 0..40)));
    let sets = (btree_set(".*", 0..4), btree_set(any::<i64>(), 0..4));
    let list = vec(option::of(any::<(u8, char)>()), 0..4);
    let nested = (list, btree_map(".+", choice(), 0..3), option::of(choice()));
    (scalars, any::<Option<bool>>(), sets, nested).prop_map(
        |((text, integer, float, bytes), flag, (words, numbers), (list, map, filled))| Plain {
            text,
            integer,
            float,
            bytes,
            flag,
            words,
            numbers,
            list,
            map,
            filled,
        },
    )
}

fn model() -> impl Strategy<Value = Model> {
    let other = prop_oneof![
        ".*".prop_map(AttributeValue::S),
        vec(any::<u8>(), 0..9).prop_map(AttributeValue::B),
        btree_set(".*", 1..4).prop_map(AttributeValue::Ss),
    ];
    ("[^#]{1,20}", any::<u16>(), plain(), btree_map("other_.*", other, 0..3)).prop_map(
        |(id, number, plain, others)| {
            let sealed = plain.clone().into();
            let mut catch_all = OtherAttributes::default();
            for (name, value) in others {
                catch_all.insert(name, value);
            }
            Model { id, number, plain, sealed, others: catch_all }
        },
    )
}

/// The same item, as seen by a program that knows none of its fields.
#[derive(EnvelopeRecord)]
#[envelope(table = "models")]
struct Raw {
    #[partition_key]
    #[envelope(rename = "PK")]
    _partition_key: String,
    #[sort_key]
    #[envelope(rename = "SK")]
    _sort_key: String,
    #[encrypted]
    #[envelope(rename = "none")]
    _none: Option<String>,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

proptest! {
    #[test]
    fn a_model_survives_and_its_sealed_fields_hold_what_its_plaintext_ones_do(model in model()) {
        const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let sealer = Sealer::new(LocalKeyProvider::from_hex(KEY).unwrap());
        let opener = Opener::new(LocalKeyProvider::from_hex(KEY).unwrap());

        let item = runtime.block_on(sealer.seal(&model)).unwrap();
        let loaded = runtime.block_on(opener.open::<Model>(item.clone())).unwrap();
        prop_assert_eq!(&*loaded, &model);

        let raw = runtime.block_on(opener.open::<Raw>(item.clone())).unwrap();
        for (plain, sealed) in NAMES {
            prop_assert_eq!(item.attribute(plain), raw.others.get(sealed), "{}", plain);
            let stored = item.attribute(sealed);
            prop_assert!(stored.is_none() || stored != raw.others.get(sealed), "{}", sealed);
        }
    }
}
