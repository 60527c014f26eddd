//! The predicates and texts of each verb's error, variant by variant.

use super::{
    ConditionError, ContendedError, CursorError, CursorErrorKind, DeleteError, Error, ItemError,
    LoadError, Presence, PresenceError, QueryError, ReadLimitError, SaveError, ServiceError,
    ServiceErrorKind, SeveralError, UnknownAttributeType, UnknownOutcomeError, UpdateError,
    VersionError,
};
use crate::attribute::{AttributeValue, ConvertError, ConvertErrorKind, Number, NumberError};
use crate::envelope::{
    ContextError, Item, OpenError, OpenErrorKind, SealError, SealErrorKind, expected_context,
};
use crate::key::{
    DataKeyError, DataKeyErrorKind, IndexSecretError, LocalKeyError, LocalKeyProvider, Scope,
};
use crate::record::{FieldError, FieldRole, FieldSchema, KeyError, RecordSchema};
use crate::report::Answer;

const SCHEMA: RecordSchema = RecordSchema::new(
    "users",
    &[
        FieldSchema::new("id", FieldRole::PartitionKey),
        FieldSchema::new("tenant", FieldRole::Authenticated).context(),
    ],
);

/// The names of the predicates that hold, and the attribute.
fn told<'a>(predicates: [(&'static str, bool); 7], attribute: Option<&'a str>) -> Told<'a> {
    (predicates.iter().filter(|(_, holds)| *holds).map(|(name, _)| *name).collect(), attribute)
}

type Told<'a> = (Vec<&'static str>, Option<&'a str>);

macro_rules! told {
    ($error:expr) => {
        told(
            [
                ("retryable", $error.is_retryable()),
                ("conflict", $error.is_conflict()),
                ("version", $error.is_version_conflict()),
                ("not found", $error.is_not_found()),
                ("denied", $error.is_access_denied()),
                ("tampered", $error.is_tampered()),
                ("unknown", $error.is_unknown_outcome()),
            ],
            $error.attribute(),
        )
    };
}

/// Compares the predicates and the attribute of each error with the expected ones beside it.
macro_rules! assert_tells {
    ($($error:expr => [$($predicate:literal),*] $attribute:expr;)+) => {$({
        let error = $error;
        assert_eq!(told!(error), (vec![$($predicate),*], $attribute), "{error}");
    })+};
}

fn field() -> FieldError {
    FieldError::new(&SCHEMA, "ssn", ConvertError::new(ConvertErrorKind::EmptySet))
}

fn key() -> KeyError {
    let id = SCHEMA.keys().next().unwrap();
    id.value(&SCHEMA, |_| Some(&AttributeValue::Null)).unwrap_err()
}

fn context() -> ContextError {
    let caller = Scope::default();
    expected_context(&SCHEMA, |_| None, &caller).map(|_| ()).unwrap_err()
}

fn data_key(kind: DataKeyErrorKind) -> DataKeyError {
    DataKeyError::new(kind, "alias/users").at(SCHEMA.place())
}

fn seal(kind: SealErrorKind) -> SealError {
    SealError::new(SCHEMA.place(), kind)
}

fn open(kind: OpenErrorKind) -> OpenError {
    OpenError::new(SCHEMA.place().attribute("ssn"), kind)
}

fn presence(found: Presence) -> PresenceError {
    PresenceError::new(SCHEMA.place(), found)
}

fn condition() -> ConditionError {
    ConditionError::new(SCHEMA.place(), None)
}

fn version() -> VersionError {
    VersionError::new(SCHEMA.place(), 3, Some(4), None)
}

fn contended() -> ContendedError {
    ContendedError::new(SCHEMA.place())
}

fn unknown() -> UnknownOutcomeError {
    UnknownOutcomeError::new(SCHEMA.place())
}

fn request(kind: ServiceErrorKind) -> ServiceError {
    ServiceError::of_answer(SCHEMA.place(), "physical", kind, Answer::default())
}

