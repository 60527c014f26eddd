use super::*;
use crate::envelope::{OpenError, OpenErrorKind};
use crate::key::{DataKeyError, DataKeyErrorKind};
use crate::operation::error::{ContendedError, LoadError, TransactionError};
use crate::record::{FieldRole, FieldSchema, RecordSchema};

const SCHEMA: RecordSchema =
    RecordSchema::new("users", &[FieldSchema::new("id", FieldRole::PartitionKey)]);

fn problem(reason: ProblemReason) -> MigrationProblem {
    let key = [("id".to_owned(), crate::attribute::AttributeValue::S("u-1".into()))];
    MigrationProblem::new(key.into_iter().collect(), reason)
}

fn failed(error: impl Into<Error>) -> MigrationProblem {
    problem(ProblemReason::Failed(error.into()))
}

#[test]
fn a_problem_says_its_kind_and_the_cure_and_no_key() {
    use MigrationProblemKind as K;
    let place = || SCHEMA.place();
    for (reason, kind, cure) in [
        (ProblemReason::Reappeared(place()), K::Reappeared, "accept_reappeared"),
        (ProblemReason::Taken(place()), K::Taken, "join the two"),
        (ProblemReason::UnknownAttribute(place().attribute("x")), K::UnknownAttribute, "catch_all"),
        (ProblemReason::OwnTable(place()), K::OwnTable, "map_table"),
        (ProblemReason::Differs(place()), K::Differs, "two records one key"),
    ] {
        let attribute = (kind == K::UnknownAttribute).then_some("x");
        let problem = problem(reason);
        assert_eq!((problem.kind(), problem.error().is_none()), (kind, true));
        assert!(problem.key().attribute("id").is_some());
        let text = format!("{problem} {problem:?}");
        assert!(text.contains(cure) && text.contains("users") && !text.contains("u-1"), "{text}");
        let error = MigrateError::Item(problem);
        assert_eq!(error.attribute(), attribute);
        assert!(!error.is_retryable() && !error.is_conflict() && !error.is_access_denied());
        assert!(!error.is_tampered() && !error.is_unsealed());
    }
}

#[test]
fn the_predicates_are_those_of_the_error() {
    let open = |kind| LoadError::Open(OpenError::new(SCHEMA.place().attribute("ssn"), kind));
    let data_key = |kind| LoadError::DecryptDataKey(DataKeyError::new(kind, "alias/users"));
    let tampered = MigrateError::Item(failed(open(OpenErrorKind::Tampered)));
    assert!(tampered.is_tampered() && !tampered.is_unsealed());
    assert_eq!(tampered.attribute(), Some("ssn"));
    assert!(MigrateError::Item(failed(open(OpenErrorKind::NoEnvelope))).is_unsealed());
    let throttled = MigrateError::Item(failed(data_key(DataKeyErrorKind::Throttled)));
    assert!(throttled.is_retryable() && !throttled.is_access_denied());
    let denied = failed(data_key(DataKeyErrorKind::AccessDenied));
    assert_eq!((denied.kind(), denied.error().is_some()), (MigrationProblemKind::Failed, true));
    assert!(MigrateError::Item(denied).is_access_denied());
    let contended = TransactionError::Contended(ContendedError::new(SCHEMA.place()));
    assert!(MigrateError::Item(failed(contended)).is_conflict());
}

#[test]
fn a_table_elsewhere_is_named() {
    let error = ElsewhereError::new(SCHEMA.place(), "prod-users");
    let text = MigrateError::Elsewhere(error.clone()).to_string();
    assert!(text.starts_with("the migration ended early: ") && text.contains("`prod-users`"));
    assert_eq!(format!("{error:?}"), error.to_string());
}
