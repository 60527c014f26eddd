//! Every order of the requests of a migration and of another program, on one record: nothing that
//! was acknowledged is lost, nothing comes back, and the record can be read after every write.

use std::pin::Pin;

use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, Store, UpdateError};
use envelope_tests::{Backend, Schedules, Turns};

use super::HOUR;
use crate::migrate::{UNTIL, february};
use crate::support::string;

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "table")]
struct Case {
    #[partition_key]
    id: String,
    status: String,
    #[authenticated]
    ward: String,
    #[encrypted]
    a: String,
    #[encrypted]
    b: Option<String>,
}

/// The action of a program beside the migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// Of a program without encryption, which writes one attribute.
    OldStatus,
    /// The same, of an attribute that is to be sealed, while there is no envelope.
    OldA,
    OldWard,
    OldB,
    OldPut,
    OldDelete,
    /// Of a program that seals.
    Status,
    SealB,
    Put,
    /// Another migration.
    Migrate,
    Unseal,
}

const ACTS: [Act; 11] = [
    Act::OldStatus,
    Act::OldA,
    Act::OldWard,
    Act::OldB,
    Act::OldPut,
    Act::OldDelete,
    Act::Status,
    Act::SealB,
    Act::Put,
    Act::Migrate,
    Act::Unseal,
];

fn item(value: &str) -> Vec<(String, aws_sdk_dynamodb::types::AttributeValue)> {
    let pairs = [("id", "c-1"), ("status", value), ("ward", value), ("a", value)];
    pairs.map(|(name, value)| (name.to_owned(), string(value))).into()
}

fn case(value: &str) -> Case {
    let [status, ward, a] = [value, value, value].map(str::to_owned);
    Case { id: "c-1".into(), status, ward, a, b: None }
}

/// Returns whether the action was acknowledged.
fn act(act: Act, client: aws_sdk_dynamodb::Client, store: Store) -> Writer {
    Box::pin(async move {
        let set = |name: &'static str| {
            let update = client.update_item().table_name("table").key("id", string("c-1"));
            let update = update.update_expression("SET #n = :v");
            let update = update.expression_attribute_names("#n", name);
            let there = update.expression_attribute_values(":v", string("other"));
            // A program that would write over a sealed value is stopped before a migration.
            match name {
                "status" => there.condition_expression("attribute_exists(id)"),
                _ => there
                    .condition_expression("attribute_exists(id) AND attribute_not_exists(#e)")
                    .expression_attribute_names("#e", "_envelope"),
            }
        };
        match act {
            Act::OldStatus => set("status").send().await.is_ok(),
            Act::OldA => set("a").send().await.is_ok(),
            Act::OldWard => set("ward").send().await.is_ok(),
            Act::OldB => set("b").send().await.is_ok(),
            Act::OldPut => {
                let put = client.put_item().table_name("table");
                put.set_item(Some(item("other").into_iter().collect())).send().await.is_ok()
            }
            Act::OldDelete => {
                let delete = client.delete_item().table_name("table").key("id", string("c-1"));
                delete.send().await.is_ok()
            }
            Act::Status => {
                acknowledged(store.update::<Case>("c-1").set(|f| f.status, "other").await)
            }
            Act::SealB => acknowledged(
                store.update::<Case>("c-1").deadline(HOUR).seal(|f| f.b, "other").await,
            ),
            Act::Put => store.put(&case("other")).await.is_ok(),
            Act::Migrate => {
                let report = store.migrate::<Case>().segments(1).await.unwrap();
                assert_eq!(report.failed, 0, "{report:?}");
                true
            }
            Act::Unseal => {
                let report = store.unseal::<Case>().segments(1).await.unwrap();
                assert_eq!(report.failed, 0, "{report:?}");
                true
            }
        }
    })
}

type Writer = Pin<Box<dyn Future<Output = bool> + Send>>;

fn acknowledged(result: Result<(), UpdateError>) -> bool {
    match result {
        Ok(()) => true,
        Err(error) => panic!("{error}"),
    }
}

/// Plays all orders, and returns their number.
async fn play(backend: &Backend, key: &str, other: Act, loses: [bool; 2]) -> usize {
    let mut schedules = Schedules::default();
    let mut played = 0;
    loop {
        played += 1;
        let turns = Turns::new();
        let store = |client: aws_sdk_dynamodb::Client| {
            let provider = KmsKeyProvider::new(backend.kms.clone(), key);
            Store::new(client, provider).clock(february).accept_unsealed::<Case>(UNTIL)
        };
        let onlooker = store(turns.onlooker());
        let put = turns.onlooker().put_item().table_name("table");
        put.set_item(Some(item("start").into_iter().collect())).send().await.unwrap();
        let clients = [turns.writer(0), turns.writer(1)];
        let [first, second] = clients.map(|client| (client.clone(), store(client)));
        let writers = vec![act(Act::Migrate, first.0, first.1), act(other, second.0, second.1)];
        let look = async || {
            let found = onlooker.get::<Case>("c-1").await;
            assert!(found.is_ok(), "{other:?}: {found:?}");
        };

        let outcome = turns.play(&mut schedules, loses.to_vec(), writers, look).await;

        let done = outcome.outcomes[1];
        let found = onlooker.get::<Case>("c-1").with_envelope().await.unwrap();
        let context = format!("{other:?} {loses:?} {outcome:?}");
        let Some(found) = found else {
            assert_eq!((other, done), (Act::OldDelete, true), "{context}");
            if schedules.advance() {
                continue;
            }
            return played;
        };
        let written = |acts: &[Act]| if done && acts.contains(&other) { "other" } else { "start" };
        let puts = [Act::OldPut, Act::Put];
        assert_ne!((other, done), (Act::OldDelete, true), "{context}");
        assert_eq!(found.status, written(&[&puts[..], &[Act::OldStatus, Act::Status]].concat()));
        assert_eq!(found.a, written(&[&puts[..], &[Act::OldA]].concat()), "{context}");
        assert_eq!(found.ward, written(&[&puts[..], &[Act::OldWard]].concat()), "{context}");
        let b = written(&[Act::OldB, Act::SealB]) == "other";
        assert_eq!(found.b.is_some(), b, "{context}");
        // A plaintext save after the migration's write is the one way to stay unsealed.
        if !matches!(other, Act::OldPut | Act::Unseal) {
            assert!(!found.was_unsealed(), "{context}");
        }
        if !schedules.advance() {
            return played;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn t27_a_migration_and_another_program_in_every_order() {
    let backend = Backend::in_process().await;
    let key = backend.create_kms_key().await;
    let mut played = 0;
    for other in ACTS {
        for loses in [[false, false], [true, false]] {
            played += play(&backend, &key, other, loses).await;
        }
    }
    println!("{played} orders");
    assert!(played > 100, "{played}");
}
