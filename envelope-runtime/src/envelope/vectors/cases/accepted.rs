//! Items that a reader must open.

use super::{
    ID, authenticated, base, bytes, copy, forged, list, map, number, one_copy, opens, plain, seal,
    sealed, text,
};
use crate::attribute::{AttributeValue, Number};
use crate::envelope::vectors::Vector;
use crate::key::{KeyReference, ProviderId};
use crate::record::{FieldRole, FieldSchema, RecordSchema};

/// One sealed attribute of each type.
pub(super) fn values() -> Vec<(&'static str, Vector)> {
    let many = |about: &str, values: &[AttributeValue]| {
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let mut fields = vec![ID];
        fields.extend(sealed(&names[..values.len()]));
        let pairs = names.into_iter().zip(values.iter().cloned());
        let values: Vec<_> = [("id", text("user-1"))].into_iter().chain(pairs).collect();
        opens(about, fields, &values, one_copy())
    };
    let most = "9".repeat(38) + &"0".repeat(88);
    let nested =
        list(&[list(&[]), map(&[("", AttributeValue::Null)].map(|(_, value)| ("x", value)))]);
    vec![
        (
            "value-strings",
            many(
                "empty, ASCII, Unicode and NUL",
                &[text(""), text("abc"), text("zoë 🦀"), text("\0")],
            ),
        ),
        (
            "value-numbers",
            many(
                "zero, signs, fractions and both ends of the range",
                &[
                    number("0"),
                    number("-1.5"),
                    number("1500"),
                    number("0.00012"),
                    number("1e-130"),
                    number(&most),
                    number("-12345678901234567890.123456789012345678"),
                ],
            ),
        ),
        (
            "value-bytes",
            many("empty, and all kinds of bytes", &[bytes(&[]), bytes(&[0, 127, 128, 255])]),
        ),
        (
            "value-bool-null",
            many(
                "BOOL and NULL",
                &[AttributeValue::Bool(true), AttributeValue::Bool(false), AttributeValue::Null],
            ),
        ),
        (
            "value-lists",
            many(
                "empty, mixed and nested lists",
                &[list(&[]), list(&[text("a"), number("1"), AttributeValue::Null]), nested.clone()],
            ),
        ),
        (
            "value-maps",
            many(
                "empty and nested maps, whose keys sort by their bytes",
                &[
                    map(&[]),
                    map(&[("b", number("2")), ("a", number("1")), ("é", text("x")), ("z", nested)]),
                ],
            ),
        ),
        (
            "value-sets",
            many(
                "sets of each type, sorted by their bytes",
                &[
                    AttributeValue::Ss(["b", "a", "é"].map(str::to_owned).into()),
                    AttributeValue::Ns(
                        ["10", "9", "-1"].map(|text| Number::parse(text).unwrap()).into(),
                    ),
                    AttributeValue::Bs([vec![1], vec![], vec![0, 255]].into()),
                ],
            ),
        ),
        (
            "value-order",
            many(
                "texts that sort otherwise in UTF-16",
                &[
                    map(&[("\u{1F980}", number("1")), ("\u{FF61}", number("2"))]),
                    AttributeValue::Ss(["\u{1F980}", "\u{FF61}"].map(str::to_owned).into()),
                ],
            ),
        ),
        ("value-depth", many("32 levels", &[(1..32).fold(list(&[]), |inner, _| list(&[inner]))])),
        (
            "value-none",
            opens(
                "no sealed attribute has a value",
                [vec![ID], sealed(&["a", "b"])].concat(),
                &[("id", text("user-1"))],
                one_copy(),
            ),
        ),
    ]
}

