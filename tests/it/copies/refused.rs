//! What is not copied, and what is not copied twice.

use envelope_runtime::error::{KeyErrorKind, MigrateError, MigrationProblemKind, OpenErrorKind};
use envelope_runtime::{
    AttributeValue, EnvelopeRecord, Error, KmsKeyProvider, LoadError, OtherAttributes, SaveError,
    Store,
};
use envelope_tests::{Reaction, unique_table};

use super::{New, Old, World, email, new, secret};
use crate::support::{binary, string};

#[tokio::test]
async fn one_record_is_copied_once() {
    let world = World::with_old(1).await;
    let one =
        |email: String| world.store.migrate_one_into::<Old, New>(email, &world.store, New::from);

    assert!(one(email(0)).await.unwrap());
    assert!(!one(email(0)).await.unwrap());
    assert_eq!(world.store.get::<New>(email(0)).await.unwrap(), Some(new(0)));

    assert!(!one(email(5)).await.unwrap());
    let error = one(String::new()).await.unwrap_err();
    let MigrateError::Item(problem) = &error else { panic!("{error}") };
    assert!(matches!(problem.error(), Some(Error::Load(LoadError::Key(_)))), "{error}");
    assert_eq!(error.attribute(), Some("email"));
}

#[tokio::test]
async fn without_the_secret_nothing_is_sent_to_the_key_service_or_written() {
    let world = World::with_old(2).await;
    let without = Store::new(world.backend.dynamodb.clone(), world.provider.clone());
    let without = without.map_table::<New>(&world.new);

    let error = world.store.migrate_into::<Old, New>(&without, New::from).await.unwrap_err();

    let MigrateError::Item(problem) = &error else { panic!("{error}") };
    let Some(Error::Save(SaveError::Key(key))) = problem.error() else { panic!("{error}") };
    assert_eq!(*key.kind(), KeyErrorKind::NoSecret);
    assert!(error.to_string().contains("index_secret"), "{error}");
    assert_eq!(world.items(&world.new).await.len(), 0);
}

#[tokio::test]
async fn a_record_that_was_tampered_with_is_not_copied_and_the_others_are() {
    let world = World::with_old(4).await;
    let mut moved = world.stored(&email(1)).await;
    moved.insert("email".into(), string(&email(2)));
    world.write(moved).await;
    let mut stripped = world.stored(&email(3)).await;
    stripped.remove("_envelope");
    world.write(stripped).await;

    let report = world.store.migrate_into::<Old, New>(&world.store, New::from).await.unwrap();

    assert_eq!((report.changed, report.failed, report.is_complete()), (2, 2, false));
    let mut seen: Vec<_> = report.problems.iter().filter_map(|problem| problem.error()).collect();
    seen.sort_by_key(|error| error.is_unsealed());
    assert!(seen[0].is_tampered() && seen[1].is_unsealed(), "{report:?}");
    assert_eq!(world.items(&world.new).await.len(), 2);
}

/// It is not overwritten, and not taken for a copy.
#[tokio::test]
async fn a_copy_that_was_tampered_with_is_reported() {
    let world = World::with_old(2).await;
    let copy = || world.store.migrate_into::<Old, New>(&world.store, New::from);
    copy().await.unwrap();
    let mut planted = world.items(&world.new).await.remove(0);
    planted.insert("name".into(), binary([7; 40]));
    let put = world.backend.dynamodb.put_item().table_name(&world.new);
    put.set_item(Some(planted.clone())).send().await.unwrap();

    let report = copy().await.unwrap();

    assert_eq!((report.failed, report.changed), (1, 0));
    assert!(report.problems[0].error().unwrap().is_tampered(), "{report:?}");
    assert!(world.items(&world.new).await.contains(&planted));
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "members")]
struct Member {
    #[partition_key]
    #[envelope(context)]
    tenant: String,
    #[sort_key]
    email: String,
    #[encrypted]
    name: String,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "members-2")]
struct Hashed {
    #[partition_key]
    #[envelope(context)]
    tenant: String,
    #[sort_key]
    #[envelope(hashed)]
    email: String,
    #[encrypted]
    name: String,
}

impl From<Member> for Hashed {
    fn from(Member { tenant, email, name }: Member) -> Self {
        Self { tenant, email, name }
    }
}

