//! A rewrite leaves the item that one full seal of the new values would have written with the same
//! salt and nonces.

mod entries;
mod verified;
mod windows;

use super::*;
use crate::attribute::Wiped;
use crate::crypto::{NONCE_LEN, TAG_LEN};
use crate::envelope::expected_context;
use crate::envelope::opening::{Asked, Opening};
use crate::envelope::seal::Plan;
use crate::envelope::{OpenErrorKind, SALT_LEN, SealErrorKind, Windows};
use crate::key::{EncryptedDataKey, ProviderId, Scope};
use crate::record::{RecordSchema, Values};

const SCHEMA: RecordSchema = RecordSchema::new(
    "people",
    &[
        FieldSchema::new("id", FieldRole::PartitionKey),
        FieldSchema::new("a", FieldRole::Encrypted).aliases(&["older_a"]),
        FieldSchema::new("b", FieldRole::Encrypted),
        FieldSchema::new("role", FieldRole::Authenticated).aliases(&["older_role"]),
        FieldSchema::new("ward", FieldRole::Authenticated),
        FieldSchema::new("status", FieldRole::Plain),
    ],
);
/// The schema of an older program: the older names, and one sealed attribute that the newer program
/// treats as plaintext.
const OLDER: RecordSchema = RecordSchema::new(
    "people",
    &[
        FieldSchema::new("id", FieldRole::PartitionKey),
        FieldSchema::new("older_a", FieldRole::Encrypted),
        FieldSchema::new("b", FieldRole::Encrypted),
        FieldSchema::new("older_role", FieldRole::Authenticated),
        FieldSchema::new("ward", FieldRole::Authenticated),
        FieldSchema::new("status", FieldRole::Encrypted),
    ],
);
const SALT: [u8; SALT_LEN] = [0x11; SALT_LEN];
const A: [u8; NONCE_LEN] = [0xA1; NONCE_LEN];
const B: [u8; NONCE_LEN] = [0xB1; NONCE_LEN];
/// The nonce that `fill` produces.
const FRESH: [u8; NONCE_LEN] = [0x77; NONCE_LEN];

#[expect(clippy::unnecessary_wraps, reason = "a source of random bytes")]
fn fill(out: &mut [u8]) -> Result<(), RandomFailed> {
    out.fill(0x77);
    Ok(())
}

fn no_randomness(_: &mut [u8]) -> Result<(), RandomFailed> {
    Err(RandomFailed)
}

fn key() -> DataKey {
    DataKey::new([1; 32])
}

fn reference(hint: u8) -> KeyReference {
    let copy = EncryptedDataKey::new(ProviderId::LOCAL, [hint; 8], [9; 5]).unwrap();
    KeyReference::Wrapped(vec![copy])
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// Values of the schema's fields, in its order.
fn values(values: [Option<&str>; 5]) -> Values {
    let id = std::iter::once(Some("p-1"));
    id.chain(values).map(|value| value.map(text)).collect()
}

const VALUES: [Option<&str>; 5] =
    [Some("first, which is longer"), Some("second"), Some("nurse"), None, Some("new")];

/// The item of one full seal; nonces in the order of the sealed names.
fn sealed(schema: RecordSchema, new: [Option<&str>; 5], nonces: &[[u8; NONCE_LEN]]) -> Item {
    sealed_under(schema, new, SALT, nonces, &key(), 7)
}

fn sealed_under(
    schema: RecordSchema,
    new: [Option<&str>; 5],
    salt: [u8; SALT_LEN],
    nonces: &[[u8; NONCE_LEN]],
    data_key: &DataKey,
    hint: u8,
) -> Item {
    let plan = Plan::of(schema, values(new));
    let random = [salt.as_slice(), &nonces.concat()].concat();
    plan.seal(data_key, reference(hint), &random).unwrap()
}

fn verified(schema: RecordSchema, item: Item) -> Verified {
    let expected = expected_context(&schema, |_| None, &Scope::default()).unwrap();
    Opening::new(schema, item, Asked::ItemsOwn, &expected, Windows::of_fields(0))
        .unwrap()
        .verified(&key())
        .unwrap()
}

fn set(value: &str) -> Change {
    Change::Set(Some(Wiped::new(text(value))))
}

fn field(name: &str) -> &'static FieldSchema {
    SCHEMA.field(name).unwrap()
}

