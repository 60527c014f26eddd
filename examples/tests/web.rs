//! The web service, through HTTP over a socket.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::types::AttributeValue;
use envelope_examples::web::{App, Caller, Customer};
use envelope_runtime::{CursorKey, Cursors, KmsKeyProvider, Store, Usage};
use envelope_tests::{Backend, Secrets, unreachable_dynamodb};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const CURSOR_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const ANN: &str = "token-of-ann";
/// Of the same tenant.
const ANDY: &str = "token-of-andy";
/// Of another tenant.
const BOB: &str = "token-of-bob";
/// Of another tenant, with the name of the first user.
const OTHER_ANN: &str = "token-of-other-ann";
const BEGIN_AGAIN: &str = "the cursor is not valid: begin again, without `after`";

/// A service with its table, and a clock that a test sets.
struct Service {
    address: SocketAddr,
    dynamodb: aws_sdk_dynamodb::Client,
    usage: Usage,
    now: Arc<AtomicU64>,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Service {
    async fn start() -> Self {
        let backend = Backend::in_process().await;
        let store = Store::new(backend.dynamodb.clone(), keys(&backend).await);
        store.create_table::<Customer>().await.unwrap();
        Self::over(store, backend.dynamodb).await
    }

    async fn over(store: Store, dynamodb: aws_sdk_dynamodb::Client) -> Self {
        let now = Arc::new(AtomicU64::new(1_800_000_000));
        let clock = Arc::clone(&now);
        let now_of_store =
            move || SystemTime::UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::Relaxed));
        let usage = Usage::default();
        let store = store.clock(now_of_store).measured(&usage);

        let caller = |tenant: &str, user: &str| Caller { tenant: tenant.into(), user: user.into() };
        let callers = [
            (ANN, caller("acme", "ann")),
            (ANDY, caller("acme", "andy")),
            (BOB, caller("globex", "bob")),
            (OTHER_ANN, caller("globex", "ann")),
        ];
        let callers = HashMap::from(callers.map(|(token, caller)| (token.to_owned(), caller)));
        let cursors = Cursors::new(CursorKey::from_hex(CURSOR_KEY).unwrap());
        let app = App::new(store, cursors, callers);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app.router()).await });
        Self { address, dynamodb, usage, now }
    }

    /// A service with 25 customers of one tenant and 5 of another.
    async fn with_customers() -> Self {
        let service = Self::start().await;
        for (token, numbers) in [(ANN, 1..=25), (BOB, 1..=5)] {
            for number in numbers {
                let answer = service.post(token, &new_customer(number).to_string()).await;
                assert_eq!(answer.status, 201, "{}", answer.body);
            }
        }
        service
    }

    async fn send(&self, method: &str, path: &str, head: &str, body: &str) -> Answer {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{head}\
             content-length: {length}\r\n\r\n{body}",
            self.address
        );
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    async fn get(&self, token: &str, path: &str) -> Answer {
        self.send("GET", path, &format!("authorization: Bearer {token}\r\n"), "").await
    }

    async fn post(&self, token: &str, body: &str) -> Answer {
        let head = format!("authorization: Bearer {token}\r\ncontent-type: application/json\r\n");
        self.send("POST", "/customers", &head, body).await
    }

    /// The cursor behind the first page of 10.
    async fn cursor(&self, token: &str) -> String {
        let page = self.get(token, "/customers?limit=10").await.json();
        page["next"].as_str().unwrap().to_owned()
    }

    async fn stored(&self) -> Vec<HashMap<String, AttributeValue>> {
        let scan = self.dynamodb.scan().table_name("app").consistent_read(true);
        scan.send().await.unwrap().items.unwrap()
    }
}

impl Answer {
    fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        serde_json::from_str(&self.body).unwrap()
    }

    #[track_caller]
    fn assert_refused(&self, status: u16, text: &str) {
        assert_eq!(
            (self.status, self.body.as_str()),
            (status, &*json!({"error": text}).to_string())
        );
    }
}

async fn keys(backend: &Backend) -> KmsKeyProvider {
    KmsKeyProvider::new(backend.kms.clone(), backend.create_kms_key().await)
}

fn new_customer(number: u32) -> Value {
    json!({
        "number": number,
        "name": format!("Zoe {number}"),
        "plan": "free",
        "ssn": ssn(number),
        "email": email(number),
    })
}

fn ssn(number: u32) -> String {
    format!("078-05-1120-{number:04}")
}

