//! The migration of a table: the requests that are sent, lost answers, and the memory that it
//! takes.

use std::time::{Duration, SystemTime};

use allocation_counter::measure;
use envelope_runtime::error::{MigrateError, OpenErrorKind, UpdateError};
use envelope_runtime::{EnvelopeRecord, Error, Store, Until};
use serde_json::{Value, json};
use tokio::runtime::Builder;

use crate::dynamodb::{Dynamodb, Fault, answered, done, failed, lost, page, refused};
use crate::table::Stored;

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    plan: String,
    #[encrypted]
    ssn: String,
    #[encrypted]
    phone: Option<String>,
    #[authenticated]
    role: String,
}

fn plaintext(id: &str) -> Stored {
    let item = json!({
        "id": {"S": id}, "plan": {"S": "free"}, "ssn": {"S": "078-05-1120"}, "role": {"S": "nurse"},
    });
    item.as_object().unwrap().clone()
}

fn february() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(500_400)
}

fn migrating(dynamodb: &Dynamodb) -> Store {
    dynamodb.store().clock(february).accept_unsealed::<User>(Until::date(2027, 3, 1))
}

fn table() -> Value {
    json!({"Table": {"TableId": "t-1", "ItemCount": 7}})
}

/// A DynamoDB that holds one item of plaintext.
async fn holding_plaintext() -> Dynamodb {
    let [ssn, role] = ["078-05-1120", "nurse"].map(str::to_owned);
    let user = User { id: "u-1".into(), plan: "free".into(), ssn, phone: None, role };
    let dynamodb = Dynamodb::holding(&user).await;
    dynamodb.alter(|item| *item = plaintext("u-1"));
    dynamodb
}

#[tokio::test]
async fn each_record_is_written_on_the_condition_of_all_that_is_protected() {
    let dynamodb = holding_plaintext().await;
    dynamodb.expect([
        answered("DescribeTable", table()),
        page("Scan", [plaintext("u-1")], None),
        done("UpdateItem"),
        page("Scan", [], None),
    ]);

    let report = migrating(&dynamodb).migrate::<User>().segments(1).await.unwrap();

    assert_eq!(report.changed, 1);
    let requests = dynamodb.requests();
    let [_, first, update, second] = requests.as_slice() else { panic!("{requests:?}") };
    for (scan, consistent) in [(first, false), (second, true)] {
        assert_eq!(scan.body["ConsistentRead"], consistent);
        assert_eq!((&scan.body["Segment"], &scan.body["TotalSegments"]), (&json!(0), &json!(1)));
    }
    assert_eq!(
        update.condition(),
        "attribute_exists(id) AND attribute_not_exists(_envelope) AND attribute_not_exists(phone) \
         AND role = 'nurse' AND ssn = '078-05-1120'"
    );
    assert_eq!(update.body["ReturnValues"], "ALL_NEW");
    let names: Vec<_> =
        update.body["ExpressionAttributeNames"].as_object().unwrap().values().collect();
    assert!(!names.contains(&&json!("plan")), "{names:?}");
}

#[tokio::test]
async fn an_answer_that_is_lost_is_no_second_write() {
    for fault in [Fault::ConnectionReset, Fault::Answer(500, "InternalServerError")] {
        let dynamodb = holding_plaintext().await;
        dynamodb.expect([
            answered("DescribeTable", table()),
            page("Scan", [plaintext("u-1")], None),
            lost("UpdateItem", fault),
            refused("UpdateItem"),
            page("Scan", [], None),
        ]);

        let report = migrating(&dynamodb).migrate::<User>().segments(1).await.unwrap();

        assert_eq!((report.changed, report.failed), (1, 0), "{fault:?}");
        assert!(dynamodb.item().unwrap().contains_key("_envelope"));
    }
}

#[tokio::test]
async fn another_writer_s_value_is_sealed_and_a_deleted_record_stays_deleted() {
    let dynamodb = holding_plaintext().await;
    let another = |item: &mut Stored| drop(item.insert("ssn".into(), json!({"S": "other"})));
    dynamodb.expect([
        answered("DescribeTable", table()),
        page("Scan", [plaintext("u-1")], None),
        refused("UpdateItem").after(another),
        done("UpdateItem"),
        page("Scan", [], None),
    ]);
    let report = migrating(&dynamodb).migrate::<User>().segments(1).await.unwrap();
    assert_eq!((report.changed, report.failed), (1, 0));
    let requests = dynamodb.requests();
    assert!(requests[3].condition().ends_with("ssn = 'other'"), "{requests:?}");

    let nobody = Dynamodb::new();
    nobody.expect([
        answered("DescribeTable", table()),
        page("Scan", [plaintext("u-1")], None),
        refused("UpdateItem"),
        page("Scan", [], None),
    ]);
    let report = migrating(&nobody).migrate::<User>().segments(1).await.unwrap();
    assert_eq!((report.changed, report.failed, report.records), (0, 0, 0));
    assert!(nobody.item().is_none());
}

