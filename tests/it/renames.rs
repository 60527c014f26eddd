//! A renamed attribute while programs with both names run side by side.

use envelope_runtime::error::OpenErrorKind;
use envelope_runtime::{EnvelopeRecord, LoadError, OtherAttributes, Store};

use crate::support::{World, string};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq, Default)]
#[envelope(table = "users")]
struct Old {
    #[partition_key]
    id: String,
    #[encrypted]
    email: Option<String>,
    #[authenticated]
    role: Option<String>,
    status: Option<String>,
    logins: Option<u32>,
}

/// Like `Old`, but keeps the attributes that it does not know.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq, Default)]
#[envelope(table = "users")]
struct Keeping {
    #[partition_key]
    id: String,
    #[encrypted]
    email: Option<String>,
    #[authenticated]
    role: Option<String>,
    status: Option<String>,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq, Default)]
#[envelope(table = "users")]
struct New {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(alias = "email")]
    mail: Option<String>,
    #[authenticated]
    #[envelope(alias = "role")]
    function: Option<String>,
    #[envelope(alias = "status")]
    state: Option<String>,
    #[envelope(alias = "logins")]
    visits: Option<u32>,
}

fn old() -> Old {
    let some = |text: &str| Some(text.to_owned());
    Old {
        id: "u-1".into(),
        email: some("old@x"),
        role: some("nurse"),
        status: some("old"),
        logins: Some(3),
    }
}

fn new() -> New {
    let some = |text: &str| Some(text.to_owned());
    New {
        id: "u-1".into(),
        mail: some("new@x"),
        function: some("doctor"),
        state: some("new"),
        visits: Some(4),
    }
}

async fn loaded(store: &Store) -> New {
    store.get::<New>("u-1").consistent().await.unwrap().unwrap()
}

#[tokio::test]
async fn what_an_older_program_updates_is_what_a_newer_one_loads() {
    let world = World::new().await;
    let store = &world.store;
    store.put(&new()).await.unwrap();

    store.update::<Old>("u-1").seal(|f| f.email, "later@x").await.unwrap();
    assert_eq!(loaded(store).await, New { mail: Some("later@x".into()), ..new() });
    store.update::<Old>("u-1").set(|f| f.role, "clerk").await.unwrap();
    assert_eq!(loaded(store).await.function.as_deref(), Some("clerk"));
    store.update::<Old>("u-1").set(|f| f.status, "later").add(|f| f.logins, 1).await.unwrap();
    let both = loaded(store).await;
    assert_eq!((both.state.as_deref(), both.visits), (Some("later"), Some(1)));

    // The newer program's write replaces all older names.
    let update = store.update::<New>("u-1").seal(|f| f.mail, "last@x").set(|f| f.function, "dean");
    update.set(|f| f.state, "last").set(|f| f.visits, 9).await.unwrap();
    let item = world.stored("u-1").await;
    for name in ["email", "role", "status", "logins"] {
        assert!(!item.contains_key(name), "{name}");
    }
    let last = loaded(store).await;
    assert_eq!((last.mail.as_deref(), last.function.as_deref()), (Some("last@x"), Some("dean")));
    assert_eq!((last.state.as_deref(), last.visits), (Some("last"), Some(9)));
}

#[tokio::test]
async fn what_an_older_program_saves_with_all_that_it_does_not_know_is_what_a_newer_one_loads() {
    let world = World::new().await;
    let store = &world.store;
    store.put(&new()).await.unwrap();

    let kept: Keeping = store.get("u-1").await.unwrap().unwrap();
    assert_eq!((kept.email.as_deref(), kept.status.as_deref()), (None, None));
    store.put(&kept).await.unwrap();
    assert_eq!(loaded(store).await, new());

    let later = Keeping {
        email: Some("later@x".into()),
        role: Some("clerk".into()),
        status: Some("later".into()),
        ..kept
    };
    store.put(&later).await.unwrap();
    let found = loaded(store).await;
    assert_eq!((found.mail, found.function, found.state), (later.email, later.role, later.status));

    store.put(&New { visits: None, ..loaded(store).await }).await.unwrap();
    assert!(!world.stored("u-1").await.contains_key("email"));
    assert_eq!(loaded(store).await.mail.as_deref(), Some("later@x"));
}

#[tokio::test]
async fn an_older_program_goes_on_after_a_newer_one_has_updated() {
    let world = World::new().await;
    let store = &world.store;
    store.put(&old()).await.unwrap();

    store.update::<New>("u-1").set(|f| f.function, "dean").await.unwrap();

    let found = store.get::<Old>("u-1").with_envelope().await.unwrap().unwrap();
    assert_eq!(*found, Old { role: None, ..old() });
    let authenticated: Vec<_> = found.envelope().unwrap().authenticated().collect();
    assert_eq!(authenticated, ["function", "role"]);
    store.update::<Old>("u-1").set(|f| f.role, "clerk").await.unwrap();
    assert_eq!(loaded(store).await.function.as_deref(), Some("clerk"));
    store.update::<New>("u-1").remove(|f| f.function).await.unwrap();
    assert_eq!((loaded(store).await.function, old().role.is_some()), (None, true));
    assert_eq!(store.get::<Old>("u-1").await.unwrap().unwrap().role, None);
}

