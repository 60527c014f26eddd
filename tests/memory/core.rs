//! Sealing and opening, with keys that the test knows.

use std::collections::BTreeMap;
use std::future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use data_encoding::HEXLOWER;
use envelope_runtime::error::{DataKeyError, DataKeyErrorKind};
use envelope_runtime::key::{
    DataKey, DataKeyRequest, EncryptedDataKey, Full, GeneratedDataKey, KeyFuture, KeyProvider,
    KeyReference, ProviderId,
};
use envelope_runtime::{EnvelopeRecord, Item, LoadError, LocalKeyProvider, Opener, Sealer};
use envelope_tests::{Layout, Secrets};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize, Serializer};
use sha2::Sha256;

use crate::spy::freed_by;
use crate::{PATIENT, Patient, Shown, assert_wiped, canary, values, values_behind_pointers};

const DATA_KEY: [u8; 32] = *b"the data key that the test knows";

/// The test provider's answer to a key request.
#[derive(Clone, Copy)]
pub(crate) enum Known {
    Answers,
    Fails,
    Never,
}

impl Known {
    fn answer<T: Send + 'static>(self, key: T) -> KeyFuture<'static, T> {
        match self {
            Self::Answers => Box::pin(future::ready(Ok(key))),
            Self::Fails => Box::pin(future::ready(Err(DataKeyError::new(
                DataKeyErrorKind::Disabled,
                "the test's key",
            )))),
            Self::Never => Box::pin(future::pending()),
        }
    }
}

/// Made without a copy on the stack, of which the memory of a future could take over a part.
fn known() -> DataKey {
    static BYTES: [u8; 32] = DATA_KEY;
    DataKey::from_slice(&BYTES).unwrap()
}

impl KeyProvider for Known {
    type Capability = Full;

    fn generate<'a>(&'a self, _: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        let id = ProviderId::custom(0x40).unwrap();
        let wrapped = EncryptedDataKey::new(id, [0; 8], *b"wrapped").unwrap();
        self.answer(GeneratedDataKey::new(known(), wrapped))
    }

    fn decrypt<'a>(
        &'a self,
        _: &'a KeyReference,
        _: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        self.answer(Arc::new(known()))
    }

    fn is_current(&self, _: &KeyReference, _: &DataKeyRequest) -> bool {
        true
    }

    fn accepts(&self, _: &KeyReference) -> bool {
        true
    }
}

/// Polls once: nothing here waits, except for a provider that never answers.
pub(crate) fn poll<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

pub(crate) fn seal(provider: impl KeyProvider<Capability = Full>) -> Item {
    poll(Sealer::new(provider).seal(&*PATIENT)).unwrap().unwrap()
}

/// The data key, and the keys that FORMAT.md derives from it with the salt of an item.
pub(crate) fn keys(item: &Item) -> Secrets {
    let Some(envelope_runtime::AttributeValue::B(envelope)) = item.attribute("_envelope") else {
        panic!("no envelope")
    };
    let salt = &envelope[Layout::of(envelope).salt];
    let (prk, hkdf) = Hkdf::<Sha256>::extract(Some(b"envelope/1"), &DATA_KEY);
    let key = |label: &[u8]| {
        let mut key = [0; 32];
        hkdf.expand_multi_info(&[b"envelope/1 ", label, &[1, 1], salt], &mut key).unwrap();
        key
    };
    Secrets::default()
        .with("data key", &DATA_KEY)
        .with("pseudorandom key", &prk)
        .with("content key", &key(b"content"))
        .with("mac key", &key(b"mac"))
}

#[test]
fn t22_sealing_leaves_neither_keys_nor_values() {
    let (item, freed) = freed_by(|| seal(Known::Answers));

    assert_wiped(&freed, &keys(&item));
    assert_wiped(&freed, &values());
}

#[test]
fn t22_opening_leaves_neither_keys_nor_values() {
    let item = seal(Known::Answers);
    let secrets = keys(&item);

    let (loaded, freed) = freed_by(|| {
        let loaded = poll(Opener::new(Known::Answers).open::<Patient>(item)).unwrap().unwrap();
        // The struct's own memory is the user's to wipe.
        std::mem::forget(loaded.into_record());
    });

    let () = loaded;
    assert_wiped(&freed, &secrets);
    assert_wiped(&freed, &values_behind_pointers());
}

