//! Cancellation and exhaustion: T23 and T24.

use std::time::Duration;

use envelope_runtime::error::{DataKeyErrorKind, OpenErrorKind};
use envelope_runtime::key::{EncryptedDataKey, ProviderId};
use envelope_runtime::{EnvelopeRecord, LoadError};
use envelope_tests::Layout;

use super::{assert_loads, assert_refused, saved, with};
use crate::support::{Stored, User, World, binary, bytes, string};

/// At whatever point a save is cancelled, the item is the one before or the one after.
#[tokio::test]
async fn t23_a_save_that_is_given_up_leaves_a_whole_item() {
    let world = World::new().await;
    let user = |n: u64| User { ssn: format!("ssn {n}"), ..User::new("foobar") };
    user(0).save(&world.store).await.unwrap();

    let mut given_up = 0;
    for n in 1..=60 {
        let save = user(n).save(&world.store).into_future();
        let after = Duration::from_micros(n * 100);
        given_up += usize::from(tokio::time::timeout(after, save).await.is_err());
        let loaded = User::load(&world.store, "foobar").consistent().await.unwrap().unwrap();
        assert!((0..=n).any(|n| user(n) == loaded), "{loaded:?}");
    }
    // Later saves are not disturbed, and some really were cancelled.
    user(61).save(&world.store).await.unwrap();
    assert_eq!(User::load(&world.store, "foobar").consistent().await.unwrap(), Some(user(61)));
    assert!(given_up > 0);
}

#[tokio::test]
async fn t23_a_load_that_is_given_up_disturbs_no_other() {
    let (world, good) = saved().await;

    for n in 0..60 {
        let load = User::load(&world.store, "foobar").into_future();
        let _ = tokio::time::timeout(Duration::from_micros(n * 100), load).await;
    }

    assert_loads(&world, &good).await;
}

/// An envelope of a `User` with another key reference.
fn with_reference(item: &Stored, reference: &[u8]) -> Stored {
    let envelope = bytes(item, "_envelope");
    let before = &envelope[..Layout::of(&envelope).reference.start];
    with(item, "_envelope", binary([before, reference].concat()))
}

fn copies(count: u8, hint: &[u8], wrapped: &[u8]) -> Vec<u8> {
    let length = u16::try_from(wrapped.len()).unwrap().to_be_bytes();
    let copy = [&[ProviderId::KMS.as_u8()], hint, length.as_slice(), wrapped].concat();
    [vec![count], copy.repeat(count.into())].concat()
}

/// An attacker with write access to the table cannot make a load cost more than one call to KMS.
#[tokio::test]
async fn t24_forged_key_references_cost_at_most_one_call() {
    let (world, good) = saved().await;
    let envelope = bytes(&good, "_envelope");
    let hint = envelope[Layout::of(&envelope).copy().hint.clone()].to_vec();
    world.requests.forget();

    for (reference, calls, kind) in [
        (copies(4, &[7; 8], b"foreign"), 0, DataKeyErrorKind::UnknownKey),
        (copies(4, &hint, b"garbage"), 1, DataKeyErrorKind::Mismatch),
        ([&[0x80, 16], [1; 16].as_slice()].concat(), 0, DataKeyErrorKind::Unsupported),
    ] {
        world.write(with_reference(&good, &reference)).await;
        match User::load(&world.store, "foobar").await {
            Err(LoadError::DecryptDataKey(error)) => assert_eq!(error.kind(), kind, "{error}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(world.requests.take().len(), calls, "{kind:?}");
    }
    assert_loads(&world, &good).await;
}

#[tokio::test]
async fn t24_lengths_and_counts_beyond_the_bytes_are_refused_without_asking_kms() {
    let (world, good) = saved().await;
    let envelope = bytes(&good, "_envelope");
    let before_lists = &envelope[..Layout::of(&envelope).lists.start];
    let hint = [7; 8];
    let longest = vec![1; EncryptedDataKey::MAX_LEN + 1];
    // Well-formed, but longer than 8,192 bytes.
    let names = (0..200).map(|n| format!("{n:030}"));
    let entries: Vec<u8> =
        names.flat_map(|name| [&[30], name.as_bytes(), &[0; 12]].concat()).collect();
    let long = [before_lists, &[200], &entries, &[0], &copies(1, &hint, b"x")].concat();
    world.requests.forget();

    for item in [
        with_reference(&good, &copies(5, &hint, b"x")),
        with_reference(&good, &copies(1, &hint, b"")),
        with_reference(&good, &copies(1, &hint, &longest)),
        with_reference(&good, &[1, 1, 7, 7, 7, 7, 7, 7, 7, 7, 0xFF, 0xFF, 1]),
        with_reference(&good, &[0x80, 25]),
        with_reference(&good, &[0x80, 0]),
        with(&good, "_envelope", binary([before_lists, &[0xFF; 200]].concat())),
        with(&good, "_envelope", binary([envelope.clone(), vec![0; 390_000]].concat())),
        with(&good, "_envelope", binary(long)),
    ] {
        world.write(item).await;
        let loaded = User::load(&world.store, "foobar").await;
        assert_refused(loaded, OpenErrorKind::MalformedEnvelope, Some("_envelope"));
    }
    assert_eq!(world.requests.take(), []);
    assert_loads(&world, &good).await;
}

/// Attributes that the struct does not know are not even looked at.
#[tokio::test]
async fn t24_thousands_of_planted_attributes_change_nothing() {
    let (world, good) = saved().await;
    let mut item = good.clone();
    item.extend((0..5000).map(|n| (format!("planted {n}"), string("x"))));

    world.write(item).await;

    assert_eq!(User::load(&world.store, "foobar").await.unwrap(), Some(User::new("foobar")));
    assert_loads(&world, &good).await;
}
