//! Bytes computed from FORMAT.md by a program in another language (Python, `cryptography` 50.0),
//! which shares no code with this crate.

use serde::Deserialize;

use super::Item;
use super::fixed::{Fixed, open_with};
use super::opening::Asked;
use super::seal::Plan;
use crate::attribute::{AttributeValue, Number};
use crate::key::{DataKey, Decrypt, EncryptedDataKey, KeyReference, ProviderId, Scope};
use crate::operation::error::LoadError;
use crate::record::{
    EnvelopeRecord, FieldError, FieldReader, FieldRole, FieldSchema, FieldWriter, Readable,
    RecordSchema, Simple, Values,
};

const NOTE: &str = "deb28f5a11c739150d2d07d1f0152494c88b7d1e67";
const TAGS: &str = "6996dff4010ced27442f4e5fb88e1ee97e68d05aa89b6947de5b1fd028d39b057f80d20033ab\
                    5494";
const ENVELOPE: &str = "010111111111111111111111111111111111ccd76f9ae61146e91e198ef69d4357ba9af9\
                        00b3867c2840c44afa930ccd311a02046e6f746521212121212121212121212104746167\
                        73222222222222222222222222030565787472610573746174650674656e616e74014033\
                        3333333333333300036b6579";

/// A hand-written record: what the derive would generate, over attribute values.
#[derive(Debug, PartialEq)]
struct Order(Vec<Option<String>>);

impl Readable for Order {
    type Key = Simple<String>;

    type Attributes = ();
    type Of = Self;
    type Needs = Decrypt;

    const SCHEMA: RecordSchema = RecordSchema::new(
        "orders",
        &[
            FieldSchema::new("tags", FieldRole::Encrypted),
            FieldSchema::new("number", FieldRole::SortKey),
            FieldSchema::new("customer", FieldRole::PartitionKey),
            FieldSchema::new("note", FieldRole::Encrypted),
            FieldSchema::new("state", FieldRole::Authenticated),
            FieldSchema::new("extra", FieldRole::Authenticated),
            FieldSchema::new("tenant", FieldRole::Plain).context(),
        ],
    );

    const ATTRIBUTES: () = ();

    fn read_fields(fields: &mut FieldReader) -> Result<Self, FieldError> {
        let _tags: (f64, bool, ()) = fields.read(Deserialize::deserialize)?;
        let _number: u64 = fields.read(Deserialize::deserialize)?;
        let texts =
            (0..5).map(|_| fields.read(Deserialize::deserialize)).collect::<Result<_, _>>()?;
        Ok(Self(texts))
    }
}

impl EnvelopeRecord for Order {
    type Saved = ();

    fn key(&self) -> impl crate::schema::IntoKey<<Self as Readable>::Key> {
        "c-1"
    }

    fn write_fields(&self, _: &mut FieldWriter) -> Result<(), FieldError> {
        Ok(())
    }

    fn saved(&self, _: crate::record::Now) -> Result<(), FieldError> {
        Ok(())
    }
}

fn values() -> Values {
    let text = |text: &str| Some(AttributeValue::S(text.to_owned()));
    let tags = AttributeValue::L(vec![
        AttributeValue::N(Number::parse("1.5").unwrap()),
        AttributeValue::Bool(true),
        AttributeValue::Null,
    ]);
    let fields = vec![
        Some(tags),
        Some(AttributeValue::N(42_u8.into())),
        text("c-1"),
        text("zoë"),
        text("open"),
        None,
        text("t-1"),
    ];
    fields.into_iter().collect()
}

fn data_key() -> [u8; 32] {
    std::array::from_fn(|index| u8::try_from(index).unwrap())
}

fn sealed() -> Item {
    let custom = ProviderId::custom(0x40).unwrap();
    let copy = EncryptedDataKey::new(custom, [0x33; 8], *b"key").unwrap();
    let plan = Plan::of(Order::SCHEMA, values());
    let random = [[0x11; 16].as_slice(), &[0x21; 12], &[0x22; 12]].concat();
    plan.seal(&DataKey::new(data_key()), KeyReference::Wrapped(vec![copy]), &random).unwrap()
}

fn hex(item: &Item, name: &str) -> String {
    let Some(AttributeValue::B(bytes)) = item.attribute(name) else { panic!("{name}") };
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn open(item: Item) -> Result<Order, LoadError> {
    open_with(data_key(), item, Asked::ItemsOwn, &Scope::new([("tenant", "t-1")]))
}

#[test]
fn an_item_is_sealed_to_the_bytes_of_the_format() {
    let item = sealed();

    assert_eq!(hex(&item, "note"), NOTE);
    assert_eq!(hex(&item, "tags"), TAGS);
    assert_eq!(hex(&item, "_envelope"), ENVELOPE);
    let names: Vec<_> = item.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["_envelope", "customer", "note", "number", "state", "tags", "tenant"]);
}

/// Before a data key is requested, everything is known except its wrapped form: here 3 bytes after
/// 11.
#[test]
fn an_items_size_is_foreseen_but_for_the_wrapped_key() {
    let plan = Plan::of(Order::SCHEMA, values());

    assert_eq!(plan.least_size() + 11 + 3, sealed().size());
    assert_eq!(plan.random_len(), 16 + 2 * 12);
}

#[test]
fn the_bytes_of_the_format_open() {
    let mut item = sealed();
    for (name, text) in [("note", NOTE), ("tags", TAGS), ("_envelope", ENVELOPE)] {
        let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        let bytes = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
        item.insert(name, AttributeValue::B(bytes));
    }

    let order = open(item).unwrap();

    let texts = ["c-1", "zoë", "open", "", "t-1"];
    let texts = texts.map(|text| (!text.is_empty()).then(|| text.to_owned()));
    assert_eq!(order, Order(texts.into()));
}

#[test]
fn a_number_that_dynamodb_would_write_otherwise_is_the_same_key_and_a_string_is_not() {
    let mut item = sealed();
    item.insert("number", AttributeValue::N(Number::parse("4.2e1").unwrap()));
    assert!(open(item.clone()).is_ok());

    item.insert("number", AttributeValue::S("42".to_owned()));
    assert!(matches!(open(item), Err(LoadError::Open(_))));
}

#[test]
fn an_item_that_answers_for_another_key_than_the_one_asked_for_is_refused() {
    let key = |number: u8| {
        vec![
            ("customer", AttributeValue::S("c-1".to_owned())),
            ("number", AttributeValue::N(number.into())),
        ]
    };
    let open = |asked: &[_]| {
        let context = Scope::new([("tenant", "t-1")]);
        open_with::<Order>(data_key(), sealed(), Asked::Key(asked), &context)
    };

    assert!(open(&key(42)).is_ok());
    assert!(open(&key(43)).unwrap_err().is_tampered());
    assert!(open(&[]).unwrap_err().is_tampered());
}

#[test]
fn an_item_of_more_levels_than_dynamodb_stores_is_refused() {
    let deep = (0..200).fold(AttributeValue::Null, |inner, _| AttributeValue::L(vec![inner]));
    let mut item = sealed();
    item.insert("state", deep);

    let error = open(item).unwrap_err();

    assert!(
        matches!(error, LoadError::Open(error) if error.kind() == crate::error::OpenErrorKind::TooDeep)
    );
}

#[tokio::test]
async fn a_hand_written_record_that_writes_too_few_fields_is_refused() {
    let record = Order(Vec::new());

    let sealed = crate::Sealer::new(Fixed(data_key())).seal(&record).await;

    assert!(
        matches!(sealed, Err(crate::SaveError::Seal(error)) if error.kind() == crate::error::SealErrorKind::Schema)
    );
}
