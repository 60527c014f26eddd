//! Items that a reader must refuse, each with the reason.

use super::{
    ID, authenticated, bytes, envelope, flip, forged, malformed, number, plain, refused, sealed,
    set, text, with_schema,
};
use crate::attribute::AttributeValue;
use crate::envelope::vectors::{Expected, Vector};

/// Changes that an attacker makes to an item.
pub(super) fn moved_or_altered() -> Vec<(&'static str, Vector)> {
    let tampered = |about: &str, change: &dyn Fn(&mut Vector)| {
        refused(about, "tampered", |vector| change(vector))
    };
    vec![
        (
            "refused-tag",
            tampered("a bit of the record tag", &|vector| flip(vector, "_envelope", 18)),
        ),
        ("refused-salt", tampered("a bit of the salt", &|vector| flip(vector, "_envelope", 2))),
        ("refused-nonce", tampered("a bit of a nonce", &|vector| flip(vector, "_envelope", 57))),
        (
            "refused-ciphertext",
            tampered("a bit of a sealed value", &|vector| flip(vector, "ssn", 0)),
        ),
        (
            "refused-ciphertext-tag",
            tampered("a bit of the tag of a sealed value", &|vector| flip(vector, "ssn", -1)),
        ),
        (
            "refused-ciphertext-short",
            tampered("a sealed value shorter than its tag", &|vector| {
                set(vector, "ssn", bytes(&[1; 15]));
            }),
        ),
        (
            "refused-swapped",
            tampered("one sealed value in the place of another", &|vector| {
                let other = vector.item.attribute("email").unwrap().clone();
                set(vector, "ssn", other);
            }),
        ),
        (
            "refused-dropped",
            tampered("a sealed attribute dropped", &|vector| drop(vector.item.remove("ssn"))),
        ),
        (
            "refused-plaintext",
            tampered("plaintext in the place of a sealed value", &|vector| {
                set(vector, "ssn", text("000-00-0000"));
            }),
        ),
        (
            "refused-authenticated",
            tampered("an authenticated attribute changed", &|vector| {
                set(vector, "role", text("admin"));
            }),
        ),
        (
            "refused-authenticated-dropped",
            tampered("an authenticated attribute dropped", &|vector| {
                drop(vector.item.remove("role"));
            }),
        ),
        (
            "refused-key",
            tampered("moved to another partition key", &|vector| set(vector, "id", text("user-2"))),
        ),
        (
            "refused-sort-key",
            tampered("moved to another sort key", &|vector| set(vector, "number", number("43"))),
        ),
        (
            "refused-key-type",
            tampered("the same text as a key of another type", &|vector| {
                set(vector, "number", text("42"));
            }),
        ),
        (
            "refused-table",
            tampered("moved to another logical table", &|vector| {
                with_schema(vector, "others", |field| *field);
            }),
        ),
        ("refused-data-key", tampered("another data key", &|vector| vector.data_key[31] ^= 1)),
    ]
}

