//! Properties of the decoders of stored data: any bytes, any item.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::header::{Header, Name, SealedEntry};
use super::identity::Identity;
use super::{Item, OpenErrorKind, RecordKeys};
use crate::attribute::properties::value;
use crate::attribute::{AttributeValue, decode_plaintext};
use crate::crypto::{MAC_LEN, NONCE_LEN};
use crate::key::{
    DataKey, Decrypt, EncryptedDataKey, HINT_LEN, KeyReference, LocalKeyProvider, ProviderId,
};
use crate::operation::error::LoadError;
use crate::record::{EnvelopeRecord, FieldRole, FieldSchema, Readable, RecordSchema, Simple};
use crate::record::{FieldError, FieldReader, FieldWriter, IntoKey};
use crate::{Opener, Sealer};

fn provider() -> impl Strategy<Value = ProviderId> {
    prop_oneof![
        Just(ProviderId::KMS),
        Just(ProviderId::LOCAL),
        Just(ProviderId::custom(0x40).unwrap())
    ]
}

fn reference() -> impl Strategy<Value = KeyReference> {
    let copy = (provider(), any::<[u8; HINT_LEN]>(), vec(any::<u8>(), 1..300)).prop_map(
        |(provider, hint, wrapped)| EncryptedDataKey::new(provider, hint, wrapped).unwrap(),
    );
    prop_oneof![
        vec(copy, 1..=4).prop_map(KeyReference::Wrapped),
        vec(any::<u8>(), 1..=24).prop_map(KeyReference::KeyTable),
    ]
}

fn header() -> impl Strategy<Value = Header> {
    let sealed = btree_map("[a-m]{1,20}", any::<[u8; NONCE_LEN]>(), 0..10);
    let authenticated = btree_map("[n-z]{1,20}", Just(()), 0..10);
    (any::<[u8; 16]>(), any::<[u8; MAC_LEN]>(), sealed, authenticated, reference()).prop_map(
        |(salt, tag, sealed, authenticated, reference)| Header {
            salt,
            tag,
            sealed: sealed
                .into_iter()
                .map(|(name, nonce)| SealedEntry { name: name.into(), nonce })
                .collect(),
            authenticated: authenticated.into_keys().map(Name::from).collect(),
            reference,
        },
    )
}

/// A record with a sealed, an authenticated and a plaintext field.
struct Anything;

impl Readable for Anything {
    type Key = Simple<String>;

    type Attributes = ();
    type Of = Self;
    type Needs = Decrypt;

    const SCHEMA: RecordSchema = RecordSchema::new(
        "anything",
        &[
            FieldSchema::new("id", FieldRole::PartitionKey),
            FieldSchema::new("a", FieldRole::Encrypted),
            FieldSchema::new("b", FieldRole::Authenticated),
            FieldSchema::new("c", FieldRole::Plain),
        ],
    );

    const ATTRIBUTES: () = ();

    fn read_fields(fields: &mut FieldReader) -> Result<Self, FieldError> {
        let _: String = fields.read(Deserialize::deserialize)?;
        for _ in ["a", "b", "c"] {
            fields.read(String::deserialize)?;
        }
        Ok(Self)
    }
}

impl EnvelopeRecord for Anything {
    type Saved = ();

    fn key(&self) -> impl IntoKey<<Self as Readable>::Key> {
        "id"
    }

    fn write_fields(&self, fields: &mut FieldWriter) -> Result<(), FieldError> {
        for value in ["id", "sealed", "authenticated", "plain"] {
            fields.write(value, Serialize::serialize)?;
        }
        Ok(())
    }

    fn saved(&self, _: crate::record::Now) -> Result<(), FieldError> {
        Ok(())
    }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn sealed() -> Item {
    now(Sealer::new(LocalKeyProvider::from_hex(KEY).unwrap()).seal(&Anything)).unwrap()
}

fn open(item: Item) -> Result<(), LoadError> {
    now(Opener::new(LocalKeyProvider::from_hex(KEY).unwrap()).open::<Anything>(item)).map(|_| ())
}

/// Distinct nonces keep the attributes of a record apart too; here both use the same one.
#[test]
fn t02_a_value_is_at_home_in_its_attribute_even_under_the_nonce_of_another() {
    let keys = RecordKeys::derive(&DataKey::new([7; 32]), &[1; 16]);
    let identity = Identity::new("users", &[("id", &AttributeValue::S("a".into()))]);
    let mut sealed = b"\x01078-05-1120".to_vec();
    keys.content.seal([2; NONCE_LEN], identity.aad().of("ssn"), &mut sealed).unwrap();

    let as_email =
        keys.content.open([2; NONCE_LEN], identity.aad().of("email"), &mut sealed.clone());
    let as_ssn = keys.content.open([2; NONCE_LEN], identity.aad().of("ssn"), &mut sealed);

    assert!(as_email.is_err() && as_ssn.is_ok());
}

/// Table, keys, attribute.
type Place = (String, Vec<(String, AttributeValue)>, String);

fn place() -> impl Strategy<Value = Place> {
    (".*", vec((".*", value()), 1..=2), ".*")
}

fn identity((table, keys, _): &Place) -> Identity {
    let keys: Vec<_> = keys.iter().map(|(name, value)| (name.as_str(), value)).collect();
    Identity::new(table, &keys)
}

/// Reads framed bytes back. That this is possible shows that no two inputs have the same bytes.
struct Frames<'a>(&'a [u8]);

