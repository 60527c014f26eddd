//! The next write of a protected field seals an unsealed item.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use envelope_runtime::operation::Upserted;
use envelope_runtime::{EnvelopeRecord, UpdateError, Usage};

use super::{END, OPEN, at, item, opened, overwrite, sealed, with_window, world};
use crate::support::{Stored, User, World, string};

#[tokio::test]
async fn every_save_seals_the_item() {
    let user = || User { nickname: "max".into(), ..User::new("u-1") };

    for kind in ["put", "replace", "batch", "transaction"] {
        let world = world().await;
        let store = opened(&world, OPEN);
        match kind {
            "put" => store.put(&user()).await.unwrap(),
            "replace" => store.replace(&user()).await.unwrap(),
            "batch" => store.batch_write().put(&user()).await.unwrap(),
            _ => store.transaction().put(&user()).await.unwrap(),
        }
        assert_eq!(sealed(&world).await, user(), "{kind}");
    }
}

#[tokio::test]
async fn an_update_of_a_protected_field_seals_the_whole_item_for_one_call_to_kms() {
    let world = world().await;
    overwrite(&world, "shoe_size", Some("38")).await;
    let usage = Usage::default();
    let store = opened(&world, OPEN).measured(&usage);

    store.update::<User>("u-1").set(|f| f.role, "nurse").await.unwrap();

    assert_eq!((usage.requests(), usage.kms_calls(), usage.unsealed_records()), (2, 1, 1));
    let stored = world.stored("u-1").await;
    for name in ["ssn", "email", "_envelope"] {
        assert!(stored[name].is_b(), "{name}: {:?}", stored[name]);
    }
    assert_eq!(stored["shoe_size"], string("38"));
    assert_eq!(stored.len(), 7);
    assert_eq!(sealed(&world).await, User { role: "nurse".into(), ..User::new("u-1") });
    overwrite(&world, "role", Some("doctor")).await;
    let error = store.get::<User>("u-1").await.unwrap_err();
    assert!(error.is_tampered() && !error.is_unsealed(), "{error}");
}

#[tokio::test]
async fn each_kind_of_change_seals_the_rest_as_it_was() {
    let user = || User::new("u-1");
    let update = |world: &World| opened(world, OPEN).update::<User>("u-1");
    for (change, expected) in [
        (0, User { ssn: "219-09-9999".into(), ..user() }),
        (1, User { email: None, ..user() }),
        (2, User { email: None, ..user() }),
        (3, user()),
        (4, User { nickname: "max".into(), role: "nurse".into(), ..user() }),
    ] {
        let world = world().await;
        let update = update(&world);
        let update = match change {
            0 => update.seal(|f| f.ssn, "219-09-9999"),
            1 => update.seal(|f| f.email, None),
            2 => update.remove(|f| f.email),
            3 => update.set_if_absent(|f| f.role, "other"),
            _ => update.set(|f| f.role, "nurse").set(|f| f.nickname, "max"),
        };

        update.await.unwrap();

        assert_eq!(sealed(&world).await, expected, "{change}");
    }
}

