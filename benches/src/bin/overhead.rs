//! Saving and loading against the plain SDK, through a connection that answers at once: the CPU
//! time that the library adds to a request. No key service is called.

use std::hint::black_box;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use envelope_benches::by_hand::item::{self, SdkItem};
use envelope_benches::canned::Canned;
use envelope_benches::given::{Given, ready};
use envelope_benches::records::Eleven;
use envelope_benches::{Contestant, compare, report};
use envelope_runtime::{Item, Sealer, Store};
use serde::{Deserialize, Serialize};
use tokio::runtime::{Builder, Runtime};

const TABLE: &str = "bench";

/// The record as `serde_dynamo` stores it.
#[derive(Serialize, Deserialize)]
struct Plain {
    id: String,
    name: String,
    ward: String,
    status: String,
    logins: u64,
    active: bool,
    tags: Vec<String>,
    role: String,
    ssn: String,
    email: String,
    phone: Option<String>,
}

/// The CPU time of the library's operation by that of another way to do it.
struct Ratios {
    hand_aead: f64,
    sdk: f64,
}

fn main() {
    let bench = Bench::new();
    let saved = bench.saves();
    let loaded = bench.loads();
    report("save_vs_hand_aead", saved.hand_aead);
    report("save_vs_sdk", saved.sdk);
    report("load_vs_hand_aead", loaded.hand_aead);
    report("load_vs_sdk", loaded.sdk);
}

struct Bench {
    runtime: Runtime,
    record: Eleven,
    plain: Plain,
    /// As long as makes the item sealed by hand as large as the library's.
    wrapped_key: Vec<u8>,
}

impl Bench {
    fn new() -> Self {
        let record = Eleven::example();
        let ours = ready(Sealer::new(Given).seal(&record)).expect("a sealed item");
        let by_hand = size(item::sealed(&record, &[]));
        let wrapped_key = vec![1; ours.size() - by_hand];
        assert_eq!(size(item::sealed(&record, &wrapped_key)), ours.size());

        let Eleven { id, name, ward, status, logins, active, tags, role, ssn, email, phone } =
            Eleven::example();
        let plain = Plain { id, name, ward, status, logins, active, tags, role, ssn, email, phone };
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { runtime, record, plain, wrapped_key }
    }

    fn saves(&self) -> Ratios {
        let [sealed, plain, serde, ours] = [(); 4].map(|()| Canned::answering("{}"));
        let clients = [&sealed, &plain, &serde].map(Canned::client);
        let [sealed_client, plain_client, serde_client] = &clients;
        let store = Store::new(ours.client(), Given);
        let mut sealed_by_hand = || {
            let item = item::sealed(black_box(&self.record), black_box(&self.wrapped_key));
            self.put(sealed_client, item);
        };
        let mut plain_by_hand = || self.put(plain_client, item::plaintext(black_box(&self.record)));
        let mut with_serde = || {
            let item = serde_dynamo::to_item(black_box(&self.plain)).expect("an item");
            self.put(serde_client, item);
        };
        let mut with_store = || {
            let saved = self.runtime.block_on(async { store.put(black_box(&self.record)).await });
            saved.expect("a save");
        };

        let ratios = ratios(
            "save",
            [
                ("PutItem by hand, AES-256-GCM by hand", &mut sealed_by_hand),
                ("PutItem by hand, plaintext", &mut plain_by_hand),
                ("PutItem with serde_dynamo, plaintext", &mut with_serde),
                ("Store::put", &mut with_store),
            ],
        );
        let bytes = [&sealed, &plain, &serde, &ours].map(|canned| canned.request().len());
        println!("  bytes of the requests: {bytes:?}");
        ratios
    }

    fn loads(&self) -> Ratios {
        let sealed = self.stored(item::sealed(&self.record, &self.wrapped_key));
        let plain = self.stored(item::plaintext(&self.record));
        let serde = self.stored(serde_dynamo::to_item(&self.plain).expect("an item"));
        let item = ready(Sealer::new(Given).seal(&self.record)).expect("a sealed item");
        let ours = self.stored(item.into());
        let clients = [&sealed, &plain, &serde].map(|answer| Canned::answering(answer).client());
        let [sealed_client, plain_client, serde_client] = &clients;
        let store = Store::new(Canned::answering(&ours).client(), Given);
        let mut sealed_by_hand = || self.is_it(&item::from_sealed(self.get(sealed_client)));
        let mut plain_by_hand = || self.is_it(&item::from_plaintext(self.get(plain_client)));
        let mut with_serde = || {
            let plain: Plain = serde_dynamo::from_item(self.get(serde_client)).expect("a record");
            assert_eq!(black_box(&plain).ssn, self.record.ssn);
        };
        let mut with_store = || {
            let loaded = self.runtime.block_on(async { store.get(black_box("r-1")).await });
            self.is_it(&loaded.expect("a load").expect("a record"));
        };

        let ratios = ratios(
            "load",
            [
                ("GetItem by hand, AES-256-GCM by hand", &mut sealed_by_hand),
                ("GetItem by hand, plaintext", &mut plain_by_hand),
                ("GetItem with serde_dynamo, plaintext", &mut with_serde),
                ("Store::get", &mut with_store),
            ],
        );
        let bytes = [&sealed, &plain, &serde, &ours].map(String::len);
        println!("  bytes of the answers: {bytes:?}");
        ratios
    }

    fn put(&self, client: &Client, item: SdkItem) {
        let request = client.put_item().table_name(TABLE).set_item(Some(item));
        let _ = black_box(self.runtime.block_on(request.send()).expect("an answer"));
    }

    fn get(&self, client: &Client) -> SdkItem {
        let id = AttributeValue::S(black_box("r-1").to_owned());
        let request = client.get_item().table_name(TABLE).key("id", id);
        let answer = self.runtime.block_on(request.send()).expect("an answer");
        answer.item.expect("an item")
    }

    /// The answer to a request for this item.
    fn stored(&self, item: SdkItem) -> String {
        let canned = Canned::answering("{}");
        self.put(&canned.client(), item);
        canned.found()
    }

    /// Panics if it is another record.
    fn is_it(&self, loaded: &Eleven) {
        let loaded = black_box(loaded);
        assert_eq!(loaded.ssn, self.record.ssn);
        assert_eq!(loaded.phone, self.record.phone);
    }
}

/// Compares with the AEAD by hand, then all with the plain SDK.
fn ratios(verb: &str, contestants: [Contestant<'_>; 4]) -> Ratios {
    let [by_hand, plain, serde, ours] = contestants;
    let last = |outcomes: Vec<envelope_benches::Outcome>| {
        outcomes.last().map_or(f64::NAN, |outcome| outcome.ratio)
    };
    let sealed = compare(
        &format!("{verb}, all encrypted"),
        &mut [(by_hand.0, &mut *by_hand.1), (ours.0, &mut *ours.1)],
    );
    let all = compare(&format!("{verb}, against plaintext"), &mut [plain, serde, by_hand, ours]);
    Ratios { hand_aead: last(sealed), sdk: last(all) }
}

fn size(item: SdkItem) -> usize {
    Item::try_from(item).expect("known types").size()
}
