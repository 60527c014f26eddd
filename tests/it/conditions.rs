//! Writes under conditions: those that hold, those that fail, and the errors.

use std::collections::BTreeSet;

use envelope_runtime::Readable;
use envelope_runtime::error::ConvertErrorKind;
use envelope_runtime::schema::Attribute;
use envelope_runtime::{
    Condition, DeleteError, EnvelopeFields, EnvelopeRecord, KmsKeyProvider, Opener, SaveError, kind,
};

use crate::support::World;

/// Its attribute names are DynamoDB's reserved words, and its fields are stored in every way.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Account {
    #[partition_key]
    id: String,
    name: String,
    status: Status,
    size: u64,
    #[envelope(rename = "values")]
    ratio: f64,
    comment: Option<String>,
    #[authenticated]
    role: String,
    hash: Vec<u8>,
    token: Option<[u8; 4]>,
    #[envelope(set)]
    groups: BTreeSet<String>,
    tags: Vec<String>,
    #[envelope(with = shouted)]
    list: String,
    #[encrypted]
    ssn: Option<String>,
    #[envelope(flatten)]
    address: Address,
}

#[derive(serde::Serialize, serde::Deserialize, Clone, Copy, Debug, PartialEq)]
enum Status {
    New,
    Closed,
}

#[derive(EnvelopeFields, Clone, Debug, PartialEq)]
struct Address {
    zone: String,
    #[encrypted]
    street: Option<String>,
}

mod shouted {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&text.to_uppercase())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
        Ok(String::deserialize(from)?.to_lowercase())
    }
}

fn account() -> Account {
    Account {
        id: "a-1".into(),
        name: "Zoë".into(),
        status: Status::New,
        size: 42,
        ratio: -1.5,
        comment: None,
        role: "patient".into(),
        hash: vec![1, 2, 3],
        token: Some([7; 4]),
        groups: ["a".to_owned(), "b".to_owned()].into(),
        tags: vec!["x".into()],
        list: "quiet".into(),
        ssn: Some("078-05-1120".into()),
        address: Address { zone: "north".into(), street: None },
    }
}

