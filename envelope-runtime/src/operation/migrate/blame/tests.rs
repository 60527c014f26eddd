use super::*;
use crate::attribute::{ConvertError, ConvertErrorKind};
use crate::envelope::{ContextError, SealError, expected_context};
use crate::operation::error::{CancelledError, ContendedError, PositionedError};
use crate::record::{FieldError, FieldRole, FieldSchema};
use crate::report::Answer;

const SCHEMA: RecordSchema = RecordSchema::new(
    "users",
    &[
        FieldSchema::new("id", FieldRole::PartitionKey),
        FieldSchema::new("tenant", FieldRole::Authenticated).context(),
    ],
);

const WITHOUT: &[FieldSchema] = &[FieldSchema::new("id", FieldRole::PartitionKey)];

fn field() -> FieldError {
    FieldError::new(&SCHEMA, "ssn", ConvertError::new(ConvertErrorKind::EmptySet))
}

fn context() -> ContextError {
    expected_context(&SCHEMA, |_| None, &Scope::default()).err().unwrap()
}

fn key(kind: KeyErrorKind) -> KeyError {
    KeyError::new(&SCHEMA, "id", kind)
}

fn open(kind: OpenErrorKind) -> OpenError {
    OpenError::new(SCHEMA.place(), kind)
}

fn seal(kind: SealErrorKind) -> SealError {
    SealError::new(SCHEMA.place(), kind)
}

fn of_kms(kind: DataKeyErrorKind) -> DataKeyError {
    DataKeyError::new(kind, "alias/users")
}

fn service(kind: ServiceErrorKind) -> ServiceError {
    ServiceError::of_answer(SCHEMA.place(), "users", kind, Answer::default())
}

fn cancelled(error: WriteError) -> TransactionError {
    let nothing = WriteError::Check(CheckError::Field(field()));
    let of = PositionedError::new;
    TransactionError::Cancelled(CancelledError::new(of(0, nothing), vec![of(1, error)]))
}

/// Returns whether the run ends, and whether the item's segment is done. The former is `None` if it
/// depends on whether each item has its own context.
fn judged(error: impl Into<Error>) -> (Option<bool>, bool) {
    let error = error.into();
    let holds = [true, false].map(|chooses_context| holds_for_others(&error, chooses_context));
    let holds = if holds[0] == holds[1] { Some(holds[0]) } else { None };
    assert!(holds.is_some() || holds_for_others(&error, false));
    (holds, is_of_the_item(&error))
}

macro_rules! assert_judged {
    ($expected:expr, $($error:expr),+) => {$(
        let error = $error;
        assert_eq!(judged(error.clone()), $expected, "{error}");
    )+};
}

const ENDS: (Option<bool>, bool) = (Some(true), false);
const DONE: (Option<bool>, bool) = (Some(false), true);
const OPEN: (Option<bool>, bool) = (Some(false), false);

#[test]
fn what_an_item_holds_is_its_own_fault() {
    use {LoadError as L, SaveError as S, UpdateError as U};
    assert_judged!(DONE, U::Field(field()), U::Context(context()), L::Field(field()));
    assert_judged!(DONE, L::Context(context()), S::Field(field()), S::Context(context()));
    let empty = || key(KeyErrorKind::Empty);
    assert_judged!(DONE, U::Key(empty()), L::Key(empty()), S::Key(empty()));
    let tampered = || open(OpenErrorKind::Tampered);
    assert_judged!(DONE, U::Open(tampered()), L::Open(tampered()), S::Open(tampered()));
    let large = || seal(SealErrorKind::ItemTooLarge(500_000));
    assert_judged!(DONE, U::Seal(large()), S::Seal(large()));
}

#[test]
fn without_a_secret_no_item_can_be_changed() {
    let none = || key(KeyErrorKind::NoSecret);
    for error in [
        Error::from(UpdateError::Key(none())),
        LoadError::Key(none()).into(),
        SaveError::Key(none()).into(),
    ] {
        assert!(holds_for_others(&error, true) && holds_for_others(&error, false), "{error}");
    }
}

#[test]
fn what_another_run_may_mend_leaves_the_segment_open() {
    for kind in [OpenErrorKind::NoEnvelope, OpenErrorKind::WindowTooLong] {
        assert_judged!(OPEN, UpdateError::Open(open(kind)), LoadError::Open(open(kind)));
    }
    let many = || seal(SealErrorKind::TooManyAttributes);
    assert_judged!(OPEN, UpdateError::Seal(many()), SaveError::Seal(many()));
    let contended = || ContendedError::new(SCHEMA.place());
    assert_judged!(
        OPEN,
        UpdateError::Contended(contended()),
        TransactionError::Contended(contended())
    );
    let check = WriteError::Check(CheckError::Field(field()));
    assert_judged!(OPEN, cancelled(check));
}

#[test]
fn the_key_service_may_refuse_one_context_alone() {
    use DataKeyErrorKind as K;
    for (kind, expected) in [
        (K::Throttled, ENDS),
        (K::Disabled, ENDS),
        (K::AccessDenied, (None, false)),
        (K::Other, (None, true)),
    ] {
        let error = || of_kms(kind);
        assert_judged!(
            expected,
            UpdateError::GenerateDataKey(error()),
            SaveError::GenerateDataKey(error())
        );
    }
}

#[test]
fn the_key_service_refuses_one_data_key_or_does_not_work() {
    use DataKeyErrorKind as K;
    for (kind, expected) in [
        (K::Throttled, ENDS),
        (K::Network, ENDS),
        (K::Credentials, ENDS),
        (K::ExpiredCredentials, ENDS),
        (K::Region, ENDS),
        (K::Configuration, ENDS),
        (K::AccessDenied, OPEN),
        (K::NotAsked, DONE),
        (K::Mismatch, DONE),
        (K::UnknownKey, DONE),
    ] {
        let error = || of_kms(kind);
        assert_judged!(
            expected,
            UpdateError::DecryptDataKey(error()),
            LoadError::DecryptDataKey(error())
        );
    }
}

#[test]
fn dynamodb_refuses_one_item_or_all() {
    use ServiceErrorKind as K;
    for (kind, expected) in [
        (K::AccessDenied, ENDS),
        (K::Throttled, ENDS),
        (K::Conflict, OPEN),
        (K::ItemTooLarge, OPEN),
        (K::OperandType, OPEN),
        (K::Validation, OPEN),
    ] {
        let error = || service(kind);
        assert_judged!(expected, UpdateError::Request(error()), LoadError::Request(error()));
        assert_judged!(expected, SaveError::Request(error()), TransactionError::Request(error()));
        let save = WriteError::Save(SaveError::Request(error()));
        let check = WriteError::Check(CheckError::Request(error()));
        assert_judged!(expected, cancelled(save), cancelled(check));
    }
}

#[test]
fn a_record_chooses_the_context_that_the_store_does_not_give() {
    assert!(chooses_context(&SCHEMA, &Scope::default()));
    assert!(!chooses_context(&SCHEMA, &Scope::new([("tenant", "t-1")])));
    let without = RecordSchema::new("users", WITHOUT);
    assert!(!chooses_context(&without, &Scope::default()));
}
