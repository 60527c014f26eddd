//! Conversion of Rust values to attribute values and back, the same for plaintext and sealed
//! fields.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use envelope_runtime::error::ConvertErrorKind;
use envelope_runtime::{EnvelopeRecord, SaveError};
use serde::{Deserialize, Serialize};

use crate::support::{World, string};

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Address {
    street: String,
    floor: Option<u8>,
    geo: (f64, f64),
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
enum Contact {
    None,
    Phone(String),
    Range(u8, u8),
    Post { address: Address },
}

/// Defines the same fields twice: in plaintext except for one, and all sealed.
macro_rules! gallery {
    ($($field:ident: $ty:ty),* $(,)?) => {
        #[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
        #[envelope(table = "gallery")]
        struct Plain {
            #[partition_key]
            id: String,
            #[encrypted]
            secret: u8,
            $(#[authenticated] $field: $ty,)*
        }

        #[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
        #[envelope(table = "gallery")]
        struct Sealed {
            #[partition_key]
            id: String,
            $(#[encrypted] $field: $ty,)*
        }

        impl From<Plain> for Sealed {
            fn from(plain: Plain) -> Self {
                Self { id: plain.id, $($field: plain.$field,)* }
            }
        }
    };
}

gallery! {
    text: String,
    empty_text: String,
    flag: bool,
    small: i8,
    large: i64,
    unsigned: u64,
    wide: i128,
    single: f32,
    double: f64,
    tiny: f64,
    letter: char,
    bytes: Vec<u8>,
    empty_bytes: Vec<u8>,
    digest: [u8; 4],
    boxed: Box<[u8]>,
    maybe_bytes: Option<Vec<u8>>,
    maybe: Option<String>,
    nested_option: Option<Address>,
    list: Vec<u32>,
    empty_list: Vec<u32>,
    map: BTreeMap<String, i32>,
    numbered: BTreeMap<u16, bool>,
    pair: (String, u8),
    address: Address,
    unit: (),
    contacts: Vec<Contact>,
}

fn full() -> Plain {
    let address = Address { street: "Rue 1".into(), floor: None, geo: (1.5, -0.25) };
    Plain {
        id: "g".into(),
        secret: 1,
        text: "zoë \u{1F600}\0".into(),
        empty_text: String::new(),
        flag: true,
        small: -128,
        large: i64::MIN,
        unsigned: u64::MAX,
        wide: 12_345_678_901_234_567_890_123_456_789_012_345_678,
        single: 0.1,
        double: 0.1 + 0.2,
        tiny: 1e-130,
        letter: 'ß',
        bytes: vec![0, 255],
        empty_bytes: vec![],
        digest: [1, 2, 3, 4],
        boxed: vec![9].into(),
        maybe_bytes: Some(vec![5]),
        maybe: Some(String::new()),
        nested_option: Some(address.clone()),
        list: vec![3, 1, 2],
        empty_list: vec![],
        map: BTreeMap::from([("a".into(), 1), ("b".into(), -1)]),
        numbered: BTreeMap::from([(7, true)]),
        pair: ("p".into(), 2),
        address: address.clone(),
        unit: (),
        contacts: vec![
            Contact::None,
            Contact::Phone("1".into()),
            Contact::Range(1, 2),
            Contact::Post { address },
        ],
    }
}

#[tokio::test]
async fn every_type_survives_in_plaintext_and_sealed() {
    let world = World::new().await;
    let absent = Plain { maybe: None, maybe_bytes: None, nested_option: None, ..full() };
    for plain in [full(), absent] {
        plain.save(&world.store).await.unwrap();
        assert_eq!(Plain::load(&world.store, "g").await.unwrap().as_ref(), Some(&plain));

        let sealed = Sealed::from(plain);
        sealed.save(&world.store).await.unwrap();
        assert_eq!(Sealed::load(&world.store, "g").await.unwrap(), Some(sealed));
    }
}

#[tokio::test]
async fn plaintext_is_stored_as_a_dynamodb_user_expects() {
    let world = World::new().await;
    full().save(&world.store).await.unwrap();

    let item = world.stored("g").await;

    assert_eq!(item["flag"], Sdk::Bool(true));
    assert_eq!(item["large"], Sdk::N("-9223372036854775808".into()));
    assert_eq!(item["wide"], Sdk::N("12345678901234567890123456789012345678".into()));
    assert_eq!(item["single"], Sdk::N("0.1".into()));
    assert_eq!(item["double"], Sdk::N("0.30000000000000004".into()));
    assert_eq!(item["letter"], string("ß"));
    assert_eq!(item["empty_text"], string(""));
    for binary in ["bytes", "empty_bytes", "digest", "boxed", "maybe_bytes"] {
        assert!(item[binary].is_b(), "{binary}");
    }
    assert_eq!(item["empty_list"], Sdk::L(vec![]));
    assert_eq!(item["unit"], Sdk::Null(true));
    let address = item["address"].as_m().unwrap();
    assert_eq!(address["floor"], Sdk::Null(true));
    let contacts = item["contacts"].as_l().unwrap();
    assert_eq!(contacts[0], string("None"));
    assert_eq!(contacts[1], Sdk::M(HashMap::from([("Phone".into(), string("1"))])));
}

#[tokio::test]
async fn none_is_absent_and_not_null() {
    let world = World::new().await;
    let plain = Plain { maybe: None, maybe_bytes: None, nested_option: None, ..full() };

    plain.save(&world.store).await.unwrap();

    let item = world.stored("g").await;
    for name in ["maybe", "maybe_bytes", "nested_option"] {
        assert!(!item.contains_key(name), "{name}");
    }
}

#[derive(EnvelopeRecord)]
#[envelope(table = "gallery")]
struct Odd<T> {
    #[partition_key]
    id: String,
    #[encrypted]
    sealed: Option<T>,
    plain: Option<T>,
}

#[derive(Serialize, Deserialize, Clone)]
struct Deep(Option<Vec<Deep>>);

fn deep(depth: usize) -> Deep {
    (0..depth).fold(Deep(None), |inner, _| Deep(Some(vec![inner])))
}

#[tokio::test]
async fn a_value_that_dynamodb_would_refuse_is_refused_before_any_call() {
    async fn problem<T: Serialize + serde::de::DeserializeOwned + Clone + Send + 'static>(
        world: &World,
        value: T,
    ) -> ConvertErrorKind {
        let mut problems = Vec::new();
        for (sealed, plain) in [(Some(value.clone()), None), (None, Some(value))] {
            let odd = Odd { id: "o".into(), sealed, plain };
            match odd.save(&world.store).await {
                Err(SaveError::Field(error)) => problems.push(error.kind()),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(problems[0], problems[1]);
        problems[0]
    }
    let world = World::new().await;

    for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e126, 1e-131, f64::MIN_POSITIVE] {
        assert!(matches!(problem(&world, float).await, ConvertErrorKind::Number(_)), "{float}");
    }
    assert!(matches!(problem(&world, u128::MAX).await, ConvertErrorKind::Number(_)));
    assert_eq!(problem(&world, BTreeMap::from([(vec![1], 1)])).await, ConvertErrorKind::MapKey);
    assert_eq!(
        problem(&world, BTreeMap::from([("", 1)].map(|(key, n)| (key.to_owned(), n)))).await,
        ConvertErrorKind::EmptyName
    );
    assert_eq!(problem(&world, deep(32)).await, ConvertErrorKind::TooDeep);
    assert_eq!(problem(&world, deep(2_000)).await, ConvertErrorKind::TooDeep);
    assert_eq!(world.requests.take(), []);
}

#[tokio::test]
async fn a_value_of_as_many_levels_as_dynamodb_takes_is_saved() {
    let world = World::new().await;

    Odd { id: "o".into(), sealed: Some(deep(31)), plain: Some(deep(31)) }
        .save(&world.store)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_type_that_would_lose_part_of_the_stored_value_refuses_it() {
    #[derive(EnvelopeRecord, Debug)]
    #[envelope(table = "gallery")]
    struct Pair<A, B> {
        #[partition_key]
        id: String,
        #[encrypted]
        sealed: A,
        plain: B,
    }
    async fn problem<A, B, C, D>(world: &World, sealed: A, plain: B) -> ConvertErrorKind
    where
        A: Serialize + serde::de::DeserializeOwned + Send + 'static,
        B: Serialize + serde::de::DeserializeOwned + Send + 'static,
        C: Serialize + serde::de::DeserializeOwned + std::fmt::Debug + Send + 'static,
        D: Serialize + serde::de::DeserializeOwned + std::fmt::Debug + Send + 'static,
    {
        Pair { id: "n".into(), sealed, plain }.save(&world.store).await.unwrap();
        match world.store.get::<Pair<C, D>>("n").await {
            Err(envelope_runtime::LoadError::Field(error)) => error.kind(),
            other => panic!("{other:?}"),
        }
    }
    let world = World::new().await;

    let list = problem::<_, _, (u8, u8), u8>(&world, vec![1_u8, 2, 3], 0_u8).await;
    let short = problem::<_, _, u8, [u32; 4]>(&world, 0_u8, vec![1_u32, 2]).await;
    let float = problem::<_, _, u8, f32>(&world, 0_u8, 1e39).await;
    let keys = BTreeMap::from([("05".to_owned(), 1), ("5".to_owned(), 2)]);
    let map = problem::<_, _, u8, BTreeMap<u32, i32>>(&world, 0_u8, keys).await;

    for problem in [list, short, float, map] {
        assert!(matches!(problem, ConvertErrorKind::Value { .. }), "{problem:?}");
    }
}

#[tokio::test]
async fn bytes_that_another_mapper_wrote_as_a_list_of_numbers_are_read() {
    #[derive(EnvelopeRecord, Debug)]
    #[envelope(table = "gallery")]
    struct Bytes {
        #[partition_key]
        id: String,
        #[encrypted]
        secret: u8,
        blob: [u8; 2],
    }
    let world = World::new().await;
    Bytes { id: "b".into(), secret: 1, blob: [0, 0] }.save(&world.store).await.unwrap();
    let mut item = world.stored("b").await;

    item.insert("blob".into(), Sdk::L(vec![Sdk::N("0".into()), Sdk::N("255".into())]));
    world.write(item.clone()).await;
    assert_eq!(Bytes::load(&world.store, "b").await.unwrap().unwrap().blob, [0, 255]);

    for wrong in [vec![Sdk::N("256".into())], vec![string("x")], vec![Sdk::N("1".into()); 3]] {
        item.insert("blob".into(), Sdk::L(wrong));
        world.write(item.clone()).await;
        assert!(Bytes::load(&world.store, "b").await.is_err());
    }
}

#[tokio::test]
async fn a_stored_value_that_does_not_fit_names_path_and_types_and_no_value() {
    #[derive(EnvelopeRecord, Debug)]
    #[envelope(table = "gallery")]
    struct Loose {
        #[partition_key]
        id: String,
        #[encrypted]
        secret: String,
        address: Address,
        count: u8,
    }
    let world = World::new().await;
    let address = Address { street: "Rue 1".into(), floor: None, geo: (1.0, 2.0) };
    let loose = Loose { id: "l".into(), secret: "s".into(), address, count: 1 };
    loose.save(&world.store).await.unwrap();
    let good = world.stored("l").await;

    let mut messages = Vec::new();
    for (name, value) in [
        ("count", string("canary")),
        ("count", Sdk::N("300".into())),
        ("address", Sdk::M(HashMap::from([("street".into(), Sdk::N("12345".into()))]))),
        ("address", Sdk::M(HashMap::from([("street".into(), string("canary"))]))),
    ] {
        let mut item = good.clone();
        item.insert(name.into(), value);
        world.write(item).await;
        messages.push(Loose::load(&world.store, "l").await.unwrap_err().to_string());
    }

    let place = "cannot load record of table `gallery`, key `id`, attribute";
    let cure = "change the type, or convert the field with `#[envelope(with = …)]`";
    assert_eq!(
        messages,
        [
            format!("{place} `count`: expected u8, found type S; {cure}"),
            format!("{place} `count`: the stored value does not fit u8"),
            format!("{place} `address`: at `.street`: expected a string, found type N; {cure}"),
            format!(
                "{place} `address`: `geo` is required and absent; make it an Option or give it a default"
            ),
        ]
    );
}
