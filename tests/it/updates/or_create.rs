//! Updates that create a record that is not there.

use envelope_runtime::error::{ContextErrorKind, KeyErrorKind};
use envelope_runtime::operation::Upserted;
use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, UpdateError};
use envelope_tests::Reaction;

use crate::support::{World, binary, bytes};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Visitor {
    #[partition_key]
    id: String,
    visits: u64,
    #[encrypted]
    name: String,
}

fn visitor(id: &str) -> Visitor {
    Visitor { id: id.into(), visits: 1, name: "Zoë".into() }
}

#[tokio::test]
async fn a_record_is_created_as_it_is_and_updated_from_then_on() {
    let world = World::new().await;
    let visit = || world.store.update::<Visitor>("zoe").add(|f| f.visits, 1);

    let first = visit().or_create(&visitor("zoe")).await.unwrap();
    let stored: Option<Visitor> = world.store.get("zoe").await.unwrap();
    assert_eq!((first, stored), (Upserted::Created, Some(visitor("zoe"))));

    let second = visit().or_create(&visitor("zoe")).await.unwrap();
    let sealed = world.store.update::<Visitor>("zoe").seal(|f| f.name, "Max");
    let sealed = sealed.or_create(&visitor("zoe")).await.unwrap();
    let stored: Option<Visitor> = world.store.get("zoe").await.unwrap();
    assert_eq!((second, sealed), (Upserted::Updated, Upserted::Updated));
    assert_eq!(stored, Some(Visitor { visits: 2, name: "Max".into(), ..visitor("zoe") }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_tasks_one_creates_the_record_and_every_visit_is_counted() {
    let world = World::new().await;
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let visit = world.store.update::<Visitor>("zoe").add(|f| f.visits, 1);
            tokio::spawn(visit.or_create(&visitor("zoe")).into_future())
        })
        .collect();

    let mut created = 0;
    for task in tasks {
        created += usize::from(task.await.unwrap().unwrap() == Upserted::Created);
    }

    let stored: Option<Visitor> = world.store.get("zoe").consistent().await.unwrap();
    assert_eq!((created, stored.map(|visitor| visitor.visits)), (1, Some(50)));
}

#[tokio::test]
async fn an_item_that_cannot_be_opened_is_an_error_and_is_not_replaced() {
    let world = World::new().await;
    world.store.put(&visitor("zoe")).await.unwrap();
    let mut item = world.stored("zoe").await;
    let mut envelope = bytes(&item, "_envelope");
    *envelope.last_mut().unwrap() ^= 1;
    item.insert("_envelope".into(), binary(envelope));
    world.write(item.clone()).await;

    let sealed = world.store.update::<Visitor>("zoe").seal(|f| f.name, "Max");
    let error = sealed.or_create(&visitor("zoe")).await.unwrap_err();

    assert!(matches!(error, UpdateError::DecryptDataKey(_)), "{error}");
    assert_eq!(world.stored("zoe").await, item);
}

#[tokio::test]
async fn a_record_with_another_key_is_refused_before_any_request() {
    let world = World::new().await;
    let visit = world.store.update::<Visitor>("zoe").add(|f| f.visits, 1);

    let error = visit.or_create(&visitor("max")).await.unwrap_err();

    let UpdateError::Key(error) = error else { panic!("{error}") };
    assert_eq!(*error.kind(), KeyErrorKind::OtherRecord);
    assert!(world.requests.take().is_empty());
}

/// A record that was loaded was there, and somebody has deleted it since.
#[tokio::test]
async fn an_update_that_depends_on_a_loaded_record_creates_nothing() {
    #[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
    #[envelope(table = "users")]
    struct Note {
        #[partition_key]
        id: String,
        #[encrypted]
        text: String,
        #[envelope(version)]
        version: u64,
    }
    let world = World::new().await;
    let note = Note { id: "n".into(), text: "old".into(), version: 0 };
    let saved = world.store.put(&note).await.unwrap();
    let loaded = world.store.get::<Note>("n").with_envelope().await.unwrap().unwrap();
    world.store.delete_any_version::<Note>("n").await.unwrap();

    let by_version = world.store.update::<Note>("n").version(saved.version);
    let by_version = by_version.seal(|f| f.text, "new").or_create(&note).await.unwrap_err();
    let based = world.store.update::<Note>("n").based_on(&loaded).seal(|f| f.text, "new");
    let based = based.or_create(&note).await.unwrap_err();

    assert!(by_version.is_not_found() && based.is_not_found(), "{by_version} {based}");
    assert_eq!(world.store.get::<Note>("n").await.unwrap(), None);
}

#[tokio::test]
async fn a_creation_whose_answer_is_lost_is_known_by_its_envelope_or_not_known() {
    let world = World::new().await;
    let (client, script) = world.backend.scripted_dynamodb(|_| Reaction::Pass);
    let provider = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
    let store = envelope_runtime::Store::new(client, provider);
    let store = store.map_table::<Visitor>(&world.table);
    let visit = |id: &str| store.update::<Visitor>(id).add(|f| f.visits, 1).or_create(&visitor(id));

    script.react(|attempt| match attempt.operation.as_str() {
        "PutItem" => Reaction::Lost,
        _ => Reaction::Pass,
    });
    assert_eq!(visit("zoe").await.unwrap(), Upserted::Created);

    script.react(|attempt| match attempt.operation.as_str() {
        "PutItem" => Reaction::Reset,
        _ => Reaction::Pass,
    });
    let error = visit("max").await.unwrap_err();
    assert!(error.is_unknown_outcome(), "{error}");
}

#[tokio::test]
async fn a_record_of_another_context_is_refused_before_any_request() {
    #[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
    #[envelope(table = "users")]
    struct Visit {
        #[partition_key]
        id: String,
        #[envelope(context)]
        ward: String,
        #[encrypted]
        text: String,
    }
    let world = World::new().await;
    let visit = |ward: &str| Visit { id: "v".into(), ward: ward.into(), text: "x".into() };
    let update = |ward: &'static str| {
        let update = world.store.update::<Visit>("v").context([("ward", ward)]);
        update.seal(|f| f.text, "y")
    };

    let error = update("w-1").or_create(&visit("w-2")).await.unwrap_err();

    let UpdateError::Context(error) = error else { panic!("{error}") };
    assert_eq!(error.kind(), ContextErrorKind::Differs);
    assert!(world.requests.take().is_empty());

    let done = update("w-1").or_create(&visit("w-1")).await.unwrap();
    assert_eq!(done, Upserted::Created);
    let error = update("w-2").or_create(&visit("w-2")).await.unwrap_err();
    assert!(matches!(error, UpdateError::Open(_)), "{error}");
}
