//! Windows of single fields: a value that the envelope does not list is accepted until a date.

use envelope_runtime::error::OpenErrorKind;
use envelope_runtime::{
    EnvelopeFields, EnvelopeProjection, EnvelopeRecord, LoadError, UpdateError, Usage,
};

use super::events::Warnings;
use super::{END, OPEN, at};
use crate::support::{World, string};

/// The record before its note was encrypted.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
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

/// The record since then.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Patient {
    #[partition_key]
    id: String,
    status: String,
    #[encrypted]
    #[envelope(unsealed_until = "2027-03-01", alias = "remark")]
    note: Option<String>,
    #[encrypted]
    ssn: String,
    #[authenticated]
    role: String,
}

/// The record once all rows are migrated.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Closed {
    #[partition_key]
    id: String,
    #[encrypted]
    note: Option<String>,
    #[encrypted]
    ssn: String,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Patient)]
struct Note {
    note: Option<String>,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Patient)]
struct Ssn {
    ssn: String,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Before)]
struct OlderSsn {
    ssn: String,
}

fn before(note: Option<&str>) -> Before {
    Before {
        id: "u-1".into(),
        status: "new".into(),
        note: note.map(str::to_owned),
        ssn: "078-05-1120".into(),
        role: "patient".into(),
    }
}

fn patient(note: Option<&str>) -> Patient {
    let Before { id, status, note, ssn, role } = before(note);
    Patient { id, status, note, ssn, role }
}

/// A world that holds a row of the older program.
async fn world(note: Option<&str>) -> World {
    let mut world = World::new().await;
    world.store = at(&world.store, OPEN);
    world.store.put(&before(note)).await.unwrap();
    world
}

async fn loaded(world: &World) -> Patient {
    world.store.get("u-1").consistent().await.unwrap().unwrap()
}

#[tokio::test]
async fn a_value_of_an_older_program_loads_and_is_counted_until_the_window_closes() {
    let world = world(Some("allergic")).await;
    let (warnings, _listening) = Warnings::listen();
    let usage = Usage::default();
    let store = at(&world.store, END - 1).measured(&usage);

    let record = store.get::<Patient>("u-1").with_envelope().await.unwrap().unwrap();
    let narrow = store.get::<Note>("u-1").with_envelope().await.unwrap().unwrap();
    let other = store.get::<Ssn>("u-1").with_envelope().await.unwrap().unwrap();

    assert!(record.was_unsealed() && record.envelope().is_some());
    assert!(narrow.was_unsealed() && !other.was_unsealed());
    assert_eq!(record.into_record(), patient(Some("allergic")));
    assert_eq!(narrow.into_record(), Note { note: Some("allergic".into()) });
    assert_eq!((usage.unsealed_records(), usage.reread()), (2, 0));
    let warnings: Vec<_> = warnings
        .take()
        .into_iter()
        .filter_map(|warning| {
            assert!(!format!("{warning:?}").contains("allergic"), "{warning:?}");
            warning.get("records").cloned()
        })
        .collect();
    assert_eq!(warnings, ["1", "1"]);

    for error in [
        at(&world.store, END).get::<Patient>("u-1").await.unwrap_err(),
        at(&world.store, END).get::<Note>("u-1").await.unwrap_err(),
        world.store.get::<Closed>("u-1").await.unwrap_err(),
    ] {
        assert!(error.is_unsealed() && error.attribute() == Some("note"), "{error}");
        assert!(
            matches!(error, LoadError::Open(error) if error.kind() == OpenErrorKind::NotSealed)
        );
    }
    assert!(at(&world.store, END).get::<Ssn>("u-1").await.unwrap().is_some());
}

#[tokio::test]
async fn the_next_write_of_a_protected_field_seals_the_value() {
    for write in 0..6 {
        let world = world(Some("allergic")).await;
        let usage = Usage::default();
        let store = world.store.measured(&usage);
        let update = || store.update::<Patient>("u-1");
        let mut expected = patient(Some("allergic"));
        match write {
            0 => update().seal(|f| f.ssn, "078-05-1120").await.unwrap(),
            1 => update().set(|f| f.role, "patient").await.unwrap(),
            2 => update().set_if_absent(|f| f.role, "other").await.unwrap(),
            3 => store
                .transaction()
                .update::<Patient>("u-1", |u| u.set(|f| f.role, "patient"))
                .await
                .unwrap(),
            4 => store.put(&expected).await.unwrap(),
            _ => {
                update().seal(|f| f.note, "sealed").await.unwrap();
                expected.note = Some("sealed".into());
            }
        }

        assert_eq!(usage.unsealed_records(), u64::from(write != 4), "{write}");
        assert!(world.stored("u-1").await["note"].is_b(), "{write}");
        let closed = at(&world.store, END).get::<Closed>("u-1").await.unwrap().unwrap();
        assert_eq!((closed.note, closed.ssn), (expected.note.clone(), expected.ssn.clone()));
        assert_eq!(loaded(&world).await, expected);
    }
}