/// A local key, and the keys that FORMAT.md derives from it.
fn local_keys(local: &[u8; 32]) -> Secrets {
    let (prk, hkdf) = Hkdf::<Sha256>::extract(Some(b"envelope/1 local"), local);
    let mut wrap = [0; 32];
    hkdf.expand(b"envelope/1 local wrap", &mut wrap).unwrap();
    let secrets = Secrets::default().with("local key", local).with("prk", &prk);
    secrets.with("wrapping key", &wrap)
}

/// The key stays in memory beside the store for the life of the process.
#[test]
fn t22_a_local_key_is_wiped_with_its_provider() {
    let local = *b"a local key that the test knows.";
    let digits = HEXLOWER.encode(&local);
    let digits: &'static str = digits.leak();
    let (item, freed) = freed_by(|| seal(LocalKeyProvider::from_hex(digits).unwrap()));
    drop(freed);
    let (loaded, freed) = freed_by(|| {
        let opener = Opener::new(LocalKeyProvider::from_hex(digits).unwrap());
        std::mem::forget(poll(opener.open::<Patient>(item)).unwrap().unwrap());
    });

    let () = loaded;
    assert_wiped(&freed, &local_keys(&local));
    assert_wiped(&freed, &values_behind_pointers());
}

#[test]
fn t22_a_save_without_a_data_key_leaves_no_value() {
    for provider in [Known::Fails, Known::Never] {
        let (result, freed) = freed_by(|| {
            let sealed = poll(Sealer::new(provider).seal(&*PATIENT));
            sealed.map(|sealed| drop(sealed.unwrap_err()))
        });

        assert_eq!(result.is_some(), matches!(provider, Known::Fails));
        assert_wiped(&freed, &values());
    }
    let ((), freed) = freed_by(|| drop(Sealer::new(Known::Answers).seal(&*PATIENT)));
    assert_wiped(&freed, &values());
}

#[test]
fn t22_a_load_without_a_data_key_leaves_no_key() {
    for provider in [Known::Fails, Known::Never] {
        let item = seal(Known::Answers);
        let secrets = keys(&item);

        let ((), freed) = freed_by(|| drop(poll(Opener::new(provider).open::<Patient>(item))));

        assert_wiped(&freed, &secrets);
    }
}

/// Fails when it is stored, after other values have been stored.
struct Refused;

impl Serialize for Refused {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no"))
    }
}

impl<'de> Deserialize<'de> for Refused {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Ok(Self)
    }
}

#[derive(Serialize, Deserialize)]
struct Half {
    text: Shown,
    refused: Refused,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "patients")]
struct Refusing {
    #[partition_key]
    id: String,
    #[encrypted]
    text: String,
    #[encrypted]
    list: Option<(String, Refused)>,
    #[encrypted]
    half: Option<Half>,
    #[encrypted]
    map: Option<BTreeMap<String, (u8, Refused)>>,
    #[encrypted]
    #[envelope(set)]
    twice: Vec<String>,
}

#[test]
fn t22_a_value_that_cannot_be_stored_leaves_nothing() {
    let refusing = || Refusing {
        id: "r".into(),
        text: canary("text"),
        list: None,
        half: None,
        map: None,
        twice: Vec::new(),
    };
    let records = [
        Refusing { list: Some((canary("tuple"), Refused)), ..refusing() },
        Refusing {
            half: Some(Half { text: Shown(canary("line").leak()), refused: Refused }),
            ..refusing()
        },
        Refusing { map: Some([(canary("map key"), (7, Refused))].into()), ..refusing() },
        Refusing { twice: vec![canary("set"), canary("set")], ..refusing() },
        Refusing { text: canary("text").repeat(12_000), ..refusing() },
    ];
    for record in &records {
        let ((), freed) = freed_by(|| {
            let sealed = poll(Sealer::new(Known::Answers).seal(record)).unwrap();
            drop(sealed.unwrap_err());
        });
        assert_wiped(&freed, &values());
    }
    std::mem::forget(records);
}

macro_rules! misfits {
    ($($name:ident: $field:literal, $ty:ty;)*) => {
        /// Loads the stored patient into structs of one field that does not fit. The fields that
        /// were read before are not freed: they are the user's.
        fn load_misfits(item: &Item) {
            $({
                #[derive(EnvelopeRecord)]
                #[envelope(table = "patients")]
                struct $name {
                    #[partition_key]
                    #[envelope(rename = "id")]
                    _id: String,
                    #[encrypted]
                    #[envelope(rename = $field)]
                    _value: $ty,
                }
                let result = poll(Opener::new(Known::Answers).open::<$name>(item.clone())).unwrap();
                assert!(matches!(result, Err(LoadError::Field(_))), $field);
            })*
        }
    };
}

