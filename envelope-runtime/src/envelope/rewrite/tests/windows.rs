//! Windows: what is let in, what a write makes of it, and what stays refused.

use super::*;
use crate::envelope::Unsealed;
use crate::record::Until;

const FIELDS: &[FieldSchema] = &[
    FieldSchema::new("id", FieldRole::PartitionKey),
    FieldSchema::new("a", FieldRole::Encrypted).aliases(&["older_a"]).unsealed_until(UNTIL),
    FieldSchema::new("b", FieldRole::Encrypted),
    FieldSchema::new("role", FieldRole::Authenticated).aliases(&["older_role"]).since(2),
    FieldSchema::new("ward", FieldRole::Authenticated),
    FieldSchema::new("status", FieldRole::Plain),
];
/// The record, with windows for `a` and `role`.
const OPENED: RecordSchema = RecordSchema::new("people", FIELDS);
/// A program from before both were protected.
const BEFORE: RecordSchema = RecordSchema::new(
    "people",
    &[
        FieldSchema::new("id", FieldRole::PartitionKey),
        FieldSchema::new("a", FieldRole::Plain),
        FieldSchema::new("b", FieldRole::Encrypted),
        FieldSchema::new("role", FieldRole::Plain),
        FieldSchema::new("ward", FieldRole::Authenticated),
        FieldSchema::new("status", FieldRole::Plain),
    ],
);
const UNTIL: Until = Until::date(1970, 3, 1);
const END: u64 = 59 * 24 * 60 * 60;

fn item(pairs: &[(&str, &str)]) -> Item {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect()
}

fn opened(item: &Item, seconds: u64) -> Verified {
    let expected = expected_context(&OPENED, |_| None, &Scope::default()).unwrap();
    let windows = Windows::of_fields(seconds);
    let opening = Opening::new(OPENED, item.clone(), Asked::ItemsOwn, &expected, windows);
    opening.unwrap().verified(&key()).unwrap()
}

/// The texts of the fields, or the refusal.
fn read(item: &Item, seconds: u64) -> Result<Vec<Option<String>>, (OpenErrorKind, String)> {
    match opened(item, seconds).into_values() {
        Ok((values, _)) => {
            let value = |value: Option<Wiped>| match value.as_deref() {
                Some(AttributeValue::S(text)) => Some(text.clone()),
                _ => None,
            };
            Ok(values.fields.into_iter().map(value).collect())
        }
        Err(error) => Err((error.kind(), error.attribute().unwrap_or_default().to_owned())),
    }
}

fn unsealed(item: Item, windows: Windows) -> Result<Unsealed, OpenErrorKind> {
    let expected = expected_context(&OPENED, |_| None, &Scope::default()).unwrap();
    let unsealed = Unsealed::new(OPENED, item, Asked::ItemsOwn, &expected, windows);
    unsealed.map_err(|error| error.kind())
}

