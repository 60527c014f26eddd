//! Records and items without a store: the results and refusals of `Sealer` and `Opener`.

#![allow(missing_docs, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod hashed;
mod windows;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use envelope_runtime::error::{ContextErrorKind, OpenErrorKind, SealErrorKind};
use envelope_runtime::{
    AttributeValue, EnvelopeRecord, Item, LoadError, LocalKeyProvider, Opener, OtherAttributes,
    SaveError, Sealer,
};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// Polls once: nothing here waits.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a local key never waits"),
    }
}

fn local() -> LocalKeyProvider {
    LocalKeyProvider::from_hex(KEY).unwrap()
}

fn seal<R: EnvelopeRecord>(record: &R) -> Item {
    ready(Sealer::new(local()).seal(record)).unwrap()
}

fn open<R: EnvelopeRecord>(item: &Item) -> Result<R, LoadError> {
    ready(Opener::new(local()).open(item.clone())).map(envelope_runtime::Loaded::into_record)
}

#[track_caller]
fn assert_refused<R: EnvelopeRecord>(item: &Item, kind: OpenErrorKind, attribute: Option<&str>) {
    match open::<R>(item) {
        Err(LoadError::Open(error)) => {
            assert_eq!((error.kind(), error.attribute()), (kind, attribute), "{error}");
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("not refused"),
    }
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn with(item: &Item, name: &str, value: AttributeValue) -> Item {
    let mut item = item.clone();
    item.insert(name, value);
    item
}

fn without(item: &Item, name: &str) -> Item {
    let mut item = item.clone();
    item.remove(name);
    item
}

/// The record of today's program.
#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "users")]
struct New {
    #[partition_key]
    id: String,
    plain: Option<String>,
    #[authenticated]
    role: Option<String>,
    #[authenticated]
    team: Option<String>,
    #[encrypted]
    ssn: Option<String>,
    #[encrypted]
    email: Option<String>,
}

/// The record as an older program knows it.
#[derive(EnvelopeRecord, Debug)]
#[envelope(table = "users")]
struct Old {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: Option<String>,
    #[authenticated]
    role: Option<String>,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

fn new() -> New {
    New {
        id: "u-1".into(),
        plain: Some("plain".into()),
        role: Some("nurse".into()),
        team: Some("north".into()),
        ssn: Some("078-05-1120".into()),
        email: Some("zoe@example.com".into()),
    }
}

#[test]
fn a_catch_all_keeps_each_attribute_as_it_was_protected() {
    let old: Old = open(&seal(&new())).unwrap();
    let names: Vec<_> = old.others.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["email", "plain", "team"]);
    assert_eq!(old.others.get("email"), Some(&text("zoe@example.com")));

    let again = seal(&old);

    assert!(matches!(again.attribute("email"), Some(AttributeValue::B(_))));
    assert_eq!(again.attribute("plain"), Some(&text("plain")));
    assert_eq!(open::<New>(&again).unwrap(), new());
    assert_refused::<New>(&with(&again, "team", text("x")), OpenErrorKind::Tampered, None);
    assert_eq!(open::<New>(&with(&again, "plain", text("x"))).unwrap().plain, Some("x".into()));
}

#[test]
fn a_catch_all_knows_that_an_authenticated_attribute_is_absent() {
    let old: Old = open(&seal(&New { team: None, ..new() })).unwrap();
    assert_eq!(old.others.get("team"), None);

    let again = seal(&old);

    assert_eq!(open::<New>(&again).unwrap(), New { team: None, ..new() });
    assert_refused::<New>(&with(&again, "team", text("x")), OpenErrorKind::Tampered, None);
}

/// Reads `ssn` and `role` under their old names.
#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "users")]
struct Renamed {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(alias = "ssn")]
    number: Option<String>,
    #[authenticated]
    #[envelope(alias = "role")]
    duty: Option<String>,
}

#[test]
fn a_renamed_field_is_read_under_its_old_name_with_or_without_a_value() {
    let item = seal(&New { role: None, ..new() });

    let renamed: Renamed = open(&item).unwrap();

    assert_eq!((renamed.number.as_deref(), renamed.duty), (Some("078-05-1120"), None));
    let none = seal(&New { ssn: None, ..new() });
    assert_eq!(open::<Renamed>(&none).unwrap().number, None);
}

#[test]
fn a_value_planted_under_the_other_name_is_refused() {
    let (old, renamed) = (seal(&new()), open::<Renamed>(&seal(&new())).unwrap());
    let today = seal(&renamed);
    let sealed = old.attribute("ssn").unwrap().clone();
    for (item, name, value, field) in [
        (&old, "number", text("planted"), "number"),
        (&old, "number", sealed.clone(), "number"),
        (&today, "ssn", sealed, "number"),
        (&old, "duty", text("planted"), "duty"),
    ] {
        let item = with(item, name, value);
        assert_refused::<Renamed>(&item, OpenErrorKind::Ambiguous, Some(field));
    }
    // The older name is listed too, without a value.
    let planted = with(&today, "role", text("planted"));
    assert_refused::<Renamed>(&planted, OpenErrorKind::Tampered, None);
}

/// Protects nothing.
#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "users", plaintext_only)]
struct Unprotected {
    #[partition_key]
    id: String,
    #[envelope(alias = "old")]
    plain: Option<String>,
    #[envelope(alias = "ssn")]
    number: Option<Vec<u8>>,
}

#[derive(EnvelopeRecord, Debug)]
#[envelope(table = "users", plaintext_only)]
struct UnprotectedCatchAll {
    #[partition_key]
    id: String,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

#[test]
fn a_plaintext_record_gives_out_nothing_that_another_one_sealed() {
    let plain = Unprotected { id: "u-1".into(), plain: Some("plain".into()), number: None };
    let item = seal(&plain);
    assert_eq!(item.iter().count(), 2);
    assert_eq!(open::<Unprotected>(&item).unwrap(), plain);
    let alias = with(&without(&item, "plain"), "old", text("plain"));
    assert_eq!(open::<Unprotected>(&alias).unwrap(), plain);
    let twice = with(&item, "old", text("later"));
    assert_eq!(open::<Unprotected>(&twice).unwrap().plain.as_deref(), Some("later"));

    let sealed = seal(&new());
    assert_refused::<Unprotected>(&sealed, OpenErrorKind::Sealed, Some("number"));
    let none = seal(&New { ssn: None, ..new() });
    assert_eq!(open::<Unprotected>(&none).unwrap(), plain);
    let broken = with(&item, "_envelope", AttributeValue::B(vec![1]));
    assert_refused::<Unprotected>(&broken, OpenErrorKind::MalformedEnvelope, Some("_envelope"));
    let envelope = Some("_envelope");
    assert_refused::<UnprotectedCatchAll>(&sealed, OpenErrorKind::HasEnvelope, envelope);
}

#[test]
fn a_plaintext_catch_all_keeps_what_it_does_not_know() {
    let item = with(&with(&Item::default(), "id", text("u-1")), "other", text("x"));

    let record: UnprotectedCatchAll = open(&item).unwrap();

    assert_eq!(record.id, "u-1");
    assert_eq!(record.others.iter().collect::<Vec<_>>(), [("other", &text("x"))]);
    assert_eq!(seal(&record), item);
}

fn nested(levels: usize) -> AttributeValue {
    (1..levels).fold(AttributeValue::Null, |inner, _| AttributeValue::L(vec![inner]))
}

/// The item may come from outside DynamoDB.
#[test]
fn a_value_of_more_than_32_levels_is_refused_wherever_it_stands() {
    let plain = Unprotected { id: "u-1".into(), plain: None, number: None };
    let (deep, item) = (nested(33), seal(&plain));
    assert_refused::<Unprotected>(
        &with(&item, "plain", deep.clone()),
        OpenErrorKind::TooDeep,
        Some("plain"),
    );
    let other = with(&item, "other", deep.clone());
    assert_refused::<UnprotectedCatchAll>(&other, OpenErrorKind::TooDeep, Some("other"));
    assert!(open::<UnprotectedCatchAll>(&with(&item, "other", nested(32))).is_ok());

    let sealed = seal(&new());
    assert_refused::<New>(
        &with(&sealed, "role", deep.clone()),
        OpenErrorKind::TooDeep,
        Some("role"),
    );
    // An authenticated attribute that the struct does not know.
    let team = with(&sealed, "team", deep.clone());
    assert_refused::<Renamed>(&team, OpenErrorKind::TooDeep, Some("team"));
    let other = with(&sealed, "other", deep.clone());
    assert_refused::<Old>(&other, OpenErrorKind::TooDeep, Some("other"));
    assert!(open::<New>(&with(&sealed, "other", deep)).is_ok());
    assert!(open::<Old>(&with(&sealed, "other", nested(32))).is_ok());
}

#[test]
fn an_item_without_its_key_or_envelope_is_refused() {
    let item = seal(&new());
    assert_refused::<New>(
        &without(&item, "_envelope"),
        OpenErrorKind::NoEnvelope,
        Some("_envelope"),
    );
    assert_refused::<New>(&without(&item, "id"), OpenErrorKind::Incomplete, Some("id"));
    assert_refused::<New>(&with(&item, "id", text("u-2")), OpenErrorKind::Tampered, None);
    for value in [text("x"), AttributeValue::B(vec![7; 40])] {
        assert_refused::<New>(&with(&item, "ssn", value), OpenErrorKind::Tampered, Some("ssn"));
    }
    let text_envelope = with(&item, "_envelope", text("x"));
    let envelope = Some("_envelope");
    assert_refused::<New>(&text_envelope, OpenErrorKind::MalformedEnvelope, envelope);
}

#[derive(EnvelopeRecord, Debug)]
#[envelope(table = "users", sort_key = "ROLE#{role}")]
struct Templated {
    #[partition_key]
    id: String,
    role: String,
    #[encrypted]
    ssn: String,
}

#[test]
fn an_item_whose_attributes_do_not_make_its_key_is_refused() {
    let record = Templated { id: "u-1".into(), role: "nurse".into(), ssn: "x".into() };
    let item = seal(&record);
    assert_eq!(item.attribute("SK"), Some(&text("ROLE#nurse")));
    assert_eq!(open::<Templated>(&item).unwrap().role, "nurse");

    let changed = with(&item, "role", text("doctor"));

    assert_refused::<Templated>(&changed, OpenErrorKind::KeyTemplate, Some("SK"));
}

#[derive(EnvelopeRecord, Debug)]
#[envelope(table = "users")]
struct Scan {
    #[partition_key]
    id: String,
    #[encrypted]
    photo: Vec<u8>,
    #[authenticated]
    note: String,
}

/// Exact to the byte, and before a data key is requested if possible.
#[test]
fn an_item_of_400_kib_is_sealed_and_one_byte_more_is_not() {
    let photo = |length| Scan { id: "u-1".into(), photo: vec![7; length], note: "n".into() };
    let beside = seal(&photo(0)).size();
    let longest = Item::MAX_SIZE - beside;

    assert_eq!(seal(&photo(longest)).size(), Item::MAX_SIZE);
    for (length, size) in [(longest + 1, Item::MAX_SIZE + 1), (500_000, 500_000)] {
        match ready(Sealer::new(local()).seal(&photo(length))) {
            Err(SaveError::Seal(error)) => match error.kind() {
                SealErrorKind::ItemTooLarge(counted) => {
                    assert!((size..size + 300).contains(&counted), "{counted}");
                }
                kind => panic!("{kind:?}"),
            },
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn futures_of_sealer_and_opener_are_send_and_own_what_they_need() {
    fn is_send<T: Send + 'static>(_: T) {}
    is_send(Sealer::new(local()).seal(&new()));
    is_send(Opener::new(local()).open::<New>(Item::default()));
}

#[test]
fn a_loaded_record_comes_with_what_its_envelope_says() {
    let item = seal(&New { team: None, ..new() });

    let loaded = ready(Opener::new(local()).open::<New>(item.clone())).unwrap();

    let envelope = loaded.envelope().unwrap();
    assert_eq!(item.attribute("_envelope"), Some(&AttributeValue::B(envelope.as_bytes().into())));
    assert_eq!(envelope.sealed().collect::<Vec<_>>(), ["email", "ssn"]);
    assert_eq!(envelope.authenticated().collect::<Vec<_>>(), ["role", "team"]);
    let debug = format!("{loaded:?}");
    assert!(debug.starts_with("Loaded { record: New {") && debug.contains("envelope"), "{debug}");

    let plain = seal(&Unprotected { id: "u-1".into(), plain: None, number: None });
    assert!(ready(Opener::new(local()).open::<Unprotected>(plain)).unwrap().envelope().is_none());
}

#[test]
fn clones_share_the_provider_and_scope_and_show_neither() {
    let provider = std::sync::Arc::new(LocalKeyProvider::insecure_ephemeral().unwrap());
    let sealer = Sealer::new(std::sync::Arc::clone(&provider)).clone();
    let opener = Opener::new(provider).clone();

    let item = ready(sealer.seal(&new())).unwrap();

    assert_eq!(ready(opener.open::<New>(item)).unwrap().into_record(), new());
    assert_eq!(format!("{sealer:?} {opener:?}"), "Sealer { .. } Opener { .. }");
}

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct Patient {
    #[partition_key]
    id: String,
    #[envelope(context)]
    clinic: String,
    #[encrypted]
    ssn: String,
}

#[test]
fn a_record_is_sealed_and_opened_in_the_context_of_its_own_field() {
    let patient = Patient { id: "p-1".into(), clinic: "c-1".into(), ssn: "078-05-1120".into() };
    let (sealer, opener) = (Sealer::new(local()), Opener::new(local()));
    let (own, other) = ([("clinic", "c-1")], [("clinic", "c-2")]);

    let item = ready(sealer.scoped(own).seal(&patient)).unwrap();
    match ready(sealer.scoped(other).seal(&patient)) {
        Err(SaveError::Context(error)) => assert_eq!(error.kind(), ContextErrorKind::Differs),
        _ => panic!("not refused"),
    }

    assert!(ready(opener.scoped(own).open::<Patient>(item.clone())).is_ok());
    assert!(ready(opener.scoped(other).open::<Patient>(item)).is_err());
}