misfits! {
    Text: "text", u64;
    Number: "number", String;
    Small: "number", u8;
    Float: "float", bool;
    Array: "array", [u8; 23];
    Bytes: "bytes", char;
    Set: "set", (Shown, Shown);
    Map: "map", u8;
    MapKey: "map", BTreeMap<u64, Shown>;
    MapValue: "map", BTreeMap<Shown, bool>;
    NestedText: "nested", String;
    NestedHalf: "nested", Half;
    NestedList: "nested", OneLine;
    Unit: "kind", Unitary;
    List: "letters", (u8, u8);
}

#[derive(Deserialize, Serialize)]
struct OneLine {
    lines: (Shown,),
}

#[derive(Deserialize, Serialize)]
enum Unitary {
    Other,
}

#[test]
fn t22_a_value_that_does_not_fit_leaves_nothing() {
    let item = seal(Known::Answers);
    let secrets = values();
    let kept = item.clone();

    let ((), freed) = freed_by(|| load_misfits(&kept));

    assert_wiped(&freed, &secrets);
    assert_wiped(&freed, &keys(&item));
}

/// However many attributes were opened before the refused one: the catch-all's come last.
#[test]
fn t22_a_tampered_item_leaves_nothing() {
    let item = seal(Known::Answers);
    for name in ["text", "wide", "map", "letters", "phone", "later"] {
        let mut tampered = item.clone();
        tampered.insert(name, envelope_runtime::AttributeValue::B(vec![7; 40]));

        let ((), freed) = freed_by(|| {
            let result = poll(Opener::new(Known::Answers).open::<Patient>(tampered)).unwrap();
            assert!(result.unwrap_err().is_tampered());
        });

        assert_wiped(&freed, &values());
        assert_wiped(&freed, &keys(&item));
    }
}

/// The key is moved out of the heap, as out of a task, and read from a file whose length is not
/// known in advance.
#[test]
fn t22_a_local_key_is_wiped_where_it_was_moved_from_and_read() {
    let local = *b"another local key for this test.";
    let digits = HEXLOWER.encode(&local);
    let file = std::env::temp_dir().join(format!("envelope-memory-{}", std::process::id()));
    let secrets = local_keys(&local);
    for content in [digits.as_bytes(), &local, &digits.as_bytes()[1..]] {
        std::fs::write(&file, content).unwrap();
        let (read, freed) = freed_by(|| LocalKeyProvider::from_file(&file).map(Box::new));
        assert_eq!(read.is_ok(), content.len() == 64);
        assert_wiped(&freed, &secrets);
        drop(freed);

        let ((), freed) = freed_by(|| {
            if let Ok(provider) = read {
                let provider: LocalKeyProvider = *provider;
                drop(Opener::new(provider));
            }
        });
        assert_wiped(&freed, &secrets);
    }
    std::fs::remove_file(&file).unwrap();
}

/// Another program, or an older version of the struct, may store bytes as a list of numbers.
#[test]
fn t22_a_list_that_is_no_bytes_leaves_nothing() {
    #[derive(EnvelopeRecord)]
    #[envelope(table = "patients")]
    struct Wide {
        #[partition_key]
        id: String,
        #[encrypted]
        bytes: Vec<u16>,
    }
    let bytes = canary("bytes").into_bytes().into_iter().map(u16::from).chain([300]).collect();
    let wide = Wide { id: "w".into(), bytes };
    let item = poll(Sealer::new(Known::Answers).seal(&wide)).unwrap().unwrap();

    let ((), freed) = freed_by(|| {
        let result = poll(Opener::new(Known::Answers).open::<Narrow>(item)).unwrap();
        assert!(matches!(result, Err(LoadError::Field(_))));
    });

    assert_wiped(&freed, &values());
}

#[derive(EnvelopeRecord)]
#[envelope(table = "patients")]
struct Narrow {
    #[partition_key]
    #[envelope(rename = "id")]
    _id: String,
    #[encrypted]
    #[envelope(rename = "bytes")]
    _bytes: Vec<u8>,
}