/// Items that another schema, or another version, finds.
pub(super) fn of_another_version() -> Vec<(&'static str, Vector)> {
    vec![
        (
            "refused-other-context",
            refused(
                "an item of another context than the one that was asked for",
                "other context",
                |vector| {
                    vector.context.insert("tenant".to_owned(), "clinic-8".to_owned());
                },
            ),
        ),
        (
            "refused-no-envelope",
            refused("the envelope removed", "no envelope", |vector| {
                drop(vector.item.remove("_envelope"));
            }),
        ),
        (
            "refused-version",
            refused("a version that does not exist", "unsupported version", |vector| {
                let mut bytes = envelope(vector);
                bytes[0] = 2;
                set(vector, "_envelope", AttributeValue::B(bytes));
            }),
        ),
        (
            "refused-suite",
            refused("a suite that does not exist", "unsupported suite", |vector| {
                let mut bytes = envelope(vector);
                bytes[1] = 2;
                set(vector, "_envelope", AttributeValue::B(bytes));
            }),
        ),
        (
            "refused-planted-where-absent",
            refused(
                "a value of a sealed attribute that had none, whose name is listed as authenticated",
                "tampered",
                |vector| {
                    let fields = [vec![ID], sealed(&["a", "b"])].concat();
                    *vector = forged("", fields, &[("a", b"\x01abc")], &["b"], &[]);
                    set(vector, "b", text("planted"));
                },
            ),
        ),
        (
            "refused-not-sealed",
            refused(
                "a schema with one more sealed attribute, which the item has in plaintext",
                "not sealed",
                |vector| {
                    with_schema(vector, "vectors", |field| match field.name() {
                        "nickname" => sealed(&["nickname"])[0],
                        _ => *field,
                    });
                },
            ),
        ),
        (
            "refused-not-authenticated",
            refused(
                "a schema with one more authenticated attribute",
                "not authenticated",
                |vector| {
                    with_schema(vector, "vectors", |field| match field.name() {
                        "nickname" => authenticated("nickname"),
                        _ => *field,
                    });
                },
            ),
        ),
        (
            "refused-sealed",
            refused("a schema in which a sealed attribute is plaintext", "sealed", |vector| {
                with_schema(vector, "vectors", |field| match field.name() {
                    "ssn" => plain("ssn"),
                    _ => *field,
                });
            }),
        ),
    ]
}

/// Sealed bytes that no writer produces, under a valid tag.
pub(super) fn bad_values() -> Vec<(&'static str, Vector)> {
    let mut all = Vec::new();
    for (name, about, plaintext) in [
        (
            "refused-value-number",
            "a sealed number that is not in normal form",
            b"\x02007".as_slice(),
        ),
        ("refused-value-bool", "a sealed BOOL that is neither 0 nor 1", b"\x04\x02"),
        ("refused-value-utf8", "a sealed string that is not UTF-8", b"\x01\xFF"),
        ("refused-value-type", "a sealed value of a type that does not exist", b"\x0A"),
        ("refused-value-empty", "a sealed value without a type", b""),
        (
            "refused-value-set-order",
            "a sealed set that is not sorted",
            b"\x07\0\0\0\x02\0\0\0\x01b\0\0\0\x01a",
        ),
        ("refused-value-set-empty", "a sealed set without elements", b"\x07\0\0\0\0"),
        (
            "refused-value-count",
            "a sealed list that counts more than it has",
            b"\x06\xFF\xFF\xFF\xFF\0\0\0\0\0",
        ),
        ("refused-value-trailing", "a sealed NULL with a byte behind it", b"\0\0"),
        ("refused-value-padding", "padding without its mark", b"\x81abc\0\0"),
        ("refused-value-zero", "a sealed number with a sign before its zero", b"\x02-0"),
        ("refused-value-exponent", "a sealed number with an exponent", b"\x021e2"),
        ("refused-value-nan", "a sealed number that is none", b"\x02NaN"),
        (
            "refused-value-digits",
            "a sealed number of 39 digits",
            b"\x02123456789012345678901234567890123456789",
        ),
        (
            "refused-value-map-order",
            "a sealed map that is not sorted",
            b"\x05\0\0\0\x02\0\0\0\x01b\0\0\0\0\0\0\0\0\x01a\0\0\0\0\0",
        ),
        (
            "refused-value-map-twice",
            "a sealed map with a key twice",
            b"\x05\0\0\0\x02\0\0\0\x01a\0\0\0\0\0\0\0\0\x01a\0\0\0\0\0",
        ),
        (
            "refused-value-map-empty-key",
            "a sealed map with an empty key",
            b"\x05\0\0\0\x01\0\0\0\0\0\0\0\0\0",
        ),
        (
            "refused-value-length",
            "a sealed set whose element is longer than the rest",
            b"\x09\0\0\0\x01\xFF\xFF\xFF\xFFa",
        ),
        ("refused-value-absent", "a hidden absence with a value", b"\x7Fa"),
        ("refused-value-depth", "a sealed list of 33 levels", &nested_lists(33)),
    ] {
        let mut vector =
            forged(about, [vec![ID], sealed(&["a"])].concat(), &[("a", plaintext)], &[], &[]);
        vector.expected = Expected::Refused("tampered".to_owned());
        all.push((name, vector));
    }
    all
}

