//! Changes of single entries of protected maps.

use super::*;
use crate::expression::EntryChanges;

fn map(entries: &[(&str, &str)]) -> AttributeValue {
    let entry = |(name, value): &(&str, &str)| ((*name).to_owned(), text(value));
    AttributeValue::M(entries.iter().map(entry).collect())
}

fn set_entry(name: &str, value: &str) -> Change {
    Change::Entries(EntryChanges::set(Some(Wiped::new(map(&[(name, value)])))).unwrap())
}

fn removed_entry(name: &str) -> Change {
    Change::Entries(EntryChanges::removed(Some(Wiped::new(map(&[(name, "")])))).unwrap())
}

/// The item of one full seal with these maps, encrypted and authenticated.
fn with_maps(
    schema: RecordSchema,
    [a, role]: [Option<AttributeValue>; 2],
    nonces: &[[u8; NONCE_LEN]],
) -> Item {
    let others = [Some(text("second")), role, None, None];
    let values: Values = [Some(text("p-1")), a].into_iter().chain(others).collect();
    let random = [SALT.as_slice(), &nonces.concat()].concat();
    Plan::of(schema, values).seal(&key(), reference(7), &random).unwrap()
}

fn two() -> AttributeValue {
    map(&[("one", "1"), ("two", "2")])
}

#[test]
fn an_entry_of_each_kind_of_map_is_changed_as_one_full_seal_would_write_it() {
    let item = with_maps(SCHEMA, [Some(two()), Some(two())], &[A, B]);
    let changes = [("a", set_entry("three", "3")), ("role", removed_entry("one"))];

    let rewrite = rewritten(&verified(SCHEMA, item.clone()), &changes).unwrap();

    let a = map(&[("one", "1"), ("three", "3"), ("two", "2")]);
    let after = [Some(a), Some(map(&[("two", "2")]))];
    assert_eq!(applied(item, rewrite), with_maps(SCHEMA, after, &[FRESH, B]));
}

#[test]
fn an_absent_map_is_made_of_what_is_set() {
    let item = with_maps(SCHEMA, [None, None], &[B]);
    let changes = [("a", set_entry("one", "1")), ("role", set_entry("one", "1"))];

    let rewrite = rewritten(&verified(SCHEMA, item.clone()), &changes).unwrap();

    let one = || Some(map(&[("one", "1")]));
    assert_eq!(applied(item, rewrite), with_maps(SCHEMA, [one(), one()], &[FRESH, B]));
}

#[test]
fn maps_under_older_names_move_to_the_newer_ones() {
    let values = [Some(text("p-1")), Some(two()), Some(text("second")), Some(two()), None, None];
    let random = [SALT.as_slice(), &B, &A].concat();
    let plan = Plan::of(OLDER, values.into_iter().collect());
    let item = plan.seal(&key(), reference(7), &random).unwrap();
    let changes = [("a", removed_entry("one")), ("role", set_entry("one", "3"))];

    let rewrite = rewritten(&verified(SCHEMA, item.clone()), &changes).unwrap();

    let item = applied(item, rewrite);
    assert_eq!((item.attribute("older_a"), item.attribute("older_role")), (None, None));
    assert_eq!(item.attribute("role"), Some(&map(&[("one", "3"), ("two", "2")])));
    let opened = verified(SCHEMA, item).value(field("a")).unwrap();
    assert_eq!(opened, Some(Wiped::new(map(&[("two", "2")]))));
}

/// Otherwise the new tag would cover up what was done to the map.
#[test]
fn an_entry_of_a_map_that_does_not_open_is_not_changed() {
    let mut item = with_maps(SCHEMA, [Some(two()), None], &[A, B]);
    let other = item.attribute("b").cloned().unwrap();
    item.insert("a", other);

    let rewrite = rewritten(&verified(SCHEMA, item), &[("a", set_entry("three", "3"))]);

    assert_eq!(refusal(rewrite), (OpenErrorKind::Tampered, "a".into()));
}

#[test]
fn a_planted_map_is_not_taken_over() {
    let mut item = with_maps(SCHEMA, [None, None], &[B]);
    item.insert("a", two());
    let rewrite = rewritten(&verified(SCHEMA, item), &[("a", set_entry("three", "3"))]);
    assert_eq!(refusal(rewrite), (OpenErrorKind::NotSealed, "a".into()));
}

#[test]
fn a_value_that_is_no_map_has_no_entries() {
    let item = with_maps(SCHEMA, [Some(text("x")), None], &[A, B]);

    let rewrite = rewritten(&verified(SCHEMA, item), &[("a", set_entry("three", "3"))]);

    let Err(RewriteError::Field(error)) = rewrite else { panic!("{rewrite:?}") };
    assert_eq!(error.attribute(), "a");
}

/// A provider counts the bytes that are sealed under one data key.
#[test]
fn no_more_is_sealed_than_was_announced() {
    let item = with_maps(SCHEMA, [Some(two()), None], &[A, B]);
    let known = verified(SCHEMA, item);
    let before = known.plaintext_len(&[]);
    let change = set_entry("three", "a longer value");
    let changes = [(field("a"), &change)];

    let announced = known.plaintext_len(&changes);

    let rewrite = known.rewrite(&changes, &key(), true, fill).unwrap().unwrap();
    let Some(AttributeValue::B(sealed)) = rewrite.set.attribute("a") else { panic!() };
    let sealed = u64::try_from(sealed.len() - TAG_LEN).unwrap();
    assert!(announced >= before + sealed, "{announced} {before} {sealed}");
    assert_eq!(known.plaintext_len(&[(field("role"), &change)]), before);
}