#[tokio::test]
async fn t11_a_value_is_not_taken_back_by_dropping_the_later_one() {
    let world = World::new().await;
    let store = &world.store;
    store.put(&new()).await.unwrap();
    store.update::<Old>("u-1").seal(|f| f.email, "later@x").await.unwrap();
    store.update::<Old>("u-1").set(|f| f.role, "clerk").await.unwrap();
    let good = world.stored("u-1").await;

    for name in ["email", "mail", "role", "function"] {
        let mut item = good.clone();
        item.remove(name);
        world.write(item).await;

        let error = store.get::<New>("u-1").await.unwrap_err();
        assert!(error.is_tampered(), "{name}: {error}");
    }
}

#[tokio::test]
async fn t09_a_value_planted_under_another_name_is_refused() {
    let world = World::new().await;
    let store = &world.store;
    for record in [new(), New { mail: None, function: None, ..new() }] {
        store.put(&record).await.unwrap();
        let good = world.stored("u-1").await;
        for name in ["email", "role"] {
            let mut item = good.clone();
            item.insert(name.into(), string("planted"));
            world.write(item).await;

            let error = store.get::<New>("u-1").await.unwrap_err();
            let LoadError::Open(error) = error else { panic!("{name}: {error}") };
            let expected = match (name, &record.mail) {
                ("role", _) => OpenErrorKind::Tampered,
                (_, Some(_)) => OpenErrorKind::Ambiguous,
                (_, None) => OpenErrorKind::NotSealed,
            };
            assert_eq!(error.kind(), expected, "{name}: {error}");
        }
    }
}

/// Conditions that hold for the older program's record, and for the newer one's.
#[tokio::test]
async fn conditions_ask_for_the_value_that_a_load_would_take() {
    let world = World::new().await;
    let store = &world.store;
    let both = async |what: &str, old_one: bool, new_one: bool, neither: bool| {
        for (stored, holds) in [(Some(false), old_one), (Some(true), new_one), (None, neither)] {
            match stored {
                Some(true) => store.put(&new()).await.unwrap(),
                Some(false) => store.put(&old()).await.unwrap(),
                None => store.put(&New { id: "u-1".into(), ..New::default() }).await.unwrap(),
            }
            let update = || store.update::<New>("u-1").set(|f| f.visits, 1);
            let update = match what {
                "exists" => update().condition(|f| f.mail.exists()),
                "not exists" => update().condition(|f| f.mail.not_exists()),
                "not (exists)" => update().condition(|f| !f.state.exists()),
                "eq" => update().condition(|f| f.state.eq("old")),
                "ne" => update().condition(|f| f.state.ne("old")),
                "not (eq)" => update().condition(|f| !f.state.eq("old")),
                "gt or" => update().condition(|f| f.visits.gt(3).or(f.state.eq("old"))),
                "in" => update().condition(|f| f.function.is_in(["nurse", "dean"])),
                "between" => update().condition(|f| f.visits.between(1, 3)),
                "begins" => update().condition(|f| f.state.begins_with("o")),
                _ => update().condition(|f| f.state.contains("l")),
            };
            let done = update.await;
            assert_eq!(done.is_ok(), holds, "{what}, {stored:?}: {done:?}");
        }
    };
    both("exists", true, true, false).await;
    both("not exists", false, false, true).await;
    both("not (exists)", false, false, true).await;
    both("eq", true, false, false).await;
    both("ne", false, true, true).await;
    both("not (eq)", false, true, true).await;
    both("gt or", true, true, false).await;
    both("in", true, false, false).await;
    both("between", true, false, false).await;
    both("begins", true, false, false).await;
    both("contains", true, false, false).await;
}

#[tokio::test]
async fn a_guarded_save_or_deletion_sees_the_value_under_the_older_name() {
    let world = World::new().await;
    let store = &world.store;
    store.put(&old()).await.unwrap();
    let before = world.stored("u-1").await;

    let save = store.put(&new()).condition(|f| f.mail.not_exists());
    assert!(save.await.unwrap_err().is_conflict());
    let deletion = store.delete::<New>("u-1").condition(|f| f.state.not_exists());
    assert!(deletion.await.unwrap_err().is_conflict());
    assert_eq!(world.stored("u-1").await, before);

    // Of several values the later one counts, which is under the older name.
    store.put(&new()).await.unwrap();
    store.update::<Old>("u-1").set(|f| f.status, "later").await.unwrap();
    let save = store.put(&new()).condition(|f| f.state.eq("new"));
    assert!(save.await.unwrap_err().is_conflict());
    store.put(&new()).condition(|f| f.state.eq("later")).await.unwrap();
}

/// Knows neither the older nor the newer name.
#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct Before {
    #[partition_key]
    id: String,
    #[encrypted]
    email: Option<String>,
}

/// Seals the attributes that the older program authenticates.
#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct Sealing {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(alias = "role")]
    function: Option<String>,
}

#[tokio::test]
async fn an_older_program_loads_what_a_newer_one_protects_under_another_name() {
    let world = World::new().await;
    let store = &world.store;
    let authenticated = async || {
        let found = store.get::<Old>("u-1").with_envelope().await.unwrap().unwrap();
        assert_eq!(found.role, None);
        found.envelope().unwrap().authenticated().map(str::to_owned).collect::<Vec<_>>()
    };

    store.put(&Before { id: "u-1".into(), email: None }).await.unwrap();
    store.update::<New>("u-1").set(|f| f.function, "dean").await.unwrap();
    assert_eq!(authenticated().await, ["function", "role"]);

    store.put(&old()).await.unwrap();
    store.update::<Sealing>("u-1").seal(|f| f.function, "dean").await.unwrap();
    assert_eq!(authenticated().await, ["role"]);
    let sealing: Sealing = store.get("u-1").await.unwrap().unwrap();
    assert_eq!(sealing.function.as_deref(), Some("dean"));
}