type Handles = <Account as Readable>::Attributes;
type Build = fn(Handles) -> Condition<Account>;
type Case = (&'static str, Build);

const HOLD: &[Case] = &[
    ("text", |f| f.name.eq("Zoë")),
    ("text by value", |f| f.name.eq("Zoë".to_owned())),
    ("text by reference", |f| f.name.eq(&account().name)),
    ("enum", |f| f.status.eq(Status::New)),
    ("number", |f| f.size.eq(42)),
    ("float under another name", |f| f.ratio.eq(-1.5)),
    ("authenticated", |f| f.role.eq("patient")),
    ("key", |f| f.id.eq("a-1")),
    ("bytes", |f| f.hash.eq(vec![1, 2, 3])),
    ("byte slice", |f| f.hash.eq([1, 2, 3].as_slice())),
    ("array in an Option", |f| f.token.eq([7; 4])),
    ("set", |f| f.groups.eq(BTreeSet::from(["b".to_owned(), "a".to_owned()]))),
    ("list", |f| f.tags.eq(vec!["x".to_owned()])),
    ("through its own functions", |f| f.list.eq("Quiet")),
    ("of a flattened struct", |f| f.address.zone.eq("north")),
    ("not equal", |f| f.name.ne("Zoe")),
    ("not equal to what is absent", |f| f.comment.ne("x")),
    ("less", |f| f.size.lt(43)),
    ("less or equal", |f| f.size.le(42)),
    ("greater", |f| f.size.gt(5)),
    ("greater or equal", |f| f.size.ge(42)),
    ("between", |f| f.size.between(42, 50)),
    ("one of", |f| f.status.is_in([Status::Closed, Status::New])),
    ("prefix", |f| f.name.begins_with("Zo")),
    ("part", |f| f.role.contains("tie")),
    ("element of a set", |f| f.groups.contains("b")),
    ("element of a list", |f| f.tags.contains("x")),
    ("element by value", |f| f.tags.contains("x".to_owned()).and(!f.tags.contains("y"))),
    ("part of bytes", |f| f.hash.contains([1, 2].as_slice()).or(f.hash.exists())),
    ("exists", |f| f.name.exists()),
    ("encrypted exists", |f| f.ssn.exists()),
    ("absent", |f| f.comment.not_exists()),
    ("encrypted is absent", |f| f.address.street.not_exists()),
    ("and", |f| f.name.exists().and(f.size.gt(1)).and(f.comment.not_exists())),
    ("or", |f| f.name.eq("x").or(f.size.gt(1))),
    ("not", |f| !f.name.eq("x")),
    ("or binds as it was built", |f| f.size.eq(42).or(f.size.eq(1)).and(f.name.exists())),
    ("size of a text", |f| f.role.size().eq(7)),
    ("size of bytes", |f| f.hash.size().between(3, 4)),
    ("size of a set", |f| f.groups.size().ge(2).and(f.groups.size().le(2))),
    ("size of a list", |f| f.tags.size().lt(2).and(f.tags.size().gt(0))),
    ("size is another", |f| f.tags.size().ne(2)),
];

const FAIL: &[Case] = &[
    ("text", |f| f.name.eq("zoë")),
    ("number", |f| f.size.eq(41)),
    ("not equal", |f| f.size.ne(42)),
    ("compared with what is absent", |f| f.comment.eq("x")),
    ("less", |f| f.size.lt(42)),
    ("between", |f| f.size.between(43, 50)),
    ("one of", |f| f.size.is_in([1, 2, 3])),
    ("prefix", |f| f.name.begins_with("x")),
    ("through its own functions", |f| f.list.eq("loud")),
    ("encrypted is absent", |f| f.ssn.not_exists()),
    ("encrypted exists", |f| f.address.street.exists()),
    ("and", |f| f.name.exists().and(f.comment.exists())),
    ("not", |f| !(f.name.exists().or(f.comment.exists()))),
    ("and binds as it was built", |f| f.size.eq(42).or(f.size.eq(1)).and(f.comment.exists())),
    ("size of a text", |f| f.role.size().eq(8)),
    ("size of bytes", |f| f.hash.size().between(4, 5)),
    ("size of a set", |f| f.groups.size().lt(2).or(f.groups.size().gt(2))),
    ("size is no other", |f| f.tags.size().ne(1)),
];

#[tokio::test]
async fn what_holds_is_written_and_what_does_not_hold_is_not() {
    let world = World::new().await;
    account().save(&world.store).await.unwrap();

    for (what, condition) in HOLD {
        let saved = world.store.put(&account()).condition(condition).await;
        assert!(saved.is_ok(), "{what}: {}", saved.unwrap_err());
    }
    let before = world.stored("a-1").await;
    for (what, condition) in FAIL {
        let error = world.store.put(&account()).condition(condition).await.unwrap_err();
        assert!(error.is_conflict() && !error.is_retryable(), "{what}: {error}");
        let deleted = world.store.delete::<Account>("a-1").condition(condition).await;
        assert!(deleted.unwrap_err().is_conflict(), "{what}");
    }
    assert_eq!(world.stored("a-1").await, before);
    let (_, holds) = HOLD[0];
    world.store.delete::<Account>("a-1").condition(holds).await.unwrap();
    assert_eq!(Account::load(&world.store, "a-1").await.unwrap(), None);
}

/// Two conditions must both hold, and `create` and `replace` add another.
#[tokio::test]
async fn conditions_add_up() {
    let world = World::new().await;
    let store = &world.store;
    let big = |f: Handles| f.size.gt(40);
    let error = store.replace(&account()).condition(big).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    let error = store.create(&account()).condition(|f| f.name.exists()).await.unwrap_err();
    assert!(matches!(&error, SaveError::Condition(error) if error.stored().is_none()), "{error}");

    store.create(&account()).condition(|f| f.name.not_exists()).await.unwrap();

    let error = store.create(&account()).condition(big).await.unwrap_err();
    assert!(matches!(error, SaveError::Presence(_)), "{error}");
    store.replace(&account()).condition(big).condition(|f| f.size.lt(50)).await.unwrap();
    let two = store.replace(&account()).condition(big).condition(|f| f.size.lt(41));
    assert!(matches!(two.await, Err(SaveError::Condition(_))));
}

#[tokio::test]
async fn a_condition_that_fails_gives_the_stored_item_still_sealed() {
    let world = World::new().await;
    account().save(&world.store).await.unwrap();
    world.requests.forget();

    let error = world.store.delete::<Account>("a-1").condition(|f| f.size.gt(99)).await;

    let Err(DeleteError::Condition(error)) = error else { panic!("{error:?}") };
    assert_eq!(
        error.to_string(),
        "record of table `users`, key `id`: the stored item does not satisfy the condition, and \
         nothing was written; load the record, and decide again"
    );
    assert!(world.requests.take().is_empty());
    let opener = Opener::new(KmsKeyProvider::new(world.backend.kms.clone(), &world.key));
    let stored = opener.open::<Account>(error.stored().unwrap().clone()).await.unwrap();
    assert_eq!(stored.into_record(), account());
}

/// Refused before any request, including to KMS.
#[tokio::test]
async fn a_value_that_cannot_be_compared_is_refused_with_its_attribute() {
    let world = World::new().await;
    let cases: [(Build, _, _); 4] = [
        (|f| f.comment.eq(None), "comment", ConvertErrorKind::AbsentOperand),
        (|f| f.groups.eq(BTreeSet::new()), "groups", ConvertErrorKind::AbsentOperand),
        (|f| f.size.is_in(Vec::<u64>::new()), "size", ConvertErrorKind::NoOperand),
        (
            |f| f.name.exists().and(!f.ratio.eq(f64::NAN)),
            "values",
            ConvertErrorKind::Number(envelope_runtime::error::NumberError::NotANumber),
        ),
    ];
    for (condition, attribute, problem) in cases {
        let saved = world.store.put(&account()).condition(condition).await;
        let deleted = world.store.delete::<Account>("a-1").condition(condition).await;
        let Err(SaveError::Field(saved)) = saved else { panic!("{saved:?}") };
        let Err(DeleteError::Field(deleted)) = deleted else { panic!("{deleted:?}") };
        for error in [saved, deleted] {
            assert_eq!((error.attribute(), error.kind()), (attribute, problem), "{error}");
        }
    }
    assert!(world.requests.take().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_lost_is_no_failed_condition() {
    let world = World::new().await;
    let lossy = |store: envelope_runtime::Store| store.map_table::<Account>(&world.table);

    let store = lossy(world.store_losing_answers());
    store.create(&account()).condition(|f| f.name.not_exists()).await.unwrap();
    let store = lossy(world.store_losing_answers());
    let renamed = Account { name: "Zoe".into(), ..account() };
    store.put(&renamed).condition(|f| f.name.eq("Zoë")).await.unwrap();

    assert_eq!(Account::load(&world.store, "a-1").await.unwrap(), Some(renamed));
}

/// Names, never values: a condition may be logged.
#[test]
fn debug_of_handles_and_conditions_shows_names() {
    let f = Account::ATTRIBUTES;
    let role: Attribute<Account, kind::Authenticated, String> = f.role;
    assert_eq!((role.name(), f.ratio.name()), ("role", "values"));
    assert_eq!(format!("{role:?}"), r#"Attribute("role")"#);
    let condition = f.name.eq("secret").and(!f.size.gt(7));
    assert_eq!(format!("{condition:?}"), r#"Condition(["name", "size"])"#);
}
