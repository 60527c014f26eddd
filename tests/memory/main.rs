//! Keys and encrypted values are wiped before their memory is freed: on success, on every kind of
//! failure, and when an operation is cancelled.

mod buffers;
mod core;
mod hashed;
mod shared_keys;
mod spy;
mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::{fmt, mem};

use envelope_runtime::{AttributeValue, EnvelopeFields, EnvelopeRecord, OtherAttributes};
use envelope_tests::Secrets;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use self::spy::{Freed, freed_by};

/// One field for each way in which a value is stored.
#[derive(EnvelopeRecord)]
#[envelope(table = "patients", debug)]
struct Patient {
    #[partition_key]
    id: String,
    #[encrypted]
    text: String,
    #[encrypted]
    number: u64,
    #[encrypted]
    wide: i128,
    #[encrypted]
    float: f64,
    #[encrypted]
    amount: f64,
    #[encrypted]
    bytes: Vec<u8>,
    #[encrypted]
    array: Option<[u8; 24]>,
    #[encrypted]
    #[envelope(set)]
    set: BTreeSet<String>,
    #[encrypted]
    #[envelope(set)]
    numbers: BTreeSet<u64>,
    #[encrypted]
    #[envelope(set)]
    blobs: BTreeSet<Vec<u8>>,
    #[encrypted]
    map: BTreeMap<String, String>,
    #[encrypted]
    by_number: BTreeMap<u64, bool>,
    #[encrypted]
    nested: Option<Nested>,
    #[encrypted]
    kind: Kind,
    #[encrypted]
    status: Status,
    #[encrypted]
    shown: Shown,
    #[encrypted]
    letters: Vec<u8>,
    #[envelope(flatten)]
    contact: Contact,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

#[derive(Serialize, Deserialize)]
struct Nested {
    lines: Vec<String>,
    tuple: (String, u8),
}

#[derive(Serialize, Deserialize)]
enum Kind {
    Other { note: String },
}

#[derive(Serialize, Deserialize)]
enum Status {
    DiagnosedYesterdayMorning,
}

#[derive(EnvelopeFields)]
#[envelope(debug)]
struct Contact {
    #[encrypted]
    phone: String,
}

/// Stored through its `Display`, piece by piece, and never freed.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Shown(&'static str);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, end) = self.0.split_at(20);
        write!(f, "{start}{end}")
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Shown {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Ok(Self(text.leak()))
    }
}

const NUMBER: u64 = 7_316_905_428_113_377_021;
const ITEMS: u64 = 8_052_277_134_906_613_594;
const KEYS: u64 = 6_641_073_359_187_205_482;
const WIDE: i128 = -60_231_548_877_190_023_456_712;
const FLOAT: f64 = 4.827_365_190_283_746e-9;
const AMOUNT: f64 = 918_273_645_546.375;

/// A distinct text for each place.
fn canary(place: &str) -> String {
    format!("{}|", place.to_uppercase()).repeat(7)
}

/// Never dropped: the struct's own memory is the user's to wipe.
static PATIENT: LazyLock<Patient> = LazyLock::new(|| {
    let mut others = OtherAttributes::default();
    others.insert_encrypted("later", AttributeValue::S(canary("catch-all")));
    Patient {
        id: "p-1".into(),
        text: canary("text"),
        number: NUMBER,
        wide: WIDE,
        float: FLOAT,
        amount: AMOUNT,
        bytes: canary("bytes").into(),
        array: canary("array").as_bytes()[..24].try_into().ok(),
        set: [canary("set")].into(),
        numbers: [ITEMS].into(),
        blobs: [canary("blob").into()].into(),
        map: [(canary("map key"), canary("map value"))].into(),
        by_number: [(KEYS, true)].into(),
        nested: Some(Nested {
            lines: vec![canary("line"), canary("second")],
            tuple: (canary("tuple"), 7),
        }),
        kind: Kind::Other { note: canary("variant") },
        status: Status::DiagnosedYesterdayMorning,
        shown: Shown(canary("shown").leak()),
        letters: canary("letters").into(),
        contact: Contact { phone: canary("flattened") },
        others,
    }
});

fn values() -> Secrets {
    let places = [
        "text",
        "blob",
        "second",
        "bytes",
        "array",
        "set",
        "map key",
        "map value",
        "line",
        "tuple",
        "variant",
        "shown",
        "letters",
        "flattened",
        "catch-all",
    ];
    let secrets = places
        .iter()
        .fold(Secrets::default(), |secrets, place| secrets.with(place, canary(place).as_bytes()));
    secrets
        .with("number", NUMBER.to_string().as_bytes())
        .with("numbers", ITEMS.to_string().as_bytes())
        .with("by_number", KEYS.to_string().as_bytes())
        .with("wide", WIDE.to_string().as_bytes())
        .with("float", b"827365190283746")
        .with("status", b"DiagnosedYesterdayMorning")
        .with("amount", b"918273645546")
}

/// An array is part of the user's struct. If the struct was moved, its bytes stay on the stack, and
/// values that are moved to the heap later may have them in their padding.
fn values_behind_pointers() -> Secrets {
    values().without("array")
}

#[track_caller]
fn assert_wiped(freed: &Freed, secrets: &Secrets) {
    let found = freed.find(secrets);
    assert!(found.is_empty(), "freed with their content: {found:?}");
}

#[test]
fn what_is_freed_without_a_wipe_is_found_in_each_form() {
    let secrets = Secrets::default().with("canary", b"a canary of 24 bytes, sir");

    let ((), freed) = freed_by(|| {
        let mut text = String::from("before, a canary of 24 bytes, sir");
        // Grows, and leaves its old block behind.
        text.reserve(100);
        text.replace_range(.., "");
        mem::forget(text);
    });
    assert_eq!(freed.find(&secrets), ["canary"]);
    drop(freed);

    for text in [
        "x612063616e617279206f66203234206279746573",
        "YSBjYW5hcnkgb2YgMjQgYnl0ZXMsIHNpcg==",
        "YmEgY2FuYXJ5IG9mIDI0IGJ5dGVzLCBzaXI=",
    ] {
        let ((), freed) = freed_by(|| drop(text.to_owned()));
        assert_eq!(freed.find(&secrets), ["canary"], "{text}");
    }
    let ((), freed) = freed_by(|| drop(String::from("nothing of the kind in this text")));
    assert!(freed.find(&secrets).is_empty());
}