fn rewritten(verified: &Verified, changes: &[(&str, Change)]) -> Result<Rewrite, RewriteError> {
    let changes: Vec<_> = changes.iter().map(|(name, change)| (field(name), change)).collect();
    Ok(verified.rewrite(&changes, &key(), true, fill)?.unwrap())
}

/// The item after the write.
fn applied(mut item: Item, rewrite: Rewrite) -> Item {
    for name in rewrite.remove {
        item.remove(&name);
    }
    for (name, value) in rewrite.set {
        item.insert(name, value);
    }
    item
}

#[track_caller]
fn assert_rewritten(changes: &[(&str, Change)], expected: &Item) {
    let item = sealed(SCHEMA, VALUES, &[A, B]);
    let rewrite = rewritten(&verified(SCHEMA, item.clone()), changes).unwrap();
    assert_eq!(&applied(item, rewrite), expected);
}

#[track_caller]
fn refusal(rewrite: Result<Rewrite, RewriteError>) -> (OpenErrorKind, String) {
    match rewrite {
        Err(RewriteError::Open(error)) => {
            (error.kind(), error.attribute().unwrap_or_default().to_owned())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_value_is_sealed_and_the_others_stay() {
    let values_after = [Some("other"), VALUES[1], VALUES[2], VALUES[3], VALUES[4]];
    assert_rewritten(&[("a", set("other"))], &sealed(SCHEMA, values_after, &[FRESH, B]));

    let values_after = [VALUES[0], Some("other"), Some("doctor"), Some("4"), VALUES[4]];
    let changes = [("b", set("other")), ("role", set("doctor")), ("ward", set("4"))];
    assert_rewritten(&changes, &sealed(SCHEMA, values_after, &[A, FRESH]));
}

#[test]
fn what_goes_is_listed_no_more_and_an_authenticated_name_stays() {
    let without = [None, Some("other"), None, VALUES[3], VALUES[4]];
    let changes = [("a", Change::Remove), ("b", set("other")), ("role", Change::Set(None))];
    assert_rewritten(&changes, &sealed(SCHEMA, without, &[FRESH]));
}

#[test]
fn what_is_there_is_not_set_if_absent() {
    let value = |value| Change::SetIfAbsent(Wiped::new(text(value)));
    let values_after = [VALUES[0], Some("other"), VALUES[2], Some("4"), VALUES[4]];
    let changes = [("b", set("other")), ("role", value("x")), ("ward", value("4"))];
    assert_rewritten(&changes, &sealed(SCHEMA, values_after, &[A, FRESH]));
}

#[test]
fn where_nothing_is_sealed_the_smallest_value_is_sealed_again() {
    let values_after = [VALUES[0], VALUES[1], Some("doctor"), VALUES[3], VALUES[4]];
    assert_rewritten(&[("role", set("doctor"))], &sealed(SCHEMA, values_after, &[A, FRESH]));
    let without = [VALUES[0], None, VALUES[2], VALUES[3], VALUES[4]];
    assert_rewritten(&[("b", Change::Remove)], &sealed(SCHEMA, without, &[FRESH]));

    // That requires the whole item.
    let change = set("doctor");
    let known = verified(SCHEMA, sealed(SCHEMA, VALUES, &[A, B]));
    let rewrite = known.rewrite(&[(field("role"), &change)], &key(), false, fill);
    assert!(rewrite.unwrap().is_none());
    let rewrite = known.rewrite(&[(field("a"), &change)], &key(), false, fill);
    assert!(rewrite.unwrap().is_some());
}

#[test]
fn where_nothing_is_sealed_at_all_the_salt_is_fresh() {
    let none = [None, None, Some("nurse"), None, Some("new")];
    let item = sealed(SCHEMA, none, &[]);
    let change = set("nurse");
    let rewrite =
        verified(SCHEMA, item.clone()).rewrite(&[(field("role"), &change)], &key(), false, fill);

    let expected = sealed_under(SCHEMA, none, [0x77; SALT_LEN], &[], &key(), 7);
    assert_eq!(applied(item, rewrite.unwrap().unwrap()), expected);
}

#[test]
fn under_another_data_key_everything_is_resealed() {
    let item = sealed(SCHEMA, VALUES, &[A, B]);
    let change = set("doctor");
    let data_key = DataKey::new([2; 32]);
    let rewrite = verified(SCHEMA, item.clone()).reseal(
        &[(field("role"), &change)],
        &data_key,
        reference(8),
        fill,
    );

    let values_after = [VALUES[0], VALUES[1], Some("doctor"), VALUES[3], VALUES[4]];
    let nonces = [FRESH, FRESH];
    let expected = sealed_under(SCHEMA, values_after, [0x77; SALT_LEN], &nonces, &data_key, 8);
    assert_eq!(applied(item, rewrite.unwrap()), expected);
}

#[test]
fn a_value_under_an_older_name_moves_and_what_is_not_known_stays() {
    // Sorted by name: `b`, `older_a`, `status`, the last of which the newer program treats as
    // plaintext.
    let item = sealed(OLDER, VALUES, &[B, A, A]);
    let known = verified(SCHEMA, item.clone());
    let rewrite = rewritten(&known, &[("a", set("other")), ("role", set("doctor"))]).unwrap();

    assert_eq!(rewrite.remove, ["older_a", "older_role"].map(str::to_owned).into());
    let item = applied(item, rewrite);
    let after = verified(OLDER, item);
    assert_eq!(after.header().nonce("status"), Some(A));
    assert_eq!(after.header().nonce("b"), Some(B));
    assert_eq!(after.header().nonce("a"), Some(FRESH));
    assert_eq!(after.header().nonce("older_a"), None);
    assert_eq!(after.header().authenticated, ["older_role", "role", "ward"]);
    let plaintext = after.plaintext("a", FRESH).unwrap();
    assert_eq!(**plaintext, *text("other").to_plaintext());
    assert_eq!(**after.plaintext("status", A).unwrap(), *text("new").to_plaintext());
}

#[test]
fn a_sealed_value_is_not_replaced_in_plaintext() {
    const CONFUSED: RecordSchema = RecordSchema::new(
        "people",
        &[
            FieldSchema::new("id", FieldRole::PartitionKey),
            FieldSchema::new("a", FieldRole::Authenticated),
            FieldSchema::new("role", FieldRole::Encrypted),
        ],
    );
    let known = verified(CONFUSED, sealed(SCHEMA, VALUES, &[A, B]));
    let field = |name| CONFUSED.field(name).unwrap();

    for change in [set("x"), Change::Remove] {
        let rewrite = known.rewrite(&[(field("a"), &change)], &key(), true, fill);
        let refused = refusal(rewrite.map(Option::unwrap));
        assert_eq!(refused, (OpenErrorKind::Sealed, "a".to_owned()));
    }
    // The other way round, the value is sealed from now on.
    let change = set("x");
    let rewrite = known.rewrite(&[(field("role"), &change)], &key(), true, fill).unwrap().unwrap();
    let item = applied(sealed(SCHEMA, VALUES, &[A, B]), rewrite);
    let after = verified(CONFUSED, item);
    assert_eq!(after.header().nonce("role"), Some(FRESH));
    assert!(!after.header().authenticates("role"));
}

#[test]
fn what_is_summed_is_not_covered() {
    let known = verified(SCHEMA, sealed(SCHEMA, VALUES, &[A, B]));
    let value = || Wiped::new(text("x"));
    for change in [Change::Add(value()), Change::Delete(value()), Change::Append(value())] {
        let refused = refusal(rewritten(&known, &[("role", change)]));
        assert_eq!(refused, (OpenErrorKind::Authenticated, "role".to_owned()));
    }
}

#[test]
fn a_value_that_does_not_open_is_not_sealed_again() {
    let mut item = sealed(SCHEMA, VALUES, &[A, B]);
    item.remove("b");
    let refused = refusal(rewritten(&verified(SCHEMA, item.clone()), &[("role", set("x"))]));
    assert_eq!(refused, (OpenErrorKind::Incomplete, "b".to_owned()));

    item.insert("b", AttributeValue::B(vec![0; 40]));
    let known = verified(SCHEMA, item);
    let reseal = known.reseal(&[], &DataKey::new([2; 32]), reference(8), fill);
    assert_eq!(refusal(reseal), (OpenErrorKind::Tampered, "b".to_owned()));
}

#[test]
fn without_random_bytes_nothing_is_sealed() {
    let known = verified(SCHEMA, sealed(SCHEMA, VALUES, &[A, B]));
    let unsealed = verified(SCHEMA, sealed(SCHEMA, [None; 5], &[]));
    let change = set("x");
    let changes = [(field("ward"), &change)];
    for rewrite in [
        known.rewrite(&changes, &key(), true, no_randomness).map(|_| ()),
        unsealed.rewrite(&changes, &key(), true, no_randomness).map(|_| ()),
        unsealed.reseal(&changes, &key(), reference(8), no_randomness).map(|_| ()),
    ] {
        match rewrite {
            Err(RewriteError::Seal(error)) => assert_eq!(error.kind(), SealErrorKind::Random),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_item_may_have_400_kib_without_what_changes_elsewhere() {
    let item = sealed(SCHEMA, VALUES, &[A, B]);
    let known = verified(SCHEMA, item.clone());
    let rewrite = |length: usize| rewritten(&known, &[("a", set(&"x".repeat(length)))]).unwrap();
    let size = |length| applied(item.clone(), rewrite(length)).size();
    let fits = Item::MAX_SIZE - (size(100) - 100);

    assert!(known.check_size(&rewrite(fits), |_| false).is_ok());
    match known.check_size(&rewrite(fits + 1), |_| false) {
        Err(RewriteError::Seal(error)) => {
            assert_eq!(error.kind(), SealErrorKind::ItemTooLarge(Item::MAX_SIZE + 1));
        }
        other => panic!("{other:?}"),
    }
    assert!(known.check_size(&rewrite(fits + 1), |name| name == "status").is_ok());
}

#[test]
fn an_envelope_with_too_many_names_is_refused() {
    let mut fields = vec![FieldSchema::new("id", FieldRole::PartitionKey)];
    let name = |index| &*format!("{index:0>200}").leak();
    fields.extend((0..39).map(|index| FieldSchema::new(name(index), FieldRole::Encrypted)));
    let schema = RecordSchema::new("people", fields.leak());
    let one = std::iter::once(Some(text("p-1"))).chain((0..39).map(|_| None)).collect();
    let plan = Plan::of(schema, one);
    let item = plan.seal(&key(), reference(7), &[0x11; SALT_LEN]).unwrap();
    let known = verified(schema, item);
    let change = set("x");
    let all: Vec<_> = schema.fields().skip(1).map(|field| (field, &change)).collect();

    assert!(known.rewrite(&all[..38], &key(), true, fill).is_ok());
    match known.rewrite(&all, &key(), true, fill) {
        Err(RewriteError::Seal(error)) => {
            assert_eq!(error.kind(), SealErrorKind::EnvelopeTooLarge);
        }
        other => panic!("{other:?}"),
    }
}

/// Providers limit the use of a data key by it.
#[test]
fn the_bytes_to_seal_are_those_of_the_encrypted_values() {
    // A byte for the type, and the text.
    let (first, second) = (1 + "first, which is longer".len(), 1 + "second".len());
    let plan = Plan::of(SCHEMA, values(VALUES));
    assert_eq!(plan.plaintext_len(), u64::try_from(first + second).unwrap());

    // At most all stored values, with their tags, and the new ones.
    let verified = verified(SCHEMA, sealed(SCHEMA, VALUES, &[A, B]));
    let stored = first + second + 2 * TAG_LEN;
    let changes = [("a", set("new")), ("role", set("doctor")), ("b", Change::Set(None))];
    let changes: Vec<_> = changes.iter().map(|(name, change)| (field(name), change)).collect();
    let new = 1 + "new".len();
    assert_eq!(verified.plaintext_len(&changes), u64::try_from(stored + new).unwrap());
}
