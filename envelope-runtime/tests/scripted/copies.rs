//! The copy of records into another table: the requests to both, and what their answers mean.

mod refused;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use envelope_runtime::error::MigrateError;
use envelope_runtime::{
    Clock, EnvelopeRecord, Error, IndexSecret, MigrationReport, Store, TransactionError,
};
use serde_json::{Value, json};

use crate::dynamodb::{Dynamodb, Fault, Step, answered, done, error, failed, lost, page};
use crate::request::Request;
use crate::table::Stored;

const TRANSACT: &str = "TransactWriteItems";

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "old")]
struct Old {
    #[partition_key]
    id: String,
    plan: String,
    #[encrypted]
    ssn: String,
    #[encrypted]
    phone: Option<String>,
    #[authenticated]
    ward: Option<u8>,
    #[envelope(ttl)]
    until: Option<u64>,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "new")]
struct New {
    #[partition_key]
    #[envelope(hashed(lowercase))]
    id: String,
    plan: String,
    #[encrypted]
    ssn: String,
}

fn old() -> Old {
    let [plan, ssn] = ["free", "078-05-1120"].map(str::to_owned);
    Old { id: "U-1".into(), plan, ssn, phone: None, ward: None, until: None }
}

fn new(Old { id, plan, ssn, .. }: Old) -> New {
    New { id, plan, ssn }
}

fn table(id: &str) -> Step {
    answered("DescribeTable", json!({"Table": {"TableId": id, "ItemCount": 1}}))
}

fn cancelled(reasons: &[Value; 2]) -> Step {
    let mut body = error("TransactionCanceledException", "cancelled");
    body["CancellationReasons"] = reasons.to_vec().into();
    failed(TRANSACT, Fault::Answer(400, body.to_string().leak()))
}

fn reason(code: &str) -> Value {
    json!({"Code": code, "Message": "failed"})
}

fn february() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(500_400)
}

fn secret() -> IndexSecret {
    IndexSecret::from_hex("tests", &"01".repeat(32)).unwrap()
}

/// The old table with one record, and the new one.
struct Tables {
    old: Dynamodb,
    new: Dynamodb,
}

impl Tables {
    async fn new() -> Self {
        Self { old: Dynamodb::holding(&old()).await, new: Dynamodb::new() }
    }

    fn target(&self) -> Store {
        self.new.store().clock(february).index_secret(secret())
    }

    /// The item of the old record.
    fn item(&self) -> Stored {
        self.old.item().unwrap()
    }

    async fn one(&self) -> Result<bool, MigrateError> {
        let store = self.old.store().clock(february);
        store.migrate_one_into::<Old, New>("U-1", &self.target(), new).await
    }

    async fn run(&self) -> Result<MigrationReport, MigrateError> {
        let store = self.old.store().clock(february);
        store.migrate_into::<Old, New>(&self.target(), new).segments(1).await
    }

    /// Expects a run over the record, with these requests to the new table in the first pass.
    fn expect(&self, first: impl IntoIterator<Item = Step>) {
        let item = self.item();
        self.old.expect([
            table("t-1"),
            page("Scan", [item.clone()], None),
            page("Scan", [item], None),
        ]);
        self.new.expect([table("t-1"), table("t-2")]);
        self.new.expect(first);
    }
}

/// The two actions of a transaction.
fn actions(request: &Request) -> [Request; 2] {
    let [check, put] = [(0, "ConditionCheck"), (1, "Put")].map(|(position, kind)| {
        request.part(kind, request.body["TransactItems"][position][kind].clone())
    });
    assert_eq!(request.body["TransactItems"].as_array().unwrap().len(), 2);
    [check, put]
}

#[tokio::test]
async fn a_record_is_written_if_it_is_as_it_was_read_and_has_no_copy() {
    let tables = Tables::new().await;
    tables.old.expect([done("GetItem")]);
    tables.new.expect([done("GetItem"), done(TRANSACT)]);

    assert!(tables.one().await.unwrap());

    let read = tables.old.request();
    assert_eq!(
        (&read.body["TableName"], &read.body["ConsistentRead"]),
        (&json!("old"), &json!(true))
    );
    let requests = tables.new.requests();
    assert_eq!(requests[0].body["ConsistentRead"], true);
    let [check, put] = actions(&requests[1]);
    assert_eq!(check.body["TableName"], "old");
    assert_eq!(check.body["Key"], json!({"id": {"S": "U-1"}}));
    // An equal envelope covers everything that it lists, with or without a value.
    assert_eq!(
        check.condition().split(" AND ").skip(1).collect::<Vec<_>>(),
        [
            "id = 'U-1'",
            "plan = 'free'",
            "attribute_not_exists(phone)",
            "attribute_not_exists(until)"
        ]
    );
    assert!(check.condition().starts_with("_envelope = "), "{check:?}");
    assert_eq!(put.body["TableName"], "new");
    assert_eq!(put.condition(), "attribute_not_exists(id_hash)");
    assert!(put.body["Item"]["id"]["B"].is_string() && put.body["Item"]["plan"]["S"] == "free");

    tables.old.expect([done("GetItem")]);
    tables.new.expect([done("GetItem")]);
    assert!(!tables.one().await.unwrap());
}

#[tokio::test]
async fn a_run_copies_in_its_first_pass_and_compares_in_its_second_one() {
    let tables = Tables::new().await;
    tables.expect([done("GetItem"), done(TRANSACT), done("GetItem")]);

    let report = tables.run().await.unwrap();

    assert_eq!((report.changed, report.records, report.differing), (1, 1, 0));
    assert!(report.is_complete(), "{report:?}");
    let fields: Vec<_> = report.fields.iter().map(|field| (field.sealed, field.absent)).collect();
    assert_eq!(fields, [(1, 0), (0, 1), (0, 1)]);
    tables.old.requests();
    let requests = tables.new.requests();
    assert_eq!(requests[0].body["TableName"], "old");
    assert_eq!(requests[1].body["TableName"], "new");
}

