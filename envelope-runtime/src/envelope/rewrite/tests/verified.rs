//! Queries on a verified item: what it protects, what an update can start from, how much it seals.

use super::*;
use crate::envelope::verified::{listed, protection};

#[test]
fn protection_is_what_the_envelope_lists_under_any_name() {
    let item = sealed(OLDER, VALUES, &[B, A, A]);
    let known = verified(SCHEMA, item.clone());
    let envelope = item.attribute("_envelope").unwrap();
    let kind = |result: Result<(), OpenError>| result.map_err(|error| error.kind());

    for (name, expected) in [
        ("status", Err(OpenErrorKind::Sealed)),
        ("a", Err(OpenErrorKind::Sealed)),
        ("role", Err(OpenErrorKind::Authenticated)),
        ("id", Ok(())),
    ] {
        assert_eq!(kind(known.protection(field(name))), expected, "{name}");
        assert_eq!(kind(protection(&SCHEMA, envelope, field(name))), expected, "{name}");
    }
    let malformed = kind(protection(&SCHEMA, &text("x"), field("id")));
    assert_eq!(malformed, Err(OpenErrorKind::MalformedEnvelope));
    assert_eq!(listed("role"), b"\x04role");
    assert_eq!(known.reference(), &reference(7));
    assert_eq!(envelope, &AttributeValue::B(known.envelope().to_vec()));
}

#[test]
fn what_is_stored_and_not_listed_is_not_covered() {
    const LATER: RecordSchema = RecordSchema::new(
        "people",
        &[
            FieldSchema::new("id", FieldRole::PartitionKey),
            FieldSchema::new("role", FieldRole::Authenticated),
            FieldSchema::new("status", FieldRole::Authenticated),
            FieldSchema::new("missing", FieldRole::Authenticated),
        ],
    );
    const WINDOW: FieldSchema = FieldSchema::new("status", FieldRole::Authenticated).since(2);
    let known = verified(LATER, sealed(SCHEMA, VALUES, &[A, B]));
    let field = |name| LATER.field(name).unwrap();

    let error = known.covered(field("status")).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::NotAuthenticated);
    assert!(known.covered(field("role")).is_ok() && known.covered(field("missing")).is_ok());
    assert!(known.covered(&WINDOW).is_ok());
    assert!(known.authenticates(field("role")) && !known.authenticates(field("status")));
}

/// An update starts from these attributes of a loaded record: no sealed value, no other plaintext.
#[test]
fn a_loaded_record_keeps_what_its_tag_covers() {
    let item = sealed(SCHEMA, VALUES, &[A, B]);
    let expected = expected_context(&SCHEMA, |_| None, &Scope::default()).unwrap();
    let core =
        Opening::new(SCHEMA, item.clone(), Asked::ItemsOwn, &expected, Windows::of_fields(0))
            .unwrap()
            .core();

    let names: Vec<_> = core.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["_envelope", "id", "role"]);
    let change = set("other");
    let known = verified(SCHEMA, core);
    let rewrite = known.rewrite(&[(field("a"), &change)], &key(), false, fill).unwrap().unwrap();
    let values_after = [Some("other"), VALUES[1], VALUES[2], VALUES[3], VALUES[4]];
    assert_eq!(applied(item, rewrite), sealed(SCHEMA, values_after, &[FRESH, B]));
}

/// The version and the TTL decide whether an update applies, though nothing covers them.
#[test]
fn a_loaded_record_keeps_what_decides_over_an_update() {
    const DATED: RecordSchema = RecordSchema::new(
        "people",
        &[
            FieldSchema::new("id", FieldRole::PartitionKey),
            FieldSchema::new("a", FieldRole::Plain).version(255),
            FieldSchema::new("b", FieldRole::Plain).ttl(),
            FieldSchema::new("role", FieldRole::Authenticated),
            FieldSchema::new("ward", FieldRole::Plain).context(),
            FieldSchema::new("status", FieldRole::Plain),
        ],
    );
    let names = ["id", "a", "b", "role", "ward", "status"];
    let item: Item = names.map(|name| (name.to_owned(), text(name))).into_iter().collect();

    let core = crate::envelope::plain_core(&DATED, &item);

    let kept: Vec<_> = core.iter().map(|(name, _)| name).collect();
    assert_eq!(kept, ["a", "b", "id", "role", "ward"]);
}

/// A provider that counts bytes is told at least the number of bytes that are sealed: all stored
/// ciphertexts, tags included, and the new values of encrypted fields.
#[test]
fn the_bytes_that_a_rewrite_may_seal_are_counted() {
    let item = sealed(SCHEMA, VALUES, &[A, B]);
    let known = verified(SCHEMA, item.clone());
    let length = |name: &str| match item.attribute(name) {
        Some(AttributeValue::B(bytes)) => bytes.len(),
        other => panic!("{other:?}"),
    };
    let stored = u64::try_from(length("a") + length("b")).unwrap();

    let (value, none) = (set("other"), Change::Set(None));
    assert_eq!(known.plaintext_len(&[]), stored);
    // One byte for the type.
    assert_eq!(known.plaintext_len(&[(field("a"), &value)]), stored + 6);
    assert_eq!(known.plaintext_len(&[(field("role"), &value), (field("b"), &none)]), stored);
}