fn email(number: u32) -> String {
    format!("zoe.{number:04}@example.com")
}

/// What is sealed of all customers.
fn secrets() -> Secrets {
    (1..=25).fold(Secrets::default(), |secrets, number| {
        let secrets = secrets.with("ssn", ssn(number).as_bytes());
        secrets.with("email", email(number).as_bytes())
    })
}

fn numbers(list: &Value) -> Vec<u64> {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item["number"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn customers_are_listed_by_pages_in_order_and_read_whole() {
    let service = Service::with_customers().await;
    let kms_calls = service.usage.kms_calls();

    let mut pages = Vec::new();
    let mut path = "/customers?limit=10".to_owned();
    loop {
        let answer = service.get(ANN, &path).await;
        let list = answer.json();
        assert!(secrets().find(answer.body.as_bytes()).is_empty(), "{}", answer.body);
        pages.push(numbers(&list));
        let Some(next) = list["next"].as_str() else { break };
        path = format!("/customers?limit=10&after={next}");
    }

    let expected: Vec<u64> = (1..=25).collect();
    assert_eq!(pages, [&expected[..10], &expected[10..20], &expected[20..]]);
    assert_eq!(service.usage.kms_calls(), kms_calls, "a list opens nothing");
    let card = &service.get(ANN, "/customers?limit=1").await.json()["items"][0];
    assert_eq!(*card, json!({"number": 1, "name": "Zoe 1", "plan": "free"}));
    assert_eq!(numbers(&service.get(BOB, "/customers").await.json()), [1, 2, 3, 4, 5]);

    let answer = service.get(ANN, "/customers/7").await;
    let mut expected = new_customer(7);
    expected["tenant"] = json!("acme");
    assert_eq!(answer.json(), expected);
    assert!(answer.head.contains("cache-control: no-store"), "{}", answer.head);
}

#[tokio::test]
async fn a_cursor_that_is_not_the_callers_own_is_refused() {
    let service = Service::with_customers().await;
    let cursor = service.cursor(ANN).await;
    let last = if cursor.ends_with('A') { 'B' } else { 'A' };
    let middle = cursor.len() / 2;
    let flipped = if cursor.as_bytes()[middle] == b'A' { 'B' } else { 'A' };

    let wrong = [
        String::new(),
        "AQ".to_owned(),
        "A".repeat(4_000),
        "%00%ff".to_owned(),
        format!("{cursor}A"),
        cursor[..cursor.len() - 4].to_owned(),
        cursor[..10].to_owned(),
        format!("{}{last}", &cursor[..cursor.len() - 1]),
        format!("{}{flipped}{}", &cursor[..middle], &cursor[middle + 1..]),
    ];
    for wrong in wrong {
        let answer = service.get(ANN, &format!("/customers?limit=10&after={wrong}")).await;
        answer.assert_refused(400, BEGIN_AGAIN);
    }
    let path = format!("/customers?limit=10&after={cursor}");
    for other in [ANDY, BOB, OTHER_ANN] {
        service.get(other, &path).await.assert_refused(400, BEGIN_AGAIN);
    }

    // The size of a page is no part of the place.
    let path = format!("/customers?limit=3&after={cursor}");
    assert_eq!(numbers(&service.get(ANN, &path).await.json()), [11, 12, 13]);
    service.now.fetch_add(24 * 60 * 60, Ordering::Relaxed);
    assert_eq!(service.get(ANN, &path).await.status, 200);
    service.now.fetch_add(1, Ordering::Relaxed);
    service.get(ANN, &path).await.assert_refused(400, BEGIN_AGAIN);
}

#[tokio::test]
async fn a_tampered_item_is_an_internal_error_without_its_value() {
    let service = Service::with_customers().await;
    let key = |number: u32| {
        HashMap::from([
            ("PK".to_owned(), AttributeValue::S("TENANT#acme".into())),
            ("SK".to_owned(), AttributeValue::S(format!("CUSTOMER#{number:010}"))),
        ])
    };
    // One customer's sealed attribute in the place of another's, and one stripped of it.
    let get = service.dynamodb.get_item().table_name("app").set_key(Some(key(8)));
    let of_8 = get.send().await.unwrap().item.unwrap();
    let update = service.dynamodb.update_item().table_name("app").set_key(Some(key(7)));
    let update = update.update_expression("SET ssn = :ssn");
    let update = update.expression_attribute_values(":ssn", of_8["ssn"].clone());
    update.send().await.unwrap();
    let update = service.dynamodb.update_item().table_name("app").set_key(Some(key(9)));
    update.update_expression("REMOVE email").send().await.unwrap();

    for path in ["/customers/7", "/customers/9"] {
        service.get(ANN, path).await.assert_refused(500, "internal error");
    }
    assert_eq!(service.get(ANN, "/customers/8").await.status, 200);

    // The list shows no sealed field, but no item without an envelope either.
    let update = service.dynamodb.update_item().table_name("app").set_key(Some(key(12)));
    let update = update.update_expression("REMOVE #e");
    update.expression_attribute_names("#e", "_envelope").send().await.unwrap();
    let list = service.get(ANN, "/customers?limit=11").await.json();
    assert_eq!(numbers(&list).len(), 11);
    let path = format!("/customers?limit=11&after={}", list["next"].as_str().unwrap());
    service.get(ANN, &path).await.assert_refused(500, "internal error");
}

#[tokio::test]
async fn the_table_holds_nothing_sealed_in_plaintext() {
    let service = Service::with_customers().await;

    let stored = service.stored().await;

    assert_eq!(stored.len(), 30);
    for item in stored {
        let text = format!("{item:?}");
        assert!(text.contains("Zoe"), "{text}");
        assert!(secrets().find(text.as_bytes()).is_empty(), "{text}");
        for name in ["ssn", "email"] {
            let bytes = item[name].as_b().unwrap().as_ref();
            assert!(secrets().find(bytes).is_empty(), "{text}");
        }
    }
}

#[tokio::test]
async fn a_caller_reaches_its_own_tenant_only() {
    let service = Service::with_customers().await;

    service.get(BOB, "/customers/7").await.assert_refused(404, "no such customer");
    assert_eq!(service.get(BOB, "/customers/5").await.json()["tenant"], "globex");
    // A body cannot name a tenant.
    let mut planted = new_customer(99);
    planted["tenant"] = json!("acme");
    let answer = service.post(BOB, &planted.to_string()).await;
    answer.assert_refused(422, "the body is not a customer as JSON");
    service.get(ANN, "/customers/99").await.assert_refused(404, "no such customer");
    for token in ["", "token-of-nobody", "Bearer token-of-ann"] {
        let answer = service.get(token, "/customers/1").await;
        answer.assert_refused(401, "unknown caller");
        assert!(answer.head.contains("www-authenticate: bearer"), "{}", answer.head);
    }
    service.send("GET", "/customers", "", "").await.assert_refused(401, "unknown caller");
}

#[tokio::test]
async fn invalid_requests_are_refused_and_not_quoted() {
    let service = Service::with_customers().await;
    let customer = new_customer(26).to_string();

    service
        .post(ANN, &new_customer(7).to_string())
        .await
        .assert_refused(409, "there is such a customer already");
    let invalid = "the body is not a customer as JSON";
    let mut nameless = new_customer(26);
    nameless["ssn"] = json!(["078-05-1120-0026"]);
    for (status, body) in [
        (400, ""),
        (400, &customer[..customer.len() - 1]),
        (422, r#"{"ssn": 78051120}"#),
        (422, &nameless.to_string()),
        (413, &format!("{customer}{}", " ".repeat(16 * 1024))),
    ] {
        service.post(ANN, body).await.assert_refused(status, invalid);
    }
    let limits = "`limit` is a number from 1 to 100";
    for limit in ["0", "101", "-1", "1e1", "", "18446744073709551616"] {
        let answer = service.get(ANN, &format!("/customers?limit={limit}")).await;
        answer.assert_refused(400, limits);
    }
    for number in ["26", "x", "-1", "4294967296"] {
        let answer = service.get(ANN, &format!("/customers/{number}")).await;
        answer.assert_refused(404, "no such customer");
    }
    assert_eq!(service.get(ANN, "/customers?limit=100").await.status, 200);
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_no_fault_of_the_caller() {
    let backend = Backend::in_process().await;
    let store = Store::new(unreachable_dynamodb(), keys(&backend).await);
    let service = Service::over(store, backend.dynamodb).await;

    for path in ["/customers", "/customers/1"] {
        service.get(ANN, path).await.assert_refused(503, "try again later");
    }
    let answer = service.post(ANN, &new_customer(1).to_string()).await;
    answer.assert_refused(503, "try again later");
}