#[tokio::test]
async fn a_copy_that_a_program_has_changed_is_complete_and_differs() {
    let tables = Tables::new().await;
    let plan = |item: &mut Stored| drop(item.insert("plan".into(), json!({"S": "paid"})));
    tables.expect([done("GetItem"), done(TRANSACT), done("GetItem").after(plan)]);

    let report = tables.run().await.unwrap();

    assert_eq!((report.changed, report.differing, report.differences.len()), (1, 1, 1));
    assert!(report.is_complete(), "{report:?}");
}

#[tokio::test]
async fn a_dry_run_asks_for_the_record_again_and_writes_nothing() {
    let tables = Tables::new().await;
    tables.old.expect([table("t-1"), page("Scan", [tables.item()], None), done("GetItem")]);
    tables.new.expect([table("t-1"), table("t-2"), done("GetItem")]);
    let store = tables.old.store().clock(february);

    let dry = store.migrate_into::<Old, New>(&tables.target(), new).segments(1).dry_run();
    let report = dry.await.unwrap();

    assert_eq!((report.remaining, report.changed, report.records), (1, 0, 1));
    tables.old.requests();
    tables.new.requests();
}

/// Another writer, a deletion, and another copy.
#[tokio::test]
async fn what_has_changed_meanwhile_is_looked_at_again() {
    let not_met = || reason("ConditionalCheckFailed");
    let tables = Tables::new().await;
    let plan = |item: &mut Stored| drop(item.insert("plan".into(), json!({"S": "paid"})));
    tables.old.expect([done("GetItem"), done("GetItem").after(plan)]);
    tables.new.expect([done("GetItem"), cancelled(&[not_met(), reason("None")])]);
    tables.new.expect([done("GetItem"), done(TRANSACT)]);
    assert!(tables.one().await.unwrap());
    assert_eq!(tables.new.item().unwrap()["plan"], json!({"S": "paid"}));

    let tables = Tables::new().await;
    tables.old.expect([done("GetItem"), answered("GetItem", json!({}))]);
    tables.new.expect([done("GetItem"), cancelled(&[not_met(), not_met()])]);
    assert!(!tables.one().await.unwrap());
    assert_eq!(tables.new.item(), None);

    let tables = Tables::new().await;
    let other = Dynamodb::new();
    other.expect([done("PutItem")]);
    let copy = New { plan: "other".into(), ..new(old()) };
    other.store().index_secret(secret()).put(&copy).await.unwrap();
    let there = json!({"Item": other.item().unwrap()});
    tables.old.expect([done("GetItem"), done("GetItem")]);
    tables.new.expect([done("GetItem"), cancelled(&[reason("None"), not_met()])]);
    tables.new.expect([answered("GetItem", there)]);
    assert!(!tables.one().await.unwrap());
}

#[tokio::test]
async fn a_record_that_is_deleted_between_two_looks_is_not_counted() {
    let tables = Tables::new().await;
    tables.old.expect([
        table("t-1"),
        page("Scan", [], None),
        page("Scan", [tables.item()], None),
        answered("GetItem", json!({})),
    ]);
    tables.new.expect([table("t-1"), table("t-2"), done("GetItem")]);

    let report = tables.run().await.unwrap();

    assert_eq!((report.records, report.remaining, report.reappeared), (0, 0, 0));
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_under_the_same_token() {
    let tables = Tables::new().await;
    tables.old.expect([done("GetItem")]);
    tables.new.expect([done("GetItem"), lost(TRANSACT, Fault::ConnectionReset), done(TRANSACT)]);

    assert!(tables.one().await.unwrap());

    let requests = tables.new.requests();
    assert_eq!(requests[1].body, requests[2].body);
}

/// Each look at it is a minute later.
#[derive(Default)]
struct Hasty(AtomicU64);

impl Clock for Hasty {
    fn monotonic(&self) -> Instant {
        static START: OnceLock<Instant> = OnceLock::new();
        let minutes = self.0.fetch_add(1, Ordering::Relaxed);
        *START.get_or_init(Instant::now) + Duration::from_mins(minutes)
    }
}

/// The next look at both tables tells, if there is time for one.
#[tokio::test]
async fn an_outcome_that_stays_unknown_is_an_error_of_the_time() {
    let tables = Tables::new().await;
    tables.old.expect([done("GetItem")]);
    tables.new.expect([done("GetItem"), lost(TRANSACT, Fault::Hangs)]);
    tables.new.expect([answered("GetItem", json!({}))]);
    let target = tables.target().clock(Hasty::default());
    let store = tables.old.store().clock(Hasty::default());

    let error = store.migrate_one_into::<Old, New>("U-1", &target, new).await.unwrap_err();

    let MigrateError::Item(problem) = &error else { panic!("{error}") };
    let Some(Error::Transaction(TransactionError::Contended(_))) = problem.error() else {
        panic!("{error}")
    };
    tables.new.requests();
}

#[tokio::test]
async fn a_conflict_is_waited_for() {
    let tables = Tables::new().await;
    tables.old.expect([done("GetItem")]);
    tables.new.expect([
        done("GetItem"),
        cancelled(&[reason("TransactionConflict"), reason("None")]),
        cancelled(&[reason("None"), reason("ThrottlingError")]),
        done(TRANSACT),
    ]);

    assert!(tables.one().await.unwrap());
}
