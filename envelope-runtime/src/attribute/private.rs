//! Names by which other crates pass serializers values that serde's data model lacks.
//!
//! A value under any other name stays what it looks like: a struct of one field, or the bare value.

use std::mem;

use super::{AttributeValue, ConvertError, ConvertErrorKind, Number, Wiped};

/// `serde_json::Number` if the feature `arbitrary_precision` is on anywhere in the build, and
/// decimal types that imitate it: the name of a struct and of its only field, the number's text.
pub(super) const NUMBER: &str = "$serde_json::private::Number";
/// `serde_json::value::RawValue`: the name of a struct and of its only field, the JSON text.
pub(super) const RAW_VALUE: &str = "$serde_json::private::RawValue";
/// The sets of `serde_dynamo`: the name of a newtype around a sequence, and the type of set that it
/// becomes.
const SETS: [(&str, &str); 3] = [
    ("\u{37E}STRINGSET\u{37E}", "SS"),
    ("\u{37E}NUMBERSET\u{37E}", "NS"),
    ("\u{37E}BYTESSET\u{37E}", "BS"),
];

/// Returns whether a struct of this name stands for the value in it.
pub(super) fn is_struct(name: &str) -> bool {
    name == NUMBER || name == RAW_VALUE
}

/// The stored form of a struct of this name.
///
/// A number is stored as N if every type that accepts any number reads the same one back, as a
/// 64-bit integer or float. Other numbers stay a map of their text, which such types read with all
/// its digits.
pub(super) fn of_struct(name: &str, mut value: Wiped) -> Wiped {
    let inner = match name {
        NUMBER => number(&value).map(AttributeValue::N),
        RAW_VALUE => text(&mut value, RAW_VALUE).map(|text| AttributeValue::S(mem::take(text))),
        _ => None,
    };
    inner.map_or(value, Wiped::new)
}

/// The number that a map stands for, written because of the `serde_json` feature, now or in an
/// older item.
pub(super) fn number(value: &AttributeValue) -> Option<Number> {
    number_and_text(value).map(|(number, _)| number)
}

/// The same, if none of its text is lost, such as the zero of `1.10`.
pub(super) fn number_as_written(value: &AttributeValue) -> Option<Number> {
    number_and_text(value).and_then(|(number, text)| (number.as_str() == text).then_some(number))
}

fn number_and_text(value: &AttributeValue) -> Option<(Number, &str)> {
    let AttributeValue::M(map) = value else { return None };
    match map.first_key_value() {
        Some((name, AttributeValue::S(text))) if name == NUMBER && map.len() == 1 => {
            let number = Number::parse(text).ok().filter(Number::is_of_64_bits)?;
            Some((number, text))
        }
        _ => None,
    }
}

/// The text of a raw JSON value: stored as a string, or as a struct in older items.
pub(super) fn raw_value(value: &mut AttributeValue) -> Option<&mut String> {
    match value {
        AttributeValue::S(text) => Some(text),
        value => text(value, RAW_VALUE),
    }
}

fn text<'a>(value: &'a mut AttributeValue, name: &str) -> Option<&'a mut String> {
    let AttributeValue::M(map) = value else { return None };
    let is_alone = map.len() == 1;
    match map.get_mut(name) {
        Some(AttributeValue::S(text)) if is_alone => Some(text),
        _ => None,
    }
}

