//! What ends a copy, and what fails for its record alone.

use std::fs;
use std::path::Path;

use envelope_runtime::error::{MigrationProblemKind, SealErrorKind, ServiceErrorKind};
use envelope_runtime::{LoadError, OtherAttributes, SaveError, Until};

use super::*;

#[tokio::test]
async fn what_dynamodb_refuses_ends_the_run_or_fails_for_its_record_alone() {
    let denied = || Fault::Answer(400, r#"{"__type":"AccessDeniedException","message":""}"#);
    let tables = Tables::new().await;
    tables.old.expect([table("t-1"), page("Scan", [tables.item()], None)]);
    tables.new.expect([table("t-1"), table("t-2"), done("GetItem"), failed(TRANSACT, denied())]);
    let error = tables.run().await.unwrap_err();
    assert!(error.is_access_denied(), "{error}");
    let MigrateError::Item(problem) = &error else { panic!("{error}") };
    let Some(Error::Transaction(TransactionError::Request(refused))) = problem.error() else {
        panic!("{error}")
    };
    assert_eq!(refused.kind(), ServiceErrorKind::AccessDenied);

    // An action of it is denied.
    let tables = Tables::new().await;
    tables.old.expect([table("t-1"), page("Scan", [tables.item()], None)]);
    tables.new.expect([table("t-1"), table("t-2"), done("GetItem")]);
    tables.new.expect([cancelled(&[reason("AccessDenied"), reason("None")])]);
    let error = tables.run().await.unwrap_err();
    assert!(error.is_access_denied(), "{error}");

    let tables = Tables::new().await;
    tables.expect([done("GetItem"), cancelled(&[reason("None"), reason("ValidationError")])]);
    tables.old.expect([done("GetItem")]);
    tables.new.expect([done("GetItem")]);
    let report = tables.run().await.unwrap();
    let counts = (report.changed, report.failed, report.remaining, report.reappeared);
    assert_eq!(counts, (0, 1, 0, 0));
    let error = report.problems[0].error().unwrap();
    assert!(matches!(error, Error::Transaction(TransactionError::Cancelled(_))), "{error}");
}

#[tokio::test]
async fn a_store_that_sees_another_table_of_that_name_is_refused() {
    let tables = Tables::new().await;
    tables.old.expect([table("t-1")]);
    tables.new.expect([table("t-9")]);

    let error = tables.run().await.unwrap_err();

    assert!(matches!(error, MigrateError::Elsewhere(_)), "{error}");
    assert!(error.to_string().contains("one account and Region"), "{error}");
    assert_eq!(format!("{error:?}"), error.to_string());
    assert!(!error.is_retryable() && !error.is_access_denied());
}

#[tokio::test]
async fn items_that_are_no_records_of_the_store_are_left() {
    let tables = Tables::new().await;
    let mut expired = tables.item();
    expired.insert("until".into(), json!({"N": "1790000000"}));
    let mut other = tables.item();
    other.remove("id");
    let items = || [expired.clone(), other.clone()];
    tables.old.expect([table("t-1"), page("Scan", items(), None), page("Scan", items(), None)]);
    tables.new.expect([table("t-1"), table("t-2")]);

    let report = tables.run().await.unwrap();

    assert_eq!((report.records, report.other_items, report.failed), (0, 1, 0));
}

/// With a window, what is planted in an open segment would be copied.
#[tokio::test]
async fn a_record_that_always_fails_keeps_a_segment_open_only_without_a_window() {
    use MigrationProblemKind::{Failed, UnknownAttribute};
    for (name, has_window, attribute, kind) in [
        ("closed-1", false, "theme", UnknownAttribute),
        ("open-1", true, "theme", UnknownAttribute),
        ("closed-2", false, "ssn", Failed),
        ("open-2", true, "ssn", Failed),
    ] {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("copies-{name}"));
        let _ = fs::remove_file(&file);
        let tables = Tables::new().await;
        let mut item = tables.item();
        item.insert(attribute.into(), json!({"S": "planted"}));
        tables.old.alter(|stored| *stored = item);
        let store = tables.old.store().clock(february);
        let store =
            if has_window { store.accept_unsealed::<Old>(Until::date(2027, 3, 1)) } else { store };
        let copying = || {
            let copying = store.migrate_into::<Old, New>(&tables.target(), new).segments(1);
            copying.checkpoint(&file)
        };
        tables.expect([]);
        let report = copying().await.unwrap();
        let problem = &report.problems[0];
        let is_tampered = problem.error().map(Error::is_tampered);
        let expected = (kind == Failed).then_some(true);
        assert_eq!((problem.kind(), is_tampered), (kind, expected), "{name}");

        let scans = if has_window { 1 } else { 2 };
        tables.old.expect([table("t-1")]);
        let item = tables.item();
        tables.old.expect((0..scans).map(|_| page("Scan", [item.clone()], None)));
        tables.new.expect([table("t-1"), table("t-2")]);
        assert_eq!(copying().await.unwrap().failed, 1);
        tables.old.requests();
    }
}

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "old")]
struct Wide {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

#[tokio::test]
async fn a_record_of_too_many_attributes_is_reported_before_a_data_key_is_asked_for() {
    let mut others = OtherAttributes::default();
    for number in 0..149 {
        others.insert(format!("a{number}"), envelope_runtime::AttributeValue::Bool(true));
    }
    let wide = Wide { id: "U-1".into(), ssn: "078-05-1120".into(), others };
    let (old, target) = (Dynamodb::holding(&wide).await, Dynamodb::new());
    let scan = || page("Scan", [old.item().unwrap()], None);
    old.expect([table("t-1"), scan()]);
    target.expect([table("t-1"), table("t-2"), done("GetItem")]);
    let convert = |Wide { id, ssn, .. }: Wide| New { id, plan: String::new(), ssn };
    let into = target.store().index_secret(secret());

    let dry = old.store().migrate_into::<Wide, New>(&into, convert).segments(1).dry_run();
    let report = dry.await.unwrap();

    assert_eq!((report.failed, report.remaining), (1, 0));
    let Some(Error::Save(SaveError::Seal(error))) = report.problems[0].error() else {
        panic!("{report:?}")
    };
    assert_eq!(error.kind(), SealErrorKind::TooManyAttributes);
}

#[tokio::test]
async fn an_unreadable_source_is_an_error_of_the_record_alone() {
    let tables = Tables::new().await;
    tables.old.alter(|item| drop(item.insert("ssn".into(), json!({"S": "planted"}))));
    tables.expect([]);
    let report = tables.run().await.unwrap();
    let Some(Error::Load(LoadError::Open(error))) = report.problems[0].error() else {
        panic!("{report:?}")
    };
    assert!(error.is_tampered());

    tables.old.expect([failed(
        "GetItem",
        Fault::Answer(400, r#"{"__type":"ResourceNotFoundException"}"#),
    )]);
    let error = tables.one().await.unwrap_err();
    let MigrateError::Item(problem) = &error else { panic!("{error}") };
    assert!(matches!(problem.error(), Some(Error::Load(LoadError::Request(_)))), "{error}");
    assert!(problem.key().attribute("id").is_some());
}

#[tokio::test]
async fn the_other_table_that_cannot_be_read_ends_the_run() {
    let denied = Fault::Answer(400, r#"{"__type":"AccessDeniedException","message":""}"#);
    let tables = Tables::new().await;
    tables.old.expect([table("t-1"), page("Scan", [tables.item()], None)]);
    tables.new.expect([table("t-1"), table("t-2"), failed("GetItem", denied)]);

    let error = tables.run().await.unwrap_err();

    assert!(matches!(error, MigrateError::Item(_)) && error.is_access_denied(), "{error}");
}

/// With a window for the old table, a segment that such an item keeps open would be copied again.
#[tokio::test]
async fn an_item_without_an_envelope_in_the_other_table_keeps_no_segment_open() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("copies-stripped");
    let _ = fs::remove_file(&file);
    let tables = Tables::new().await;
    tables.old.expect([done("GetItem")]);
    tables.new.expect([done("GetItem"), done(TRANSACT)]);
    assert!(tables.one().await.unwrap());
    tables.new.alter(|item| drop(item.remove("_envelope")));
    let store = tables.old.store().clock(february);
    let store = store.accept_unsealed::<Old>(Until::date(2027, 3, 1));
    let copying = || {
        let copying = store.migrate_into::<Old, New>(&tables.target(), new).segments(1);
        copying.checkpoint(&file)
    };
    tables.expect([done("GetItem"), done("GetItem")]);
    let report = copying().await.unwrap();
    assert!(report.problems[0].error().unwrap().is_unsealed(), "{report:?}");

    tables.old.expect([table("t-1"), page("Scan", [tables.item()], None)]);
    tables.new.expect([table("t-1"), table("t-2"), done("GetItem")]);
    assert_eq!(copying().await.unwrap().failed, 1);
    tables.old.requests();
}

/// Such a copy would be read as a record that is to be copied.
#[tokio::test]
async fn a_copy_in_the_same_table_has_another_key() {
    let store = |dynamodb: &Dynamodb, table: &str| {
        let store = dynamodb.store().clock(february).index_secret(secret());
        store.map_table::<Old>(table).map_table::<New>(table)
    };
    let tables = Tables::new().await;
    let from = store(&tables.old, "one");
    tables.old.expect([done("GetItem"), done("GetItem"), done("GetItem")]);

    let into = store(&tables.new, "one");
    let error = from.migrate_one_into::<Old, Old>("U-1", &into, |old| old).await.unwrap_err();
    let MigrateError::Item(problem) = &error else { panic!("{error}") };
    assert_eq!(problem.kind(), MigrationProblemKind::OwnTable);

    // Another key attribute, and another table.
    tables.new.expect([done("GetItem"), done(TRANSACT)]);
    assert!(from.migrate_one_into::<Old, New>("U-1", &into, new).await.unwrap());
    let elsewhere = Dynamodb::new();
    elsewhere.expect([done("GetItem"), done(TRANSACT)]);
    let into = store(&elsewhere, "two");
    assert!(from.migrate_one_into::<Old, Old>("U-1", &into, |old| old).await.unwrap());
}
