//! Every value that a save accepts loads unchanged, or fails to load as it does in JSON too: every
//! representation of an enum, with contents of every shape.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use proptest::collection::{btree_map, hash_map, vec};
use proptest::prelude::*;
use serde::de::{self, DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::{ConvertError, ValueSerializer, from_absent, from_attribute, from_plaintext, unwiped};
use crate::record::Stored;

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
enum External<C> {
    Unit,
    Newtype(C),
    Tuple(u8, C),
    Fields { before: u8, content: C },
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(tag = "type", content = "content")]
enum Adjacent<C> {
    Unit,
    Newtype(C),
    Tuple(u8, C),
    Fields { before: u8, content: C },
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(tag = "a", content = "b", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum TagFirst<C> {
    Newtype(C),
    TwoWords { its_content: C },
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(tag = "type")]
enum Internal<C> {
    Unit,
    Newtype(Holder<C>),
    Fields { before: u8, content: C },
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(untagged)]
enum Untagged<C> {
    Fields { content: C },
    Tuple(u8, u8, u8, C),
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(untagged)]
enum UntaggedAlone<C> {
    Newtype(C),
    Other { never: u8 },
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Holder<C> {
    content: C,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Flattened<C> {
    before: u8,
    #[serde(flatten)]
    holder: Holder<C>,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Unit;

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Transparent<C>(C);

/// Bytes as crates such as `serde_bytes` write them.
#[derive(Clone, Debug, PartialEq)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsBytes;

        impl<'de> Visitor<'de> for AsBytes {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Bytes, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    bytes.push(byte);
                }
                Ok(Bytes(bytes))
            }
        }

        deserializer.deserialize_byte_buf(AsBytes)
    }
}

/// The value after a round-trip through its stored form, plaintext and sealed; `None` if the save
/// is refused.
fn stored<T: Serialize + DeserializeOwned>(value: &T) -> Option<Result<T, ConvertError>> {
    let encoded = Stored::encode(value, ValueSerializer::new(false)).ok()?;
    let Some(plain) = encoded.map(unwiped) else { return Some(from_absent()) };
    if plain.refusal().is_some() {
        return None;
    }
    let sealed = from_plaintext(plain.to_plaintext()).unwrap().unwrap();
    assert_eq!(plain, sealed);
    Some(from_attribute(Zeroizing::new(plain)))
}

fn check<T: Serialize + DeserializeOwned + PartialEq + fmt::Debug>(
    value: &T,
) -> Result<(), TestCaseError> {
    let Some(loaded) = stored(value) else { return Ok(()) };
    if loaded.as_ref() == Ok(value) {
        return Ok(());
    }
    let json = serde_json::from_str::<T>(&serde_json::to_string(value).unwrap());
    prop_assert_eq!(loaded.ok(), json.ok(), "{:?}", value);
    Ok(())
}

/// Checks the content alone and in every representation, including nested ones.
fn in_all<C>(before: u8, content: &C) -> Result<(), TestCaseError>
where
    C: Serialize + DeserializeOwned + Clone + PartialEq + fmt::Debug,
{
    let content = || content.clone();
    check(&content())?;
    check(&Some(content()))?;
    check(&(before, content(), Unit))?;
    check(&Transparent(content()))?;
    check(&External::<C>::Unit)?;
    check(&External::Newtype(content()))?;
    check(&External::Tuple(before, content()))?;
    check(&External::Fields { before, content: content() })?;
    check(&Adjacent::<C>::Unit)?;
    check(&Adjacent::Newtype(content()))?;
    check(&Adjacent::Tuple(before, content()))?;
    check(&Adjacent::Fields { before, content: content() })?;
    check(&TagFirst::Newtype(content()))?;
    check(&TagFirst::TwoWords { its_content: content() })?;
    check(&Internal::<C>::Unit)?;
    check(&Internal::Newtype(Holder { content: content() }))?;
    check(&Internal::Fields { before, content: content() })?;
    check(&Untagged::Fields { content: content() })?;
    check(&Untagged::Tuple(before, 1, 2, content()))?;
    check(&UntaggedAlone::Newtype(content()))?;
    check(&Flattened { before, holder: Holder { content: content() } })?;
    check(&vec![Adjacent::Newtype(External::Newtype(content())), Adjacent::Unit])?;
    check(&External::Newtype(Adjacent::Fields { before, content: content() }))?;
    check(&Internal::Fields { before, content: Adjacent::Newtype(content()) })?;
    check(&Adjacent::Newtype(Internal::Fields { before, content: content() }))?;
    check(&HashMap::from([(before, Adjacent::Newtype(content()))]))
}

/// Checks that a value round-trips, whatever JSON does with it.
fn comes_back<T: Serialize + DeserializeOwned + PartialEq + fmt::Debug>(value: &T) {
    assert_eq!(stored(value).unwrap().as_ref(), Ok(value));
}

#[test]
fn an_adjacently_tagged_enum_has_every_kind_of_content() {
    let keyed = HashMap::from([(42_u64, 1_u32)]);
    comes_back(&Adjacent::Newtype(keyed.clone()));
    comes_back(&Adjacent::Tuple(1, keyed.clone()));
    comes_back(&Adjacent::Fields { before: 1, content: keyed });
    comes_back(&Adjacent::Newtype(BTreeMap::from([(true, 1_u8), (false, 2)])));
    comes_back(&Adjacent::Fields { before: 1, content: 10_i128.pow(37) });
    comes_back(&Adjacent::Newtype(10_u128.pow(37)));
    comes_back(&Adjacent::Newtype(Adjacent::Newtype(HashMap::from([(-1_i8, -1_i128)]))));
    comes_back(&Adjacent::Newtype(Bytes(vec![0, 255])));
    comes_back(&Adjacent::Newtype(Some('x')));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn integer_and_bool_keys(
        before: u8,
        wide in hash_map(any::<u64>(), any::<u32>(), 0..3),
        small in btree_map(any::<i8>(), ".*", 0..3),
        widest in btree_map(any::<i128>(), any::<bool>(), 0..3),
        flags in btree_map(any::<bool>(), any::<u8>(), 0..3),
        chars in btree_map(any::<char>(), any::<u8>(), 0..3),
    ) {
        in_all(before, &wide)?;
        in_all(before, &small)?;
        in_all(before, &widest)?;
        in_all(before, &flags)?;
        in_all(before, &chars)?;
    }

    #[test]
    fn numbers_of_every_width(
        before: u8,
        small in any::<i128>().prop_map(|wide| wide % 10_i128.pow(20)),
        wide in any::<i128>(),
        unsigned in any::<u128>(),
        float in any::<f64>(),
        single in any::<f32>(),
    ) {
        in_all(before, &small)?;
        in_all(before, &wide)?;
        in_all(before, &unsigned)?;
        // Zero has no sign in DynamoDB.
        in_all(before, &if float == 0.0 { 0.0 } else { float })?;
        in_all(before, &if single == 0.0 { 0.0 } else { single })?;
    }

    #[test]
    fn absent_null_and_empty_values(
        before: u8,
        nested: Option<Option<u8>>,
        nulls in vec(any::<Option<()>>(), 0..3),
        options in btree_map(".*", any::<Option<Option<bool>>>(), 0..3),
    ) {
        in_all(before, &nested)?;
        in_all(before, &nulls)?;
        in_all(before, &options)?;
        in_all(before, &())?;
        in_all(before, &Unit)?;
        in_all(before, &Transparent(nested))?;
        in_all(before, &Vec::<u8>::new())?;
    }

    #[test]
    fn texts_and_bytes(before: u8, text in ".*", character: char, bytes in vec(any::<u8>(), 0..4)) {
        in_all(before, &text)?;
        in_all(before, &character)?;
        in_all(before, &bytes)?;
        in_all(before, &Bytes(bytes))?;
    }

    #[test]
    fn any_json(before: u8, number: i64, text in ".*") {
        let json = serde_json::json!({ "n": number, "t": text, "l": [null, true, { "k": 1 }, [1, 2]] });
        in_all(before, &json)?;
        in_all(before, &json["l"][0])?;
        in_all(before, &json["n"])?;
    }
}
