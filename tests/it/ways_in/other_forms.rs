//! Forms that a field's own type does not read: the error names the attribute and a cure, and the
//! cure reads them.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use envelope_runtime::key::Decrypt;
use envelope_runtime::{
    EnvelopeRecord, Item, LoadError, LocalKeyProvider, Opener, Readable, Sealer, Until,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::by_hand::{b, item, l, m, n, null, s};
use super::now;
use crate::support::Stored;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const WITH: &str = "change the type, or convert the field with `#[envelope(with = …)]`";

fn opener() -> Opener {
    Opener::new(LocalKeyProvider::from_hex(KEY).unwrap())
}

/// Opens an old item through a window.
async fn open<R>(item: Stored) -> Result<R, LoadError>
where
    R: EnvelopeRecord + Readable<Needs = Decrypt> + 'static,
{
    let opener = opener().clock(now).accept_unsealed::<R>(Until::date(2027, 3, 1));
    let loaded = opener.open::<R>(Item::try_from(item).unwrap()).await?;
    assert!(loaded.was_unsealed());
    Ok(loaded.into_record())
}

/// Seals a record, and opens it without a window.
async fn sealed<R: EnvelopeRecord + Readable<Needs = Decrypt>>(record: &R) -> R {
    let sealer = Sealer::new(LocalKeyProvider::from_hex(KEY).unwrap());
    let item = sealer.seal(record).await.unwrap();
    opener().open::<R>(item).await.unwrap().into_record()
}

fn old(value: Sdk) -> Stored {
    item([("id", s("f-1")), ("value", value)])
}

#[derive(EnvelopeRecord)]
#[envelope(table = "forms")]
struct Plainly<T> {
    #[partition_key]
    id: String,
    #[encrypted]
    value: T,
}

/// Checks that a field of the type refuses the stored form, and that one with the option reads it.
macro_rules! check {
    ($stored:expr, $type:ty, $expected:expr, [$($option:tt)*], $value:expr) => {{
        #[derive(EnvelopeRecord, Debug, PartialEq)]
        #[envelope(table = "forms")]
        struct Cured {
            #[partition_key]
            id: String,
            #[encrypted]
            #[envelope($($option)*)]
            value: $type,
        }

        let error = open::<Plainly<$type>>(old($stored)).await.err().unwrap().to_string();
        let place = "cannot load record of table `forms`, key `id`, attribute `value`";
        assert_eq!(error, format!("{place}: {}", $expected));
        let record = open::<Cured>(old($stored)).await.unwrap();
        assert_eq!(record, Cured { id: "f-1".into(), value: $value });
        assert_eq!(sealed(&record).await, record);
    }};
}

/// A number, a flag or JSON in a string.
mod text {
    use serde::de::{DeserializeOwned, Error as _};
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T, S>(value: &T, to: S) -> Result<S::Ok, S::Error>
    where
        T: Serialize,
        S: Serializer,
    {
        let text = serde_json::to_string(value).map_err(S::Error::custom)?;
        to.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: DeserializeOwned,
        D: Deserializer<'de>,
    {
        serde_json::from_str(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

mod base64 {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::BASE64;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        BASE64.decode(String::deserialize(from)?.as_bytes()).map_err(D::Error::custom)
    }
}

mod zero_or_one {
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde requires")]
    pub(super) fn serialize<S: Serializer>(flag: &bool, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8((*flag).into())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
        Ok(u8::deserialize(from)? != 0)
    }
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Address {
    city: String,
    floor: Option<u8>,
}

#[tokio::test]
async fn scalars_and_documents_in_strings_are_read_with_a_module() {
    let expected = |what: &str, found: &str| format!("expected {what}, found type {found}; {WITH}");
    check!(s("42"), u32, expected("u32", "S"), [with = text], 42);
    check!(s("-0.5"), f64, expected("f64", "S"), [with = text], -0.5);
    check!(s("true"), bool, expected("bool", "S"), [with = text], true);
    check!(n(1), bool, expected("bool", "N"), [with = zero_or_one], true);
    check!(s("AP8="), Vec<u8>, expected("a list", "S"), [with = base64], vec![0, 255]);
    check!(s("[1,2]"), Vec<u32>, expected("a list", "S"), [with = text], vec![1, 2]);
    let address = Address { city: "Ulm".into(), floor: None };
    let json = r#"{"city":"Ulm"}"#;
    check!(s(json), Address, expected("Address", "S"), [with = text], address);
}

#[tokio::test]
async fn times_and_ids_in_other_forms_are_read_with_modules_of_their_crates() {
    type Time = DateTime<Utc>;
    let time = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    let expected = |found: &str| format!("expected a string, found type {found}; {WITH}");
    let (seconds, millis) = (n(1_790_000_000), n(1_790_000_000_000_i64));
    check!(seconds.clone(), Time, expected("N"), [with = chrono::serde::ts_seconds], time);
    check!(millis.clone(), Time, expected("N"), [with = chrono::serde::ts_milliseconds], time);
    check!(
        seconds.clone(),
        Option<Time>,
        expected("N"),
        [with = chrono::serde::ts_seconds_option],
        Some(time)
    );
    let id = Uuid::from_u128(7);
    check!(b(id.as_bytes()), Uuid, expected("B"), [bytes], id);

    // In seconds, a number of milliseconds is a time far in the future, and no error.
    let read = open::<Plainly<Seconds>>(old(millis)).await.unwrap().value.0;
    assert_eq!(read.timestamp(), 1_790_000_000_000);
}

#[derive(Serialize, Deserialize)]
struct Seconds(#[serde(with = "chrono::serde::ts_seconds")] DateTime<Utc>);

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(try_from = "u8", into = "u8")]
enum Level {
    Low,
    High,
}

impl TryFrom<u8> for Level {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        match number {
            1 => Ok(Self::Low),
            2 => Ok(Self::High),
            _ => Err("no such level"),
        }
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        match level {
            Level::Low => 1,
            Level::High => 2,
        }
    }
}

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
enum Named {
    Low,
    High,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Method {
    Card { number: String },
    Cash,
}

#[tokio::test]
async fn an_enum_is_read_as_its_serde_attributes_say() {
    let error = open::<Plainly<Named>>(old(n(2))).await.err().unwrap().to_string();
    assert!(error.contains(&format!("`value`: expected Named, found type N; {WITH}")), "{error}");
    let error = open::<Plainly<Named>>(old(s("HIGH"))).await.err().unwrap().to_string();
    assert!(error.contains("`value`: the stored value does not fit Named"), "{error}");
    assert_eq!(open::<Plainly<Named>>(old(s("Low"))).await.unwrap().value, Named::Low);

    assert_eq!(open::<Plainly<Level>>(old(n(1))).await.unwrap().value, Level::Low);
    assert!(open::<Plainly<Level>>(old(n(3))).await.is_err());
    let card = m([("kind", s("card")), ("number", s("4111"))]);
    let record = open::<Plainly<Method>>(old(card)).await.unwrap();
    assert_eq!(record.value, Method::Card { number: "4111".into() });
    assert_eq!(sealed(&record).await.value, record.value);
    assert_eq!(
        open::<Plainly<Method>>(old(m([("kind", s("cash"))]))).await.unwrap().value,
        Method::Cash
    );
}

#[derive(EnvelopeRecord)]
#[envelope(table = "forms")]
struct Defaulted {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(default)]
    value: Vec<u8>,
}

#[tokio::test]
async fn null_is_read_by_an_option_and_an_absent_attribute_by_a_default() {
    let null_error = format!("expected a string, found type NULL; {WITH}");
    let error = open::<Plainly<String>>(old(null())).await.err().unwrap().to_string();
    assert!(error.ends_with(&null_error), "{error}");
    assert_eq!(open::<Plainly<Option<String>>>(old(null())).await.unwrap().value, None);

    let absent = || item([("id", s("f-1"))]);
    let error = open::<Plainly<Vec<u8>>>(absent()).await.err().unwrap().to_string();
    let cure = "`value`: it is required and absent; make it an Option or give it a default";
    assert!(error.ends_with(cure), "{error}");

    let defaulted = open::<Defaulted>(absent()).await.unwrap();
    assert_eq!((defaulted.id.as_str(), defaulted.value), ("f-1", vec![]));
}

/// DynamoDB has no empty sets, so programs write NULL, an empty list or nothing.
#[tokio::test]
async fn an_empty_set_is_absent_or_an_empty_list_and_in_an_option_also_null() {
    #[derive(EnvelopeRecord)]
    #[envelope(table = "forms")]
    struct Tagged<T> {
        #[partition_key]
        id: String,
        #[encrypted]
        #[envelope(set)]
        value: T,
    }
    type Tags = BTreeSet<String>;

    assert_eq!(open::<Tagged<Tags>>(item([("id", s("f-1"))])).await.unwrap().value, Tags::new());
    assert_eq!(open::<Tagged<Tags>>(old(l([]))).await.unwrap().value, Tags::new());
    let error = open::<Tagged<Tags>>(old(null())).await.err().unwrap().to_string();
    assert!(
        error.ends_with(&format!("`value`: expected a list, found type NULL; {WITH}")),
        "{error}"
    );
    assert_eq!(open::<Tagged<Option<Tags>>>(old(null())).await.unwrap().value, None);
    let record = open::<Tagged<Option<Tags>>>(old(l([s("a")]))).await.unwrap();
    assert_eq!((record.id.as_str(), record.value), ("f-1", Some(["a".to_owned()].into())));
}

/// `rust_decimal` writes text, and reads a number through a float: 15 digits are exact.
#[tokio::test]
async fn a_decimal_in_a_number_is_read_and_beyond_a_floats_digits_rounded() {
    let read = async |text: &str| open::<Plainly<Decimal>>(old(n(text))).await.unwrap().value;

    assert_eq!(read("19.90").await, "19.90".parse().unwrap());
    assert_eq!(read("-123456789012.345").await, "-123456789012.345".parse().unwrap());
    assert_eq!(read("18446744073709551615").await, u64::MAX.into());
    assert_ne!(read("12345678901234567.89").await, "12345678901234567.89".parse().unwrap());
}
