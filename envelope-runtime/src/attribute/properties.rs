//! Properties that hold for every value, not only for examples.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{AttributeValue, Number, decode_plaintext, from_attribute, to_attribute};

fn number() -> impl Strategy<Value = Number> {
    let text = (any::<bool>(), "[0-9]{1,38}", -90_i32..80).prop_map(|(negative, digits, power)| {
        format!("{}{digits}e{power}", if negative { "-" } else { "" })
    });
    text.prop_map(|text| Number::parse(&text).unwrap())
}

/// Any value that DynamoDB stores, nested a few levels.
pub(crate) fn value() -> impl Strategy<Value = AttributeValue> {
    let leaf = prop_oneof![
        Just(AttributeValue::Null),
        ".*".prop_map(AttributeValue::S),
        number().prop_map(AttributeValue::N),
        vec(any::<u8>(), 0..40).prop_map(AttributeValue::B),
        any::<bool>().prop_map(AttributeValue::Bool),
        btree_set(".*", 1..4).prop_map(AttributeValue::Ss),
        btree_set(number(), 1..4).prop_map(AttributeValue::Ns),
        btree_set(vec(any::<u8>(), 0..8), 1..4).prop_map(AttributeValue::Bs),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(AttributeValue::L),
            btree_map(".+", inner, 0..5).prop_map(AttributeValue::M),
        ]
    })
}

/// A Rust type with every shape of serde's data model.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
enum Model {
    Unit,
    Newtype(String),
    Tuple(i64, u8, char),
    Struct { flag: bool, ratio: f64, small: f32, maybe: Option<u32> },
    List(Vec<Model>),
    Map(BTreeMap<String, Model>),
    Keyed(BTreeMap<i16, Option<bool>>),
    Wide(i128),
}

fn float() -> impl Strategy<Value = f64> {
    // Floats in DynamoDB's range, where zero has no sign.
    any::<f64>().prop_filter("in range", |float| {
        float.is_finite() && (1e-130..1e125).contains(&float.abs())
    })
}

fn model() -> impl Strategy<Value = Model> {
    let small = any::<f32>().prop_filter("finite", |float| float.is_normal());
    let leaf = prop_oneof![
        Just(Model::Unit),
        ".*".prop_map(Model::Newtype),
        any::<(i64, u8, char)>().prop_map(|(a, b, c)| Model::Tuple(a, b, c)),
        (any::<bool>(), float(), small, any::<Option<u32>>())
            .prop_map(|(flag, ratio, small, maybe)| Model::Struct { flag, ratio, small, maybe }),
        btree_map(any::<i16>(), any::<Option<bool>>(), 0..4).prop_map(Model::Keyed),
        (-(10_i128.pow(38)) + 1..10_i128.pow(38)).prop_map(Model::Wide),
    ];
    leaf.prop_recursive(3, 30, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Model::List),
            btree_map(".+", inner, 0..4).prop_map(Model::Map),
        ]
    })
}

/// The maximum bytes of memory in use per byte of input. A map of one entry is the worst case.
const MEMORY: usize = 64;

fn assert_linear(bytes: &[u8]) {
    let used = allocation_counter::measure(|| drop(decode_plaintext(bytes))).bytes_max;
    let bound = 1024 + MEMORY * bytes.len();
    assert!(used <= bound.try_into().unwrap(), "{used} bytes for an input of {}", bytes.len());
}

#[test]
fn t24_what_claims_to_be_long_takes_no_memory() {
    let claim = [0xFF; 4];
    // Type, count, then a first entry or element.
    for kind in 5..=9 {
        let within: [&[u8]; 3] = [&[], &[0, 0, 0, 1, b'a'], &[1, 0xFF, 0xFF, 0xFF, 0xFF]];
        for rest in within {
            let bytes = [[kind].as_slice(), &claim, rest].concat();
            let used = allocation_counter::measure(|| drop(decode_plaintext(&bytes))).bytes_total;
            assert!(used <= 2048, "type {kind}, {rest:?}: {used}");
        }
    }
}

#[test]
fn t24_memory_is_in_proportion_to_the_input() {
    let null = AttributeValue::Null;
    let map = |value| AttributeValue::M([("a".to_owned(), value)].into());
    let set = || AttributeValue::Bs([vec![]].into());
    let deep = (0..31).fold(null.clone(), |inner, _| map(inner));
    for value in [
        AttributeValue::L(vec![null.clone(); 10_000]),
        AttributeValue::L(vec![AttributeValue::L(vec![null]); 10_000]),
        AttributeValue::L((0..10_000).map(|_| set()).collect()),
        AttributeValue::L(vec![deep; 300]),
        AttributeValue::Bs((0..10_000_u16).map(|n| n.to_be_bytes().to_vec()).collect()),
        AttributeValue::M((0..10_000).map(|n| (n.to_string(), set())).collect()),
    ] {
        assert_linear(&value.to_plaintext());
    }
}

#[derive(Debug, Serialize, Deserialize)]
enum Finding {
    Positive(f64),
    Doubtful(f64, f64),
    Negative { threshold: f64, again: Option<Vec<Inner>> },
}