pub(super) fn keys() -> Vec<(&'static str, Vector)> {
    let sort = FieldSchema::new("sort", FieldRole::SortKey);
    let body = ("body", text("secret"));
    let of = |about: &str, id: AttributeValue, with: Option<AttributeValue>| {
        let mut fields = [vec![ID], sealed(&["body"])].concat();
        let mut values = vec![("id", id), body.clone()];
        if let Some(value) = with {
            fields.push(sort);
            values.push(("sort", value));
        }
        opens(about, fields, &values, one_copy())
    };
    let context = vec![
        ID.context(),
        plain("region").context(),
        authenticated("role").context(),
        sealed(&["body"])[0],
    ];
    let context_values = [
        ("id", text("clinic-7")),
        ("region", number("7.50")),
        ("role", text("doctor")),
        body.clone(),
    ];
    let types = ["bool", "bytes", "list", "null", "number", "set", "absent"];
    let mut every = vec![ID];
    every.extend(types.map(authenticated));
    let every_value = [
        ("id", text("user-1")),
        ("bool", AttributeValue::Bool(true)),
        ("bytes", bytes(&[1, 2])),
        ("list", list(&[number("1.0"), text("")])),
        ("null", AttributeValue::Null),
        ("number", number("-0.50")),
        ("set", AttributeValue::Ss(["y", "x"].map(str::to_owned).into())),
    ];
    let named = RecordSchema::new("vectors", [vec![ID], sealed(&["body"])].concat().leak());
    vec![
        ("record-every-role", base()),
        ("key-number", of("a numeric partition key", number("-12.50"), None)),
        ("key-bytes", of("a binary partition key", bytes(&[0, 255]), None)),
        ("key-string-number", of("a numeric sort key", text("user-1"), Some(number("42")))),
        ("key-string-bytes", of("a binary sort key", text("user-1"), Some(bytes(&[42])))),
        (
            "context-in-key-and-beside",
            opens(
                "context attributes: the key, a number, an authenticated one",
                context,
                &context_values,
                one_copy(),
            ),
        ),
        (
            "authenticated-every-type",
            opens(
                "authenticated attributes of many types, one of them absent, and nothing sealed",
                every,
                &every_value,
                one_copy(),
            ),
        ),
        (
            "envelope-name",
            seal(
                "another name of the envelope",
                named.envelope_name("_sealed"),
                &[("id", text("user-1")), body],
                one_copy(),
            ),
        ),
    ]
}

pub(super) fn references() -> Vec<(&'static str, Vector)> {
    let of = |about: &str, reference| {
        let values = [("id", text("user-1")), ("body", text("secret"))];
        opens(about, [vec![ID], sealed(&["body"])].concat(), &values, reference)
    };
    let copies = |count: u8| {
        let copy = |index: u8| copy(ProviderId::KMS, index, &vec![index; usize::from(index) * 40]);
        KeyReference::Wrapped((1..=count).map(copy).collect())
    };
    let local = copy(ProviderId::LOCAL, 0x44, &[9; 60]);
    let custom = copy(ProviderId::custom(0xFF).unwrap(), 0, b"x");
    vec![
        ("reference-two-copies", of("two wrapped copies of KMS keys", copies(2))),
        ("reference-four-copies", of("four wrapped copies", copies(4))),
        (
            "reference-other-providers",
            of("a local key's copy and a custom one", KeyReference::Wrapped(vec![local, custom])),
        ),
        (
            "reference-key-table",
            of("a key-table id of 16 bytes", KeyReference::KeyTable((0..16).collect())),
        ),
        (
            "reference-key-table-longest",
            of("a key-table id of 24 bytes", KeyReference::KeyTable(vec![0xFE; 24])),
        ),
    ]
}

/// Items that readers of version 1 must read although this writer does not produce them.
pub(super) fn from_elsewhere() -> Vec<(&'static str, Vector)> {
    let fields = || [vec![ID], sealed(&["a", "b"])].concat();
    let id = || ("id", text("user-1"));
    vec![
        (
            "reserved-padded",
            forged(
                "padded values: a byte 0x80 and zeros behind the value",
                fields(),
                &[("a", b"\x81abc\x80\0\0\0"), ("b", b"\x83\0\x80")],
                &[],
                &[id(), ("a", text("abc")), ("b", bytes(&[0]))],
            ),
        ),
        (
            "reserved-hidden-absent",
            forged(
                "attributes that are sealed as absent, one of them padded",
                fields(),
                &[("a", b"\x7F"), ("b", b"\xFF\x80\0\0\0\0")],
                &[],
                &[id()],
            ),
        ),
        (
            "lists-unknown-names",
            forged(
                "lists with names that the schema does not know, which are left alone",
                fields(),
                &[("a", b"\x01abc"), ("unknown", b"\x01kept")],
                &["another", "later"],
                &[id(), ("a", text("abc"))],
            ),
        ),
        (
            "lists-absent-sealed",
            forged(
                "a sealed attribute without a value, whose name is listed as authenticated",
                fields(),
                &[("a", b"\x01abc")],
                &["b"],
                &[id(), ("a", text("abc"))],
            ),
        ),
    ]
}
