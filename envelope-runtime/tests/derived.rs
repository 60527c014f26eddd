//! Structs whose types come from a macro, and structs with parameters.

#![allow(missing_docs, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::any::Any;
use std::cell::Cell;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

use envelope_runtime::{
    AttributeValue, EnvelopeFields, EnvelopeRecord, Item, LocalKeyProvider, Opener,
    OtherAttributes, Sealer,
};
use serde::{Deserialize, Serialize};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// Polls once: nothing here waits.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a local key never waits"),
    }
}

fn seal<R: EnvelopeRecord>(record: &R) -> Item {
    ready(Sealer::new(LocalKeyProvider::from_hex(KEY).unwrap()).seal(record)).unwrap()
}

fn open<R: EnvelopeRecord>(item: Item) -> R {
    let opener = Opener::new(LocalKeyProvider::from_hex(KEY).unwrap());
    ready(opener.open::<R>(item)).unwrap().into_record()
}

/// A record as DynamoDB would see it, except for the sealed bytes and the time of the save.
fn seen<R: EnvelopeRecord>(record: &R) -> Vec<(String, String, Option<AttributeValue>)> {
    let item = seal(record);
    let sealed = ["_envelope", "pin", "photo", "created", "changed", "expires"];
    let attributes = item.iter().map(|(name, value)| {
        let shown = (!sealed.contains(&name)).then(|| value.clone());
        (name.to_owned(), value.type_name().to_owned(), shown)
    });
    attributes.collect()
}

