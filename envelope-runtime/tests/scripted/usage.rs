//! The cost of operations: in their spans, and added up.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use envelope_runtime::key::{
    DataKey, DataKeyRequest, Full, GeneratedDataKey, KeyFuture, KeyProvider, KeyReference,
};
use envelope_runtime::{LocalKeyProvider, Store, Usage};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::NoSubscriber;
use tracing::{Event, Metadata, Subscriber};

use crate::batch_writes::Row;
use crate::dynamodb::{Dynamodb, Fault, answered, done, failed, local, lost, refused};
use crate::models::{Account, Person, account};
use crate::table::Stored;

const NOT_FOUND: &str =
    r#"{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}"#;

/// Counts its calls, as the provider of a key service does.
struct Counting(LocalKeyProvider);

impl KeyProvider for Counting {
    type Capability = Full;

    fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        request.count_call();
        self.0.generate(request)
    }

    fn decrypt<'a>(
        &'a self,
        reference: &'a KeyReference,
        request: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        request.count_call();
        self.0.decrypt(reference, request)
    }

    fn is_current(&self, reference: &KeyReference, request: &DataKeyRequest) -> bool {
        self.0.is_current(reference, request)
    }

    fn accepts(&self, reference: &KeyReference) -> bool {
        self.0.accepts(reference)
    }
}

pub(crate) fn counting(dynamodb: &Dynamodb) -> Store {
    Store::new(dynamodb.client(), Counting(local()))
}

/// Requests, calls, and units read and written.
fn costs(usage: &Usage) -> (u64, u64, f64, f64) {
    (usage.requests(), usage.kms_calls(), usage.read_units(), usage.write_units())
}

#[tokio::test]
async fn requests_calls_and_units_of_all_operations_add_up() {
    let dynamodb = Dynamodb::new();
    let usage = Usage::default();
    let store = counting(&dynamodb).measured(&usage.clone());

    dynamodb.expect([done("PutItem")]);
    store.put(&account()).await.unwrap();
    assert_eq!(costs(&usage), (1, 1, 0.0, 2.25));
    dynamodb.expect([done("GetItem")]);
    store.get::<Account>("a-1").await.unwrap().unwrap();
    assert_eq!(costs(&usage), (2, 2, 0.5, 2.25));
    dynamodb.expect([done("GetItem"), done("UpdateItem")]);
    store.update::<Account>("a-1").seal(|f| f.email, "x").await.unwrap();
    assert_eq!(costs(&usage), (4, 3, 1.0, 4.5));
    dynamodb.expect([done("DeleteItem")]);
    store.delete::<Account>("a-1").return_old().await.unwrap();
    assert_eq!(costs(&usage), (5, 4, 1.0, 6.75));
    // Failures cost too.
    dynamodb.expect([refused("UpdateItem")]);
    store.update::<Account>("a-1").set(|f| f.status, "x").await.unwrap_err();
    assert_eq!(costs(&usage), (6, 4, 1.0, 6.75));

    for request in dynamodb.requests() {
        assert_eq!(request.body["ReturnConsumedCapacity"], "TOTAL", "{request:?}");
    }
    let text = "Usage { kms_calls: 4, key_hits: 0, key_misses: 0, requests: 6, reread: 0, \
                read_units: 1.0, write_units: 6.75, skipped_items: 0, expired_items: 0, stale_items: 0, unsealed_records: 0 }";
    assert_eq!(format!("{usage:?}"), text);
}

#[tokio::test]
async fn what_the_sdk_sends_again_is_counted_and_so_is_the_read_that_knows_a_write() {
    let dynamodb = Dynamodb::holding(&account()).await;
    let usage = Usage::default();
    let store = counting(&dynamodb).measured(&usage);

    dynamodb.expect([failed("PutItem", Fault::ConnectionRefused), done("PutItem")]);
    store.put(&account()).await.unwrap();
    assert_eq!(costs(&usage), (2, 1, 0.0, 2.25));
    dynamodb.expect([lost("PutItem", Fault::TimedOut), done("GetItem")]);
    store.replace(&account()).await.unwrap();
    assert_eq!(costs(&usage), (4, 2, 0.5, 2.25));
    dynamodb.requests();
}

#[tokio::test]
async fn an_update_that_begins_again_has_its_data_key() {
    let dynamodb = Dynamodb::holding(&account()).await;
    let usage = Usage::default();
    let null = |item: &mut Stored| drop(item.insert("logins".into(), json!({"NULL": true})));
    let refused = refused("UpdateItem").after(null);
    dynamodb.expect([done("GetItem"), refused, done("GetItem"), done("UpdateItem")]);

    let store = counting(&dynamodb).measured(&usage);
    let update = store.update::<Account>("a-1").seal(|f| f.email, "x");
    update.add(|f| f.logins, 1).await.unwrap();

    dynamodb.requests();
    assert_eq!((usage.requests(), usage.kms_calls()), (4, 1));
}

