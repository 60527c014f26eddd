//! Values replaced, dropped, planted, downgraded or brought back: T06 and T09 to T13.

use aws_sdk_dynamodb::types::AttributeValue;
use envelope_runtime::EnvelopeRecord;
use envelope_runtime::error::OpenErrorKind;
use envelope_tests::{KmsRequest, Layout};

use super::{assert_loads, assert_refused, load_of, saved, with, without};
use crate::support::{User, World, binary, bytes, string};

#[tokio::test]
async fn t06_nothing_is_opened_before_the_record_tag_is_verified() {
    let (world, good) = saved().await;
    let mut envelope = bytes(&good, "_envelope");
    let tag = Layout::of(&envelope).tag;
    envelope[tag.start] ^= 1;
    let mut item = with(&good, "_envelope", binary(envelope));
    item.insert("ssn".into(), binary([0; 27]));
    world.requests.forget();

    let loaded = load_of(&world, &good, item).await;

    // The tag is what fails, though the value would have failed too.
    assert_refused(loaded, OpenErrorKind::Tampered, None);
    let calls = world.requests.take();
    assert!(matches!(calls.as_slice(), [KmsRequest::Decrypt { .. }, KmsRequest::Decrypt { .. }]));
}

#[tokio::test]
async fn t09_a_sealed_attribute_replaced_by_plaintext_is_refused() {
    let (world, good) = saved().await;
    let values = [
        string("078-05-1120"),
        string(""),
        AttributeValue::N("1".into()),
        AttributeValue::Null(true),
        AttributeValue::Bool(true),
        AttributeValue::M([("ssn".to_owned(), string("x"))].into()),
        AttributeValue::L(vec![]),
        AttributeValue::Ss(vec!["a".into()]),
        binary([]),
        binary(b"078-05-1120".as_slice()),
        binary(bytes(&good, "_envelope")),
    ];
    for value in values {
        let loaded = load_of(&world, &good, with(&good, "ssn", value)).await;
        assert_refused(loaded, OpenErrorKind::Tampered, Some("ssn"));
    }
}

#[tokio::test]
async fn t09_a_plaintext_value_where_none_was_sealed_is_refused() {
    let world = World::new().await;
    User { email: None, ..User::new("foobar") }.save(&world.store).await.unwrap();
    let good = world.stored("foobar").await;

    for value in [string("planted@example.com"), binary([7; 40])] {
        world.write(with(&good, "email", value)).await;
        let loaded = User::load(&world.store, "foobar").await;
        assert_refused(loaded, OpenErrorKind::NotSealed, Some("email"));
    }
    assert_loads(&world, &good).await;
}

#[tokio::test]
async fn t09_an_item_without_its_envelope_is_refused_without_asking_kms() {
    let (world, good) = saved().await;
    world.requests.forget();

    world.write(without(&good, "_envelope")).await;
    let removed = User::load(&world.store, "foobar").await;
    assert_refused(removed, OpenErrorKind::NoEnvelope, Some("_envelope"));

    for value in [string("x"), AttributeValue::Null(true), binary([])] {
        world.write(with(&good, "_envelope", value)).await;
        let replaced = User::load(&world.store, "foobar").await;
        assert_refused(replaced, OpenErrorKind::MalformedEnvelope, Some("_envelope"));
    }
    assert_eq!(world.requests.take(), []);
    assert_loads(&world, &good).await;
}

/// The list in the envelope decides whether a value is sealed, never its appearance.
#[tokio::test]
async fn t09_plaintext_that_looks_sealed_is_a_value_like_any_other() {
    #[derive(EnvelopeRecord, Debug, Clone, PartialEq)]
    #[envelope(table = "people")]
    struct Upload {
        #[partition_key]
        id: String,
        #[envelope(bytes)]
        plain: Vec<u8>,
        #[encrypted]
        #[envelope(bytes)]
        sealed: Vec<u8>,
        #[encrypted]
        text: String,
    }
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();
    let user = world.stored("foobar").await;
    let envelope = bytes(&user, "_envelope");
    let upload = Upload {
        id: "u".into(),
        plain: envelope.clone(),
        sealed: bytes(&user, "ssn"),
        text: "\u{1}\u{1}ENC:_envelope".into(),
    };
    upload.save(&world.store).await.unwrap();
    let stored = world.stored("u").await;

    assert_eq!(Upload::load(&world.store, "u").await.unwrap(), Some(upload.clone()));
    // Saved again, nothing is sealed twice.
    upload.save(&world.store).await.unwrap();
    let again = world.stored("u").await;
    assert_eq!(bytes(&again, "plain"), envelope);
    assert_eq!(bytes(&again, "sealed").len(), bytes(&stored, "sealed").len());
}

