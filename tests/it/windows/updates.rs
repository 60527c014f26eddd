//! Updates of unsealed items against every order of requests of another writer: nothing that was
//! acknowledged is lost, and nothing is sealed that was not read.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, Store, Usage};
use envelope_tests::{Backend, Schedules, Turns};

use super::{END, OPEN, UNTIL, at, item};
use crate::support::{Stored, string};

/// The record before its note was encrypted.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "table")]
struct Before {
    #[partition_key]
    id: String,
    status: String,
    note: Option<String>,
    #[encrypted]
    ssn: String,
    #[authenticated]
    role: String,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "table")]
struct Patient {
    #[partition_key]
    id: String,
    status: String,
    #[encrypted]
    #[envelope(unsealed_until = "2027-03-01")]
    note: Option<String>,
    #[encrypted]
    ssn: String,
    #[authenticated]
    role: String,
}

/// The one action of a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Seal,
    SetRole,
    SetStatus,
    /// A transaction that seals.
    Together,
    Delete,
    /// Writes of a program without this library, which leaves sealed items alone.
    PlainSsn,
    PlainRole,
    RemoveNote,
    PlainStatus,
    /// An update by the program that does not encrypt the note.
    OlderNote,
}

/// How the row was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    Plain,
    /// By the program that does not encrypt the note.
    Older,
}

struct World {
    turns: Arc<Turns>,
    backend: Backend,
    key: String,
    played: usize,
}

/// The text of an error of an unknown outcome.
const UNKNOWN: &str = "answer was lost";

type Outcome = (Result<(), String>, Usage);

fn patient(id: &str) -> Patient {
    Patient {
        id: id.into(),
        status: "new".into(),
        note: Some("allergic".into()),
        ssn: "078-05-1120".into(),
        role: "patient".into(),
    }
}

fn plain(id: &str) -> Stored {
    item([
        ("id", id),
        ("status", "new"),
        ("note", "allergic"),
        ("ssn", "078-05-1120"),
        ("role", "patient"),
    ])
}

impl World {
    async fn new() -> Self {
        let backend = Backend::in_process().await;
        let key = backend.create_kms_key().await;
        Self { turns: Turns::new(), backend, key, played: 0 }
    }

    fn store(&self, client: Client) -> Store {
        let provider = KmsKeyProvider::new(self.backend.kms.clone(), &self.key);
        at(&Store::new(client, provider), OPEN).accept_unsealed::<Patient>(UNTIL)
    }

    /// Plays every schedule of an update and another writer. Returns the numbers of requests that
    /// the update made.
    async fn play(&mut self, row: Row, first: Act, second: Act, loses: bool) -> Vec<u64> {
        let mut schedules = Schedules::default();
        let mut requests = Vec::new();
        loop {
            self.played += 1;
            let id = format!("u-{}", self.played);
            let onlooker = self.turns.onlooker();
            match row {
                Row::Plain => {
                    let put = onlooker.put_item().table_name("table");
                    put.set_item(Some(plain(&id))).send().await.unwrap();
                }
                Row::Older => {
                    let Patient { id, status, note, ssn, role } = patient(&id);
                    let older = Before { id, status, note, ssn, role };
                    self.store(onlooker.clone()).put(&older).await.unwrap();
                }
            }
            let writers = [first, second]
                .into_iter()
                .enumerate()
                .map(|(number, act)| self.act(number, act, &id));
            let writers = writers.collect();
            let played =
                self.turns.play(&mut schedules, vec![loses, false], writers, async || {}).await;

            let name = format!("{row:?}, {first:?} and {second:?}: {played:?}");
            let expected = expected(&id, &[first, second], &played.writes);
            let found = at(&self.store(onlooker), OPEN).get::<Patient>(id.as_str()).await.unwrap();
            assert_eq!(found, expected, "{name}");
            for (number, (outcome, _)) in played.outcomes.iter().enumerate() {
                let has_written = played.writes.contains(&number);
                match outcome {
                    // Another writer came before the update could look again.
                    Err(error) if loses && number == 0 && error.contains(UNKNOWN) => {}
                    outcome => assert_eq!(outcome.is_ok(), has_written, "{name}"),
                }
            }
            if played.writes.contains(&0) && expected.is_some() && first != Act::SetStatus {
                let found = at(&self.store(self.turns.onlooker()), END);
                assert_eq!(found.get::<Patient>(id.as_str()).await.unwrap(), expected, "{name}");
            }
            requests.push(played.outcomes[0].1.requests());
            if !schedules.advance() {
                return requests;
            }
        }
    }