/// What is planted in such a row is refused while the window is still open.
#[tokio::test]
async fn t09_a_row_without_a_value_closes_with_its_next_write() {
    for write in 0..6 {
        let world = world((write == 5).then_some("allergic")).await;
        let store = &world.store;
        let plant = async |name: &str| {
            let good = world.stored("u-1").await;
            let mut item = good.clone();
            item.insert(name.into(), string("planted"));
            world.write(item).await;
            let found = store.get::<Patient>("u-1").await;
            let narrow = store.get::<Note>("u-1").await.map(drop);
            assert_eq!(found.is_err(), narrow.is_err());
            world.write(good).await;
            found
        };
        if write != 5 {
            // The documented limit: nothing tells that no older program wrote it.
            assert!(plant("note").await.is_ok());
        }

        let update = || store.update::<Patient>("u-1");
        match write {
            0 => update().seal(|f| f.ssn, "078-05-1120").await.unwrap(),
            1 => update().set(|f| f.role, "patient").await.unwrap(),
            2 => store.put(&patient(None)).await.unwrap(),
            3 => store.transaction().put(&patient(None)).await.unwrap(),
            4 => update().seal(|f| f.note, None).await.unwrap(),
            _ => update().remove(|f| f.note).await.unwrap(),
        }

        assert_eq!(loaded(&world).await, patient(None), "{write}");
        for name in ["note", "remark"] {
            let error = plant(name).await.unwrap_err();
            assert!(error.is_tampered() && !error.is_unsealed(), "{write}: {error}");
        }
        let closed = at(store, END).get::<Closed>("u-1").await.unwrap().unwrap();
        assert_eq!(closed.note, None, "{write}");
    }
}

#[tokio::test]
async fn t09_beside_a_sealed_value_no_other_is_accepted_under_an_older_name() {
    let world = world(None).await;
    world.store.put(&patient(Some("allergic"))).await.unwrap();
    let mut item = world.stored("u-1").await;
    item.insert("remark".into(), string("planted"));
    world.write(item).await;

    let error = world.store.get::<Patient>("u-1").await.unwrap_err();

    assert!(
        matches!(&error, LoadError::Open(open) if open.kind() == OpenErrorKind::Ambiguous),
        "{error}"
    );
}

#[tokio::test]
async fn an_update_of_plaintext_fields_leaves_the_value_as_it_is() {
    let world = world(Some("allergic")).await;

    world.store.update::<Patient>("u-1").set(|f| f.status, "old").await.unwrap();

    assert_eq!(world.stored("u-1").await["note"], string("allergic"));
    let expected = Patient { status: "old".into(), ..patient(Some("allergic")) };
    assert_eq!(loaded(&world).await, expected);
}

#[tokio::test]
async fn t13_the_older_program_updates_no_field_that_is_listed() {
    for note in [None, Some("allergic")] {
        let world = world(None).await;
        world.store.put(&patient(note)).await.unwrap();
        let stored = world.stored("u-1").await;
        let kind =
            if note.is_some() { OpenErrorKind::Sealed } else { OpenErrorKind::Authenticated };
        let update = || world.store.update::<Before>("u-1");

        for update in [
            update().set(|f| f.note, "x"),
            update().set_if_absent(|f| f.note, "x"),
            update().remove(|f| f.note),
            update().seal(|f| f.ssn, "x").set(|f| f.note, "x"),
        ] {
            let error = update.await.unwrap_err();
            let UpdateError::Open(open) = &error else { panic!("{error}") };
            assert_eq!((open.kind(), open.attribute()), (kind, Some("note")), "{error}");
        }
        assert_eq!(world.stored("u-1").await, stored);
        // What both store in the same way, it may change.
        update().set(|f| f.status, "old").seal(|f| f.ssn, "219-09-9999").await.unwrap();
        let ssn = "219-09-9999".to_owned();
        assert_eq!(loaded(&world).await, Patient { status: "old".into(), ssn, ..patient(note) });
    }
}