#[tokio::test]
async fn t10_every_version_and_suite_but_the_one_is_refused_by_name() {
    let (world, good) = saved().await;
    let envelope = bytes(&good, "_envelope");
    let Layout { version, suite, .. } = Layout::of(&envelope);
    world.requests.forget();

    for value in (0..=u8::MAX).filter(|value| *value != 1) {
        for (at, kind) in [
            (version, OpenErrorKind::UnsupportedVersion(value)),
            (suite, OpenErrorKind::UnsupportedSuite(value)),
        ] {
            let mut other = envelope.clone();
            other[at] = value;
            world.write(with(&good, "_envelope", binary(other))).await;
            let loaded = User::load(&world.store, "foobar").await;
            assert_refused(loaded, kind, Some("_envelope"));
        }
    }
    assert_eq!(world.requests.take(), []);
    assert_loads(&world, &good).await;
}

#[tokio::test]
async fn t10_every_byte_of_the_envelope_flipped_is_refused() {
    let (world, good) = saved().await;
    let envelope = bytes(&good, "_envelope");

    for index in 0..envelope.len() {
        for mask in [0x01, 0x80] {
            let mut flipped = envelope.clone();
            flipped[index] ^= mask;
            world.write(with(&good, "_envelope", binary(flipped))).await;
            let loaded = User::load(&world.store, "foobar").await;
            assert!(loaded.is_err(), "byte {index} ^ {mask:#x} was accepted");
        }
    }
    assert_loads(&world, &good).await;
}

#[tokio::test]
async fn t10_the_envelope_truncated_anywhere_or_extended_is_refused_without_asking_kms() {
    let (world, good) = saved().await;
    let envelope = bytes(&good, "_envelope");
    world.requests.forget();

    for length in 0..envelope.len() {
        world.write(with(&good, "_envelope", binary(&envelope[..length]))).await;
        let loaded = User::load(&world.store, "foobar").await;
        assert_refused(loaded, OpenErrorKind::MalformedEnvelope, Some("_envelope"));
    }
    let longer = [envelope.as_slice(), &[0]].concat();
    world.write(with(&good, "_envelope", binary(longer))).await;
    let loaded = User::load(&world.store, "foobar").await;
    assert_refused(loaded, OpenErrorKind::MalformedEnvelope, Some("_envelope"));
    assert_eq!(world.requests.take(), []);
    assert_loads(&world, &good).await;
}

#[tokio::test]
async fn t10_every_byte_of_a_sealed_value_flipped_or_cut_is_refused() {
    let (world, good) = saved().await;
    let sealed = bytes(&good, "ssn");

    for index in 0..sealed.len() {
        let mut flipped = sealed.clone();
        flipped[index] ^= 1;
        for changed in [flipped, sealed[..index].to_vec()] {
            world.write(with(&good, "ssn", binary(changed))).await;
            let loaded = User::load(&world.store, "foobar").await;
            assert_refused(loaded, OpenErrorKind::Tampered, Some("ssn"));
        }
    }
    assert_loads(&world, &good).await;
}

#[tokio::test]
async fn t11_a_sealed_attribute_that_was_dropped_is_refused() {
    let (world, good) = saved().await;

    for name in ["ssn", "email"] {
        let loaded = load_of(&world, &good, without(&good, name)).await;
        assert_refused(loaded, OpenErrorKind::Tampered, Some(name));
    }
}

/// Dropped from the list too, so that an Option would load as None.
#[tokio::test]
async fn t11_a_sealed_attribute_that_was_dropped_with_its_entry_is_refused() {
    let (world, good) = saved().await;
    let mut envelope = bytes(&good, "_envelope");
    let layout = Layout::of(&envelope);
    envelope[layout.lists.start] -= 1;
    envelope.drain(layout.sealed("email").entry.clone());

    let item = with(&without(&good, "email"), "_envelope", binary(envelope));

    assert_refused(load_of(&world, &good, item).await, OpenErrorKind::Tampered, None);
}

#[tokio::test]
async fn t11_an_authenticated_attribute_that_was_changed_is_refused() {
    let (world, good) = saved().await;

    for item in [
        with(&good, "role", string("admin")),
        with(&good, "role", binary(b"patient".as_slice())),
        without(&good, "role"),
    ] {
        let loaded = load_of(&world, &good, item).await;
        assert_refused(loaded, OpenErrorKind::Tampered, None);
    }
}

