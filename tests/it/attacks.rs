//! An attacker who reads and writes the table, and has no KMS rights. After each attack the
//! untouched item still loads.

use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use envelope_runtime::{EnvelopeRecord, LoadError, OpenErrorKind};
use envelope_tests::KmsRequest;

use crate::support::{Stored, User, World, binary, bytes, string};

/// What a load of `foobar` gives once `item` stands in its place. Afterwards `good` is put back and
/// must load.
async fn load_of(world: &World, good: &Stored, item: Stored) -> Result<Option<User>, LoadError> {
    world.write(item).await;
    let loaded = User::load(&world.store, "foobar").consistent().await;
    world.write(good.clone()).await;
    let untouched = User::load(&world.store, "foobar").consistent().await.unwrap();
    assert_eq!(untouched, Some(User::new("foobar")));
    loaded
}

/// Puts the untouched item back and loads it.
async fn assert_loads(world: &World, good: &Stored) {
    world.write(good.clone()).await;
    assert!(User::load(&world.store, "foobar").consistent().await.unwrap().is_some());
}

async fn saved() -> (World, Stored) {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();
    let good = world.stored("foobar").await;
    (world, good)
}

fn with(good: &Stored, name: &str, value: AttributeValue) -> Stored {
    let mut item = good.clone();
    item.insert(name.into(), value);
    item
}

fn without(good: &Stored, name: &str) -> Stored {
    let mut item = good.clone();
    item.remove(name).unwrap();
    item
}

#[track_caller]
fn assert_refused(
    loaded: Result<Option<User>, LoadError>,
    kind: OpenErrorKind,
    attribute: Option<&str>,
) {
    match loaded {
        Err(LoadError::Open(error)) => {
            assert_eq!((error.kind(), error.attribute()), (kind, attribute), "{error}");
        }
        other => panic!("not refused by the envelope: {other:?}"),
    }
}

#[tokio::test]
async fn a_sealed_value_moved_to_another_attribute_is_refused() {
    let (world, good) = saved().await;

    let moved = with(&good, "email", good["ssn"].clone());

    let loaded = load_of(&world, &good, moved).await;
    assert_refused(loaded, OpenErrorKind::Tampered, Some("email"));
}

#[tokio::test]
async fn sealed_values_exchanged_between_attributes_are_refused() {
    let (world, good) = saved().await;

    let mut exchanged = with(&good, "email", good["ssn"].clone());
    exchanged.insert("ssn".into(), good["email"].clone());

    let loaded = load_of(&world, &good, exchanged).await;
    assert_refused(loaded, OpenErrorKind::Tampered, Some("ssn"));
}

#[tokio::test]
async fn anything_moved_to_another_item_is_refused() {
    let (world, good) = saved().await;
    User::new("other").save(&world.store).await.unwrap();
    let other = world.stored("other").await;

    let value = load_of(&world, &good, with(&good, "ssn", other["ssn"].clone())).await;
    assert_refused(value, OpenErrorKind::Tampered, Some("ssn"));

    let envelope =
        load_of(&world, &good, with(&good, "_envelope", other["_envelope"].clone())).await;
    assert_refused(envelope, OpenErrorKind::Tampered, None);

    let whole = load_of(&world, &good, with(&other, "id", string("foobar"))).await;
    assert_refused(whole, OpenErrorKind::Tampered, None);
}

#[tokio::test]
async fn an_item_moved_to_another_sort_key_is_refused() {
    #[derive(EnvelopeRecord, Debug)]
    #[envelope(table = "orders")]
    struct Order {
        #[partition_key]
        customer: String,
        #[sort_key]
        number: u64,
        #[encrypted]
        note: String,
    }
    let keys = [("customer", ScalarAttributeType::S), ("number", ScalarAttributeType::N)];
    let world = World::with_keys(&keys).await;
    let order = Order { customer: "c".into(), number: 1, note: "n".into() };
    order.save(&world.store).await.unwrap();
    let number = |number: &str| ("number".to_owned(), AttributeValue::N(number.into()));
    let mut item = world.stored_at([("customer".to_owned(), string("c")), number("1")]).await;

    item.extend([number("2")]);
    world.write(item).await;

    assert!(Order::load(&world.store, ("c", 2)).await.unwrap_err().is_tampered());
    assert!(Order::load(&world.store, ("c", 1)).await.unwrap().is_some());
}