#[tokio::test]
async fn a_value_is_set_in_an_unsealed_item_that_has_none() {
    let world = world().await;
    overwrite(&world, "role", None).await;

    let update = opened(&world, OPEN).update::<User>("u-1");
    update.set_if_absent(|f| f.role, "nurse").await.unwrap();

    let expected = User { role: "nurse".into(), ..User::new("u-1") };
    assert_eq!(sealed(&world).await, expected);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Renamed {
    #[partition_key]
    id: String,
    #[envelope(alias = "nickname")]
    name: String,
    #[encrypted]
    ssn: String,
    #[encrypted]
    #[envelope(alias = "email")]
    mail: Option<String>,
    #[authenticated]
    #[envelope(alias = "role")]
    function: String,
}

#[tokio::test]
async fn values_under_older_names_are_sealed_under_the_new_ones() {
    let world = world().await;

    let update = with_window::<Renamed>(&world, OPEN).update::<Renamed>("u-1");
    update.seal(|f| f.ssn, "219-09-9999").await.unwrap();

    let stored = world.stored("u-1").await;
    assert!(stored["mail"].is_b() && !stored.contains_key("email"), "{stored:?}");
    let loaded = at(&world.store, END).get::<Renamed>("u-1").await.unwrap();
    let expected = Renamed {
        id: "u-1".into(),
        name: "zoë".into(),
        ssn: "219-09-9999".into(),
        mail: Some("zoe@example.com".into()),
        function: "patient".into(),
    };
    assert_eq!(loaded, Some(expected));
    // A program that knows the older name alone does not take the value for absent.
    assert!(at(&world.store, END).get::<User>("u-1").await.is_ok_and(|user| user.is_some()));
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Cart {
    #[partition_key]
    id: String,
    lines: BTreeMap<String, u8>,
    #[encrypted]
    notes: BTreeMap<String, String>,
    #[authenticated]
    limits: BTreeMap<String, u8>,
}

#[tokio::test]
async fn entries_of_maps_change_in_an_item_that_is_sealed_by_it() {
    let world = World::new().await;
    let number = |number: &str| AttributeValue::N(number.into());
    let map = |name: &str, value| AttributeValue::M([(name.to_owned(), value)].into());
    let plain: Stored = [
        ("id".to_owned(), string("c")),
        ("lines".to_owned(), map("a", number("1"))),
        ("notes".to_owned(), map("a", string("first"))),
        ("limits".to_owned(), map("a", number("1"))),
    ]
    .into();
    world.write(plain).await;

    let update = with_window::<Cart>(&world, OPEN).update::<Cart>("c");
    let update = update.set_entry(|f| f.lines, "b", 2).set_entry(|f| f.limits, "b", 2);
    update.seal_entry(|f| f.notes, "b", "second").await.unwrap();

    let numbers: BTreeMap<_, _> = [("a".to_owned(), 1), ("b".to_owned(), 2)].into();
    let notes = [("a", "first"), ("b", "second")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    let expected =
        Cart { id: "c".into(), lines: numbers.clone(), notes: notes.into(), limits: numbers };
    assert_eq!(at(&world.store, END).get::<Cart>("c").await.unwrap(), Some(expected));
}

#[tokio::test]
async fn an_update_of_plaintext_fields_leaves_the_item_unsealed() {
    let world = world().await;
    let usage = Usage::default();

    for store in [opened(&world, OPEN), at(&world.store, END)] {
        let update = store.measured(&usage).update::<User>("u-1").set(|f| f.nickname, "max");
        update.await.unwrap();
    }

    assert_eq!((usage.requests(), usage.kms_calls(), usage.unsealed_records()), (2, 0, 0));
    let mut expected = super::plain("u-1");
    expected.insert("nickname".into(), string("max"));
    assert_eq!(world.stored("u-1").await, expected);
}

#[tokio::test]
async fn an_update_makes_no_record_while_a_window_is_open() {
    let world = World::new().await;
    let store = opened(&world, OPEN);

    for update in [
        store.update::<User>("u-1").seal(|f| f.email, "x"),
        store.update::<User>("u-1").set(|f| f.nickname, "x"),
    ] {
        assert!(update.await.unwrap_err().is_not_found());
    }
    assert_eq!(store.get::<User>("u-1").await.unwrap(), None);
}

#[tokio::test]
async fn an_unsealed_item_is_updated_rather_than_created() {
    let world = world().await;
    let update = opened(&world, OPEN).update::<User>("u-1").seal(|f| f.ssn, "219-09-9999");

    let other = User { role: "other".into(), ..User::new("u-1") };
    let done = update.or_create(&other).await.unwrap();

    assert_eq!(done, Upserted::Updated);
    assert_eq!(sealed(&world).await, User { ssn: "219-09-9999".into(), ..User::new("u-1") });
}

/// The stored item of such an error is in plaintext.
#[tokio::test]
async fn t21_an_update_whose_condition_does_not_hold_shows_nothing_of_the_item() {
    let world = world().await;
    let before = world.stored("u-1").await;
    let store = opened(&world, OPEN);

    for update in [
        store.update::<User>("u-1").seal(|f| f.email, "canary"),
        store.update::<User>("u-1").set(|f| f.nickname, "canary"),
    ] {
        let error = update.condition(|f| f.role.eq("canary")).await.unwrap_err();

        let UpdateError::Condition(condition) = &error else { panic!("{error}") };
        assert!(condition.stored().is_some());
        let text = format!("{error} {error:?}");
        for value in ["canary", "078-05", "zoe@", "patient"] {
            assert!(!text.contains(value), "{text}");
        }
    }
    assert_eq!(world.stored("u-1").await, before);
}

/// The size is that of the sealed item.
#[tokio::test]
async fn an_item_that_would_be_too_large_when_it_is_sealed_is_refused_before_the_write() {
    let world = World::in_process().await;
    let mut large = item([("id", "u-1"), ("nickname", "zoë"), ("ssn", "1"), ("role", "patient")]);
    let length = 400 * 1024 - 60;
    large.insert("email".into(), string(&"x".repeat(length)));
    world.write(large.clone()).await;

    let update = opened(&world, OPEN).update::<User>("u-1").set(|f| f.role, "nurse");
    let error = update.await.unwrap_err();

    assert!(matches!(error, UpdateError::Seal(_)), "{error}");
    assert_eq!(world.stored("u-1").await, large);
}