#[test]
fn a_save_tells_what_it_failed_of() {
    use SaveError as E;
    assert_tells! {
        E::Field(field()) => [] Some("ssn");
        E::Field(FieldError::new(&SCHEMA, "", ConvertError::new(ConvertErrorKind::Version))) => [] None;
        E::Key(key()) => [] Some("id");
        E::Context(context()) => [] Some("tenant");
        E::GenerateDataKey(data_key(DataKeyErrorKind::Throttled)) => ["retryable"] None;
        E::GenerateDataKey(data_key(DataKeyErrorKind::AccessDenied)) => ["denied"] None;
        E::GenerateDataKey(data_key(DataKeyErrorKind::NotFound)) => [] None;
        E::Seal(seal(SealErrorKind::Random)) => ["retryable"] None;
        E::Seal(seal(SealErrorKind::EnvelopeTooLarge)) => [] None;
        E::Seal(SealError::new(SCHEMA.place().attribute("ssn"), SealErrorKind::BytesAsNumbers(1)))
            => [] Some("ssn");
        E::Presence(presence(Presence::Present)) => ["conflict"] None;
        E::Presence(presence(Presence::Absent)) => ["not found"] None;
        E::Condition(condition()) => ["conflict"] None;
        E::Version(version()) => ["conflict", "version"] None;
        E::Open(open(OpenErrorKind::HasEnvelope)) => [] Some("ssn");
        E::Open(open(OpenErrorKind::Tampered)) => ["tampered"] Some("ssn");
        E::UnknownOutcome(unknown()) => ["unknown"] None;
        E::Request(request(ServiceErrorKind::Throttled)) => ["retryable"] None;
        E::Request(request(ServiceErrorKind::Network)) => ["retryable"] None;
        E::Request(request(ServiceErrorKind::AccessDenied)) => ["denied"] None;
        // Another transaction was in progress on the item: the caller's condition was not
        // evaluated.
        E::Request(request(ServiceErrorKind::Conflict)) => ["retryable"] None;
        // The table is missing, not the record.
        E::Request(request(ServiceErrorKind::TableNotFound)) => [] None;
    }
}

#[test]
fn a_load_tells_what_it_failed_of() {
    use LoadError as E;
    assert_tells! {
        E::Key(key()) => [] Some("id");
        E::Context(context()) => [] Some("tenant");
        E::Request(request(ServiceErrorKind::Service)) => ["retryable"] None;
        E::Request(request(ServiceErrorKind::AccessDenied)) => ["denied"] None;
        E::Request(request(ServiceErrorKind::Validation)) => [] None;
        E::Open(open(OpenErrorKind::Tampered)) => ["tampered"] Some("ssn");
        E::Open(open(OpenErrorKind::MalformedEnvelope)) => ["tampered"] Some("ssn");
        E::Open(OpenError::new(SCHEMA.place(), OpenErrorKind::NoEnvelope)) => [] None;
        E::DecryptDataKey(data_key(DataKeyErrorKind::Clock)) => ["retryable"] None;
        E::DecryptDataKey(data_key(DataKeyErrorKind::AccessDenied)) => ["denied"] None;
        E::DecryptDataKey(data_key(DataKeyErrorKind::Mismatch)) => [] None;
        E::Field(field()) => [] Some("ssn");
    }
}

#[test]
fn a_query_tells_what_it_failed_of() {
    use QueryError as E;
    let item = |error| E::Item(ItemError::new(Item::default(), error));
    assert_tells! {
        E::Key(key()) => [] Some("id");
        E::Filter(field()) => [] Some("ssn");
        E::Context(context()) => [] Some("tenant");
        E::Cursor(CursorError::new(CursorErrorKind::Random)) => ["retryable"] None;
        E::Cursor(CursorError::new(CursorErrorKind::Refused)) => [] None;
        E::Request(request(ServiceErrorKind::Throttled)) => ["retryable"] None;
        item(LoadError::Request(request(ServiceErrorKind::Service))) => ["retryable"] None;
        item(LoadError::DecryptDataKey(data_key(DataKeyErrorKind::AccessDenied))) => ["denied"] None;
        item(LoadError::Open(open(OpenErrorKind::Tampered))) => ["tampered"] Some("ssn");
        item(LoadError::Field(field())) => [] Some("ssn");
        E::Several(SeveralError::new(SCHEMA.place())) => [] None;
        E::ReadLimit(ReadLimitError::new(SCHEMA.place())) => [] None;
    }
    let several = E::Several(SeveralError::new(SCHEMA.place())).to_string();
    assert!(several.contains("more than one record matches; use `first()`"), "{several}");
    let limit = E::ReadLimit(ReadLimitError::new(SCHEMA.place())).to_string();
    assert!(limit.contains("as many items as `read_at_most` allows were read"), "{limit}");
}

