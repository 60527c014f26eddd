//! What an open window lets in, by each operation that gives out a record, and what a store without
//! one says.

use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use envelope_runtime::{
    EnvelopeProjection, EnvelopeRecord, Keys, LocalKeyProvider, Opener, Store, Usage,
};

use futures_util::TryStreamExt;

use super::events::Warnings;
use super::{END, OPEN, UNTIL, at};
use crate::support::{Stored, World, string};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "patients")]
struct Patient {
    #[partition_key]
    clinic: String,
    #[sort_key]
    number: u64,
    nickname: String,
    #[encrypted]
    ssn: String,
    #[encrypted]
    email: Option<String>,
    #[authenticated]
    role: String,
}

/// The same table, keys and attributes.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "patients")]
struct Other {
    #[partition_key]
    clinic: String,
    #[sort_key]
    number: u64,
    nickname: String,
    #[encrypted]
    ssn: String,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Patient)]
struct Secrets {
    ssn: String,
    email: Option<String>,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Patient, plaintext_only)]
struct Line {
    nickname: String,
}

const KEY: (&str, u64) = ("c-1", 7);

fn patient() -> Patient {
    Patient {
        clinic: "c-1".into(),
        number: 7,
        nickname: "zoë".into(),
        ssn: "078-05-1120".into(),
        email: None,
        role: "patient".into(),
    }
}

/// The patient, as a program without this library wrote it.
fn plain() -> Stored {
    let texts =
        [("clinic", "c-1"), ("nickname", "zoë"), ("ssn", "078-05-1120"), ("role", "patient")];
    let mut item: Stored =
        texts.map(|(name, value)| (name.to_owned(), string(value))).into_iter().collect();
    item.insert("number".into(), AttributeValue::N("7".into()));
    item
}

async fn world() -> (World, Store) {
    let keys = [("clinic", ScalarAttributeType::S), ("number", ScalarAttributeType::N)];
    let world = World::with_keys(&keys).await;
    let store = world.store.clone().map_table::<Patient>(&world.table);
    let store = store.map_table::<Other>(&world.table);
    (world, store)
}

/// The operations that give out a record.
#[derive(Clone, Copy, Debug)]
enum Act {
    Get,
    GetSecrets,
    GetLine,
    Query,
    QuerySecrets,
    QueryLine,
    Scan,
    ScanLine,
    BatchGet,
    BatchGetLine,
    ReadTransaction,
    PutOld,
    SealOld,
    SealNew,
    SetOld,
    SetNew,
    DeleteOld,
}

const ACTS: [Act; 17] = [
    Act::Get,
    Act::GetSecrets,
    Act::GetLine,
    Act::Query,
    Act::QuerySecrets,
    Act::QueryLine,
    Act::Scan,
    Act::ScanLine,
    Act::BatchGet,
    Act::BatchGetLine,
    Act::ReadTransaction,
    Act::PutOld,
    Act::SealOld,
    Act::SealNew,
    Act::SetOld,
    Act::SetNew,
    Act::DeleteOld,
];

/// A refusal: whether the error says that the item is not sealed, and the attribute it names.
type Refused = (bool, Option<String>);

macro_rules! outcome {
    ($result:expr) => {
        $result.map(|record| format!("{record:?}")).map_err(|error| {
            let text = format!("{error} {error:?}");
            assert!(!text.contains("078-05") && !text.contains("zoë"), "{text}");
            (error.is_unsealed(), error.attribute().map(str::to_owned))
        })
    };
}