impl Frames<'_> {
    fn take(&mut self, length: usize) -> Vec<u8> {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken.to_vec()
    }

    fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }

    fn framed(&mut self) -> Vec<u8> {
        let length = u32::from_be_bytes(self.take(4).try_into().unwrap());
        self.take(length.try_into().unwrap())
    }

    fn text(&mut self) -> String {
        String::from_utf8(self.framed()).unwrap()
    }

    fn short_text(&mut self) -> String {
        let length = self.byte().into();
        String::from_utf8(self.take(length)).unwrap()
    }

    fn value(&mut self) -> AttributeValue {
        let plaintext = [vec![self.byte()], self.framed()].concat();
        decode_plaintext(&plaintext).unwrap().unwrap()
    }

    fn table_and_keys(&mut self) -> (String, Vec<(String, AttributeValue)>) {
        (self.text(), (0..self.byte()).map(|_| (self.text(), self.value())).collect())
    }
}

proptest! {
    #[test]
    fn t03_an_aad_can_be_read_back(place in place()) {
        let identity = identity(&place);
        let mut aad = identity.aad();
        aad.of("another attribute, and longer");

        let mut frames = Frames(aad.of(&place.2));
        prop_assert_eq!(frames.take(22), b"envelope/1 attribute\x01\x01");
        let (table, keys) = frames.table_and_keys();
        prop_assert_eq!((table, keys, frames.text()), place);
        prop_assert!(frames.0.is_empty());
    }

    #[test]
    fn t03_a_tag_input_can_be_read_back(
        place in place(),
        header in header(),
        values in vec(prop::option::of(value()), 10),
    ) {
        let authenticated: BTreeMap<_, _> =
            header.authenticated.iter().map(|name| &**name).zip(&values).collect();
        let (identity, envelope) = (identity(&place), header.encode().unwrap());
        let tagged = identity.tagged(&header, &envelope, |name| authenticated[name].as_ref());
        let input = tagged.unwrap().parts().concat();

        let mut frames = Frames(&input);
        prop_assert_eq!(frames.take(19), b"envelope/1 record\x01\x01");
        prop_assert_eq!(frames.take(16), header.salt);
        for _ in 0..frames.byte() {
            let name = frames.short_text();
            prop_assert_eq!(frames.take(12), header.nonce(&name).unwrap());
        }
        let names: Vec<_> = (0..frames.byte()).map(|_| frames.short_text()).collect();
        prop_assert_eq!(frames.table_and_keys(), (place.0, place.1));
        for name in &names {
            let value = (frames.byte() == 1).then(|| frames.value());
            prop_assert_eq!(&value, authenticated[name.as_str()]);
        }
        prop_assert_eq!(names, header.authenticated);
        prop_assert!(frames.0.is_empty());
    }
}

proptest! {
    #[test]
    fn t24_every_header_comes_back_in_memory_in_proportion_to_its_bytes(header in header()) {
        let bytes = header.encode().unwrap();
        let used = allocation_counter::measure(|| drop(Header::decode(&bytes))).bytes_max;
        prop_assert!(used <= 1024 + 16 * u64::try_from(bytes.len()).unwrap(), "{}", used);

        prop_assert_eq!(Header::decode(&bytes), Ok(header));
    }

    #[test]
    fn bytes_that_decode_are_what_would_be_written(
        header in header(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut bytes = header.encode().unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(header) = Header::decode(&bytes) {
            prop_assert_eq!(header.encode(), Some(bytes));
        }
    }

    #[test]
    fn t24_any_bytes_decode_or_are_refused(bytes in vec(any::<u8>(), 0..400)) {
        let _ = Header::decode(&[[1, 1].as_slice(), &bytes].concat());
    }

    #[test]
    fn an_item_with_any_protected_attribute_changed_is_refused(
        name in prop::sample::select(vec!["id", "a", "b", "_envelope"]),
        planted in value(),
    ) {
        let mut item = sealed();
        prop_assume!(item.attribute(name) != Some(&planted));
        item.insert(name, planted);

        prop_assert!(open(item).is_err());
    }

    #[test]
    fn an_item_of_any_attributes_is_refused(
        attributes in btree_map("[abc]|id|_envelope", value(), 0..5),
        header in header(),
        with_header in any::<bool>(),
    ) {
        let mut item: Item = attributes.into_iter().collect();
        if with_header {
            item.insert("_envelope", AttributeValue::B(header.encode().unwrap()));
        }
        let error = open(item).unwrap_err();
        prop_assert!(!error.is_retryable(), "{}", error);
    }
}

#[test]
fn the_untouched_item_opens() {
    assert!(open(sealed()).is_ok());
    let mut item = sealed();
    item.remove("_envelope");
    assert!(
        matches!(open(item), Err(LoadError::Open(error)) if error.kind() == OpenErrorKind::NoEnvelope)
    );
}
