//! The vectors of hashes, which are frozen: an entry is added, and none is ever changed.

#![cfg(feature = "unicode")]

use data_encoding::BASE64;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::*;
use crate::attribute::Number;
use crate::key::IndexSecret;
use crate::record::{FieldRole, FieldSchema};

/// SHA-256 of the file. A vector is added, and none is changed.
const FROZEN: &str = "0b2d976366ed7a6b8725f811e49fec80b8dd94afd4d6800b993a758eaf7762d2";

fn file() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/hashes.json");
    std::fs::read_to_string(path).unwrap()
}

fn value(json: &Value) -> AttributeValue {
    let (name, value) = json.as_object().unwrap().iter().next().unwrap();
    let text = value.as_str().unwrap();
    match name.as_str() {
        "S" => AttributeValue::S(text.to_owned()),
        "N" => AttributeValue::N(Number::parse(text).unwrap()),
        _ => AttributeValue::B(BASE64.decode(text.as_bytes()).unwrap()),
    }
}

#[test]
fn t28_every_vector_has_its_hash() {
    let vectors: Vec<Value> = serde_json::from_str(&file()).unwrap();
    for vector in &vectors {
        let text = |name: &str| vector[name].as_str().unwrap();
        let secret = IndexSecret::from_hex("vectors", text("secret")).unwrap();
        let attribute: &'static str = text("attribute").to_owned().leak();
        let steps: Vec<_> = vector["steps"].as_array().unwrap().iter().collect();
        let normalization =
            steps.iter().fold(Normalization::NONE, |all, step| match step.as_str().unwrap() {
                "trim" => all.trim(),
                "lowercase" => all.lowercase(),
                "nfc" => all.nfc(),
                other => panic!("{other}"),
            });
        let fields = vec![FieldSchema::new("h", FieldRole::PartitionKey)];
        let schema = RecordSchema::new(text("table").to_owned().leak(), fields.leak());
        let context = vector["context"].as_object().unwrap();
        let context: Vec<_> =
            context.iter().map(|(name, text)| (name.as_str(), text.as_str().unwrap())).collect();
        let of = HashOf::new(attribute, normalization);
        let input = of.input(&value(&vector["value"])).unwrap();
        let hash = secret.hash(&of.purpose(&schema, &context), &input);
        let hash = |key_type| HashOf::stored(&hash, key_type);
        let about = text("about");
        let bytes = HEXLOWER.decode(text("hash").as_bytes()).unwrap();
        assert_eq!(hash(Some(KeyType::B)), AttributeValue::B(bytes), "{about}");
        for as_text in [Some(KeyType::S), None] {
            assert_eq!(hash(as_text), AttributeValue::S(text("hash").to_owned()), "{about}");
        }
    }
    let hashes = vectors.iter().map(|vector| vector["hash"].as_str().unwrap());
    let distinct: std::collections::BTreeSet<_> = hashes.collect();
    let equal = vectors.iter().filter(|vector| vector["equal"] == true).count();
    assert_eq!(distinct.len(), vectors.len() - equal);
}

#[test]
fn t28_no_vector_was_changed() {
    assert_eq!(HEXLOWER.encode(&Sha256::digest(file())), FROZEN);
}

#[test]
fn what_cannot_be_a_key_is_not_hashed() {
    let refused = |value: AttributeValue, normalization| {
        HashOf::new("a", normalization).input(&value).unwrap_err()
    };
    let none = Normalization::NONE;
    assert_eq!(refused(AttributeValue::Null, none), KeyErrorKind::Absent);
    assert_eq!(refused(AttributeValue::Bool(true), none), KeyErrorKind::Type("BOOL"));
    assert_eq!(refused(AttributeValue::L(Vec::new()), none), KeyErrorKind::Type("L"));
    assert_eq!(refused(AttributeValue::S(String::new()), none), KeyErrorKind::Empty);
    assert_eq!(refused(AttributeValue::B(Vec::new()), none), KeyErrorKind::Empty);
    let number = AttributeValue::N(Number::from(7_u8));
    assert_eq!(refused(number, none.trim()), KeyErrorKind::NotText("N"));
    assert_eq!(refused(AttributeValue::B(vec![1]), none.nfc()), KeyErrorKind::NotText("B"));
}

#[test]
fn a_stored_hash_is_32_bytes_or_their_digits() {
    let read = |value: AttributeValue| {
        let value = Some(Zeroizing::new(value));
        HashedKey::read(ValueDeserializer::new(value)).map(|hash| hash.0)
    };
    let text = |text: &str| AttributeValue::S(text.to_owned());
    for hash in [AttributeValue::B(vec![0; 32]), text(&"0a".repeat(32)), text(&"f9".repeat(32))] {
        assert_eq!(read(hash.clone()).unwrap(), hash);
    }
    for other in [
        AttributeValue::B(vec![0; 31]),
        AttributeValue::B(vec![0; 33]),
        text("zoe@example.com"),
        text(&"0a".repeat(31)),
        text(&"0A".repeat(32)),
        text(&"0g".repeat(32)),
        AttributeValue::Null,
    ] {
        let error = read(other).unwrap_err();
        assert_eq!(error.kind(), ConvertErrorKind::Value { expected: "hash" });
    }
    assert!(HashedKey::read(ValueDeserializer::new(None)).is_err());
}

#[test]
fn a_caller_gives_the_value_or_the_stored_hash() {
    fn part<P>(part: impl IntoKeyPart<P>) -> (AttributeValue, bool) {
        let is_hash = part.is_hash();
        (part.into_part().unwrap().unwrap(), is_hash)
    }
    let text = AttributeValue::S("zoe".to_owned());
    assert_eq!(part::<Hashed<String>>("zoe"), (text.clone(), false));
    assert_eq!(part::<Hashed<String>>(String::from("zoe")), (text.clone(), false));
    assert_eq!(part::<Hashed<String>>(&String::from("zoe")), (text, false));
    let number = AttributeValue::N(Number::from(7_u8));
    assert_eq!(part::<Hashed<u64>>(7), (number.clone(), false));
    assert_eq!(part::<Hashed<u64>>(&7), (number, false));
    for bytes in [part::<Hashed<Bytes>>([1, 2]), part::<Hashed<Bytes>>([1, 2].as_slice())] {
        assert_eq!(bytes, (AttributeValue::B(vec![1, 2]), false));
    }
    let stored = AttributeValue::B(vec![7; 32]);
    let hash = HashedKey(stored.clone());
    assert_eq!(format!("{hash:?}"), "HashedKey([REDACTED])");
    assert_eq!(part::<Hashed<String>>(hash.clone()), (stored.clone(), true));
    assert_eq!(part::<crate::record::Unsorted<Hashed<String>>>(hash), (stored, true));
}
