//! Opens a whole item as a record. The input is sealed under a known data key, so that it gets past
//! the record tag, and then the item is changed without the key.

#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use envelope_fuzz::in_linear_memory;
use envelope_runtime::fuzzing::{Forgery, decode};
use envelope_runtime::key::{
    DataKey, DataKeyRequest, EncryptedDataKey, Full, GeneratedDataKey, KeyFuture, KeyProvider,
    KeyReference, ProviderId,
};
use envelope_runtime::{AttributeValue, EnvelopeRecord, Item, Opener, OtherAttributes, Sealer};
use libfuzzer_sys::fuzz_target;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A record with a field for every way of storing one.
#[derive(EnvelopeRecord, PartialEq)]
#[envelope(table = "fuzz")]
struct Record {
    #[partition_key]
    id: String,
    #[sort_key]
    number: i64,
    #[encrypted]
    #[envelope(alias = "old_text")]
    text: Option<String>,
    #[encrypted]
    model: Option<Model>,
    #[encrypted]
    #[envelope(bytes)]
    blob: Option<Vec<u8>>,
    #[encrypted]
    #[envelope(set)]
    tags: BTreeSet<String>,
    #[encrypted]
    json: Option<Json>,
    #[authenticated]
    role: Option<String>,
    #[authenticated]
    wide: Option<i128>,
    ratio: Option<f64>,
    list: Option<Vec<Model>>,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Json(Value);

/// DynamoDB does not distinguish 1.0 from 1.
impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        fn same(left: &Value, right: &Value) -> bool {
            match (left, right) {
                (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
                (Value::Array(left), Value::Array(right)) => {
                    left.len() == right.len() && left.iter().zip(right).all(|(l, r)| same(l, r))
                }
                (Value::Object(left), Value::Object(right)) => {
                    let mut pairs = left.iter().zip(right);
                    left.len() == right.len() && pairs.all(|(l, r)| l.0 == r.0 && same(l.1, r.1))
                }
                (left, right) => left == right,
            }
        }
        same(&self.0, &other.0)
    }
}

#[derive(Serialize, Deserialize, PartialEq)]
enum Model {
    Unit,
    Newtype(Box<Model>),
    Tuple(u8, char, f32),
    Struct { flag: bool, maybe: Option<u32> },
    Map(BTreeMap<i16, Model>),
}

/// The attributes that an input can name.
const NAMES: [&str; 16] = [
    "id",
    "number",
    "text",
    "old_text",
    "model",
    "blob",
    "tags",
    "json",
    "role",
    "wide",
    "ratio",
    "list",
    "extra",
    "x",
    "",
    "_envelope",
];

const DATA_KEY: [u8; 32] = [7; 32];

fn copy() -> EncryptedDataKey {
    EncryptedDataKey::new(ProviderId::LOCAL, [3; 8], *b"wrapped").unwrap()
}

struct Fixed;

impl KeyProvider for Fixed {
    type Capability = Full;

    fn generate<'a>(&'a self, _: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        Box::pin(async { Ok(GeneratedDataKey::new(DataKey::new(DATA_KEY), copy())) })
    }

    fn decrypt<'a>(
        &'a self,
        _: &'a KeyReference,
        _: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        Box::pin(async { Ok(DataKey::new(DATA_KEY).into()) })
    }

    fn is_current(&self, _: &KeyReference, _: &DataKeyRequest) -> bool {
        true
    }

    fn accepts(&self, _: &KeyReference) -> bool {
        true
    }
}

/// No future here waits for anything.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("a provider that waits"),
    }
}

/// Steps of three bytes (what to do with which attribute, and how many bytes follow) and those
/// bytes.
fn steps(mut input: &[u8]) -> impl Iterator<Item = (u8, &'static str, &[u8])> {
    std::iter::from_fn(move || {
        let (&[step, high, low], rest) = input.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes([high, low])).min(rest.len());
        let (bytes, rest) = rest.split_at(length);
        input = rest;
        Some((step >> 4, NAMES[usize::from(step & 15)], bytes))
    })
}

fn plain(bytes: &[u8]) -> Option<AttributeValue> {
    decode(bytes)?.0
}

/// The item, and whether something protected was changed after it was sealed.
fn item(input: &[u8]) -> Option<(Item, bool)> {
    let mut item = Item::default();
    item.insert("id", AttributeValue::S("a".into()));
    item.insert("number", AttributeValue::N(7.into()));
    let mut sealed = BTreeMap::new();
    let mut authenticated = BTreeSet::from(["role", "wide"]);
    for (what, name, bytes) in steps(input) {
        match what {
            0..3 => drop(plain(bytes).map(|value| item.insert(name, value))),
            3..6 => drop(sealed.insert(name, bytes)),
            6 => drop(authenticated.insert(name)),
            7 => drop(authenticated.remove(name)),
            8 => drop(item.remove(name)),
            _ => {}
        }
    }
    let mut item = Forgery {
        table: "fuzz",
        keys: &["id", "number"],
        data_key: DATA_KEY,
        item,
        plaintexts: &sealed.iter().map(|(name, bytes)| (*name, *bytes)).collect::<Vec<_>>(),
        authenticated: &authenticated.iter().copied().collect::<Vec<_>>(),
        reference: KeyReference::Wrapped(vec![copy()]),
    }
    .item()?;

    let sound = item.clone();
    for (what, name, bytes) in steps(input) {
        match (what, item.attribute(name).cloned()) {
            (9, _) => drop(item.insert(name, AttributeValue::B(bytes.to_vec()))),
            (10, _) => drop(plain(bytes).map(|value| item.insert(name, value))),
            (11, _) => drop(item.remove(name)),
            (12.., Some(AttributeValue::B(mut stored))) => {
                if let [high, low, mask, ..] = bytes
                    && let at = usize::from(u16::from_be_bytes([*high, *low]))
                    && let Some(byte) = stored.get_mut(at)
                {
                    *byte ^= mask;
                    item.insert(name, AttributeValue::B(stored));
                }
            }
            _ => {}
        }
    }
    // The envelope's own bytes are not the value of an attribute, listed or not.
    authenticated.remove("_envelope");
    let protected = ["id", "number"].into_iter().chain(authenticated).chain(sealed.into_keys());
    let changed = protected.into_iter().any(|name| item.attribute(name) != sound.attribute(name));
    Some((item, changed))
}

fuzz_target!(|input: &[u8]| {
    let Some((item, changed)) = item(input) else { return };
    let envelope = item.attribute("_envelope").is_some();
    let opened = in_linear_memory(item.size(), 16 << 10, || {
        now(Opener::new(Fixed).open::<Record>(item.clone()))
    });
    let Ok(record) = opened else { return };
    assert!(envelope && !changed, "a changed item opens");

    // The loaded record is saved and loaded again, unless DynamoDB would reject it.
    let mut record = record.into_record();
    if let Ok(item) = now(Sealer::new(Fixed).seal(&record)) {
        let Ok(again) = now(Opener::new(Fixed).open::<Record>(item)) else {
            panic!("what was loaded and saved does not load")
        };
        let mut again = again.into_record();
        // An attribute that is hidden as absent is not written again.
        let (before, after) = (take(&mut record.others), take(&mut again.others));
        assert!(again == record && before.iter().eq(after.iter()), "saved as something else");
    }
});