#[test]
fn an_update_tells_what_it_failed_of() {
    use UpdateError as E;
    assert_tells! {
        E::Field(field()) => [] Some("ssn");
        E::Key(key()) => [] Some("id");
        E::Context(context()) => [] Some("tenant");
        E::NotFound(presence(Presence::Absent)) => ["not found"] None;
        E::Condition(condition()) => ["conflict"] None;
        E::Version(version()) => ["conflict", "version"] None;
        E::Open(open(OpenErrorKind::Tampered)) => ["tampered"] Some("ssn");
        E::Open(open(OpenErrorKind::Sealed)) => [] Some("ssn");
        E::DecryptDataKey(data_key(DataKeyErrorKind::Network)) => ["retryable"] None;
        E::DecryptDataKey(data_key(DataKeyErrorKind::AccessDenied)) => ["denied"] None;
        E::GenerateDataKey(data_key(DataKeyErrorKind::Service)) => ["retryable"] None;
        E::GenerateDataKey(data_key(DataKeyErrorKind::AccessDenied)) => ["denied"] None;
        E::Seal(seal(SealErrorKind::Random)) => ["retryable"] None;
        E::Seal(seal(SealErrorKind::ItemTooLarge(500_000))) => [] None;
        E::Contended(contended()) => ["retryable", "conflict"] None;
        E::UnknownOutcome(unknown()) => ["unknown"] None;
        E::Request(request(ServiceErrorKind::Clock)) => ["retryable"] None;
        E::Request(request(ServiceErrorKind::AccessDenied)) => ["denied"] None;
        E::Request(request(ServiceErrorKind::ItemTooLarge)) => [] None;
    }
}

#[test]
fn a_deletion_tells_what_it_failed_of() {
    use DeleteError as E;
    assert_tells! {
        E::Key(key()) => [] Some("id");
        E::Context(context()) => [] Some("tenant");
        E::Field(field()) => [] Some("ssn");
        E::Condition(condition()) => ["conflict"] None;
        E::Version(version()) => ["conflict", "version"] None;
        E::Open(open(OpenErrorKind::HasEnvelope)) => [] Some("ssn");
        E::UnknownOutcome(unknown()) => ["unknown"] None;
        E::Request(request(ServiceErrorKind::Network)) => ["retryable"] None;
        E::Request(request(ServiceErrorKind::AccessDenied)) => ["denied"] None;
        E::Request(request(ServiceErrorKind::Other)) => [] None;
    }
}

#[test]
fn a_write_that_has_happened_is_never_retryable_and_tells_why_it_cannot_be_read() {
    let throttled = || LoadError::DecryptDataKey(data_key(DataKeyErrorKind::Throttled));
    let denied = || LoadError::DecryptDataKey(data_key(DataKeyErrorKind::AccessDenied));
    let tampered = || LoadError::Open(open(OpenErrorKind::Tampered));
    assert!(throttled().is_retryable());
    macro_rules! of_each_write {
        ($($error:ident),*) => {
            assert_tells! {$(
                $error::Unreadable(Box::new(throttled())) => [] None;
                $error::Unreadable(Box::new(denied())) => ["denied"] None;
                $error::Unreadable(Box::new(tampered())) => ["tampered"] Some("ssn");
                $error::Unreadable(Box::new(LoadError::Field(field()))) => [] Some("ssn");
            )*}
        };
    }
    of_each_write!(SaveError, UpdateError, DeleteError);
}

#[test]
fn the_error_of_all_calls_tells_what_the_inner_one_tells() {
    let throttled = || LoadError::DecryptDataKey(data_key(DataKeyErrorKind::Throttled));
    let denied = || request(ServiceErrorKind::AccessDenied);
    assert_tells! {
        Error::from(SaveError::Version(version())) => ["conflict", "version"] None;
        Error::from(SaveError::Presence(presence(Presence::Absent))) => ["not found"] None;
        Error::from(SaveError::Unreadable(Box::new(throttled()))) => [] None;
        Error::from(throttled()) => ["retryable"] None;
        Error::from(LoadError::Open(open(OpenErrorKind::Tampered))) => ["tampered"] Some("ssn");
        Error::from(UpdateError::Contended(contended())) => ["retryable", "conflict"] None;
        Error::from(UpdateError::UnknownOutcome(unknown())) => ["unknown"] None;
        Error::from(DeleteError::Request(denied())) => ["denied"] None;
        Error::from(DeleteError::Key(key())) => [] Some("id");
        Error::from(data_key(DataKeyErrorKind::Network)) => ["retryable"] None;
        Error::from(data_key(DataKeyErrorKind::AccessDenied)) => ["denied"] None;
        Error::from(LocalKeyError::Random) => ["retryable"] None;
        Error::from(LocalKeyError::NotHex) => [] None;
        Error::from(IndexSecretError::Text) => [] None;
        Error::from(IndexSecretError::from(data_key(DataKeyErrorKind::Network))) =>
            ["retryable"] None;
        Error::from(IndexSecretError::from(data_key(DataKeyErrorKind::AccessDenied))) =>
            ["denied"] None;
        Error::from(LocalKeyError::Unreadable(std::io::ErrorKind::PermissionDenied)) => [] None;
        Error::from(field()) => [] Some("ssn");
        Error::from(UnknownAttributeType::new("ssn".into())) => [] Some("ssn");
        Error::from(NumberError::OutOfRange) => [] None;
    }
}

