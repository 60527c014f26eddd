//! The same attacks on narrow reads: what a load of the whole record refuses, a projection refuses,
//! with the same error.

use aws_sdk_dynamodb::types::AttributeValue;
use envelope_runtime::error::{OpenError, OpenErrorKind};
use envelope_runtime::{EnvelopeProjection, EnvelopeRecord, LoadError, Readable, Usage};
use envelope_tests::{KmsRequest, Layout};

use super::{assert_loads, saved, with, without};
use crate::support::{Stored, User, World, binary, bytes, string};

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = User)]
struct Secrets {
    ssn: String,
    email: Option<String>,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = User)]
struct Nickname {
    nickname: String,
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = User, plaintext_only)]
struct Line {
    nickname: String,
}

async fn error_of<P>(world: &World) -> OpenError
where
    P: Readable<Key = <User as Readable>::Key, Needs = envelope_runtime::key::Decrypt>,
{
    match world.store.get::<P>("foobar").consistent().await.map(|loaded| loaded.map(drop)) {
        Err(LoadError::Open(error)) => error,
        other => panic!("not refused by the envelope: {other:?}"),
    }
}

/// Writes the item, and expects that a projection refuses it as the record does.
async fn assert_refused_alike<P>(world: &World, item: Stored) -> OpenErrorKind
where
    P: Readable<Key = <User as Readable>::Key, Needs = envelope_runtime::key::Decrypt>,
{
    world.write(item).await;
    let (whole, narrow) = (error_of::<User>(world).await, error_of::<P>(world).await);
    assert_eq!(narrow.kind(), whole.kind(), "{narrow}");
    assert_eq!(narrow.attribute(), whole.attribute(), "{narrow}");
    narrow.kind()
}

#[tokio::test]
async fn an_untouched_item_is_read_with_one_call_to_kms() {
    let (world, _) = saved().await;
    world.requests.forget();

    let secrets = world.store.get::<Secrets>("foobar").await.unwrap().unwrap();
    assert_eq!((secrets.ssn, secrets.email), (User::new("").ssn, User::new("").email));
    assert!(matches!(world.requests.take().as_slice(), [KmsRequest::Decrypt { .. }]));

    let line = world.store.get::<Line>("foobar").await.unwrap();
    assert_eq!(line, Some(Line { nickname: "zoë".into() }));
    assert!(world.requests.take().is_empty());
}

#[tokio::test]
async fn t09_a_sealed_value_that_is_none_of_this_item_is_in_no_projection() {
    let (world, first) = saved().await;
    User::new("other").save(&world.store).await.unwrap();
    let other = world.stored("other").await;
    User::new("foobar").save(&world.store).await.unwrap();
    let good = world.stored("foobar").await;

    let values = [
        first["ssn"].clone(),
        other["ssn"].clone(),
        good["email"].clone(),
        string("078-05-1120"),
        AttributeValue::Null(true),
        binary([]),
    ];
    for value in values {
        let kind = assert_refused_alike::<Secrets>(&world, with(&good, "ssn", value)).await;
        assert_eq!(kind, OpenErrorKind::Tampered);
    }
    let kind = assert_refused_alike::<Secrets>(&world, without(&good, "ssn")).await;
    assert_eq!(kind, OpenErrorKind::Tampered);
    assert_loads(&world, &good).await;
}

#[tokio::test]
async fn t09_a_value_planted_where_none_was_sealed_is_in_no_projection() {
    let world = World::new().await;
    User { email: None, ..User::new("foobar") }.save(&world.store).await.unwrap();
    let good = world.stored("foobar").await;

    for value in [string("planted@example.com"), binary([7; 40])] {
        let kind = assert_refused_alike::<Secrets>(&world, with(&good, "email", value)).await;
        assert_eq!(kind, OpenErrorKind::NotSealed);
    }
}

/// The projection shows none of what was changed.
#[tokio::test]
async fn t11_an_authenticated_attribute_cannot_be_changed_behind_a_projection() {
    let (world, good) = saved().await;

    for item in [
        with(&good, "role", string("doctor")),
        with(&good, "role", AttributeValue::Null(true)),
        without(&good, "role"),
    ] {
        let kind = assert_refused_alike::<Nickname>(&world, item).await;
        assert_eq!(kind, OpenErrorKind::Tampered);
    }
    assert_loads(&world, &good).await;
}

#[tokio::test]
async fn t09_an_item_without_its_envelope_is_in_no_projection_and_costs_no_call() {
    let (world, good) = saved().await;
    let usage = Usage::default();
    world.requests.forget();
    let garbage = [
        (None, OpenErrorKind::NoEnvelope),
        (Some(string("x")), OpenErrorKind::MalformedEnvelope),
        (Some(binary([])), OpenErrorKind::MalformedEnvelope),
        (Some(binary([0; 64])), OpenErrorKind::UnsupportedVersion(0)),
        (Some(binary([1; 300])), OpenErrorKind::MalformedEnvelope),
    ];
    for (envelope, expected) in garbage {
        let item = match envelope {
            Some(envelope) => with(&good, "_envelope", envelope),
            None => without(&good, "_envelope"),
        };
        assert_eq!(assert_refused_alike::<Nickname>(&world, item).await, expected);
        let line = world.store.measured(&usage).get::<Line>("foobar").await.unwrap_err();
        assert!(matches!(line, LoadError::Open(error) if error.kind() == expected));
    }
    assert!(world.requests.take().is_empty());
    assert_eq!((usage.requests(), usage.reread()), (5, 0));
}