#[tokio::test]
async fn an_item_of_another_table_is_refused() {
    #[derive(EnvelopeRecord, Debug)]
    #[envelope(table = "people")]
    struct Person {
        #[partition_key]
        id: String,
        #[encrypted]
        ssn: String,
    }
    let (world, good) = saved().await;

    // Both logical tables lie in one physical table, so the very same item is read as the other.
    let error = Person::load(&world.store, "foobar").await.unwrap_err();

    // The encryption context names the table, so KMS itself refuses.
    assert!(matches!(error, LoadError::DecryptDataKey(_)), "{error}");
    assert!(error.is_tampered(), "{error}");
    assert!(load_of(&world, &good, good.clone()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_sealed_attribute_that_was_dropped_is_refused() {
    let (world, good) = saved().await;

    for name in ["ssn", "email"] {
        let loaded = load_of(&world, &good, without(&good, name)).await;
        assert_refused(loaded, OpenErrorKind::Tampered, Some(name));
    }
}

#[tokio::test]
async fn a_sealed_attribute_replaced_by_plaintext_is_refused() {
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
async fn a_plaintext_value_where_none_was_sealed_is_refused() {
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
async fn an_authenticated_attribute_that_was_changed_is_refused() {
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
async fn an_unprotected_attribute_may_change_as_the_readme_says() {
    let (world, good) = saved().await;

    let loaded = load_of(&world, &good, with(&good, "nickname", string("other"))).await;

    assert_eq!(loaded.unwrap().unwrap().nickname, "other");
}

#[tokio::test]
async fn an_item_without_its_envelope_is_refused_without_asking_kms() {
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

#[tokio::test]
async fn every_byte_of_the_envelope_flipped_is_refused() {
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
async fn the_envelope_truncated_anywhere_or_extended_is_refused_without_asking_kms() {
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
async fn every_byte_of_a_sealed_value_flipped_or_cut_is_refused() {
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
async fn fields_of_an_older_item_mixed_with_a_newer_one_are_refused() {
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

#[tokio::test]
async fn a_wrapped_key_of_another_table_is_refused_by_kms() {
    #[derive(EnvelopeRecord)]
    #[envelope(table = "people")]
    struct Person {
        #[partition_key]
        id: String,
        #[encrypted]
        ssn: String,
        #[encrypted]
        email: String,
        #[authenticated]
        role: String,
    }
    let (world, good) = saved().await;
    let user = User::new("person");
    let person = Person { id: user.id, ssn: user.ssn, email: user.email.unwrap(), role: user.role };
    person.save(&world.store).await.unwrap();
    let other = world.stored("person").await;

    let loaded = load_of(&world, &good, with(&good, "_envelope", other["_envelope"].clone())).await;

    let error = loaded.unwrap_err();
    assert!(matches!(&error, LoadError::DecryptDataKey(error) if error.is_tampered()), "{error}");
}

#[tokio::test]
async fn nothing_is_opened_before_the_record_tag_is_verified() {
    let (world, good) = saved().await;
    let mut envelope = bytes(&good, "_envelope");
    // The first byte of the record tag, behind version, suite and salt.
    envelope[18] ^= 1;
    let mut item = with(&good, "_envelope", binary(envelope));
    item.insert("ssn".into(), binary([0; 27]));
    world.requests.forget();

    let loaded = load_of(&world, &good, item).await;

    // The tag is what fails, though the value would have failed too.
    assert_refused(loaded, OpenErrorKind::Tampered, None);
    let calls = world.requests.take();
    assert!(matches!(calls.as_slice(), [KmsRequest::Decrypt { .. }, KmsRequest::Decrypt { .. }]));
}
