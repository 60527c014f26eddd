//! Values of context fields come from the caller, never from the item.

use envelope_runtime::error::{ContextErrorKind, DataKeyErrorKind, OpenErrorKind};
use envelope_runtime::{DeleteError, EnvelopeRecord, LoadError, SaveError, UpdateError};

use crate::support::{World, string};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "people")]
struct Person {
    #[partition_key]
    id: String,
    #[envelope(context)]
    tenant: String,
    nickname: Option<String>,
    #[encrypted]
    ssn: String,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "orders")]
struct Order {
    #[partition_key]
    #[envelope(context)]
    id: String,
    #[encrypted]
    note: String,
}

fn person(tenant: &str) -> Person {
    Person { id: "p".into(), tenant: tenant.into(), nickname: None, ssn: "078-05-1120".into() }
}

#[tokio::test]
async fn a_load_needs_the_context_before_any_request() {
    let world = World::new().await;
    // No table of this name exists, so a request would fail differently.
    let store = world.store.clone().map_table::<Person>("no-such-table");

    let error = Person::load(&store, "p").await.unwrap_err();

    assert!(
        matches!(&error, LoadError::Context(error) if error.kind() == ContextErrorKind::NotGiven)
    );
    assert_eq!(
        error.to_string(),
        "cannot load record of table `people`, key `id`, attribute `tenant`: a context field whose \
         value is not part of what was asked for; give it with `scoped(…)` or `.context(…)`, or say \
         `.every_context()` on a query or a scan"
    );
}

#[tokio::test]
async fn the_context_comes_from_the_scope_or_from_the_operation() {
    let world = World::new().await;
    person("clinic-7").save(&world.store).await.unwrap();
    let scoped = world.store.scoped([("tenant", "clinic-7"), ("region", "of other records")]);

    let by_scope = Person::load(&scoped, "p").await.unwrap();
    let by_operation =
        world.store.get::<Person>("p").context([("tenant", "clinic-7")]).await.unwrap();

    assert_eq!(by_scope, Some(person("clinic-7")));
    assert_eq!(by_operation, by_scope);
}

#[tokio::test]
async fn a_record_of_another_context_is_refused_before_kms_is_asked() {
    let world = World::new().await;
    person("clinic-7").save(&world.store).await.unwrap();
    world.requests.forget();

    let error = Person::load(&world.store.scoped([("tenant", "clinic-8")]), "p").await.unwrap_err();

    assert!(
        matches!(&error, LoadError::Open(error) if error.kind() == OpenErrorKind::OtherContext)
    );
    assert_eq!(world.requests.take(), []);
}

#[tokio::test]
async fn a_record_relabelled_to_the_callers_context_is_refused_by_kms() {
    let world = World::new().await;
    person("clinic-7").save(&world.store).await.unwrap();
    let mut item = world.stored("p").await;

    item.insert("tenant".into(), string("clinic-8"));
    world.write(item).await;

    let error = Person::load(&world.store.scoped([("tenant", "clinic-8")]), "p").await.unwrap_err();
    assert!(
        matches!(&error, LoadError::DecryptDataKey(error) if error.kind() == DataKeyErrorKind::Mismatch),
        "{error}"
    );
}

#[tokio::test]
async fn a_scoped_store_does_not_save_records_of_another_context() {
    let world = World::new().await;
    let store = world.store.scoped([("tenant", "clinic-8")]);

    let error = person("clinic-7").save(&store).await.unwrap_err();
    let empty = person("").save(&world.store).await.unwrap_err();

    assert!(
        matches!(error, SaveError::Context(error) if error.kind() == ContextErrorKind::Differs)
    );
    assert!(
        matches!(empty, SaveError::Context(error) if error.kind() == ContextErrorKind::NotText)
    );
    assert_eq!(world.requests.take(), []);
}

#[tokio::test]
async fn a_mistyped_name_is_refused_rather_than_ignored() {
    let world = World::new().await;

    let load = world.store.get::<Person>("p").context([("tenant", "c"), ("tenent", "c")]);
    let error = load.await.unwrap_err();

    assert!(
        matches!(error, LoadError::Context(error) if error.kind() == ContextErrorKind::Unknown)
    );
}

#[tokio::test]
async fn a_scoped_store_deletes_no_key_of_another_context() {
    let world = World::new().await;
    let order = Order { id: "o-1".into(), note: "n".into() };
    order.save(&world.store).await.unwrap();

    let error = Order::delete(&world.store.scoped([("id", "o-2")]), "o-1").await.unwrap_err();

    assert!(
        matches!(error, DeleteError::Context(error) if error.kind() == ContextErrorKind::Differs)
    );
    Order::delete(&world.store.scoped([("id", "o-1")]), "o-1").await.unwrap();
    assert_eq!(Order::load(&world.store, "o-1").await.unwrap(), None);
}