#[tokio::test]
async fn t11_an_authenticated_attribute_that_had_no_value_cannot_be_given_one() {
    #[derive(EnvelopeRecord, Debug)]
    #[envelope(table = "people")]
    struct Person {
        #[partition_key]
        id: String,
        #[encrypted]
        ssn: Option<String>,
        #[authenticated]
        blocked_until: Option<u64>,
    }
    let world = World::new().await;
    Person { id: "p".into(), ssn: None, blocked_until: None }.save(&world.store).await.unwrap();
    let good = world.stored("p").await;

    for planted in [AttributeValue::N("1".into()), AttributeValue::Null(true)] {
        world.write(with(&good, "blocked_until", planted)).await;
        assert!(Person::load(&world.store, "p").await.unwrap_err().is_tampered());
    }
    world.write(good).await;
    let person = Person::load(&world.store, "p").await.unwrap().unwrap();
    assert_eq!((person.ssn, person.blocked_until), (None, None));
}

#[tokio::test]
async fn t11_an_unprotected_attribute_may_change_as_the_readme_says() {
    let (world, good) = saved().await;

    let loaded = load_of(&world, &good, with(&good, "nickname", string("other"))).await;

    assert_eq!(loaded.unwrap().unwrap().nickname, "other");
}

#[tokio::test]
async fn t12_fields_of_an_older_item_mixed_with_a_newer_one_are_refused() {
    let (world, old) = saved().await;
    User::new("foobar").save(&world.store).await.unwrap();
    let new = world.stored("foobar").await;

    for name in ["ssn", "email"] {
        let loaded = load_of(&world, &new, with(&new, name, old[name].clone())).await;
        assert_refused(loaded, OpenErrorKind::Tampered, Some(name));
    }
    let loaded = load_of(&world, &new, with(&new, "_envelope", old["_envelope"].clone())).await;
    assert_refused(loaded, OpenErrorKind::Tampered, Some("ssn"));
}

/// A documented limit: the item alone does not show that it is old, or that it was deleted.
#[tokio::test]
async fn t12_a_whole_older_item_loads_as_security_md_says() {
    let (world, old) = saved().await;
    User { ssn: "changed".into(), ..User::new("foobar") }.save(&world.store).await.unwrap();

    world.write(old.clone()).await;
    let rolled_back = User::load(&world.store, "foobar").await.unwrap().unwrap();
    User::delete(&world.store, "foobar").await.unwrap();
    world.write(old).await;
    let resurrected = User::load(&world.store, "foobar").await.unwrap().unwrap();

    assert_eq!(rolled_back, User::new("foobar"));
    assert_eq!(resurrected, User::new("foobar"));
}

#[tokio::test]
async fn t13_an_update_by_another_program_is_seen_where_it_touches_what_is_protected() {
    let (world, good) = saved().await;
    let update = async |name: &str| {
        let call = world.backend.dynamodb.update_item().table_name(&world.table);
        let call = call.key("id", string("foobar")).update_expression("SET #name = :value");
        let call = call.expression_attribute_names("#name", name);
        call.expression_attribute_values(":value", string("new")).send().await.unwrap();
        User::load(&world.store, "foobar").consistent().await
    };

    assert_eq!(update("nickname").await.unwrap().unwrap().nickname, "new");
    for (name, attribute) in [("ssn", Some("ssn")), ("email", Some("email")), ("role", None)] {
        assert_refused(update(name).await, OpenErrorKind::Tampered, attribute);
        world.write(good.clone()).await;
    }
    assert_loads(&world, &good).await;
}

/// A save writes a whole item: of concurrent saves one wins, and no reader ever sees a mixture.
#[tokio::test]
async fn t13_concurrent_saves_leave_the_item_of_one_of_them() {
    let world = World::new().await;
    let user = |n: u32| User {
        ssn: format!("ssn {n}"),
        email: (n > 5).then(|| format!("email {n}")),
        role: format!("role {n}"),
        ..User::new("foobar")
    };

    let saves: Vec<_> =
        (0..24).map(|n| tokio::spawn(user(n).save(&world.store).into_future())).collect();
    for save in saves {
        save.await.unwrap().unwrap();
        let loaded = User::load(&world.store, "foobar").consistent().await.unwrap().unwrap();
        assert!((0..24).any(|n| user(n) == loaded), "{loaded:?}");
    }
}
