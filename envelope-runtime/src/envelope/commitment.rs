//! An envelope commits to its data key, although AES-GCM does not: an item crafted to open under
//! two data keys opens under only one.

use serde::Deserialize;

use super::fixed::open_with;
use super::header::{Header, SealedEntry};
use super::identity::Identity;
use super::opening::Asked;
use super::{Item, OpenErrorKind, RecordKeys, SALT_LEN, SUITE, VERSION};
use crate::attribute::AttributeValue;
use crate::crypto::{MAC_LEN, NONCE_LEN, Prk, Salt, Secret32, colliding};
use crate::key::{DataKey, Decrypt, EncryptedDataKey, KeyReference, ProviderId, Scope};
use crate::operation::error::LoadError;
use crate::record::{
    EnvelopeRecord, FieldError, FieldReader, FieldRole, FieldSchema, FieldWriter, IntoKey,
    Readable, RecordSchema, Simple, decode_bytes,
};

const SALT: [u8; SALT_LEN] = [0x11; SALT_LEN];
const NONCE: [u8; NONCE_LEN] = [0x22; NONCE_LEN];

#[derive(Debug)]
struct Document(Vec<u8>);

impl Readable for Document {
    type Key = Simple<String>;

    type Attributes = ();
    type Of = Self;
    type Needs = Decrypt;

    const SCHEMA: RecordSchema = RecordSchema::new(
        "documents",
        &[
            FieldSchema::new("id", FieldRole::PartitionKey),
            FieldSchema::new("body", FieldRole::Encrypted),
        ],
    );

    const ATTRIBUTES: () = ();

    fn read_fields(fields: &mut FieldReader) -> Result<Self, FieldError> {
        let _: String = fields.read(Deserialize::deserialize)?;
        Ok(Self(fields.read(decode_bytes)?))
    }
}

impl EnvelopeRecord for Document {
    type Saved = ();

    fn key(&self) -> impl IntoKey<<Self as Readable>::Key> {
        "d"
    }

    fn write_fields(&self, _: &mut FieldWriter) -> Result<(), FieldError> {
        Ok(())
    }

    fn saved(&self, _: crate::record::Now) -> Result<(), FieldError> {
        Ok(())
    }
}

fn bytes_of(number: u16) -> [u8; 32] {
    let mut bytes = [7; 32];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn content_key(number: u16) -> Secret32 {
    let prk = Prk::extract(&Salt::new(b"envelope/1"), &Secret32::new(bytes_of(number)));
    prk.expand(&[b"envelope/1 ", b"content", &[VERSION, SUITE], &SALT])
}

fn open(item: Item, data_key: u16) -> Result<Document, LoadError> {
    open_with(bytes_of(data_key), item, Asked::ItemsOwn, &Scope::default())
}

#[test]
fn t06_an_item_whose_ciphertext_opens_under_two_keys_opens_under_one() {
    let id = AttributeValue::S("d".to_owned());
    let identity = Identity::new("documents", &[("id", &id)]);
    let mut aad = identity.aad();
    let aad = aad.of("body");
    // Bytes start with the byte of their type, so both plaintexts are values.
    let collision = (1..).find_map(|other| {
        let keys = [&content_key(0), &content_key(other)];
        Some((other, colliding(keys, NONCE, aad, 3)?))
    });
    let (other, sealed) = collision.unwrap();

    // AES-GCM accepts it under both.
    let mut opened = Vec::new();
    for data_key in [0, other] {
        let keys = RecordKeys::derive(&DataKey::new(bytes_of(data_key)), &SALT);
        let mut plaintext = sealed.clone();
        keys.content.open(NONCE, aad, &mut plaintext).unwrap();
        opened.push(plaintext);
    }
    assert!(opened[0] != opened[1] && opened.iter().all(|plaintext| plaintext[0] == 3));

    for (written_under, refused_under) in [(0, other), (other, 0)] {
        let copy = EncryptedDataKey::new(ProviderId::custom(0x40).unwrap(), [0; 8], *b"key");
        let header = Header {
            salt: SALT,
            tag: [0; MAC_LEN],
            sealed: vec![SealedEntry { name: "body".into(), nonce: NONCE }],
            authenticated: vec![],
            reference: KeyReference::Wrapped(vec![copy.unwrap()]),
        };
        let keys = RecordKeys::derive(&DataKey::new(bytes_of(written_under)), &SALT);
        let envelope = header.tagged(&identity, &keys, |_| None).unwrap();
        let mut item = Item::default();
        item.insert("id", id.clone());
        item.insert("body", AttributeValue::B(sealed.clone()));
        item.insert("_envelope", AttributeValue::B(envelope));

        let Document(body) = open(item.clone(), written_under).unwrap();
        assert_eq!(body.len(), 31);
        let error = open(item, refused_under).unwrap_err();
        assert!(matches!(error, LoadError::Open(error) if error.kind() == OpenErrorKind::Tampered));
    }
}
