//! What a run copies, and what its report says.

use envelope_runtime::error::{CheckpointErrorKind, MigrateError, MigrationProblemKind};
use envelope_runtime::key::{KeyProvider as _, Reuse};
use envelope_runtime::{AttributeValue, EnvelopeRecord, IndexSecret, OtherAttributes, Store};
use envelope_tests::{KmsRequest, unique_table};

use super::{New, Old, World, email, new, old, secret};
use crate::support::string;

#[tokio::test]
async fn every_record_is_found_by_its_value_and_the_old_table_is_as_it_was() {
    let world = World::with_old(20).await;
    let before = world.items(&world.old).await;

    let copying = world.store.migrate_into::<Old, New>(&world.store, New::from).segments(3);
    let report = copying.await.unwrap();

    assert!(report.is_complete(), "{report:?}");
    let counts = (report.records, report.changed, report.differing, report.reappeared);
    assert_eq!(counts, (20, 20, 0, 0));
    assert_eq!((report.fields[0].attribute, report.fields[0].sealed), ("name", 20));
    for number in 0..20 {
        let found = world.store.get::<New>(email(number).to_lowercase()).await.unwrap();
        assert_eq!(found, Some(new(number)));
    }
    assert_eq!(world.items(&world.old).await, before);
    assert!(world.items(&world.new).await.iter().all(|item| item["email"].is_b()));

    // A second time, there is nothing to do.
    let again = world.store.migrate_into::<Old, New>(&world.store, New::from).await.unwrap();
    assert_eq!((again.changed, again.records, again.is_complete()), (0, 20, true));
}

#[tokio::test]
async fn a_record_takes_two_calls_to_the_key_service_and_a_second_look_at_most_two() {
    let world = World::with_old(5).await;
    let copy = || world.store.migrate_into::<Old, New>(&world.store, New::from);
    copy().await.unwrap();

    let requests = world.requests.take();

    let is_generated =
        |request: &&KmsRequest| matches!(request, KmsRequest::GenerateDataKey { .. });
    // The data keys of the old records are kept for a minute.
    assert_eq!((requests.iter().filter(is_generated).count(), requests.len()), (5, 15));
    copy().await.unwrap();
    assert_eq!(world.requests.take().len(), 10);
}

#[tokio::test]
async fn with_reuse_the_copies_share_data_keys() {
    let world = World::with_old(5).await;
    let provider = world.provider.clone().reuse(Reuse::records(100));
    let target = Store::new(world.backend.dynamodb.clone(), provider);
    let target = target.map_table::<New>(&world.new).index_secret(secret(1));

    let report = world.store.migrate_into::<Old, New>(&target, New::from).await.unwrap();

    assert!(report.is_complete(), "{report:?}");
    // The 5 data keys of the old records, one new one, and that one again for the second pass.
    assert_eq!(world.requests.take().len(), 5 + 1 + 1);
}

#[tokio::test]
async fn a_dry_run_opens_and_converts_each_record_and_writes_nothing() {
    let world = World::with_old(4).await;
    let copied = world.store.migrate_one_into::<Old, New>(email(0), &world.store, New::from);
    assert!(copied.await.unwrap());
    let mut broken = world.stored(&email(3)).await;
    broken.insert("name".into(), string("planted"));
    world.write(broken).await;
    let before = world.items(&world.new).await;

    let copying = world.store.migrate_into::<Old, New>(&world.store, New::from).dry_run();
    let report = copying.await.unwrap();

    let counts = (report.records, report.remaining, report.failed, report.changed);
    assert_eq!(counts, (4, 2, 1, 0));
    assert!(report.problems[0].error().unwrap().is_tampered(), "{report:?}");
    assert_eq!(world.items(&world.new).await, before);
}

/// The same struct, in two tables, under two secrets.
#[tokio::test]
async fn a_secret_is_changed_by_a_copy() {
    let world = World::new().await;
    world.store.create(&new(1)).await.unwrap();
    let table = unique_table();
    let target = world.store.clone().index_secret(secret(2)).map_table::<New>(&table);
    target.create_table::<New>().await.unwrap();

    let report = world.store.migrate_into::<New, New>(&target, |new| new).await.unwrap();

    assert!(report.is_complete() && report.changed == 1, "{report:?}");
    assert_eq!(target.get::<New>(email(1)).await.unwrap(), Some(new(1)));
    let [before] = world.items(&world.new).await.try_into().unwrap();
    let [after] = world.items(&table).await.try_into().unwrap();
    assert_ne!(before["email_hash"], after["email_hash"]);
    // Under the first secret, the copy is not found.
    let first = world.store.clone().map_table::<New>(&table);
    assert_eq!(first.get::<New>(email(1)).await.unwrap(), None);
}