#[test]
fn the_error_of_all_calls_fits_into_a_box_that_crosses_threads() {
    let boxed: Box<dyn std::error::Error + Send + Sync> = Error::from(field()).into();

    assert_eq!(boxed.to_string(), field().to_string());
    assert!(boxed.source().is_none());
}

#[test]
fn the_text_of_the_error_of_all_calls_is_the_inner_one() {
    macro_rules! assert_same_text {
        ($($error:expr),+ $(,)?) => {$({
            let error = $error;
            assert_eq!(Error::from(error.clone()).to_string(), error.to_string());
        })+};
    }
    assert_same_text!(
        SaveError::Field(field()),
        LoadError::Field(field()),
        UpdateError::Field(field()),
        DeleteError::Field(field()),
        data_key(DataKeyErrorKind::Other),
        LocalKeyError::NotHex,
        IndexSecretError::Text,
        field(),
        UnknownAttributeType::new("ssn".into()),
        NumberError::NotANumber,
    );
}

#[test]
fn a_text_begins_with_what_came_of_the_verb() {
    let field_text = "record of table `users`, key `id`, attribute `ssn`: ";
    let unknown_text = "record of table `users`, key `id`: DynamoDB's answer was lost";
    let unreadable = || Box::new(LoadError::Field(field()));
    for (error, text) in [
        (SaveError::Field(field()).to_string(), format!("cannot save {field_text}")),
        (LoadError::Field(field()).to_string(), format!("cannot load {field_text}")),
        (UpdateError::Field(field()).to_string(), format!("cannot update {field_text}")),
        (DeleteError::Field(field()).to_string(), format!("cannot delete {field_text}")),
        (
            SaveError::UnknownOutcome(unknown()).to_string(),
            format!("it is not known whether the record was saved: {unknown_text}"),
        ),
        (
            UpdateError::UnknownOutcome(unknown()).to_string(),
            format!("it is not known whether the update happened: {unknown_text}"),
        ),
        (
            DeleteError::UnknownOutcome(unknown()).to_string(),
            format!("it is not known whether the record was deleted: {unknown_text}"),
        ),
        (
            SaveError::Unreadable(unreadable()).to_string(),
            format!("the record is saved, but the replaced one is lost: cannot load {field_text}"),
        ),
        (
            UpdateError::Unreadable(unreadable()).to_string(),
            format!("the record is updated, but cannot be returned: cannot load {field_text}"),
        ),
        (
            DeleteError::Unreadable(unreadable()).to_string(),
            format!("the record is deleted, but cannot be returned: cannot load {field_text}"),
        ),
    ] {
        assert!(error.starts_with(&text), "{error}");
    }
}

macro_rules! assert_shown_as_displayed {
    ($($error:expr),+ $(,)?) => {$({
        let error = $error;
        let text = error.to_string();
        assert_eq!((format!("{error:?}"), format!("{error:#?}")), (text.clone(), text));
    })+};
}

#[test]
fn the_debug_of_an_error_is_its_text_with_the_cure() {
    assert_shown_as_displayed!(
        SaveError::Field(field()),
        LoadError::Field(field()),
        UpdateError::Field(field()),
        DeleteError::Field(field()),
        Error::from(SaveError::Field(field())),
        SaveError::Unreadable(Box::new(LoadError::Field(field()))),
        field(),
        key(),
        context(),
        data_key(DataKeyErrorKind::AccessDenied),
        seal(SealErrorKind::EnvelopeTooLarge),
        open(OpenErrorKind::Tampered),
        presence(Presence::Absent),
        condition(),
        version(),
        ConditionError::not_as_loaded(SCHEMA.place(), Item::default()),
        VersionError::new(SCHEMA.place(), 3, None, Some(Item::default())),
        contended(),
        unknown(),
        request(ServiceErrorKind::TableNotFound),
        LocalKeyProvider::from_hex("7f").unwrap_err(),
        ConvertError::new(ConvertErrorKind::EmptySet),
        UnknownAttributeType::new("ssn".into()),
        Number::parse("NaN").unwrap_err(),
    );
}