/// A byte of a listed name makes it a name that was not fetched: the item is read whole, and
/// refused all the same.
#[tokio::test]
async fn t10_every_byte_of_the_envelope_flipped_is_refused_by_a_projection() {
    let (world, good) = saved().await;
    let envelope = bytes(&good, "_envelope");
    let usage = Usage::default();
    let store = world.store.measured(&usage);

    for index in 0..envelope.len() {
        let mut flipped = envelope.clone();
        flipped[index] ^= 1;
        world.write(with(&good, "_envelope", binary(flipped))).await;
        assert!(store.get::<Nickname>("foobar").await.is_err(), "byte {index}");
    }
    assert!(usage.reread() >= "role".len() as u64, "{usage:?}");
    assert_loads(&world, &good).await;
}

/// An older program, for which the role is no more than plaintext.
#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct Older {
    #[partition_key]
    id: String,
    nickname: String,
    #[encrypted]
    ssn: String,
    role: String,
}

/// Its envelope proves nothing about the role, which the record requires.
#[tokio::test]
async fn t11_an_envelope_that_lists_less_than_the_record_is_refused_by_a_projection() {
    let world = World::new().await;
    let [id, nickname, ssn, role] = ["foobar", "zoë", "078-05-1120", "doctor"].map(Into::into);
    Older { id, nickname, ssn, role }.save(&world.store).await.unwrap();
    let item = world.stored("foobar").await;

    let kind = assert_refused_alike::<Nickname>(&world, item.clone()).await;
    assert_eq!(kind, OpenErrorKind::NotAuthenticated);
    let kind = assert_refused_alike::<Nickname>(&world, without(&item, "role")).await;
    assert_eq!(kind, OpenErrorKind::NotAuthenticated);
}

/// A newer program, which seals the name.
#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct Newer {
    #[partition_key]
    id: String,
    #[encrypted]
    nickname: String,
    #[encrypted]
    ssn: String,
    #[authenticated]
    role: String,
}

#[tokio::test]
async fn t09_what_was_sealed_meanwhile_is_in_no_projection_of_plaintext() {
    let world = World::new().await;
    let [id, nickname, ssn, role] = ["foobar", "zoë", "078-05-1120", "patient"].map(Into::into);
    Newer { id, nickname, ssn, role }.save(&world.store).await.unwrap();
    let good = world.stored("foobar").await;
    world.requests.forget();

    for item in
        [good.clone(), with(&good, "nickname", string("planted")), without(&good, "nickname")]
    {
        world.write(item).await;
        let error = world.store.get::<Line>("foobar").await.unwrap_err();
        let LoadError::Open(error) = &error else { panic!("{error}") };
        assert_eq!((error.kind(), error.attribute()), (OpenErrorKind::Sealed, Some("nickname")));
    }
    assert!(world.requests.take().is_empty());

    world.write(good.clone()).await;
    let kind = assert_refused_alike::<Nickname>(&world, good).await;
    assert_eq!(kind, OpenErrorKind::Sealed);
}

/// The tag covers the identity: what was moved here is nobody's projection.
#[tokio::test]
async fn t01_an_item_of_another_key_is_in_no_projection() {
    let (world, good) = saved().await;
    User::new("other").save(&world.store).await.unwrap();
    let moved = with(&world.stored("other").await, "id", string("foobar"));

    let kind = assert_refused_alike::<Nickname>(&world, moved).await;

    assert_eq!(kind, OpenErrorKind::Tampered);
    assert_loads(&world, &good).await;
}

/// The list of an altered envelope is taken for that of a newer program, once.
#[tokio::test]
async fn t24_an_envelope_that_claims_to_list_more_costs_one_more_request() {
    let (world, good) = saved().await;
    let envelope = bytes(&good, "_envelope");
    let mut forged = envelope.clone();
    let at = envelope.windows(4).position(|bytes| bytes == b"role").unwrap();
    forged[at..at + 4].copy_from_slice(b"rolf");
    assert!(Layout::of(&forged).tag.end < at);
    world.write(with(&good, "_envelope", binary(forged))).await;
    let usage = Usage::default();

    let error = world.store.measured(&usage).get::<Nickname>("foobar").await.unwrap_err();

    assert!(error.is_tampered(), "{error}");
    assert_eq!((usage.requests(), usage.reread(), usage.kms_calls()), (2, 1, 1));
}