/// The stored form of a newtype of this name. `None` if the name is not special, or there are no
/// elements: DynamoDB has no empty sets, and an empty list reads as one.
pub(super) fn set(name: &str, value: &mut AttributeValue) -> Option<Result<Wiped, ConvertError>> {
    let (_, type_name) = SETS.into_iter().find(|(newtype, _)| *newtype == name)?;
    match value.take_set() {
        Ok(None) => None,
        Ok(Some(set)) => {
            let set = Wiped::new(set);
            let found = set.type_name();
            let problem = ConvertErrorKind::Type { expected: type_name, found };
            Some(if found == type_name { Ok(set) } else { Err(ConvertError::new(problem)) })
        }
        Err(error) => Some(Err(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;

    use super::*;
    use crate::attribute::{from_attribute, to_attribute};

    /// A number as `serde_json` writes it with its feature `arbitrary_precision`.
    #[derive(Serialize)]
    #[serde(rename = "$serde_json::private::Number")]
    struct Precise {
        #[serde(rename = "$serde_json::private::Number")]
        text: &'static str,
    }

    #[derive(Serialize)]
    #[serde(rename = "$serde_json::private::RawValue")]
    struct Raw {
        #[serde(rename = "$serde_json::private::RawValue")]
        text: &'static str,
    }

    #[derive(Serialize)]
    #[serde(untagged)]
    enum Nested {
        Number(Precise),
        List(Vec<Nested>),
    }

    fn n(text: &str) -> AttributeValue {
        AttributeValue::N(Number::parse(text).unwrap())
    }

    fn marked(name: &str, text: &str) -> AttributeValue {
        AttributeValue::M(BTreeMap::from([(name.to_owned(), AttributeValue::S(text.to_owned()))]))
    }

    fn json(value: AttributeValue) -> serde_json::Value {
        from_attribute(Wiped::new(value)).unwrap()
    }

    #[test]
    fn a_number_of_serde_json_is_stored_as_a_number() {
        for (text, stored) in
            [("30", "30"), ("-7", "-7"), ("0.1", "0.1"), ("1.0", "1"), ("1e2", "100")]
        {
            assert_eq!(to_attribute(&Precise { text }), Ok(Some(n(stored))), "{text}");
            // As older items have it: all digits are kept, for types that read them.
            let before = marked(NUMBER, text);
            if text == stored {
                assert_eq!(json(before.clone()), json(n(stored)), "{text}");
            } else {
                assert!(json(before.clone()).is_object(), "{text}");
            }
            let float = from_attribute::<f64>(Wiped::new(before)).unwrap();
            assert_eq!(float.to_bits(), text.parse::<f64>().unwrap().to_bits());
        }
        assert_eq!(from_attribute::<u8>(Wiped::new(marked(NUMBER, "30"))), Ok(30));
    }

    #[test]
    fn a_number_beyond_64_bits_keeps_its_digits_as_text() {
        for text in ["0.12345678901234567890123", "123456789012345678901", "1e400", "-1E-200"] {
            assert_eq!(to_attribute(&Precise { text }), Ok(Some(marked(NUMBER, text))), "{text}");
            assert!(from_attribute::<f64>(Wiped::new(marked(NUMBER, text))).is_err(), "{text}");
        }
    }

    #[test]
    fn a_map_that_would_load_as_a_number_is_refused() {
        let map = |text: &str| BTreeMap::from([(NUMBER.to_owned(), text.to_owned())]);

        let error = to_attribute(&map("30")).unwrap_err();

        assert_eq!(error.kind(), ConvertErrorKind::ReservedKey);
        for text in ["x", "1.0"] {
            assert_eq!(to_attribute(&map(text)), Ok(Some(marked(NUMBER, text))));
        }
    }

    #[test]
    fn raw_json_is_stored_as_its_text() {
        let text = r#"{"b":1, "a":[1.0]}"#;

        assert_eq!(to_attribute(&Raw { text }), Ok(Some(AttributeValue::S(text.to_owned()))));
    }

    #[test]
    fn a_number_takes_no_level_of_its_own() {
        let nested =
            |value| (0..31).fold(serde_json::json!(value), |inner, _| serde_json::json!([inner]));
        let plain = to_attribute(&nested(30)).unwrap();

        let number = Nested::Number(Precise { text: "30" });
        let precise = (0..31).fold(number, |inner, _| Nested::List(vec![inner]));

        assert_eq!(to_attribute(&precise), Ok(plain));
    }
}