#[derive(EnvelopeFields, Clone, Debug, PartialEq)]
struct Contact {
    phone: Vec<u8>,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Address {
    city: String,
}

macro_rules! record {
    ($name:ident { $($(#[$option:meta])* $field:ident: $ty:ty,)* }) => {
        #[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
        #[envelope(table = "users", sort_key = "USER#{number:08}")]
        struct $name {
            $($(#[$option])* $field: $ty,)*
        }
    };
}

record!(FromMacro {
    #[partition_key]
    id: [u8; 4],
    number: u32,
    #[encrypted]
    pin: [u8; 2],
    #[encrypted]
    photo: Option<Vec<u8>>,
    small: Option<[u8; 2]>,
    boxed: Box<[u8]>,
    #[envelope(version)]
    version: u64,
    #[envelope(ttl)]
    expires: Option<u64>,
    #[envelope(created_at)]
    created: Option<u32>,
    #[envelope(updated_at)]
    changed: i64,
    #[envelope(set)]
    tags: Vec<String>,
    #[authenticated]
    address: Option<Vec<(u8, Address)>>,
    #[envelope(flatten)]
    contact: Contact,
    #[envelope(catch_all)]
    others: OtherAttributes,
});

/// The same struct, written directly.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users", sort_key = "USER#{number:08}")]
struct Direct {
    #[partition_key]
    id: [u8; 4],
    number: u32,
    #[encrypted]
    pin: [u8; 2],
    #[encrypted]
    photo: Option<Vec<u8>>,
    small: Option<[u8; 2]>,
    boxed: Box<[u8]>,
    #[envelope(version)]
    version: u64,
    #[envelope(ttl)]
    expires: Option<u64>,
    #[envelope(created_at)]
    created: Option<u32>,
    #[envelope(updated_at)]
    changed: i64,
    #[envelope(set)]
    tags: Vec<String>,
    #[authenticated]
    address: Option<Vec<(u8, Address)>>,
    #[envelope(flatten)]
    contact: Contact,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

#[test]
fn types_that_come_from_a_macro_are_stored_as_those_written_directly() {
    let direct = Direct {
        id: *b"u-01",
        number: 7,
        pin: [1, 2],
        photo: Some(vec![3]),
        small: Some([4, 5]),
        boxed: [6].into(),
        version: 0,
        expires: Some(4_000_000_000),
        created: None,
        changed: 0,
        tags: vec!["a".into()],
        address: Some(vec![(1, Address { city: "Ulm".into() })]),
        contact: Contact { phone: vec![7] },
        others: OtherAttributes::default(),
    };

    let from_macro: FromMacro = open(seal(&direct));

    assert_eq!((from_macro.version, from_macro.pin), (1, [1, 2]));
    assert!(from_macro.created.is_some() && from_macro.changed > 0);
    let again = FromMacro { version: 0, created: None, ..from_macro };
    assert_eq!(seen(&again), seen(&direct));
}

macro_rules! within {
    ($name:ident, $ty:ty, $time:ty) => {
        #[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
        #[envelope(table = "users", partition_key = "USER#{id:0}")]
        struct $name {
            id: u8,
            #[encrypted]
            sealed: Vec<$ty>,
            optional: Option<$ty>,
            boxed: Box<[$ty]>,
            array: [$ty; 1],
            tuple: ($ty, Option<$ty>),
            #[envelope(created_at)]
            created: Option<$time>,
        }
    };
}

within!(Bytes, u8, u64);
within!(Texts, String, SystemTime);

#[test]
fn a_type_from_a_macro_is_known_within_another_type() {
    let record = Bytes {
        id: 1,
        sealed: vec![1],
        optional: Some(2),
        boxed: [3].into(),
        array: [4],
        tuple: (5, None),
        created: Some(6),
    };
    let item = seal(&record);
    assert_eq!(item.attribute("boxed"), Some(&AttributeValue::B(vec![3])));
    assert_eq!(item.attribute("array"), Some(&AttributeValue::B(vec![4])));
    assert_eq!(open::<Bytes>(item), record);

    let text = || String::from("t");
    let record = Texts {
        id: 1,
        sealed: vec![],
        optional: None,
        boxed: [text()].into(),
        array: [text()],
        tuple: (text(), Some(text())),
        created: Some(SystemTime::UNIX_EPOCH),
    };
    assert_eq!(open::<Texts>(seal(&record)), record);
}

macro_rules! keyed {
    ($($name:ident: $ty:ty = $key:expr => $stored:ident;)*) => {$(
        #[derive(EnvelopeRecord, Debug, PartialEq)]
        #[envelope(table = "keyed", plaintext_only)]
        struct $name {
            #[partition_key]
            id: $ty,
        }

        let record = $name { id: $key };
        let item = seal(&record);
        assert!(matches!(item.attribute("id"), Some(AttributeValue::$stored(_))), "{item:?}");
        assert_eq!(open::<$name>(item), record);
    )*};
}

#[test]
fn a_key_of_each_type_comes_from_a_macro() {
    keyed! {
        Text: String = "u-1".into() => S;
        Number: u64 = 7 => N;
        Signed: i128 = -7 => N;
        Vector: Vec<u8> = vec![1] => B;
        Array: [u8; 2] = [1, 2] => B;
        Boxed: Box<[u8]> = [1].into() => B;
    }
}

/// A lifetime on a field that is not stored.
#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "invitations")]
struct Invitation<'a> {
    #[partition_key]
    code: String,
    #[encrypted]
    email: String,
    by: PhantomData<&'static str>,
    #[envelope(skip)]
    rendered: Option<&'a str>,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "pages")]
struct Page<'a, T, const N: usize> {
    #[partition_key]
    id: String,
    #[encrypted]
    content: Vec<T>,
    checksum: [u8; N],
    #[envelope(skip)]
    cached: Option<&'a str>,
    #[envelope(version)]
    version: u64,
}

/// Uses a record in generic code that mentions no lifetimes.
fn later<R: EnvelopeRecord>(item: Item) -> Pin<Box<dyn Future<Output = Box<dyn Any>>>> {
    Box::pin(async {
        let record: R = open(item);
        let any: Box<dyn Any> = Box::new(record);
        any
    })
}

#[test]
fn generic_code_may_keep_any_record() {
    let (code, email) = ("i".into(), "zoe@example.com".into());
    let invitation = Invitation { code, email, by: PhantomData, rendered: None };
    let opened = ready(later::<Invitation<'_>>(seal(&invitation)));
    assert_eq!(opened.downcast_ref(), Some(&invitation));

    let (content, checksum) = (vec![Some('a'), None], [7; 2]);
    let page = Page { id: "p".into(), content, checksum, cached: None, version: 1 };
    let opened = ready(later::<Page<'_, Option<char>, 2>>(seal(&page)));
    assert_eq!(opened.downcast_ref(), Some(&Page { version: 2, ..page }));
}

/// A type that only one thread may look at.
#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "shipments")]
struct Shipment {
    #[partition_key]
    id: String,
    #[encrypted]
    stop: Cell<u8>,
    #[envelope(skip)]
    shown: Cell<bool>,
}

#[test]
fn a_record_need_not_be_sync() {
    let shipment = Shipment { id: "s".into(), stop: Cell::new(1), shown: Cell::default() };
    assert_eq!(open::<Shipment>(seal(&shipment)), shipment);
}