#[tokio::test]
async fn a_store_of_one_tenant_copies_its_records_and_no_others() {
    let World { store, .. } = World::new().await;
    let store = store.map_table::<Member>(unique_table()).map_table::<Hashed>(unique_table());
    store.create_table::<Member>().await.unwrap();
    store.create_table::<Hashed>().await.unwrap();
    for tenant in ["t-1", "t-2"] {
        let member = Member { tenant: tenant.into(), email: email(1), name: "Zoë".into() };
        store.put(&member).await.unwrap();
    }
    let own = store.clone().scoped([("tenant", "t-1")]);

    let report = own.migrate_into::<Member, Hashed>(&store, Hashed::from).await.unwrap();

    assert_eq!((report.changed, report.other_items, report.is_complete()), (1, 1, true));
    assert!(store.get::<Hashed>(("t-1", email(1))).await.unwrap().is_some());
    assert!(store.get::<Hashed>(("t-2", email(1))).await.unwrap().is_none());

    // A record of one tenant does not go into another tenant's.
    let other = store.clone().scoped([("tenant", "t-2")]);
    let report = own.migrate_into::<Member, Hashed>(&other, Hashed::from).await.unwrap();
    let error = report.problems[0].error().unwrap();
    assert!(matches!(error, Error::Save(SaveError::Context(_))), "{error}");
}

/// Both types in one table, whose keys tell them apart.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "app", partition_key = "USER#{email}")]
struct Here {
    email: String,
    #[encrypted]
    name: String,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "app", partition_key = "ACCOUNT#{email_hash}")]
struct There {
    #[encrypted]
    #[envelope(hashed)]
    email: String,
    #[encrypted]
    name: String,
}

#[tokio::test]
async fn a_record_is_copied_under_another_key_of_the_same_table() {
    let World { store, .. } = World::new().await;
    let store = store.map_table::<Here>(unique_table());
    store.create_table::<Here>().await.unwrap();
    let here = Here { email: email(1), name: "Zoë".into() };
    store.put(&here).await.unwrap();
    let there = |Here { email, name }| There { email, name };

    let report = store.migrate_into::<Here, There>(&store, there).await.unwrap();

    assert_eq!((report.changed, report.records, report.is_complete()), (1, 1, true), "{report:?}");
    assert_eq!(store.get::<There>(email(1)).await.unwrap().unwrap().name, "Zoë");
    assert_eq!(store.get::<Here>(email(1)).await.unwrap(), Some(here));
}

/// Such as when another secret has no table of its own.
#[tokio::test]
async fn a_copy_among_the_records_that_are_copied_is_refused() {
    let world = World::with_old(2).await;
    world.store.put(&new(1)).await.unwrap();
    let other = world.store.clone().index_secret(secret(2));
    let before = [world.items(&world.old).await, world.items(&world.new).await];

    let error = world.store.migrate_into::<New, New>(&other, |new| new).await.unwrap_err();

    let MigrateError::Item(problem) = &error else { panic!("{error}") };
    assert_eq!(problem.kind(), MigrationProblemKind::OwnTable);
    assert!(error.to_string().contains("map_table"), "{error}");
    let same = world.store.migrate_into::<Old, Old>(&world.store, |old| old).await;
    assert!(matches!(same, Err(MigrateError::Item(_))), "{same:?}");
    assert_eq!([world.items(&world.old).await, world.items(&world.new).await], before);
}

/// Without the secret of the old table, nobody could tell whose record it is.
#[tokio::test]
async fn the_old_table_s_secret_must_be_there_and_be_the_right_one() {
    let world = World::new().await;
    world.store.put(&new(1)).await.unwrap();
    let table = unique_table();
    let target = world.store.clone().index_secret(secret(2)).map_table::<New>(&table);
    target.create_table::<New>().await.unwrap();
    let without = Store::new(world.backend.dynamodb.clone(), world.provider.clone());
    let without = without.map_table::<New>(&world.new);

    let error = without.migrate_into::<New, New>(&target, |new| new).await.unwrap_err();
    let MigrateError::Item(problem) = &error else { panic!("{error}") };
    let Some(Error::Load(LoadError::Key(key))) = problem.error() else { panic!("{error}") };
    assert_eq!((key.kind(), key.attribute()), (&KeyErrorKind::NoSecret, Some("email")));

    let wrong = world.store.clone().index_secret(secret(3));
    let report = wrong.migrate_into::<New, New>(&target, |new| new).await.unwrap();
    let Some(Error::Load(LoadError::Open(error))) = report.problems[0].error() else {
        panic!("{report:?}")
    };
    assert_eq!(error.kind(), OpenErrorKind::UnknownSecret);
    assert_eq!(world.items(&table).await.len(), 0);
}

