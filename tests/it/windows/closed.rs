//! What an attacker plants who can write the table: before a window is open, while it is open, and
//! after it has closed.

use envelope_runtime::error::OpenErrorKind;
use envelope_runtime::{EnvelopeProjection, EnvelopeRecord, LoadError, Store, UpdateError, Usage};

use super::{END, OPEN, at, item, opened, with_window};
use crate::support::{Stored, User, World, binary, string};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Picture {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(bytes)]
    image: Vec<u8>,
    #[encrypted]
    #[envelope(unsealed_until = "2027-03-01")]
    note: Option<String>,
    #[authenticated]
    role: String,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Picture)]
struct Contents {
    image: Vec<u8>,
    note: Option<String>,
}

fn picture() -> Picture {
    Picture { id: "p".into(), image: vec![1, 2, 3], note: None, role: "patient".into() }
}

/// A genuine picture without a note, and what an attacker makes of it.
async fn planted() -> (World, Stored, [(&'static str, Stored); 6]) {
    let world = World::new().await;
    at(&world.store, OPEN).put(&picture()).await.unwrap();
    let good = world.stored("p").await;
    let with = |name: &str, value| {
        let mut item = good.clone();
        item.insert(name.into(), value);
        item
    };

    let mut stripped = good.clone();
    stripped.remove("_envelope").unwrap();
    let mut whole = item([("id", "p"), ("role", "admin")]);
    whole.insert("image".into(), binary([7]));
    let shapes = [
        ("stripped", stripped),
        ("whole", whole),
        ("sealed value", with("image", binary([7]))),
        ("authenticated value", with("role", string("admin"))),
        ("absent windowed value", with("note", string("planted"))),
        ("envelope", with("_envelope", binary([]))),
    ];
    (world, good, shapes)
}

/// A refusal, as the predicates of each error tell it.
#[derive(Debug)]
struct Refused {
    is_unsealed: bool,
    is_tampered: bool,
    attribute: Option<String>,
}

macro_rules! outcome {
    ($result:expr) => {
        $result.map(drop).map_err(|error| Refused {
            is_unsealed: error.is_unsealed(),
            is_tampered: error.is_tampered(),
            attribute: error.attribute().map(str::to_owned),
        })
    };
}

async fn reads(store: &Store) -> [Result<(), Refused>; 4] {
    [
        outcome!(store.get::<Picture>("p").consistent().await),
        outcome!(store.get::<Contents>("p").consistent().await),
        outcome!(store.batch_get::<Picture>(["p"]).consistent().await),
        outcome!(store.read_transaction().get::<Picture>("p").await),
    ]
}

#[tokio::test]
async fn t09_with_no_window_and_after_it_nothing_that_is_planted_loads() {
    let (world, good, shapes) = planted().await;

    for store in [
        at(&world.store, OPEN),
        with_window::<User>(&world, OPEN),
        with_window::<Picture>(&world, END),
    ] {
        let usage = Usage::default();
        let store = store.measured(&usage);
        for (shape, item) in &shapes {
            world.write(item.clone()).await;
            for refused in reads(&store).await {
                let error = refused.unwrap_err();
                let is_stripped = ["stripped", "whole"].contains(shape);
                assert_eq!(error.is_unsealed, is_stripped, "{shape}: {error:?}");
                if is_stripped {
                    assert_eq!(error.attribute.as_deref(), Some("_envelope"), "{shape}");
                } else {
                    assert!(error.is_tampered, "{shape}: {error:?}");
                }
            }
        }
        assert_eq!(usage.unsealed_records(), 0);
        world.write(good.clone()).await;
        assert_eq!(store.get("p").await.unwrap(), Some(picture()));
    }
}

/// As the documentation of the window says: until it closes, whoever can write the table can take
/// an envelope away. Nothing else gets in, and what does is counted.
#[tokio::test]
async fn t09_an_open_window_lets_in_items_without_an_envelope_and_nothing_else() {
    let (world, good, shapes) = planted().await;

    for (shape, item) in shapes {
        let usage = Usage::default();
        let store = with_window::<Picture>(&world, END - 1).measured(&usage);
        world.write(item).await;

        let is_let_in = ["stripped", "whole"].contains(&shape);
        for found in reads(&store).await {
            assert_eq!(found.is_ok(), is_let_in, "{shape}: {found:?}");
            assert!(found.err().is_none_or(|error| error.is_tampered), "{shape}");
        }
        assert_eq!(usage.unsealed_records(), if is_let_in { 4 } else { 0 }, "{shape}");
    }
    let store = with_window::<Picture>(&world, END - 1);
    world.write(good).await;
    let loaded = store.get::<Picture>("p").with_envelope().await.unwrap().unwrap();
    assert!(!loaded.was_unsealed());
}

/// The bytes of sealed values are not what the fields hold.
#[tokio::test]
async fn t09_a_stripped_item_whose_sealed_bytes_fit_no_field_is_not_let_in() {
    let world = World::new().await;
    at(&world.store, OPEN).put(&User::new("foobar")).await.unwrap();
    let mut stripped = world.stored("foobar").await;
    stripped.remove("_envelope").unwrap();
    world.write(stripped).await;
    let usage = Usage::default();

    let store = opened(&world, OPEN).measured(&usage);
    let error = store.get::<User>("foobar").await.unwrap_err();

    assert!(matches!(error, LoadError::Field(_)), "{error}");
    assert_eq!((error.attribute(), usage.unsealed_records()), (Some("ssn"), 0));
}

#[tokio::test]
async fn t09_something_that_is_no_envelope_is_not_the_absence_of_one() {
    let world = World::new().await;
    let store = opened(&world, OPEN);

    for value in [
        string(""),
        string("x"),
        binary([]),
        binary([1; 90]),
        aws_sdk_dynamodb::types::AttributeValue::Null(true),
        aws_sdk_dynamodb::types::AttributeValue::Bool(false),
    ] {
        let mut item = super::plain("u-1");
        item.insert("_envelope".into(), value);
        world.write(item.clone()).await;

        let loaded = store.get::<User>("u-1").await;
        let LoadError::Open(error) = loaded.unwrap_err() else { panic!("not refused") };
        assert_eq!(error.kind(), OpenErrorKind::MalformedEnvelope);
        let update = store.update::<User>("u-1").seal(|f| f.email, "x");
        assert!(matches!(update.await.unwrap_err(), UpdateError::Open(_)));
        assert_eq!(world.stored("u-1").await, item);
    }
}

/// Otherwise an update would make a forgery genuine.
#[tokio::test]
async fn t09_a_closed_window_lets_no_update_seal_what_was_planted() {
    let (world, _, shapes) = planted().await;

    // Another value may replace the one that an attacker has replaced.
    for (shape, item) in shapes.into_iter().filter(|(shape, _)| *shape != "sealed value") {
        world.write(item.clone()).await;
        for store in [at(&world.store, OPEN), with_window::<Picture>(&world, END)] {
            let update = || store.update::<Picture>("p");
            for update in [
                update().set(|f| f.role, "nurse"),
                update().seal(|f| f.image, vec![4]),
                update().seal(|f| f.note, "x"),
            ] {
                let error = update.await.unwrap_err();
                assert!(matches!(error, UpdateError::Open(_)), "{shape}: {error}");
            }
            let together = store.transaction().update::<Picture>("p", |u| u.set(|f| f.role, "x"));
            let error = together.await.unwrap_err();
            assert!(error.is_tampered() || error.is_unsealed(), "{shape}: {error}");
        }
        assert_eq!(world.stored("p").await, item, "{shape}");
    }
}
