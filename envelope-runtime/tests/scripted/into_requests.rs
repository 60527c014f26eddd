//! The SDK's requests of reads and writes: those that these themselves send.

use aws_sdk_dynamodb::config::Config;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use envelope_runtime::error::{KeyErrorKind, QueryError};
use envelope_runtime::{EnvelopeProjection, EnvelopeRecord, Item, LoadError, Opener, Usage};
use serde_json::Value;

use crate::dynamodb::{Dynamodb, Fault, done, local, lost, page};
use crate::models::{Account, Note, account, note};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "orders",
    index(by_status(partition = "status", sort = "number", unprotected_partition))
)]
struct Order {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: u64,
    status: String,
    tags: Vec<String>,
    #[encrypted]
    address: String,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Order)]
struct Card {
    number: u64,
    address: String,
}

/// The bodies of the two requests that were sent.
fn two(dynamodb: &Dynamodb) -> [Value; 2] {
    let requests = dynamodb.requests();
    let bodies = requests.into_iter().map(|request| request.body).collect::<Vec<_>>();
    bodies.try_into().unwrap()
}

#[tokio::test]
async fn a_load_gives_the_request_that_it_sends_and_an_opener_opens_the_answer() {
    let dynamodb = Dynamodb::holding(&account()).await;
    dynamodb.expect([done("GetItem"), done("GetItem")]);
    let get = || dynamodb.store().map_table::<Account>("physical").get::<Account>("a-1");
    let get = || get().consistent();
    get().await.unwrap();

    let answer = get().into_request().unwrap().send().await.unwrap();

    let [sent, made] = two(&dynamodb);
    assert_eq!(made, sent);
    let item = Item::try_from(answer.item.unwrap()).unwrap();
    let opened = Opener::new(local()).open::<Account>(item).await.unwrap();
    assert_eq!(*opened, account());
}

#[tokio::test]
async fn a_projection_gives_the_request_for_its_attributes() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([done("GetItem"), done("GetItem")]);
    let get = || dynamodb.store().get::<Order>(("t-1", 7)).project::<Card>();
    get().await.unwrap();

    get().into_request().unwrap().send().await.unwrap();

    let [sent, made] = two(&dynamodb);
    assert_eq!(made, sent);
    assert!(made["ProjectionExpression"].is_string(), "{made}");
}

#[tokio::test]
async fn a_query_gives_the_request_of_its_first_page() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([page("Query", [], None), page("Query", [], None)]);
    let store = dynamodb.store();
    let query = || {
        let query = store.query::<Order>("t-1").sort(|s| s.ge(7)).filter(|f| f.tags.size().ge(2));
        query.reverse().consistent().take(3).project::<Card>()
    };
    query().all().await.unwrap();

    query().into_request().unwrap().send().await.unwrap();

    let [sent, made] = two(&dynamodb);
    assert_eq!(made, sent);
    assert_eq!((&made["Limit"], &made["ScanIndexForward"]), (&12.into(), &false.into()));
}

#[tokio::test]
async fn a_query_of_an_index_gives_its_request_too() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([page("Query", [], None), page("Query", [], None)]);
    let store = dynamodb.store();
    let query = || store.query_index(Order::INDEXES.by_status, "open").page_size(5);
    query().all().await.unwrap();

    query().into_request().unwrap().send().await.unwrap();

    let [sent, made] = two(&dynamodb);
    assert_eq!(made, sent);
    assert_eq!((&made["Limit"], &made["IndexName"]), (&5.into(), &"by_status".into()));
}

#[tokio::test]
async fn a_query_behind_a_cursor_gives_the_request_that_goes_on_there() {
    let dynamodb = Dynamodb::holding(&order()).await;
    let item = dynamodb.item().unwrap();
    let store = dynamodb.store();
    dynamodb.expect([page("Query", [item.clone()], Some(&key(&item)))]);
    let next = store.query::<Order>("t-1").page().await.unwrap().next;
    dynamodb.requests();
    dynamodb.expect([page("Query", [], None)]);

    let request = store.query::<Order>("t-1").after(next).into_request().unwrap();

    request.send().await.unwrap();
    assert_eq!(dynamodb.request().body["ExclusiveStartKey"], Value::Object(key(&item)));
}