#[tokio::test]
async fn a_scope_that_names_no_context_field_of_the_record_is_a_mistake() {
    let world = World::new().await;
    let order = Order { id: "o-1".into(), note: "n".into() };
    let store = world.store.scoped([("ident", "o-1")]);

    let saved = order.save(&store).await.unwrap_err();
    let loaded = Order::load(&store, "o-1").await.unwrap_err();
    let deleted = Order::delete(&store, "o-1").await.unwrap_err();

    for error in [saved.to_string(), loaded.to_string(), deleted.to_string()] {
        assert!(error.contains("`ident`: not a context field of this record"), "{error}");
    }
    // Records without context fields may share the store.
    crate::support::User::new("u").save(&store).await.unwrap();
}

#[tokio::test]
async fn an_operation_cannot_leave_the_scope_of_its_store() {
    let world = World::new().await;
    person("clinic-8").save(&world.store).await.unwrap();
    let store = world.store.scoped([("tenant", "clinic-7")]);

    let error = store.get::<Person>("p").context([("tenant", "clinic-8")]).await.unwrap_err();

    assert!(
        matches!(error, LoadError::Context(error) if error.kind() == ContextErrorKind::Differs)
    );
}

#[tokio::test]
async fn a_context_field_that_is_the_key_comes_from_the_key_that_is_asked_for() {
    let world = World::new().await;
    let order = Order { id: "o-1".into(), note: "n".into() };
    order.save(&world.store).await.unwrap();

    assert_eq!(Order::load(&world.store, "o-1").await.unwrap(), Some(order));

    let other = world.store.scoped([("id", "o-2")]);
    let error = Order::load(&other, "o-1").await.unwrap_err();
    assert!(
        matches!(error, LoadError::Context(error) if error.kind() == ContextErrorKind::Differs)
    );
}

#[tokio::test]
async fn an_update_leaves_records_of_other_contexts_alone() {
    let world = World::new().await;
    let scoped = |tenant| world.store.scoped([("tenant", tenant)]);
    person("clinic-7").save(&world.store).await.unwrap();
    let before = world.stored("p").await;

    let other = scoped("clinic-8");
    for update in [
        other.update::<Person>("p").set(|f| f.nickname, "x"),
        other.update::<Person>("p").set(|f| f.nickname, "x").condition(|f| f.id.exists()),
        other.update::<Person>("p").seal(|f| f.ssn, "x"),
        world.store.update::<Person>("p").context([("tenant", "7")]).set(|f| f.nickname, "x"),
    ] {
        let error = update.await.unwrap_err();
        let UpdateError::Open(open) = &error else { panic!("{error}") };
        assert_eq!((open.kind(), open.attribute()), (OpenErrorKind::OtherContext, Some("tenant")));
    }
    let without = world.store.update::<Person>("p").set(|f| f.nickname, "x").await.unwrap_err();
    assert!(matches!(&without, UpdateError::Context(e) if e.kind() == ContextErrorKind::NotGiven));
    let both = scoped("clinic-7").update::<Person>("p").context([("tenant", "clinic-8")]);
    assert!(matches!(both.await.unwrap_err(), UpdateError::Context(_)));
    assert_eq!(world.stored("p").await, before);

    scoped("clinic-7").update::<Person>("p").set(|f| f.nickname, "zz").await.unwrap();
    let update = world.store.update::<Person>("p").context([("tenant", "clinic-7")]);
    let person = update.seal(|f| f.ssn, "219-09-9999").return_new().await.unwrap();
    assert_eq!((person.nickname.as_deref(), person.ssn.as_str()), (Some("zz"), "219-09-9999"));
}

#[tokio::test]
async fn a_context_of_numbers_is_found_in_an_update() {
    #[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
    #[envelope(table = "people")]
    struct Numbered {
        #[partition_key]
        id: String,
        #[envelope(context)]
        tenant: u32,
        nickname: Option<String>,
        #[encrypted]
        ssn: String,
    }
    let world = World::new().await;
    let record = Numbered { id: "n".into(), tenant: 7, nickname: None, ssn: "078-05-1120".into() };
    world.store.put(&record).await.unwrap();

    let update = world.store.update::<Numbered>("n").context([("tenant", "7")]);
    update.set(|f| f.nickname, "zz").await.unwrap();

    let other = world.store.update::<Numbered>("n").context([("tenant", "8")]);
    assert!(other.set(|f| f.nickname, "x").await.is_err());
    let loaded = world.store.get::<Numbered>("n").context([("tenant", "7")]).await.unwrap();
    assert_eq!(loaded.unwrap().nickname.as_deref(), Some("zz"));
}