fn names(names: impl Iterator<Item = &'static FieldSchema>) -> Vec<&'static str> {
    names.map(FieldSchema::name).collect()
}

#[test]
fn a_value_that_is_not_listed_is_read_until_the_window_closes() {
    let stored = sealed(BEFORE, VALUES, &[B]);
    let all = std::iter::once(Some("p-1")).chain(VALUES).map(|value| value.map(str::to_owned));
    let all: Vec<_> = all.collect();

    assert_eq!(read(&stored, END - 1), Ok(all));
    assert!(opened(&stored, END - 1).lets_in_any());
    assert_eq!(read(&stored, END), Err((OpenErrorKind::NotSealed, "a".into())));
    assert!(!opened(&stored, END).lets_in_any());
    assert_eq!(names(opened(&stored, 0).unlisted()), ["a", "role"]);
}

#[test]
fn a_window_of_a_field_opens_no_other_field_and_no_item() {
    let mut planted = sealed(BEFORE, [VALUES[0], None, VALUES[2], None, None], &[]);
    planted.insert("b", text("planted"));
    assert_eq!(read(&planted, 0), Err((OpenErrorKind::NotSealed, "b".into())));

    let stripped = item(&[("id", "p-1"), ("a", "planted")]);
    let windows = Windows::of_fields(0);
    assert_eq!(unsealed(stripped.clone(), windows).err(), Some(OpenErrorKind::NoEnvelope));
    assert!(unsealed(stripped, windows.of_items(UNTIL)).is_ok());
}

/// Each row closes with its next write, before the date.
#[test]
fn nothing_can_be_planted_in_a_row_that_was_written_with_the_window() {
    for nonces in [&[A, B][..], &[B]] {
        let first = (nonces.len() == 2).then_some("first");
        let stored = sealed(OPENED, [first, Some("second"), None, None, None], nonces);
        assert_eq!(names(opened(&stored, 0).unlisted()), [""; 0]);
        assert!(read(&stored, 0).is_ok());
        for name in ["a", "older_a"] {
            let mut planted = stored.clone();
            planted.insert(name, text("planted"));
            let expected = expected_context(&OPENED, |_| None, &Scope::default()).unwrap();
            let windows = Windows::of_fields(0);
            let opening = Opening::new(OPENED, planted, Asked::Table, &expected, windows);
            let verified = opening.unwrap().verified(&key());
            let values = verified.and_then(Verified::into_values);
            let kind = values.unwrap_err().kind();
            assert!(
                matches!(kind, OpenErrorKind::Tampered | OpenErrorKind::Ambiguous),
                "{name}: {kind:?}"
            );
        }
    }
}

#[test]
fn an_update_seals_what_was_let_in_and_lists_what_is_absent() {
    let changes = [(field("b"), &set("other"))];
    let after = [VALUES[0], Some("other"), VALUES[2], VALUES[3], VALUES[4]];
    let stored = sealed(BEFORE, VALUES, &[B]);
    let rewrite = opened(&stored, 0).rewrite(&changes, &key(), true, fill).unwrap().unwrap();
    assert_eq!(applied(stored.clone(), rewrite), sealed(OPENED, after, &[FRESH, FRESH]));
    // The known part of an item does not tell.
    assert!(opened(&stored, 0).rewrite(&changes, &key(), false, fill).unwrap().is_none());

    let (before, after) =
        ([None, VALUES[1], None, None, None], [None, Some("other"), None, None, None]);
    let stored = sealed(BEFORE, before, &[B]);
    for seconds in [0, END] {
        let verified = opened(&stored, seconds);
        let rewrite = verified.rewrite(&changes, &key(), true, fill).unwrap().unwrap();
        assert_eq!(applied(stored.clone(), rewrite), sealed(OPENED, after, &[FRESH]));
    }
}

/// Otherwise the update would make a forgery genuine.
#[test]
fn after_the_window_an_update_seals_nothing_that_was_planted() {
    let stored = sealed(BEFORE, VALUES, &[B]);
    let rewrite = opened(&stored, END).rewrite(&[(field("b"), &set("x"))], &key(), true, fill);
    let after = applied(stored, rewrite.unwrap().unwrap());

    assert_eq!(after.attribute("a"), Some(&text(VALUES[0].unwrap())));
    assert_eq!(read(&after, END), Err((OpenErrorKind::NotSealed, "a".into())));
    assert_eq!(names(opened(&after, END).unlisted()), ["a"]);
}

#[test]
fn a_change_of_the_field_itself_closes_its_row() {
    let stored = sealed(BEFORE, VALUES, &[B]);
    for (change, after, nonces) in [
        (set("other"), Some("other"), &[FRESH, B][..]),
        (Change::SetIfAbsent(Wiped::new(text("x"))), VALUES[0], &[FRESH, B]),
        (Change::Set(None), None, &[FRESH]),
        (Change::Remove, None, &[FRESH]),
    ] {
        let changes = [(FIELDS.get(1).unwrap(), &change)];
        let rewrite = opened(&stored, 0).rewrite(&changes, &key(), true, fill).unwrap().unwrap();
        let values_after = [after, VALUES[1], VALUES[2], VALUES[3], VALUES[4]];
        let expected = sealed(OPENED, values_after, nonces);
        assert_eq!(applied(stored.clone(), rewrite), expected, "{change:?}");
    }
}

#[test]
fn an_item_without_an_envelope_is_sealed_as_one_full_seal_would_write_it() {
    let stored = item(&[
        ("id", "p-1"),
        ("a", "newer"),
        ("older_a", "first"),
        ("b", "second"),
        ("older_role", "nurse"),
        ("status", "new"),
        ("other", "stays"),
    ]);
    let windows = Windows::of_fields(0).of_items(UNTIL);
    let unsealed = |item: &Item| unsealed(item.clone(), windows).unwrap();
    let fresh = |after: [Option<&str>; 5], nonces: usize| {
        let nonces = vec![FRESH; nonces];
        let salt = [0x77; SALT_LEN];
        sealed_under(OPENED, after, salt, &nonces, &key(), 8)
    };
    for (changes, after, nonces) in [
        (vec![], [Some("first"), Some("second"), Some("nurse"), None, Some("new")], 2),
        (
            vec![("a", set("x")), ("b", Change::Remove), ("ward", set("4"))],
            [Some("x"), None, Some("nurse"), Some("4"), Some("new")],
            1,
        ),
        (
            vec![("a", Change::Set(None)), ("b", Change::SetIfAbsent(Wiped::new(text("x"))))],
            [None, Some("second"), Some("nurse"), None, Some("new")],
            1,
        ),
    ] {
        let changes: Vec<_> =
            changes.iter().map(|(name, change)| (OPENED.field(name).unwrap(), change)).collect();
        let rewrite = unsealed(&stored).seal(&changes, &key(), reference(8), fill).unwrap();
        let mut found = applied(stored.clone(), rewrite);

        // The authenticated value stays under the name that it had, and the tag covers it there.
        assert_eq!(found.remove("other"), Some(text("stays")));
        let verified = opened(&found, END);
        let texts = |item: &Item| read(item, END).unwrap();
        assert_eq!(texts(&found), texts(&fresh(after, nonces)));
        assert_eq!(names(verified.unlisted()), [""; 0]);
        let sealed = |item: &Item| {
            let verified = opened(item, END);
            verified.header().sealed.iter().map(|entry| entry.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(sealed(&found), sealed(&fresh(after, nonces)));
        assert_eq!(
            opened(&found, END).header().authenticated,
            opened(&fresh(after, nonces), END).header().authenticated
        );
    }
    assert_eq!(unsealed(&stored).plaintext_len(&[]), 5 + 5 + 6 + 3);
    assert_eq!(unsealed(&stored).plaintext_len(&[(field("b"), &set("four"))]), 5 + 5 + 6 + 3 + 5);
}

#[test]
fn an_item_is_let_in_with_its_key_and_until_the_window_closes() {
    let windows = |seconds| Windows::of_fields(seconds).of_items(UNTIL);
    let stored = || item(&[("id", "p-1"), ("a", "first"), ("status", "new")]);

    assert!(windows(END - 1).let_in(&OPENED, &stored()));
    assert!(unsealed(stored(), windows(END - 1)).is_ok());
    assert!(!windows(END).let_in(&OPENED, &stored()));
    assert_eq!(unsealed(stored(), windows(END)).err(), Some(OpenErrorKind::NoEnvelope));
    let genuine = sealed(OPENED, VALUES, &[A, B]);
    assert!(!windows(0).let_in(&OPENED, &genuine));
    assert_eq!(unsealed(genuine, windows(0)).err(), Some(OpenErrorKind::NoEnvelope));
    assert!(!windows(0).let_in(&OPENED.keys_only(), &stored()));
    assert!(!windows(0).let_in(&OPENED.plaintext_only(), &stored()));
    let no_key = item(&[("a", "first")]);
    assert_eq!(unsealed(no_key, windows(0)).err(), Some(OpenErrorKind::Incomplete));
    let values = unsealed(stored(), windows(0)).unwrap().into_values();
    let values: Vec<_> = values.fields.into_iter().map(|value| value.as_deref().cloned()).collect();
    let expected = [Some(text("p-1")), Some(text("first")), None, None, None, Some(text("new"))];
    assert_eq!(values, expected);
}

const LONG: RecordSchema = RecordSchema::new(
    "people",
    &[
        FieldSchema::new("id", FieldRole::PartitionKey),
        FieldSchema::new("a", FieldRole::Encrypted).unsealed_until(Until::date(1980, 1, 1)),
    ],
);

#[test]
fn a_window_of_more_than_a_leap_year_is_refused_with_the_first_item() {
    let windows = |until, seconds| Windows::of_fields(END + seconds).of_items(until);
    let long = |windows: Windows| windows.check(&SCHEMA).err().map(|error| error.kind());
    assert_eq!(long(windows(Until::date(1971, 3, 2), 0)), None);
    let too_long = Some(OpenErrorKind::WindowTooLong);
    assert_eq!(long(windows(Until::date(1971, 3, 3), 0)), too_long);
    assert_eq!(long(windows(Until::date(1971, 3, 3), 24 * 60 * 60)), None);

    let values = [Some(text("p-1")), Some(text("first"))].into_iter().collect();
    let random = [SALT.as_slice(), &A].concat();
    let genuine = Plan::of(LONG, values).seal(&key(), reference(7), &random).unwrap();
    let expected = expected_context(&LONG, |_| None, &Scope::default()).unwrap();
    let open = |seconds| {
        let windows = Windows::of_fields(seconds);
        Opening::new(LONG, genuine.clone(), Asked::ItemsOwn, &expected, windows)
    };
    let error = open(0).err().unwrap();
    assert_eq!((error.kind(), error.attribute()), (OpenErrorKind::WindowTooLong, Some("a")));
    assert!(open(9 * 366 * 24 * 60 * 60).is_ok());
}

#[test]
fn a_record_that_would_be_too_large_is_not_sealed_in_place() {
    let of = |length: usize| {
        let long = "x".repeat(length);
        let stored = item(&[("id", "p-1"), ("a", &long), ("status", "new")]);
        let unsealed = unsealed(stored, Windows::of_fields(0).of_items(UNTIL)).unwrap();
        let rewrite = unsealed.seal(&[], &key(), reference(7), fill).unwrap();
        (
            unsealed.check_size(&rewrite, |_| false),
            unsealed.check_size(&rewrite, |name| name == "status"),
        )
    };
    // The most bytes below the limit with which the record is too large.
    let (mut too_few, mut spare) = (0, 1_000);
    while spare - too_few > 1 {
        let middle = usize::midpoint(too_few, spare);
        match of(Item::MAX_SIZE - middle).0 {
            Ok(()) => spare = middle,
            Err(_) => too_few = middle,
        }
    }
    assert!(of(Item::MAX_SIZE - too_few - 1).0.is_ok());
    // The status changes elsewhere, and does not count.
    assert!(of(Item::MAX_SIZE - too_few).1.is_ok());
    match of(Item::MAX_SIZE - too_few).0 {
        Err(RewriteError::Seal(error)) => {
            assert_eq!(error.kind(), SealErrorKind::ItemTooLarge(Item::MAX_SIZE + 1));
        }
        other => panic!("{other:?}"),
    }
}