async fn act(store: &Store, act: Act) -> Result<String, Refused> {
    let update = || store.update::<Patient>(KEY);
    match act {
        Act::Get => outcome!(store.get::<Patient>(KEY).await.map(Option::unwrap)),
        Act::GetSecrets => outcome!(store.get::<Secrets>(KEY).await.map(Option::unwrap)),
        Act::GetLine => outcome!(store.get::<Line>(KEY).await.map(Option::unwrap)),
        Act::Query => outcome!(store.query::<Patient>("c-1").all().await.map(first)),
        Act::QuerySecrets => outcome!(store.query::<Secrets>("c-1").all().await.map(first)),
        Act::QueryLine => outcome!(store.query::<Line>("c-1").all().await.map(first)),
        Act::Scan => {
            outcome!(store.scan::<Patient>().stream().try_collect::<Vec<_>>().await.map(first))
        }
        Act::ScanLine => {
            outcome!(store.scan::<Line>().stream().try_collect::<Vec<_>>().await.map(first))
        }
        Act::BatchGet => outcome!(store.batch_get::<Patient>([KEY]).await.map(some)),
        Act::BatchGetLine => outcome!(store.batch_get::<Line>([KEY]).await.map(some)),
        Act::ReadTransaction => {
            outcome!(store.read_transaction().get::<Patient>(KEY).await.map(|(one,)| one.unwrap()))
        }
        Act::PutOld => outcome!(store.put(&patient()).return_old().await.map(Option::unwrap)),
        Act::SealOld => {
            let update = update().seal(|f| f.ssn, "078-05-1120").return_old();
            outcome!(update.await.map(Option::unwrap))
        }
        Act::SealNew => outcome!(update().seal(|f| f.ssn, "078-05-1120").return_new().await),
        Act::SetOld => {
            let update = update().set(|f| f.nickname, "zoë").return_old();
            outcome!(update.await.map(Option::unwrap))
        }
        Act::SetNew => outcome!(update().set(|f| f.nickname, "zoë").return_new().await),
        Act::DeleteOld => {
            outcome!(store.delete::<Patient>(KEY).return_old().await.map(Option::unwrap))
        }
    }
}

fn first<R>(records: Vec<R>) -> R {
    records.into_iter().next().unwrap()
}

fn some<R>(records: Vec<Option<R>>) -> R {
    first(records).unwrap()
}

fn expected(act: Act) -> String {
    let Patient { nickname, ssn, email, .. } = patient();
    match act {
        Act::GetSecrets | Act::QuerySecrets => format!("{:?}", Secrets { ssn, email }),
        Act::GetLine | Act::QueryLine | Act::ScanLine | Act::BatchGetLine => {
            format!("{:?}", Line { nickname })
        }
        _ => format!("{:?}", patient()),
    }
}

#[tokio::test]
async fn every_operation_gives_out_a_plaintext_item_counts_it_and_says_so_once() {
    let (world, store) = world().await;
    let (warnings, _listening) = Warnings::listen();

    for kind in ACTS {
        world.write(plain()).await;
        let usage = Usage::default();
        let store = at(&store, OPEN).accept_unsealed::<Patient>(UNTIL).measured(&usage);

        let found = act(&store, kind).await;

        assert_eq!(found, Ok(expected(kind)), "{kind:?}");
        assert_eq!(usage.unsealed_records(), 1, "{kind:?}");
        assert_eq!(warnings.let_in(), [("patients".to_owned(), 1)], "{kind:?}");
        let calls = u64::from(matches!(kind, Act::PutOld | Act::SealOld))
            + 2 * u64::from(matches!(kind, Act::SealNew));
        assert_eq!(usage.kms_calls(), calls, "{kind:?}");
    }
}