/// Without a window, nobody can plant anything. A record that fails is tried by the next run.
#[tokio::test]
async fn a_record_that_failed_is_copied_by_the_next_run_once_it_is_mended() {
    let world = World::with_old(3).await;
    let folder = tempfile::tempdir().unwrap();
    let mut item = world.stored(&email(1)).await;
    let mended = item.clone();
    item.insert("theme".into(), string("dark"));
    world.write(item).await;
    let copy = || {
        let copying = world.store.migrate_into::<Old, New>(&world.store, New::from);
        copying.segments(1).checkpoint(folder.path().join("copied"))
    };
    assert_eq!(copy().await.unwrap().failed, 1);
    world.write(mended).await;

    let report = copy().await.unwrap();

    assert!(report.is_complete() && report.changed == 1, "{report:?}");
}

#[tokio::test]
async fn a_lost_answer_is_no_second_copy_and_no_failure() {
    let world = World::with_old(3).await;
    for lost in 0..6 {
        let (client, _) = world.backend.scripted_dynamodb(move |attempt| {
            let is_it = attempt.number == lost && attempt.operation == "TransactWriteItems";
            if is_it { Reaction::Lost } else { Reaction::Pass }
        });
        let table = unique_table();
        let target = Store::new(client, world.provider.clone()).index_secret(secret(1));
        let target = target.map_table::<New>(&table);
        target.create_table::<New>().await.unwrap();

        let report = world.store.migrate_into::<Old, New>(&target, New::from).await.unwrap();

        let counts = (report.changed, report.failed, report.differing);
        assert_eq!((counts, report.is_complete()), ((3, 0, 0), true), "{lost}");
    }
}

#[tokio::test]
async fn without_data_keys_the_run_ends_and_nothing_is_written() {
    let world = World::with_old(3).await;
    let provider = KmsKeyProvider::new(world.backend.kms.clone(), "alias/none");
    let target = Store::new(world.backend.dynamodb.clone(), provider).index_secret(secret(1));
    let target = target.map_table::<New>(&world.new);

    let error = world.store.migrate_into::<Old, New>(&target, New::from).await.unwrap_err();

    let MigrateError::Item(problem) = &error else { panic!("{error}") };
    assert_eq!(problem.kind(), MigrationProblemKind::Failed);
    assert!(matches!(problem.error(), Some(Error::Save(SaveError::GenerateDataKey(_)))));
    assert_eq!(world.items(&world.new).await.len(), 0);
    // The next run goes on.
    let report = world.store.migrate_into::<Old, New>(&world.store, New::from).await.unwrap();
    assert!(report.is_complete() && report.changed == 3, "{report:?}");
}

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "old")]
struct Wide {
    #[partition_key]
    email: String,
    #[encrypted]
    name: String,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "new")]
struct WideNew {
    #[partition_key]
    #[envelope(hashed(hex, trim, lowercase))]
    email: String,
    #[encrypted]
    name: String,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

/// A condition has at most 300 operators: one for each attribute that is not sealed, and one
/// between each two.
#[tokio::test]
async fn a_record_of_more_attributes_than_a_condition_can_name_is_reported() {
    let world = World::new().await;
    let store = world.store.clone().map_table::<Wide>(&world.old).map_table::<WideNew>(&world.new);
    let wide = |email: String, number: usize| {
        let mut others = OtherAttributes::default();
        for part in 0..number {
            others.insert(format!("a{part}"), AttributeValue::Bool(true));
        }
        Wide { email, name: "Zoë".into(), others }
    };
    store.put(&wide(email(1), 148)).await.unwrap();
    store.put(&wide(email(2), 149)).await.unwrap();
    let convert = |Wide { email, name, others }| WideNew { email, name, others };

    let report = store.migrate_into::<Wide, WideNew>(&store, convert).await.unwrap();

    assert_eq!((report.changed, report.failed), (1, 1), "{report:?}");
    let problem = &report.problems[0];
    let key = AttributeValue::S(email(2));
    assert_eq!(problem.key().attribute("email"), Some(&key));
    assert!(store.get::<WideNew>(email(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_refused_transaction_names_its_cause() {
    let world = World::with_old(1).await;
    let target = world.store.clone().map_table::<New>(unique_table());

    let error = world.store.migrate_into::<Old, New>(&target, New::from).await.unwrap_err();

    assert!(matches!(error, MigrateError::Request(_)), "{error}");
    let one = world.store.migrate_one_into::<Old, New>(email(0), &target, New::from).await;
    let error = one.unwrap_err();
    let MigrateError::Item(problem) = &error else { panic!("{error}") };
    assert!(matches!(problem.error(), Some(Error::Load(LoadError::Request(_)))), "{error}");
}