#[tokio::test]
async fn a_scan_gives_the_request_of_its_first_page_and_counts_nothing() {
    let dynamodb = Dynamodb::new();
    dynamodb.expect([page("Scan", [], None), page("Scan", [], None)]);
    let usage = Usage::default();
    let (store, measured) = (dynamodb.store(), dynamodb.store().measured(&usage));
    let scan = |store: &envelope_runtime::Store| {
        store.scan::<Order>().filter(|f| f.status.eq("open")).segment(1, 4).consistent()
    };
    scan(&store).page().await.unwrap();

    scan(&measured).into_request().unwrap().send().await.unwrap();

    let [sent, made] = two(&dynamodb);
    assert_eq!(made, sent);
    assert_eq!((&made["Segment"], &made["TotalSegments"]), (&1.into(), &4.into()));
    assert_eq!(usage.requests(), 0);
}

#[test]
fn what_would_not_be_sent_is_not_given() {
    let store = Dynamodb::new().store();
    let error = store.get::<Account>("").into_request().unwrap_err();
    assert!(matches!(error, LoadError::Key(_)), "{error}");
    let error = store.query::<Order>("").into_request().unwrap_err();
    assert!(matches!(error, QueryError::Key(_)), "{error}");
    let query = store.query::<Order>("t-1").filter(|f| f.number.size().ge(1));
    let error = query.into_request().unwrap_err();
    let QueryError::Key(key) = &error else { panic!("{error}") };
    assert_eq!(*key.kind(), KeyErrorKind::Filtered);
    let scan = store.scan::<Order>().filter(|f| f.status.is_in(Vec::<String>::new()));
    let error = scan.into_request().unwrap_err();
    assert!(matches!(error, QueryError::Filter(_)), "{error}");
}

fn order() -> Order {
    Order {
        tenant: "t-1".into(),
        number: 7,
        status: "open".into(),
        tags: Vec::new(),
        address: "Main St".into(),
    }
}

fn key(item: &crate::table::Stored) -> crate::table::Stored {
    let names = ["tenant", "number"];
    names.map(|name| (name.to_owned(), item[name].clone())).into_iter().collect()
}

#[tokio::test]
async fn a_write_gives_the_request_that_it_sends() {
    let dynamodb = Dynamodb::holding(&note()).await;
    dynamodb.expect([done("PutItem"), done("PutItem"), done("UpdateItem"), done("UpdateItem")]);
    dynamodb.expect([done("DeleteItem"), done("DeleteItem")]);
    let store = dynamodb.store().map_table::<Note>("physical");
    let put = || store.put(&note()).condition(|f| f.text.eq("x"));
    let update = || store.update::<Note>("a-1").set(|f| f.text, "y");
    let delete = || store.delete::<Note>("a-1").condition(|f| f.text.eq("y"));

    put().await.unwrap();
    put().into_request().await.unwrap().send().await.unwrap();
    update().await.unwrap();
    update().into_request().await.unwrap().send().await.unwrap();
    delete().await.unwrap();
    delete().into_request().unwrap().send().await.unwrap();

    let requests = dynamodb.requests();
    for pair in requests.chunks(2) {
        assert_eq!(pair[0].body, pair[1].body, "{}", pair[0].operation);
    }
}

/// An update of protected attributes is sealed over the item that is stored.
#[tokio::test]
async fn an_update_that_seals_gives_a_request_that_depends_on_the_envelope() {
    let dynamodb = Dynamodb::holding(&account()).await;
    dynamodb.expect([done("GetItem"), done("UpdateItem"), done("GetItem")]);
    let store = dynamodb.store();
    let update = store.update::<Account>("a-1").seal(|f| f.ssn, "219-09-9999");

    update.into_request().await.unwrap().send().await.unwrap();

    let loaded: Option<Account> = store.get("a-1").await.unwrap();
    assert_eq!(loaded.unwrap().ssn, "219-09-9999");
    let condition = dynamodb.requests()[1].condition();
    assert_eq!(condition, "_envelope = <the stored envelope> AND attribute_exists(id)");
}

/// As the documentation of an update's request shows it.
#[tokio::test]
async fn a_request_that_must_not_be_sent_again_can_be_kept_from_it() {
    let dynamodb = Dynamodb::holding(&account()).await;
    dynamodb.expect([done("GetItem"), lost("UpdateItem", Fault::ConnectionReset)]);
    let request = dynamodb.store().update::<Account>("a-1").add(|f| f.logins, 1).into_request();

    let once = Config::builder().retry_config(RetryConfig::disabled());
    let request = request.await.unwrap().customize().config_override(once);
    request.send().await.unwrap_err();

    assert_eq!(dynamodb.item().unwrap()["logins"]["N"], "4");
    dynamodb.requests();
}