#[tokio::test]
async fn without_a_window_every_operation_refuses_a_plaintext_item() {
    let (world, store) = world().await;
    let (warnings, _listening) = Warnings::listen();

    for (when, store) in [
        ("none", at(&store, OPEN)),
        ("for another type", at(&store, OPEN).accept_unsealed::<Other>(UNTIL)),
        ("on the day", at(&store, END).accept_unsealed::<Patient>(UNTIL)),
        ("afterwards", at(&store, END * 2).accept_unsealed::<Patient>(UNTIL)),
    ] {
        for kind in ACTS {
            world.write(plain()).await;
            let usage = Usage::default();

            let found = act(&store.measured(&usage), kind).await;

            let refused = (true, Some("_envelope".to_owned()));
            assert_eq!(found, Err(refused), "{when}: {kind:?}");
            assert_eq!(
                (usage.unsealed_records(), warnings.take().len()),
                (0, 0),
                "{when}: {kind:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_window_is_open_until_the_last_second_before_its_day() {
    let (world, store) = world().await;

    for kind in ACTS {
        world.write(plain()).await;
        let store = at(&store, END - 1).accept_unsealed::<Patient>(UNTIL);
        assert_eq!(act(&store, kind).await, Ok(expected(kind)), "{kind:?}");
    }
}

#[tokio::test]
async fn a_window_is_for_one_record_type_and_its_projections() {
    let (world, store) = world().await;
    world.write(plain()).await;
    let store = at(&store, OPEN).accept_unsealed::<Patient>(UNTIL);

    assert!(store.get::<Patient>(KEY).await.is_ok());
    let by_get = outcome!(store.get::<Other>(KEY).await);
    let by_query = outcome!(store.query::<Other>("c-1").all().await);
    let by_scan = outcome!(store.scan::<Other>().stream().try_collect::<Vec<_>>().await);
    let by_update = outcome!(store.update::<Other>(KEY).seal(|f| f.ssn, "x").await);
    for refused in [by_get, by_query, by_scan, by_update] {
        assert_eq!(refused, Err((true, Some("_envelope".to_owned()))));
    }
    // A key alone never had an envelope.
    let usage = Usage::default();
    let key = store.measured(&usage).get::<Keys<Patient>>(KEY).await.unwrap().unwrap();
    assert_eq!((key.into_key(), usage.unsealed_records()), (("c-1".to_owned(), 7), 0));
}

#[tokio::test]
async fn the_first_of_several_windows_for_a_type_is_replaced_by_the_second() {
    let (world, store) = world().await;
    world.write(plain()).await;

    let store = at(&store, OPEN).accept_unsealed::<Patient>(UNTIL);
    let closed =
        store.clone().accept_unsealed::<Patient>(envelope_runtime::Until::date(2027, 1, 1));

    assert!(store.get::<Patient>(KEY).await.is_ok());
    assert!(closed.get::<Patient>(KEY).await.unwrap_err().is_unsealed());
}

#[tokio::test]
async fn a_loaded_record_tells_whether_it_was_sealed() {
    let (world, store) = world().await;
    world.write(plain()).await;
    let store = at(&store, OPEN).accept_unsealed::<Patient>(UNTIL);

    let unsealed = store.get::<Patient>(KEY).with_envelope().await.unwrap().unwrap();
    let line = store.get::<Line>(KEY).with_envelope().await.unwrap().unwrap();
    assert!(unsealed.was_unsealed() && unsealed.envelope().is_none());
    assert!(line.was_unsealed() && line.envelope().is_none());
    assert_eq!(unsealed.into_record(), patient());

    store.put(&patient()).await.unwrap();
    let sealed = store.get::<Patient>(KEY).with_envelope().await.unwrap().unwrap();
    let line = store.get::<Line>(KEY).with_envelope().await.unwrap().unwrap();
    assert!(!sealed.was_unsealed() && sealed.envelope().is_some());
    assert!(!line.was_unsealed());
    assert_eq!(sealed.into_record(), patient());
}

#[tokio::test]
async fn sealed_and_plaintext_records_come_together_and_the_plaintext_ones_are_counted() {
    let (world, store) = world().await;
    let (warnings, _listening) = Warnings::listen();
    let usage = Usage::default();
    let store = at(&store, OPEN).accept_unsealed::<Patient>(UNTIL).measured(&usage);
    for number in 1..=6 {
        let mut item = plain();
        item.insert("number".into(), AttributeValue::N(number.to_string()));
        world.write(item).await;
    }
    for number in 4..=9 {
        store.put(&Patient { number, ..patient() }).await.unwrap();
    }

    let all = store.query::<Patient>("c-1").page_size(2).all().await.unwrap();

    let expected: Vec<_> = (1..=9).map(|number| Patient { number, ..patient() }).collect();
    assert_eq!(all, expected);
    assert_eq!(usage.unsealed_records(), 3);
    assert_eq!(warnings.let_in(), [("patients".to_owned(), 3)]);
    let refused = at(&store, END).query::<Patient>("c-1").all().await.unwrap_err();
    assert!(refused.is_unsealed(), "{refused}");
}

#[tokio::test]
async fn an_opener_has_windows_of_its_own() {
    let opener = Opener::new(LocalKeyProvider::insecure_ephemeral().unwrap());
    let at = |opener: &Opener, seconds: u64| {
        opener
            .clone()
            .clock(move || std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds))
    };
    let item = || envelope_runtime::Item::try_from(plain()).unwrap();

    let accepting = at(&opener, END - 1).accept_unsealed::<Patient>(UNTIL);
    let loaded = accepting.open::<Patient>(item()).await.unwrap();
    assert!(loaded.was_unsealed() && loaded.envelope().is_none());
    assert_eq!(loaded.into_record(), patient());

    for closed in [
        at(&opener, OPEN),
        at(&opener, OPEN).accept_unsealed::<Other>(UNTIL),
        at(&opener, END).accept_unsealed::<Patient>(UNTIL),
    ] {
        let error = closed.open::<Patient>(item()).await.unwrap_err();
        assert!(error.is_unsealed() && error.attribute() == Some("_envelope"), "{error}");
    }
}