#[tokio::test]
async fn what_a_program_has_written_in_the_new_table_stays_and_is_counted() {
    let world = World::with_old(3).await;
    let changed = New { name: "changed".into(), ..new(1) };
    world.store.create(&changed).await.unwrap();

    let report = world.store.migrate_into::<Old, New>(&world.store, New::from).await.unwrap();

    assert!(report.is_complete(), "{report:?}");
    assert_eq!((report.changed, report.differing, report.records), (2, 1, 3));
    let [difference] = &*report.differences else { panic!("{report:?}") };
    assert_eq!(difference.kind(), MigrationProblemKind::Differs);
    let key = AttributeValue::S(email(1));
    assert_eq!(difference.key().attribute("email"), Some(&key));
    assert!(!format!("{difference} {difference:?}").contains("User-1"), "{difference}");
    assert_eq!(world.store.get::<New>(email(1)).await.unwrap(), Some(changed));
}

/// Nothing is counted up or filled in, and everything that the item holds is copied.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "old")]
struct Kept {
    #[partition_key]
    email: String,
    #[envelope(version)]
    version: u64,
    #[envelope(updated_at)]
    changed: u64,
    #[encrypted]
    name: String,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "new")]
struct KeptNew {
    #[partition_key]
    #[envelope(hashed(hex, trim, lowercase))]
    email: String,
    #[envelope(version)]
    version: u64,
    #[envelope(updated_at)]
    changed: u64,
    #[encrypted]
    name: String,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

impl From<Kept> for KeptNew {
    fn from(Kept { email, version, changed, name, others }: Kept) -> Self {
        Self { email, version, changed, name, others }
    }
}

fn kept(world: &World) -> Store {
    world.store.clone().map_table::<Kept>(&world.old).map_table::<KeptNew>(&world.new)
}

#[tokio::test]
async fn versions_times_and_unknown_attributes_are_copied_as_they_are() {
    let world = World::new().await;
    let store = kept(&world);
    let mut others = OtherAttributes::default();
    others.insert("theme", AttributeValue::S("dark".into()));
    let record = Kept { email: email(1), version: 0, changed: 0, name: "Zoë".into(), others };
    let saved = store.put(&record).await.unwrap().into_inner();
    let saved = store.put(&saved).await.unwrap().into_inner();
    assert_eq!(saved.version, 2);

    let report = store.migrate_into::<Kept, KeptNew>(&store, KeptNew::from).await.unwrap();

    assert!(report.is_complete() && report.differing == 0, "{report:?}");
    let copy = store.get::<KeptNew>(email(1)).await.unwrap().unwrap();
    assert_eq!(copy, KeptNew::from(saved));
    // The next save counts on.
    let next = store.put(&copy).await.unwrap().into_inner();
    assert_eq!(next.version, 3);
}

#[tokio::test]
async fn an_item_with_an_attribute_that_the_struct_does_not_know_is_reported() {
    let world = World::with_old(2).await;
    let mut item = world.stored(&email(1)).await;
    item.insert("theme".into(), string("dark"));
    world.write(item).await;

    let report = world.store.migrate_into::<Old, New>(&world.store, New::from).await.unwrap();

    assert_eq!((report.changed, report.failed, report.is_complete()), (1, 1, false));
    let [problem] = &*report.problems else { panic!("{report:?}") };
    assert_eq!(problem.kind(), MigrationProblemKind::UnknownAttribute);
    assert!(problem.to_string().contains("`theme`"), "{problem}");
    assert!(!problem.to_string().contains("dark"), "{problem}");
    assert_eq!(world.store.get::<New>(email(1)).await.unwrap(), None);
}

/// In the old table they are two records. In the new one there is one place for them.
#[tokio::test]
async fn two_records_whose_values_are_normalised_to_one_are_reported() {
    let world = World::with_old(2).await;
    let twin = Old { email: email(1).to_lowercase(), ..old(7) };
    world.store.put(&twin).await.unwrap();

    let report = world.store.migrate_into::<Old, New>(&world.store, New::from).await.unwrap();

    assert_eq!((report.changed, report.failed, report.is_complete()), (2, 1, false));
    let [problem] = &*report.problems else { panic!("{report:?}") };
    assert_eq!((problem.kind(), problem.error().is_none()), (MigrationProblemKind::Taken, true));
    assert!(!problem.to_string().to_lowercase().contains("user-1"), "{problem}");
    let key = problem.key().attribute("email").cloned();
    let found = world.store.get::<New>(email(1)).await.unwrap().unwrap();
    assert_ne!(Some(AttributeValue::S(found.email)), key);
}

#[tokio::test]
async fn expired_records_are_neither_copied_nor_counted() {
    let world = World::with_old(1).await;
    let store = world.store.clone().clock(crate::migrate::february);
    let expired = Old { until: Some(1_790_000_000), ..old(2) };
    store.put(&expired).await.unwrap();
    let later = Old { until: Some(1_900_000_000), ..old(3) };
    store.put(&later).await.unwrap();

    let report = store.migrate_into::<Old, New>(&store, New::from).await.unwrap();

    assert_eq!((report.records, report.changed, report.is_complete()), (2, 2, true));
    let found = world.all::<New>().await;
    assert_eq!(found.iter().filter(|new| new.visits == 2).count(), 0);
}

/// A program has given the copy an earlier end: what has expired there is not to come back.
#[tokio::test]
async fn a_copy_that_has_expired_is_not_replaced() {
    let world = World::with_old(2).await;
    let store = world.store.clone().clock(crate::migrate::february);
    let copy = || store.migrate_into::<Old, New>(&store, New::from);
    copy().await.unwrap();
    let ended = New { until: Some(1_790_000_000), ..new(1) };
    store.put(&ended).await.unwrap();

    let report = copy().await.unwrap();

    assert_eq!((report.changed, report.differing, report.is_complete()), (0, 1, true));
    assert_eq!(store.get::<New>(email(1)).await.unwrap(), None);
    assert!(!store.migrate_one_into::<Old, New>(email(1), &store, New::from).await.unwrap());

    // One that would have expired already is not made.
    let world = World::with_old(1).await;
    let end = |old| New { until: Some(1_790_000_000), ..New::from(old) };
    let store = world.store.clone().clock(crate::migrate::february);
    let report = store.migrate_into::<Old, New>(&store, end).await.unwrap();
    assert_eq!((report.records, report.changed), (0, 0));
    assert_eq!(world.items(&world.new).await.len(), 0);
}

#[tokio::test]
async fn a_checkpoint_belongs_to_the_other_table_and_its_secret() {
    let world = World::with_old(3).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copied");
    let copying =
        |target: &Store| world.store.migrate_into::<Old, New>(target, New::from).checkpoint(&file);
    assert!(copying(&world.store).await.unwrap().is_complete());

    let table = unique_table();
    let elsewhere = world.store.clone().map_table::<New>(&table);
    elsewhere.create_table::<New>().await.unwrap();
    let renamed = IndexSecret::from_hex("others", &"01".repeat(32)).unwrap();
    let renamed = world.store.clone().index_secret(renamed);
    for target in [&elsewhere, &renamed] {
        let error = copying(target).await.unwrap_err();
        let MigrateError::Checkpoint(error) = &error else { panic!("{error}") };
        assert_eq!(error.kind(), CheckpointErrorKind::OtherSchema);
    }
    // What an old program writes later is reported, and not copied.
    world.store.put(&old(9)).await.unwrap();
    let report = copying(&world.store).await.unwrap();
    assert_eq!((report.reappeared, report.remaining, report.changed), (1, 1, 0));
    assert_eq!(report.problems[0].kind(), MigrationProblemKind::Reappeared);
    assert_eq!(world.store.get::<New>(email(9)).await.unwrap(), None);
    let report = copying(&world.store).accept_reappeared().await.unwrap();
    assert_eq!((report.changed, report.is_complete()), (1, true));
}
