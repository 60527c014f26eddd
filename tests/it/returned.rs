//! Writes that return the record that they replaced or deleted.

use envelope_runtime::{DeleteError, EnvelopeRecord, LoadError, SaveError};

use crate::support::{User, World, binary};

fn user(nickname: &str) -> User {
    User { nickname: nickname.into(), ..User::new("foobar") }
}

#[tokio::test]
async fn a_save_gives_back_the_record_that_it_replaced() {
    let world = World::new().await;
    let store = &world.store;

    assert_eq!(store.put(&user("first")).return_old().await.unwrap(), None);
    assert_eq!(store.put(&user("second")).return_old().await.unwrap(), Some(user("first")));
    let third = store.replace(&user("third")).condition(|f| f.nickname.eq("second"));
    assert_eq!(third.return_old().await.unwrap(), Some(user("second")));

    let failed = store.put(&user("fourth")).condition(|f| f.nickname.eq("x")).return_old().await;
    assert!(failed.unwrap_err().is_conflict());
    assert_eq!(User::load(store, "foobar").await.unwrap(), Some(user("third")));
}

#[tokio::test]
async fn a_deletion_gives_back_the_record_that_was_there() {
    let world = World::new().await;
    let store = &world.store;
    assert_eq!(store.delete::<User>("foobar").return_old().await.unwrap(), None);
    user("first").save(store).await.unwrap();
    world.requests.forget();

    let failed = store.delete::<User>("foobar").condition(|f| f.nickname.eq("x")).return_old();
    assert!(failed.await.unwrap_err().is_conflict());
    assert!(world.requests.take().is_empty());
    let deleted = store.delete::<User>("foobar").condition(|f| f.nickname.eq("first"));
    assert_eq!(deleted.return_old().await.unwrap(), Some(user("first")));

    assert_eq!(world.requests.take().len(), 1);
    assert_eq!(User::load(store, "foobar").await.unwrap(), None);
}

async fn altered() -> World {
    let world = World::new().await;
    user("first").save(&world.store).await.unwrap();
    let mut item = world.stored("foobar").await;
    item.insert("ssn".into(), binary([7; 40]));
    world.write(item).await;
    world
}

#[tokio::test]
async fn a_save_over_an_altered_record_is_done_and_says_so() {
    let world = altered().await;
    let store = &world.store;

    let error = store.put(&user("second")).return_old().await.unwrap_err();

    let text = error.to_string();
    assert!(text.starts_with("the record is saved, but the replaced one is lost: "), "{text}");
    let SaveError::Unreadable(error) = error else { panic!("{error:?}") };
    assert!(matches!(*error, LoadError::Open(error) if error.is_tampered()));
    assert_eq!(User::load(store, "foobar").await.unwrap(), Some(user("second")));
}

#[tokio::test]
async fn a_deletion_of_an_altered_record_is_done_and_says_so() {
    let world = altered().await;
    let store = &world.store;

    let error = store.delete::<User>("foobar").return_old().await.unwrap_err();

    let text = error.to_string();
    assert!(text.starts_with("the record is deleted, but cannot be returned: "), "{text}");
    assert!(matches!(&error, DeleteError::Unreadable(error) if error.is_tampered()), "{error:?}");
    assert_eq!(User::load(store, "foobar").await.unwrap(), None);
}

/// As with a load, nothing is requested from DynamoDB if a context is missing, and the item's own
/// values are never used for it.
#[tokio::test]
async fn the_context_of_what_is_given_back_is_the_callers() {
    #[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
    #[envelope(table = "users")]
    struct Note {
        #[partition_key]
        id: String,
        #[envelope(context)]
        tenant: String,
        #[encrypted]
        text: String,
    }
    let world = World::new().await;
    let note = |tenant: &str| Note { id: "n".into(), tenant: tenant.into(), text: "x".into() };
    let store = &world.store;

    note("t-1").save(store).await.unwrap();
    let error = store.delete::<Note>("n").return_old().await.unwrap_err();
    assert!(matches!(error, DeleteError::Context(_)), "{error}");
    assert_eq!(store.put(&note("t-1")).return_old().await.unwrap(), Some(note("t-1")));
    let error = store.put(&note("t-2")).return_old().await.unwrap_err();
    assert!(matches!(error, SaveError::Unreadable(_)), "{error}");
    let mine = store.scoped([("tenant", "t-2")]);
    assert_eq!(mine.delete::<Note>("n").return_old().await.unwrap(), Some(note("t-2")));
}

#[tokio::test]
async fn an_answer_that_is_lost_does_not_fail_the_write() {
    let world = World::new().await;
    user("first").save(&world.store).await.unwrap();

    let old = world.store_losing_answers().put(&user("second")).return_old().await.unwrap();
    // The second request found the item of the first.
    assert_eq!(old, Some(user("second")));
    let old = world.store_losing_answers().delete::<User>("foobar").return_old().await.unwrap();
    assert_eq!(old, None);
}