#[tokio::test]
async fn a_store_that_nobody_measures_asks_for_no_units() {
    let dynamodb = Dynamodb::holding(&account()).await;
    dynamodb.expect([done("GetItem")]);
    counting(&dynamodb).get::<Account>("a-1").await.unwrap();
    assert!(dynamodb.request().body["ReturnConsumedCapacity"].is_null());
}

/// The fields of the library's spans, each with its last recorded value.
#[derive(Clone, Default)]
struct Spans(Arc<Spanned>);

#[derive(Default)]
struct Spanned {
    next: AtomicU64,
    fields: Mutex<BTreeMap<u64, BTreeMap<&'static str, String>>>,
}

struct Collect<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Collect<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target().starts_with("envelope_runtime")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let id = self.0.next.fetch_add(1, Ordering::Relaxed) + 1;
        let mut fields = BTreeMap::from([("span", attributes.metadata().name().to_owned())]);
        attributes.record(&mut Collect(&mut fields));
        self.0.fields.lock().unwrap().insert(id, fields);
        Id::from_u64(id)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let mut fields = self.0.fields.lock().unwrap();
        values.record(&mut Collect(fields.get_mut(&id.into_u64()).unwrap()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn each_operation_is_a_span_with_names_and_counts_and_no_values() {
    let dynamodb = Dynamodb::new();
    let store = counting(&dynamodb);
    let measured = store.measured(&Usage::default()).map_table::<Account>("physical");
    let spans = Spans::default();
    // With a single subscriber in the process, a callsite asks only the first thread that reaches
    // it.
    let _second = tracing::Dispatch::new(NoSubscriber::default());
    let listening = tracing::subscriber::set_default(spans.clone());
    let put = |_| done("PutItem");
    dynamodb.expect((0..3).map(put));
    dynamodb.expect([done("GetItem"), done("GetItem"), done("UpdateItem"), done("DeleteItem")]);

    store.create(&account()).await.unwrap();
    store.put(&account()).return_old().await.unwrap();
    store.replace(&account()).await.unwrap();
    store.get::<Account>("a-1").await.unwrap();
    measured.update::<Account>("a-1").seal(|f| f.email, "x").await.unwrap();
    measured.delete::<Account>("a-1").await.unwrap();
    dynamodb.expect([answered("BatchWriteItem", json!({}))]);
    store.batch_write().put(&account()).delete::<Row>(1.0).await.unwrap();
    let absent = || failed("DescribeTable", Fault::Answer(400, NOT_FOUND));
    dynamodb.expect([absent(), failed("CreateTable", Fault::Answer(400, "{}")), absent()]);
    store.create_table::<Account>().await.unwrap_err();
    assert!(!store.verify_table::<Account>().await.unwrap().is_as_expected());
    dynamodb.expect([
        answered("BatchGetItem", json!({"Responses": {}})),
        answered("TransactGetItems", json!({"Responses": [{}, {}]})),
    ]);
    store.batch_get::<Account>(["a-1", "a-2"]).await.unwrap();
    let read = measured.read_transaction().get::<Account>("a-1").get::<Person>("p-1");
    read.context([("tenant", "7")]).await.unwrap();
    dynamodb.expect([absent(), answered("GetItem", json!({}))]);
    let copying = store.migrate_into::<Account, Account>(&store, |account| account);
    copying.await.unwrap_err();
    let one = store.migrate_one_into::<Account, Account>("a-1", &store, |account| account);
    assert!(!one.await.unwrap());
    drop(listening);

    dynamodb.requests();
    let fields = spans.0.fields.lock().unwrap();
    let shown: Vec<_> = fields
        .values()
        .map(|span| {
            span.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(
        shown,
        [
            r#"kms_calls=1 operation="create" requests=1 span=dynamodb table="users""#,
            r#"kms_calls=2 operation="put" requests=1 span=dynamodb table="users""#,
            r#"kms_calls=1 operation="replace" requests=1 span=dynamodb table="users""#,
            r#"kms_calls=1 operation="get" requests=1 span=dynamodb table="users""#,
            r#"kms_calls=1 operation="update" read_units=0.5 requests=2 span=dynamodb table="physical" write_units=2.25"#,
            r#"kms_calls=0 operation="delete" read_units=0.0 requests=1 span=dynamodb table="physical" write_units=2.25"#,
            r#"kms_calls=1 operation="batch_write" requests=1 span=dynamodb table="rows, users""#,
            r#"kms_calls=0 operation="create_table" requests=2 span=dynamodb table="users""#,
            r#"kms_calls=0 operation="verify_table" requests=1 span=dynamodb table="users""#,
            r#"kms_calls=0 operation="batch_get" requests=1 span=dynamodb table="users""#,
            r#"kms_calls=0 operation="read_transaction" read_units=0.0 requests=1 span=dynamodb table="people, physical" write_units=0.0"#,
            r#"kms_calls=0 operation="migrate_into" requests=1 span=dynamodb table="users""#,
            r#"kms_calls=0 operation="migrate_one_into" requests=1 span=dynamodb table="users""#,
        ]
    );
}