#[tokio::test]
async fn a_table_that_cannot_be_described_read_or_written_ends_the_migration() {
    let denied = Fault::Answer(400, r#"{"__type":"AccessDeniedException","message":""}"#);
    let described = || answered("DescribeTable", table());
    for (steps, of_an_item) in [
        (vec![failed("DescribeTable", denied)], false),
        (vec![described(), failed("Scan", denied)], false),
        (
            vec![described(), page("Scan", [plaintext("u-1")], None), failed("UpdateItem", denied)],
            true,
        ),
    ] {
        let dynamodb = holding_plaintext().await;
        dynamodb.expect(steps);
        let error = migrating(&dynamodb).migrate::<User>().segments(1).await.unwrap_err();
        assert!(error.is_access_denied() && !error.is_retryable(), "{error}");
        assert_eq!(matches!(error, MigrateError::Item(_)), of_an_item, "{error}");
        let text = format!("{error} {error:?}");
        let lead = if of_an_item { "not migrated: " } else { "the migration ended early: " };
        assert!(text.starts_with(lead), "{text}");
        assert!(!text.contains("u-1") && !text.contains("078"), "{text}");
    }
}

/// An item that DynamoDB refuses to write is its own fault.
#[tokio::test]
async fn a_write_that_dynamodb_refuses_fails_for_its_record_alone() {
    let dynamodb = holding_plaintext().await;
    let invalid = Fault::Answer(400, r#"{"__type":"ValidationException","message":""}"#);
    dynamodb.expect([
        answered("DescribeTable", table()),
        page("Scan", [plaintext("u-1")], None),
        failed("UpdateItem", invalid),
        page("Scan", [plaintext("u-1")], None),
    ]);
    let report = migrating(&dynamodb).migrate::<User>().segments(1).await.unwrap();
    // It has not reappeared.
    let counts = (report.changed, report.failed, report.remaining, report.reappeared);
    assert_eq!(counts, (0, 1, 0, 0));
    assert!(matches!(report.problems[0].error(), Some(Error::Update(UpdateError::Request(_)))));
}

#[tokio::test]
async fn unsealing_depends_on_the_envelope_that_was_read() {
    let [ssn, role] = ["078-05-1120", "nurse"].map(str::to_owned);
    let user = User { id: "u-1".into(), plan: "free".into(), ssn, phone: None, role };
    let dynamodb = Dynamodb::holding(&user).await;
    let sealed = dynamodb.item().unwrap();
    dynamodb.expect([
        answered("DescribeTable", table()),
        page("Scan", [sealed], None),
        lost("UpdateItem", Fault::ConnectionReset),
        refused("UpdateItem"),
        done("GetItem"),
        page("Scan", [], None),
    ]);

    let report = dynamodb.store().unseal::<User>().segments(1).await.unwrap();

    assert_eq!((report.changed, report.failed), (0, 0), "{report:?}");
    assert_eq!(dynamodb.item().unwrap(), plaintext("u-1"));
    let requests = dynamodb.requests();
    let condition = requests[2].condition();
    assert!(condition.starts_with("attribute_exists(id) AND _envelope = "), "{condition}");
}

/// The most bytes that are held at a time while that many pages are read.
fn peak(pages: usize) -> u64 {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let dynamodb = Dynamodb::new();
    let items: Vec<_> = (0..50).map(|number| plaintext(&format!("u-{number}"))).collect();
    let script = {
        let (dynamodb, items) = (dynamodb.clone(), items.clone());
        move |number: usize| {
            let last = json!({"id": {"S": "u-1"}});
            let last = (number < pages).then(|| last.as_object().unwrap().clone());
            dynamodb.expect([page("Scan", items.clone(), last.as_ref())]);
        }
    };
    dynamodb.expect([answered("DescribeTable", table())]);
    let mut left = 0;
    let measured = measure(|| {
        script(1);
        let (dynamodb, number) = (dynamodb.clone(), std::sync::atomic::AtomicUsize::new(1));
        let store = migrating(&dynamodb);
        let migration = store.migrate::<User>().segments(1).dry_run().on_progress(move |_| {
            let next = 1 + number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            // What the script keeps of requests is not the migration's.
            dynamodb.forget();
            if next <= pages {
                script(next);
            }
        });
        left = runtime.block_on(migration.into_future()).unwrap().remaining;
    });
    assert_eq!(left, u64::try_from(pages * items.len()).unwrap());
    measured.bytes_max
}

#[test]
fn the_memory_of_a_migration_does_not_grow_with_the_table() {
    let (few, many) = (peak(3), peak(60));
    assert!(many < few + few / 4, "{few} and {many} bytes");
}

/// What an item holds decides whether it is tried again.
#[tokio::test]
async fn an_item_that_another_program_has_sealed_otherwise_is_not_unsealed() {
    let dynamodb = Dynamodb::new();
    let mut item = plaintext("u-1");
    item.insert("_envelope".into(), json!({"B": "AQE="}));
    dynamodb.expect([
        answered("DescribeTable", table()),
        page("Scan", [item.clone()], None),
        page("Scan", [item], None),
    ]);
    let report = dynamodb.store().unseal::<User>().segments(1).await.unwrap();
    assert_eq!((report.changed, report.failed, report.records), (0, 1, 1));
    let Some(Error::Update(UpdateError::Open(error))) = report.problems[0].error() else {
        panic!("{report:?}")
    };
    assert_eq!(error.kind(), OpenErrorKind::MalformedEnvelope);
}
