//! Properties of the decoders of what lies in a table: any bytes, any item.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::header::{Header, SealedEntry};
use super::{Item, OpenErrorKind};
use crate::attribute::AttributeValue;
use crate::attribute::properties::value;
use crate::crypto::{MAC_LEN, NONCE_LEN};
use crate::error::LoadError;
use crate::key::{EncryptedDataKey, HINT_LEN, KeyReference, LocalKeyProvider, ProviderId};
use crate::record::{EnvelopeRecord, FieldRole, FieldSchema, Lone, RecordSchema};
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
            sealed: sealed.into_iter().map(|(name, nonce)| SealedEntry { name, nonce }).collect(),
            authenticated: authenticated.into_keys().collect(),
            reference,
        },
    )
}

/// A record whose fields take any attribute, through a type that serde reads anything into.
struct Anything;

impl EnvelopeRecord for Anything {
    type Key = Lone<String>;

    const SCHEMA: RecordSchema = RecordSchema::new(
        "anything",
        &[
            FieldSchema::new("id", FieldRole::PartitionKey),
            FieldSchema::new("a", FieldRole::Encrypted),
            FieldSchema::new("b", FieldRole::Authenticated),
            FieldSchema::new("c", FieldRole::Plain),
        ],
    );

    fn key(&self) -> impl IntoKey<Self::Key> {
        "id"
    }

    fn write_fields(&self, fields: &mut FieldWriter) -> Result<(), FieldError> {
        for value in ["id", "sealed", "authenticated", "plain"] {
            fields.write(value)?;
        }
        Ok(())
    }

    fn read_fields(fields: &mut FieldReader) -> Result<Self, FieldError> {
        let _: String = fields.read()?;
        let _: (String, String, String) = (fields.read()?, fields.read()?, fields.read()?);
        Ok(Self)
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

proptest! {
    #[test]
    fn every_header_comes_back(header in header()) {
        let bytes = header.encode().unwrap();

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
    fn any_bytes_decode_or_are_refused(bytes in vec(any::<u8>(), 0..400)) {
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