#[tokio::test]
async fn a_projection_of_other_fields_costs_no_second_read() {
    let world = world(None).await;
    let usage = Usage::default();
    let store = world.store.measured(&usage);

    for note in [None, Some("allergic")] {
        store.put(&patient(note)).await.unwrap();
        for _ in 0..2 {
            let ssn = store.get::<Ssn>("u-1").await.unwrap();
            assert_eq!(ssn, Some(Ssn { ssn: "078-05-1120".into() }));
        }
    }
    assert_eq!((usage.reread(), usage.requests()), (0, 6));
    store.put(&patient(None)).await.unwrap();
    // The older program does not know of the list.
    store.get::<OlderSsn>("u-1").await.unwrap().unwrap();
    assert_eq!(usage.reread(), 1);
}

#[tokio::test]
async fn an_update_based_on_a_record_notices_a_change_of_a_value_that_was_let_in() {
    for (loaded, now) in
        [(Some("allergic"), Some("healthy")), (Some("allergic"), None), (None, Some("x"))]
    {
        let world = world(loaded).await;
        let store = &world.store;
        let known = store.get::<Patient>("u-1").with_envelope().await.unwrap().unwrap();
        store.update::<Before>("u-1").set(|f| f.note, now.map(str::to_owned)).await.unwrap();
        let before = world.stored("u-1").await;

        let update = || store.update("u-1").based_on(&known);
        for update in [
            update().seal(|f| f.ssn, "219-09-9999"),
            update().set(|f| f.role, "nurse"),
            update().set(|f| f.status, "old"),
        ] {
            let name = format!("{update:?}");
            let error = update.await.unwrap_err();
            assert!(matches!(error, UpdateError::Condition(_)), "{name}: {error}");
        }
        assert_eq!(world.stored("u-1").await, before);
    }
}

#[tokio::test]
async fn an_update_based_on_a_record_seals_a_value_that_was_let_in() {
    let world = world(Some("allergic")).await;
    let store = &world.store;
    let known = store.get::<Patient>("u-1").with_envelope().await.unwrap().unwrap();
    store.update::<Patient>("u-1").set(|f| f.status, "other").await.unwrap();

    store.update("u-1").based_on(&known).set(|f| f.status, "old").await.unwrap();
    store.update("u-1").based_on(&known).seal(|f| f.ssn, "219-09-9999").await.unwrap();

    assert!(world.stored("u-1").await["note"].is_b());
    let (status, ssn) = ("old".into(), "219-09-9999".into());
    assert_eq!(loaded(&world).await, Patient { status, ssn, ..patient(Some("allergic")) });
}

#[derive(EnvelopeFields, Clone, Debug, PartialEq)]
struct OlderContact {
    phone: Option<String>,
    #[encrypted]
    street: String,
}

#[derive(EnvelopeFields, Clone, Debug, PartialEq)]
struct Contact {
    #[encrypted]
    #[envelope(unsealed_until = "2027-03-01")]
    phone: Option<String>,
    #[encrypted]
    street: String,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "gallery")]
struct Member<T> {
    #[partition_key]
    id: String,
    #[envelope(flatten)]
    contact: T,
}

#[tokio::test]
async fn a_field_of_a_flattened_struct_has_a_window_too() {
    let world = World::new().await;
    let store = at(&world.store, OPEN);
    let older = |phone: Option<&str>| {
        let contact = OlderContact { phone: phone.map(str::to_owned), street: "1 Main St".into() };
        Member { id: "m".into(), contact }
    };
    let newer = |phone: Option<&str>| {
        let contact = Contact { phone: phone.map(str::to_owned), street: "1 Main St".into() };
        Member { id: "m".into(), contact }
    };

    store.put(&older(Some("+49"))).await.unwrap();
    let loaded = store.get::<Member<Contact>>("m").with_envelope().await.unwrap().unwrap();
    assert!(loaded.was_unsealed());
    assert_eq!(loaded.into_record(), newer(Some("+49")));
    let error = at(&store, END).get::<Member<Contact>>("m").await.unwrap_err();
    assert!(error.is_unsealed() && error.attribute() == Some("phone"), "{error}");
    store.update::<Member<Contact>>("m").seal(|f| f.contact.street, "1 Main St").await.unwrap();
    assert!(world.stored("m").await["phone"].is_b());
    assert_eq!(at(&store, END).get("m").await.unwrap(), Some(newer(Some("+49"))));

    store.put(&newer(None)).await.unwrap();
    let mut item = world.stored("m").await;
    item.insert("phone".into(), string("planted"));
    world.write(item).await;
    assert!(store.get::<Member<Contact>>("m").await.unwrap_err().is_tampered());
}