    fn act(
        &self,
        number: usize,
        act: Act,
        id: &str,
    ) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        let client = self.turns.writer(number);
        let usage = Usage::default();
        let store = self.store(client.clone()).measured(&usage);
        let id = id.to_owned();
        Box::pin(async move {
            let update = store.update::<Patient>(id.as_str()).deadline(Duration::from_hours(1));
            let done = match act {
                Act::Seal => {
                    update.seal(|f| f.ssn, "sealed").await.map_err(|error| error.to_string())
                }
                Act::SetRole => {
                    update.set(|f| f.role, "set").await.map_err(|error| error.to_string())
                }
                Act::SetStatus => {
                    update.set(|f| f.status, "set").await.map_err(|error| error.to_string())
                }
                Act::Together => {
                    let all = store.transaction().deadline(Duration::from_hours(1));
                    let all = all.update::<Patient>(id.as_str(), |u| u.seal(|f| f.ssn, "together"));
                    all.await.map_err(|error| error.to_string())
                }
                Act::Delete => {
                    store.delete::<Patient>(id.as_str()).await.map_err(|error| error.to_string())
                }
                Act::PlainSsn => overwrite(&client, &id, "ssn", Some("plain")).await,
                Act::PlainRole => overwrite(&client, &id, "role", Some("plain")).await,
                Act::RemoveNote => overwrite(&client, &id, "note", None).await,
                Act::PlainStatus => overwrite(&client, &id, "status", Some("plain")).await,
                Act::OlderNote => {
                    let update =
                        store.update::<Before>(id.as_str()).deadline(Duration::from_hours(1));
                    update.set(|f| f.note, "older").await.map_err(|error| error.to_string())
                }
            };
            (done, usage)
        })
    }
}

async fn overwrite(
    client: &Client,
    id: &str,
    name: &str,
    value: Option<&str>,
) -> Result<(), String> {
    let update = client.update_item().table_name("table").key("id", string(id));
    let update = update.expression_attribute_names("#name", name);
    let update = match value {
        Some(value) => {
            let update = update.update_expression("SET #name = :value");
            update.expression_attribute_values(":value", AttributeValue::S(value.into()))
        }
        None => update.update_expression("REMOVE #name"),
    };
    let condition = match name {
        "status" => "attribute_exists(id)",
        _ => "attribute_not_exists(#envelope)",
    };
    let update = match name {
        "status" => update,
        _ => update.expression_attribute_names("#envelope", "_envelope"),
    };
    let sent = update.condition_expression(condition).send().await;
    sent.map(drop).map_err(|error| format!("{error:?}"))
}

/// The record after the writes, in their order.
fn expected(id: &str, acts: &[Act], writes: &[usize]) -> Option<Patient> {
    let mut record = Some(patient(id));
    for number in writes {
        let (act, patient) = (acts[*number], record.as_mut());
        let Some(patient) = patient else { panic!("{act:?} created a record") };
        match act {
            Act::Seal => patient.ssn = "sealed".into(),
            Act::Together => patient.ssn = "together".into(),
            Act::SetRole => patient.role = "set".into(),
            Act::SetStatus => patient.status = "set".into(),
            Act::Delete => record = None,
            Act::PlainSsn => patient.ssn = "plain".into(),
            Act::PlainRole => patient.role = "plain".into(),
            Act::RemoveNote => patient.note = None,
            Act::PlainStatus => patient.status = "plain".into(),
            Act::OlderNote => patient.note = Some("older".into()),
        }
    }
    record
}

#[tokio::test(start_paused = true)]
async fn t13_a_plaintext_write_of_a_protected_attribute_makes_the_update_try_again() {
    let mut world = World::new().await;
    for first in [Act::Seal, Act::SetRole] {
        for second in [Act::PlainSsn, Act::PlainRole, Act::RemoveNote] {
            let requests = world.play(Row::Plain, first, second, false).await;
            // Before the read, after the write, and between the two.
            assert!(requests.contains(&2) && requests.contains(&4), "{second:?}: {requests:?}");
        }
    }
    let requests = world.play(Row::Older, Act::Seal, Act::OlderNote, false).await;
    assert!(requests.contains(&2) && requests.contains(&4), "{requests:?}");
}

#[tokio::test(start_paused = true)]
async fn t13_a_write_of_another_attribute_is_neither_lost_nor_in_the_way() {
    let mut world = World::new().await;
    for row in [Row::Plain, Row::Older] {
        for first in [Act::Seal, Act::SetRole] {
            for second in [Act::PlainStatus, Act::SetStatus] {
                let requests = world.play(row, first, second, false).await;
                assert!(requests.iter().all(|requests| *requests == 2), "{second:?}: {requests:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn t13_two_updates_seal_the_item_and_both_are_in_it() {
    let mut world = World::new().await;
    for row in [Row::Plain, Row::Older] {
        for first in [Act::Seal, Act::SetRole, Act::Together] {
            for second in [Act::Seal, Act::SetRole, Act::Together] {
                world.play(row, first, second, false).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn t13_an_update_makes_no_record_of_an_item_that_is_deleted_meanwhile() {
    let mut world = World::new().await;
    for row in [Row::Plain, Row::Older] {
        for first in [Act::Seal, Act::SetRole, Act::SetStatus, Act::Together] {
            world.play(row, first, Act::Delete, false).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn t13_a_transaction_seals_what_a_plaintext_write_has_left() {
    let mut world = World::new().await;
    for second in [Act::PlainSsn, Act::PlainRole, Act::RemoveNote, Act::PlainStatus] {
        world.play(Row::Plain, Act::Together, second, false).await;
    }
}

#[tokio::test(start_paused = true)]
async fn t13_an_update_whose_answer_is_lost_is_done_once() {
    let mut world = World::new().await;
    for row in [Row::Plain, Row::Older] {
        for second in [Act::Seal, Act::SetRole, Act::PlainStatus] {
            for first in [Act::Seal, Act::SetRole] {
                world.play(row, first, second, true).await;
            }
        }
    }
}