#[derive(Debug, Serialize, Deserialize)]
struct Inner {
    level: f32,
}

/// The name of a variant reveals as much as its content.
#[test]
fn t21_the_variant_of_an_enum_is_not_in_the_error() {
    let nan = f64::NAN;
    let again = Some(vec![Inner { level: f32::NAN }]);
    let mut errors = vec![
        to_attribute(&Finding::Positive(nan)).unwrap_err(),
        to_attribute(&Finding::Doubtful(1.0, nan)).unwrap_err(),
        to_attribute(&Finding::Negative { threshold: nan, again: None }).unwrap_err(),
        to_attribute(&Finding::Negative { threshold: 1.0, again }).unwrap_err(),
    ];
    let text = || AttributeValue::S("x".into());
    let map = |name: &str, value| AttributeValue::M([(name.to_owned(), value)].into());
    for content in [
        text(),
        AttributeValue::L(vec![AttributeValue::Null]),
        AttributeValue::M(BTreeMap::new()),
        map("threshold", text()),
        map("again", AttributeValue::L(vec![map("level", text())])),
    ] {
        for variant in ["Positive", "Doubtful", "Negative"] {
            let stored = Zeroizing::new(map(variant, content.clone()));
            errors.push(from_attribute::<Finding>(stored).unwrap_err());
        }
    }
    for error in errors {
        let text = format!("{error} {error:?} {error:#?}");
        for name in [
            "Positive",
            "Doubtful",
            "Negative",
            "threshold",
            "again",
            "level",
            "Inner",
            "f64",
            "f32",
        ] {
            assert!(!text.contains(name), "{text}");
        }
    }
}

proptest! {
    #[test]
    fn every_value_has_one_canonical_form_and_comes_back(value in value()) {
        prop_assert_eq!(value.refusal(), None);
        let bytes = value.to_plaintext();

        prop_assert_eq!(bytes.len(), value.plaintext_len());
        assert_linear(&bytes);
        prop_assert_eq!(decode_plaintext(&bytes), Ok(Some(value)));
    }

    #[test]
    fn different_values_have_different_canonical_forms(left in value(), right in value()) {
        prop_assert_eq!(left == right, *left.to_plaintext() == *right.to_plaintext());
    }

    #[test]
    fn bytes_that_decode_are_the_canonical_form(
        value in value(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = value.to_plaintext().to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);

        let padded = bytes[0] & 0x80 != 0 || bytes[0] == 0x7F;
        if let (Ok(Some(value)), false) = (decode_plaintext(&bytes), padded) {
            prop_assert_eq!(value.to_plaintext().to_vec(), bytes);
        }
    }

    #[test]
    fn t24_any_bytes_decode_or_are_refused(kind in 0..10_u8, bytes in vec(any::<u8>(), 0..200)) {
        assert_linear(&bytes);
        assert_linear(&[[kind].as_slice(), &bytes].concat());
    }

    #[test]
    fn every_rust_value_survives_in_both_forms(model in model()) {
        let plain = to_attribute(&model).unwrap().unwrap();
        let sealed = decode_plaintext(&plain.to_plaintext()).unwrap().unwrap();

        prop_assert_eq!(&plain, &sealed);
        prop_assert_eq!(from_attribute::<Model>(Zeroizing::new(plain)).unwrap(), model);
    }

    #[test]
    fn every_float_in_a_type_of_any_number_survives(float in float()) {
        let json = serde_json::json!({ "ratio": [float, float.trunc()] });
        let stored = to_attribute(&json).unwrap().unwrap();

        let ratio = from_attribute::<serde_json::Value>(Zeroizing::new(stored)).unwrap()["ratio"].clone();
        prop_assert_eq!(ratio[0].as_f64(), Some(float));
        prop_assert_eq!(ratio[1].as_f64(), Some(float.trunc()));
    }

    #[test]
    fn t21_a_value_that_does_not_fit_is_not_in_the_error(
        variant in "Unit|Newtype|Tuple|Struct|List|Map|Keyed|Wide|canary",
        value in value(),
    ) {
        let secret = AttributeValue::S("canary".to_owned());
        let list = AttributeValue::L(vec![secret.clone(), value.clone(), secret.clone()]);
        let entries = [("canary".to_owned(), list), ("ratio".to_owned(), secret)];
        let content = AttributeValue::M(entries.into());
        let wrong = AttributeValue::M([(variant, content)].into());

        let error = from_attribute::<Model>(Zeroizing::new(wrong)).unwrap_err();

        prop_assert!(!error.to_string().contains("canary"), "{}", error);
        prop_assert!(!format!("{error:?}").contains("canary"), "{:?}", error);
    }

    #[test]
    fn t20_numbers_are_normal_and_keep_their_value(text in "-?[0-9]{1,20}(\\.[0-9]{1,10})?(e-?[0-9]{1,2})?") {
        let number = Number::parse(&text).unwrap();

        prop_assert_eq!(Number::parse(number.as_str()), Ok(number.clone()));
        let (before, after): (f64, f64) = (text.parse().unwrap(), number.as_str().parse().unwrap());
        prop_assert_eq!(before.partial_cmp(&after), Some(std::cmp::Ordering::Equal));
    }
}