/// The plaintext of lists nested in one another, the innermost one empty.
fn nested_lists(levels: usize) -> Vec<u8> {
    (1..levels).fold(vec![6, 0, 0, 0, 0], |inner, _| {
        let length = u32::try_from(inner.len() - 1).unwrap().to_be_bytes();
        [&[6, 0, 0, 0, 1, 6], length.as_slice(), &inner[1..]].concat()
    })
}

pub(super) fn malformed_headers() -> Vec<(&'static str, Vector)> {
    // The lists start at 50: n, then "email" and its nonce, "ssn" and its nonce; m, "role",
    // "tenant".
    vec![
        (
            "refused-header-type",
            refused("the envelope is no Binary", "malformed envelope", |vector| {
                set(vector, "_envelope", text("x"));
            }),
        ),
        ("refused-header-empty", malformed("an empty envelope", Vec::clear)),
        (
            "refused-header-short",
            malformed("an envelope that ends in its lists", |bytes| bytes.truncate(60)),
        ),
        (
            "refused-header-trailing",
            malformed("a byte behind the key reference", |bytes| bytes.push(0)),
        ),
        (
            "refused-header-too-long",
            malformed("more than 8,192 bytes", |bytes| bytes.resize(8193, 0)),
        ),
        (
            "refused-header-order",
            malformed("sealed names that are not sorted", |bytes| {
                let email: Vec<u8> = bytes.drain(51..69).collect();
                bytes.splice(67..67, email);
            }),
        ),
        (
            "refused-header-twice",
            malformed("a sealed name twice", |bytes| {
                let email: Vec<u8> = bytes[51..69].to_vec();
                bytes.splice(69..69, email);
                bytes[50] = 3;
            }),
        ),
        (
            "refused-header-both-lists",
            malformed("a name in both lists", |bytes| {
                bytes.splice(86..91, *b"\x03ssn");
            }),
        ),
        (
            "refused-header-empty-name",
            malformed("an empty name", |bytes| {
                bytes.splice(51..57, [0]);
            }),
        ),
        ("refused-header-utf8", malformed("a name that is not UTF-8", |bytes| bytes[52] = 0xFF)),
        (
            "refused-header-authenticated",
            malformed("65 authenticated names", |bytes| {
                bytes[85] = 65;
                let names = (0..63).flat_map(|index| [1, 0xC2, 0x80 + index]).collect::<Vec<u8>>();
                bytes.splice(98..98, names);
            }),
        ),
        (
            "refused-header-reference",
            malformed("a kind of key reference that does not exist", |bytes| bytes[98] = 5),
        ),
        ("refused-header-no-copy", malformed("no wrapped copy", |bytes| bytes[98] = 0)),
        (
            "refused-header-provider",
            malformed("a provider that does not exist", |bytes| bytes[99] = 3),
        ),
        (
            "refused-header-wrapped-empty",
            malformed("an empty wrapped key", |bytes| {
                bytes.truncate(108);
                bytes.extend([0, 0]);
            }),
        ),
        (
            "refused-header-wrapped-long",
            malformed("a wrapped key of 6,145 bytes", |bytes| {
                bytes.truncate(108);
                bytes.extend(6145_u16.to_be_bytes());
                bytes.resize(110 + 6145, 7);
            }),
        ),
        (
            "refused-header-key-table-long",
            malformed("a key-table id of 25 bytes", |bytes| {
                bytes.truncate(98);
                bytes.extend([0x80, 25]);
                bytes.extend([7; 25]);
            }),
        ),
    ]
}
